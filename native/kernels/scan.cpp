// Dot products of queries with rows (compiled once per ISA). Every product has one accumulator per lane and one
// order of summation, however rows fall into tiles: equal rows get equal scores.
#include "kernels/isa_functions.h"
#include "kernels/simd.h"
#include "kernels/tiles.h"

namespace w2v::W2V_ISA {

namespace {

// ---- one query: lanes run along the row ----

void dot_rows(const float* query, const char* const (&rows)[tile], size_t dims, float* scores) {
  Vec dot[tile] = {zero(), zero(), zero(), zero()};
  size_t d = 0;
  for (; d + Vec::width <= dims; d += Vec::width) {
    const Vec q = load(query + d);
    for (size_t r = 0; r < tile; ++r) dot[r] = fma(q, load(rows[r] + d * sizeof(float)), dot[r]);
  }
  if (d < dims) {
    const Vec q = load(query + d);
    for (size_t r = 0; r < tile; ++r) dot[r] = fma(q, load_first(rows[r] + d * sizeof(float), dims - d), dot[r]);
  }
  for (size_t r = 0; r < tile; ++r) scores[r] = sum(dot[r]);
}

// ---- a panel: lanes run along the queries, so that nothing is summed across lanes; the tile fills the registers ----

constexpr size_t panel_vectors = panel_queries / Vec::width;
constexpr size_t panel_tile_rows = Vec::width == 16 ? 12 : Vec::width == 1 ? 1 : 3;

template <size_t rows_per_tile>
void dot_panel(const float* panel, const char* const* rows, size_t dims, float* scores) {
  Vec dot[rows_per_tile][panel_vectors];
  for (size_t r = 0; r < rows_per_tile; ++r)
    for (size_t v = 0; v < panel_vectors; ++v) dot[r][v] = zero();
  const auto element = [rows](size_t r, size_t d) { return broadcast(read_float(rows[r] + d * sizeof(float))); };
  for (size_t d = 0; d < dims; ++d) {
    // The fewer of the two stay in registers beside the sums, the others pass by one at a time.
    const float* queries = panel + d * panel_queries;
    if constexpr (panel_vectors <= rows_per_tile) {
      Vec q[panel_vectors];
      for (size_t v = 0; v < panel_vectors; ++v) q[v] = load(queries + v * Vec::width);
      for (size_t r = 0; r < rows_per_tile; ++r) {
        const Vec x = element(r, d);
        for (size_t v = 0; v < panel_vectors; ++v) dot[r][v] = fma(x, q[v], dot[r][v]);
      }
    } else {
      Vec x[rows_per_tile];
      for (size_t r = 0; r < rows_per_tile; ++r) x[r] = element(r, d);
      for (size_t v = 0; v < panel_vectors; ++v) {
        const Vec q = load(queries + v * Vec::width);
        for (size_t r = 0; r < rows_per_tile; ++r) dot[r][v] = fma(x[r], q, dot[r][v]);
      }
    }
  }
  for (size_t r = 0; r < rows_per_tile; ++r)
    for (size_t v = 0; v < panel_vectors; ++v) store(scores + r * panel_queries + v * Vec::width, dot[r][v]);
}

}  // namespace

void scan(const float* query, const char* const* rows, size_t n_rows, size_t dims, float* scores) {
  for_each_tile(rows, n_rows, scores, [=](const auto& four, float* to) { dot_rows(query, four, dims, to); });
}

void scan_panel(const float* panel, const char* const* rows, size_t n_rows, size_t dims, float* scores) {
  size_t r = 0;
  for (; r + panel_tile_rows <= n_rows; r += panel_tile_rows)
    dot_panel<panel_tile_rows>(panel, rows + r, dims, scores + r * panel_queries);
  for (; r < n_rows; ++r) dot_panel<1>(panel, rows + r, dims, scores + r * panel_queries);
}

}  // namespace w2v::W2V_ISA
