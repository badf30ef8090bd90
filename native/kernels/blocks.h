// Loops over blocks whose size the compiler knows (for the sources that are compiled once per ISA, as simd.h).
#pragma once

#include <stddef.h>

#ifndef W2V_ISA
#error "compile through w2v_add_isa(), which defines W2V_ISA"
#endif

namespace w2v::W2V_ISA {
namespace {

template <size_t N>
struct Size {
  static constexpr size_t value = N;
};

// f(Size<n>()) for 1 ≤ n ≤ N.
template <size_t N, class F>
void with_size(size_t n, F&& f) {
  if constexpr (N > 1) {
    if (n < N) return with_size<N - 1>(n, f);
  }
  f(Size<N>());
}

// Calls f(Size<n>(), first) for blocks of at most `most` of `total` things, as equal as can be.
template <size_t most, class F>
void for_each_block(size_t total, F&& f) {
  const size_t blocks = (total + most - 1) / most;
  for (size_t b = 0, first = 0; b < blocks; ++b) {
    const size_t n = (total - first + blocks - b - 1) / (blocks - b);
    with_size<most>(n, [&](auto size) { f(size, first); });
    first += n;
  }
}

}  // namespace
}  // namespace w2v::W2V_ISA
