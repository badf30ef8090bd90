// Dot products of a query with rows of fewer bits (compiled once per ISA).
#include "kernels/isa_functions.h"
#include "kernels/simd.h"
#include "kernels/tiles.h"

namespace w2v::W2V_ISA {

namespace {

// ---- int8: `step` values at a time, products are added up in 32 bits without rounding; no value is −128 ----

#if defined(__AVX512VNNI__)

constexpr size_t step = 64;
struct Sums {
  __m512i v;
};
// The instruction takes unsigned by signed bytes: rows are moved up by 128, and each sum begins at −128 · Σ query.
inline Sums multiply_add(Sums sums, const void* row, const void* query) {
  const __m512i moved = _mm512_xor_si512(_mm512_loadu_si512(row), _mm512_set1_epi8(-128));
  return {_mm512_dpbusd_epi32(sums.v, moved, _mm512_loadu_si512(query))};
}
inline Sums first_sums(const int8_t* query, size_t size) {
  __m512i sums = _mm512_setzero_si512();
  for (size_t d = 0; d < size; d += step)
    sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(-128), _mm512_loadu_si512(query + d));
  return {_mm512_sub_epi32(_mm512_setzero_si512(), sums)};
}

#elif defined(__AVX512F__)

constexpr size_t step = 32;
struct Sums {
  __m512i v;
};
inline Sums multiply_add(Sums sums, const void* row, const void* query) {
  const __m512i r = _mm512_cvtepi8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(row)));
  const __m512i q = _mm512_cvtepi8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(query)));
  return {_mm512_add_epi32(sums.v, _mm512_madd_epi16(r, q))};
}
inline Sums first_sums(const int8_t*, size_t) { return {_mm512_setzero_si512()}; }

#elif defined(__AVX2__)

constexpr size_t step = 32;
struct Sums {
  __m256i v;
};
// Unsigned by signed bytes here too: |row| · (query with the row's signs). Two products make at most 2 · 127², below
// 2¹⁵.
inline Sums multiply_add(Sums sums, const void* row, const void* query) {
  const __m256i r = _mm256_loadu_si256(static_cast<const __m256i*>(row));
  const __m256i q = _mm256_sign_epi8(_mm256_loadu_si256(static_cast<const __m256i*>(query)), r);
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(r), q);
  return {_mm256_add_epi32(sums.v, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
}
inline Sums first_sums(const int8_t*, size_t) { return {_mm256_setzero_si256()}; }
inline void store_totals(int32_t* p, Sums a, Sums b, Sums c, Sums d) {
  const __m256i abcd = _mm256_hadd_epi32(_mm256_hadd_epi32(a.v, b.v), _mm256_hadd_epi32(c.v, d.v));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1)));
}

#elif defined(W2V_NEON)

constexpr size_t step = 16;
struct Sums {
  int32x4_t v;
};
inline Sums multiply_add(Sums sums, const void* row, const void* query) {
  const int8x16_t r = vld1q_s8(static_cast<const int8_t*>(row)), q = vld1q_s8(static_cast<const int8_t*>(query));
  const int16x8_t pairs = vmlal_s8(vmull_s8(vget_low_s8(r), vget_low_s8(q)), vget_high_s8(r), vget_high_s8(q));
  return {vpadalq_s16(sums.v, pairs)};
}
inline Sums first_sums(const int8_t*, size_t) { return {vdupq_n_s32(0)}; }
inline void store_totals(int32_t* p, Sums a, Sums b, Sums c, Sums d) {
  vst1q_s32(p, vpaddq_s32(vpaddq_s32(a.v, b.v), vpaddq_s32(c.v, d.v)));
}

#else

constexpr size_t step = 1;
struct Sums {
  int32_t v;
};
inline Sums multiply_add(Sums sums, const void* row, const void* query) {
  return {sums.v + *static_cast<const int8_t*>(row) * *static_cast<const int8_t*>(query)};
}
inline Sums first_sums(const int8_t*, size_t) { return {0}; }
inline void store_totals(int32_t* p, Sums a, Sums b, Sums c, Sums d) {
  p[0] = a.v;
  p[1] = b.v;
  p[2] = c.v;
  p[3] = d.v;
}

#endif

#if defined(__AVX512F__)
inline void store_totals(int32_t* p, Sums a, Sums b, Sums c, Sums d) {
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a.v, b.v), _mm512_unpackhi_epi32(a.v, b.v));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c.v, d.v), _mm512_unpackhi_epi32(c.v, d.v));
  const __m512i abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64(abcd, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
}
#endif

void dot_tile(Sums first, const int8_t* query, const char* const (&rows)[tile], size_t size, int32_t* dots) {
  Sums sums[tile] = {first, first, first, first};
  for (size_t d = 0; d < size; d += step)
    for (size_t r = 0; r < tile; ++r) sums[r] = multiply_add(sums[r], rows[r] + d, query + d);
  store_totals(dots, sums[0], sums[1], sums[2], sums[3]);
}

void dot_tile(const float* query, const char* const (&rows)[tile], size_t size, float* scores) {
  Vec dot[tile] = {zero(), zero(), zero(), zero()};
  for (size_t d = 0; d < size; d += Vec::width) {
    const Vec q = load(query + d);
    for (size_t r = 0; r < tile; ++r) dot[r] = fma(q, load_bfloat16(rows[r] + d * sizeof(uint16_t)), dot[r]);
  }
  store_sums(scores, dot[0], dot[1], dot[2], dot[3]);
}

}  // namespace

void scan_int8(const int8_t* query, const char* const* rows, size_t n_rows, size_t size, int32_t* dots) {
  const Sums first = first_sums(query, size);
  for_each_tile(rows, n_rows, dots, [=](const auto& four, int32_t* to) { dot_tile(first, query, four, size, to); });
}

int32_t dot_int8(const int8_t* a, const int8_t* b, size_t size) {
  Sums sums = first_sums(b, size);
  for (size_t d = 0; d < size; d += step) sums = multiply_add(sums, a + d, b + d);
  int32_t totals[tile];
  store_totals(totals, sums, sums, sums, sums);
  return totals[0];
}

void scan_bfloat16(const float* query, const char* const* rows, size_t n_rows, size_t size, float* scores) {
  for_each_tile(rows, n_rows, scores, [=](const auto& four, float* to) { dot_tile(query, four, size, to); });
}

}  // namespace w2v::W2V_ISA
