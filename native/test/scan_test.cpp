#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "base/matrix.h"
#include "kernels/kernels.h"

using namespace w2v;

namespace {

constexpr size_t most_rows = 40;  // more than three of the largest tiles, and every remainder

std::vector<size_t> all_dims() {
  std::vector<size_t> dims(40);
  std::iota(dims.begin(), dims.end(), size_t{1});
  for (const size_t more : {100, 300, 512}) dims.push_back(more);
  return dims;
}

// A panel of queries and rows; row i is a copy of row copy_of[i], of itself where it is the first of its kind.
struct Bench {
  Matrix queries, rows;
  std::vector<float> panel;  // the queries as scan_panel() wants them
  std::vector<size_t> copy_of;

  explicit Bench(size_t dims)
      : queries(panel_queries, dims, "test"), rows(most_rows, dims, "test"), panel(dims * panel_queries) {
    std::mt19937 random(static_cast<unsigned>(dims));
    std::uniform_real_distribution<float> value(-2, 2);
    for (size_t q = 0; q < panel_queries; ++q)
      for (size_t d = 0; d < dims; ++d) panel[d * panel_queries + q] = queries.row(q)[d] = value(random);
    for (size_t r = 0; r < most_rows; ++r) {
      copy_of.push_back(random() % 2 == 0 && r > 0 ? copy_of[random() % r] : r);
      for (size_t d = 0; d < dims; ++d) rows.row(r)[d] = copy_of[r] == r ? value(random) : rows.row(copy_of[r])[d];
    }
  }
};

// What a kernel leaves alone keeps this: no score of finite numbers is NaN.
constexpr float untouched = std::numeric_limits<float>::quiet_NaN();

// The scores of rows [first, first + n) for every query by either kernel: at [q][r], row first + r.
using Scores = std::vector<std::vector<float>>;

// The rows where they are; or, from row 20 on, as a mapped file may have them: unaligned, with nothing behind the last
// value that may be read (an allocation of its own ends there, which AddressSanitizer watches).
struct RowViews {
  RowViews(const Bench& b, size_t first, size_t n) {
    const size_t bytes = b.rows.dims() * sizeof(float);
    for (size_t r = first; r < first + n; ++r) {
      pointers.push_back(reinterpret_cast<const char*>(b.rows.row(r)));
      if (r < 20) continue;
      copies.emplace_back(new char[bytes + 1 + r % 3]);
      std::memcpy(copies.back().get() + 1 + r % 3, b.rows.row(r), bytes);
      pointers.back() = copies.back().get() + 1 + r % 3;
    }
  }
  std::vector<std::unique_ptr<char[]>> copies;
  std::vector<const char*> pointers;
};

Scores scan_scores(const Kernels& kernels, const Bench& b, size_t first, size_t n) {
  Scores scores(panel_queries, std::vector<float>(most_rows, untouched));
  const RowViews rows(b, first, n);
  for (size_t q = 0; q < panel_queries; ++q)
    kernels.scan(b.queries.row(q), rows.pointers.data(), n, b.rows.dims(), scores[q].data());
  return scores;
}

Scores panel_scores(const Kernels& kernels, const Bench& b, size_t first, size_t n) {
  std::vector<float> interleaved(most_rows * panel_queries, untouched);
  const RowViews rows(b, first, n);
  kernels.scan_panel(b.panel.data(), rows.pointers.data(), n, b.rows.dims(), interleaved.data());
  Scores scores(panel_queries, std::vector<float>(most_rows));
  for (size_t q = 0; q < panel_queries; ++q)
    for (size_t r = 0; r < most_rows; ++r) scores[q][r] = interleaved[r * panel_queries + q];
  return scores;
}

struct Kernel {
  const char* name;
  Scores (*run)(const Kernels&, const Bench&, size_t first, size_t n);
};
constexpr Kernel both_kernels[] = {{"scan", scan_scores}, {"scan_panel", panel_scores}};

// A product in double, and how far from it a sum of floats in any order may be.
struct Reference {
  double score, tolerance;
};

Reference reference(const Bench& b, size_t q, size_t r) {
  double score = 0, magnitude = 0;
  for (size_t d = 0; d < b.rows.dims(); ++d) {
    const double product = static_cast<double>(b.queries.row(q)[d]) * b.rows.row(r)[d];
    score += product;
    magnitude += std::abs(product);
  }
  constexpr double rounding = 0x1p-24;  // of one operation; each term goes through at most dims + 1 of them
  return {score, static_cast<double>(b.rows.dims() + 1) * rounding * magnitude};
}

bool bit_equal(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

}  // namespace

TEST_CASE("scores are the products of queries and rows on every ISA, for any dimensions and number of rows") {
  for (const size_t dims : all_dims()) {
    const Bench b(dims);
    std::vector<std::vector<Reference>> expected(panel_queries);
    for (size_t q = 0; q < panel_queries; ++q)
      for (size_t r = 0; r < most_rows; ++r) expected[q].push_back(reference(b, q, r));
    for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
      for (const Kernel& kernel : both_kernels)
        for (size_t n = 0; n <= most_rows; ++n) {
          const Scores scores = kernel.run(**k, b, 0, n);
          size_t wrong = 0, written_beyond = 0;
          for (size_t q = 0; q < panel_queries; ++q) {
            for (size_t r = 0; r < n; ++r)
              wrong += !(std::abs(scores[q][r] - expected[q][r].score) <= expected[q][r].tolerance);
            for (size_t r = n; r < most_rows; ++r) written_beyond += !bit_equal(scores[q][r], untouched);
          }
          CAPTURE((*k)->isa);
          CAPTURE(kernel.name);
          CAPTURE(dims);
          CAPTURE(n);
          CHECK(wrong == 0);
          CHECK(written_beyond == 0);
        }
  }
}

// Ties between equal rows are broken by index only if their scores are equal to the last bit, in whatever tile, block
// or thread each of them falls.
TEST_CASE("equal rows get bit-equal scores wherever they are") {
  for (const size_t dims : all_dims()) {
    const Bench b(dims);
    for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
      for (const Kernel& kernel : both_kernels) {
        const Scores whole = kernel.run(**k, b, 0, most_rows);
        size_t copies_differ = 0, places_differ = 0;
        for (size_t q = 0; q < panel_queries; ++q)
          for (size_t r = 0; r < most_rows; ++r) copies_differ += !bit_equal(whole[q][r], whole[q][b.copy_of[r]]);
        for (const size_t first : {0, 1, 2, 3, 5, 11, 23, 39})
          for (size_t n = 1; first + n <= most_rows; n += 3) {
            const Scores part = kernel.run(**k, b, first, n);
            for (size_t q = 0; q < panel_queries; ++q)
              for (size_t r = 0; r < n; ++r) places_differ += !bit_equal(part[q][r], whole[q][first + r]);
          }
        CAPTURE((*k)->isa);
        CAPTURE(kernel.name);
        CAPTURE(dims);
        CHECK(copies_differ == 0);
        CHECK(places_differ == 0);
      }
  }
}

// The lanes of a panel that no query uses hold zeros; a query's scores must not depend on its lane either.
TEST_CASE("equal queries of a panel get bit-equal scores in every lane") {
  for (const size_t dims : all_dims()) {
    Bench b(dims);
    for (size_t d = 0; d < dims; ++d)
      for (size_t q = 0; q < panel_queries; ++q) b.panel[d * panel_queries + q] = b.queries.row(0)[d];
    for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k) {
      const Scores scores = panel_scores(**k, b, 0, most_rows);
      size_t lanes_differ = 0;
      for (size_t q = 1; q < panel_queries; ++q)
        for (size_t r = 0; r < most_rows; ++r) lanes_differ += !bit_equal(scores[q][r], scores[0][r]);
      CAPTURE((*k)->isa);
      CAPTURE(dims);
      CHECK(lanes_differ == 0);
    }
  }
}
