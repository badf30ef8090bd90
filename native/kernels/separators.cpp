// Finds the bytes between words (compiled once per ISA).
#include "kernels/isa_functions.h"

#if defined(__AVX512BW__) || defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#endif

namespace w2v::W2V_ISA {

namespace {

#if defined(__AVX512BW__)

uint64_t separators(const char* p) {
  const __m512i v = _mm512_loadu_si512(p);
  return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')) |
         _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\t')) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
}

#elif defined(__AVX2__)

uint64_t separators32(const char* p) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const auto equal = [v](char c) { return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)); };
  const __m256i any =
      _mm256_or_si256(_mm256_or_si256(equal(' '), equal('\n')), _mm256_or_si256(equal('\t'), equal('\r')));
  return static_cast<uint32_t>(_mm256_movemask_epi8(any));
}
uint64_t separators(const char* p) { return separators32(p) | separators32(p + 32) << 32; }

#else

uint64_t separators(const char* p) {
  uint64_t mask = 0;
  for (int i = 0; i < 64; ++i)
    mask |= static_cast<uint64_t>(p[i] == ' ' || p[i] == '\n' || p[i] == '\t' || p[i] == '\r') << i;
  return mask;
}

#endif

}  // namespace

void find_separators(const char* bytes, size_t n_blocks, uint64_t* masks) {
  for (size_t b = 0; b < n_blocks; ++b) masks[b] = separators(bytes + 64 * b);
}

}  // namespace w2v::W2V_ISA
