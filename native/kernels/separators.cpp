// Finds the bytes between words (compiled once per ISA).
#include "kernels/isa_functions.h"

#if defined(__AVX512BW__) || defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(W2V_NEON)
#include <arm_neon.h>
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

#elif defined(W2V_NEON)

uint64_t separators(const char* p) {
  // Byte i of each 16 keeps bit i % 8; three pairwise additions bring eight bytes' bits together.
  const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
  uint8x16_t found[4];
  for (int i = 0; i < 4; ++i) {
    const uint8x16_t v = vld1q_u8(reinterpret_cast<const uint8_t*>(p) + 16 * i);
    const auto equal = [v](char c) { return vceqq_u8(v, vdupq_n_u8(static_cast<uint8_t>(c))); };
    const uint8x16_t any = vorrq_u8(vorrq_u8(equal(' '), equal('\n')), vorrq_u8(equal('\t'), equal('\r')));
    found[i] = vandq_u8(any, bits);
  }
  const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(found[0], found[1]), vpaddq_u8(found[2], found[3]));
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

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
