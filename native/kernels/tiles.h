// How a scan goes over its rows (for the sources that are compiled once per ISA, as simd.h).
#pragma once

#include <stddef.h>

#ifndef W2V_ISA
#error "compile through w2v_add_isa(), which defines W2V_ISA"
#endif

namespace w2v::W2V_ISA {
namespace {

// Rows whose sums are in flight together. They are a quarter of all rows apart: the processor fetches four streams
// ahead faster than one.
constexpr size_t tile = 4;

// Calls dot(tile of rows, four results) for all rows; what is left over goes in a tile with copies of itself.
template <class T, class Dot>
void for_each_tile(const char* const* rows, size_t n_rows, T* results, Dot&& dot) {
  const size_t quarter = n_rows / tile;
  T four[tile];
  for (size_t r = 0; r < quarter; ++r) {
    const char* const apart[tile] = {rows[r], rows[quarter + r], rows[2 * quarter + r], rows[3 * quarter + r]};
    dot(apart, four);
    for (size_t k = 0; k < tile; ++k) results[k * quarter + r] = four[k];
  }
  for (size_t r = tile * quarter; r < n_rows; ++r) {
    const char* const same[tile] = {rows[r], rows[r], rows[r], rows[r]};
    dot(same, four);
    results[r] = four[0];
  }
}

}  // namespace
}  // namespace w2v::W2V_ISA
