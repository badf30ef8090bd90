// One float vector type per instruction set, for the sources that are compiled once per ISA.
// Everything here has internal linkage: the linker keeps one copy of an inline function that several
// objects share, and it could be one the processor cannot run. For the same reason these sources
// include no standard header with inline functions.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(W2V_NEON)
#include <arm_neon.h>
#endif

#ifndef W2V_ISA
#error "compile through w2v_add_isa(), which defines W2V_ISA"
#endif

namespace w2v::W2V_ISA {
namespace {

// Every load takes an address of any alignment: rows of a mapped file lie as they come.
inline float read_float(const void* p) {
#if defined(_MSC_VER)
  return *static_cast<const float*>(p);
#else
  float x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
#endif
}

#if defined(__AVX512F__)

struct Vec {
  static constexpr size_t width = 16, registers = 32;
  __m512 v;
};
inline Vec load(const void* p) { return {_mm512_loadu_ps(p)}; }
// The first n < width floats, then zeros.
inline Vec load_first(const void* p, size_t n) {
  return {_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p)};
}
// The upper halves of floats.
inline Vec load_bfloat16(const void* p) {
  const __m256i halves = _mm256_loadu_si256(static_cast<const __m256i*>(p));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16))};
}
inline void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
inline Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }
inline Vec add(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec mul(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }  // a·b + c
inline Vec divide(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
inline Vec clamp(Vec a, float low, float high) {
  return {_mm512_min_ps(_mm512_max_ps(a.v, _mm512_set1_ps(low)), _mm512_set1_ps(high))};
}
inline Vec round_to_whole(Vec a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vec times_power_of_two(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }  // a · 2^n, n whole
inline float sum(Vec a) { return _mm512_reduce_add_ps(a.v); }
inline void store_sums(float* p, Vec a, Vec b, Vec c, Vec d) {
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a.v, b.v), _mm512_unpackhi_ps(a.v, b.v));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c.v, d.v), _mm512_unpackhi_ps(c.v, d.v));
  const __m512 abcd = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(abcd), _mm512_extractf32x8_ps(abcd, 1));
  _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}

#elif defined(__AVX2__)

struct Vec {
  static constexpr size_t width = 8, registers = 16;
  __m256 v;
};
inline Vec load(const void* p) { return {_mm256_loadu_ps(static_cast<const float*>(p))}; }
inline Vec load_first(const void* p, size_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return {_mm256_maskload_ps(static_cast<const float*>(p),
                             _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane))};
}
inline Vec load_bfloat16(const void* p) {
  const __m128i halves = _mm_loadu_si128(static_cast<const __m128i*>(p));
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16))};
}
inline void store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
inline Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
inline Vec add(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec mul(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }  // a·b + c
inline Vec divide(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
inline Vec clamp(Vec a, float low, float high) {
  return {_mm256_min_ps(_mm256_max_ps(a.v, _mm256_set1_ps(low)), _mm256_set1_ps(high))};
}
inline Vec round_to_whole(Vec a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vec times_power_of_two(Vec a, Vec n) {  // a · 2^n, n whole
  const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n.v), _mm256_set1_epi32(127));
  return {_mm256_mul_ps(a.v, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)))};
}
inline float sum(Vec a) {
  __m128 x = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  x = _mm_add_ps(x, _mm_movehl_ps(x, x));
  x = _mm_add_ss(x, _mm_movehdup_ps(x));
  return _mm_cvtss_f32(x);
}
inline void store_sums(float* p, Vec a, Vec b, Vec c, Vec d) {
  const __m256 abcd = _mm256_hadd_ps(_mm256_hadd_ps(a.v, b.v), _mm256_hadd_ps(c.v, d.v));
  _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(abcd), _mm256_extractf128_ps(abcd, 1)));
}

#elif defined(W2V_NEON)  // by name: every arm64 has it, and the scalar kernels are to stay scalar

struct Vec {
  static constexpr size_t width = 4, registers = 32;
  float32x4_t v;
};
inline Vec load(const void* p) { return {vreinterpretq_f32_u8(vld1q_u8(static_cast<const uint8_t*>(p)))}; }
inline Vec load_first(const void* p, size_t n) {
  float lanes[4] = {};
  for (size_t i = 0; i < n; ++i) lanes[i] = read_float(static_cast<const char*>(p) + i * sizeof(float));
  return {vld1q_f32(lanes)};
}
inline Vec load_bfloat16(const void* p) {
  return {vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(static_cast<const uint16_t*>(p)), 16))};
}
inline void store(float* p, Vec a) { vst1q_f32(p, a.v); }
inline Vec broadcast(float x) { return {vdupq_n_f32(x)}; }
inline Vec add(Vec a, Vec b) { return {vaddq_f32(a.v, b.v)}; }
inline Vec mul(Vec a, Vec b) { return {vmulq_f32(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {vfmaq_f32(c.v, a.v, b.v)}; }  // a·b + c
inline Vec divide(Vec a, Vec b) { return {vdivq_f32(a.v, b.v)}; }
inline Vec clamp(Vec a, float low, float high) {
  return {vminq_f32(vmaxq_f32(a.v, vdupq_n_f32(low)), vdupq_n_f32(high))};
}
inline Vec round_to_whole(Vec a) { return {vrndnq_f32(a.v)}; }
inline Vec times_power_of_two(Vec a, Vec n) {  // a · 2^n, n whole
  const int32x4_t exponent = vaddq_s32(vcvtq_s32_f32(n.v), vdupq_n_s32(127));
  return {vmulq_f32(a.v, vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23)))};
}
inline float sum(Vec a) { return vaddvq_f32(a.v); }
inline void store_sums(float* p, Vec a, Vec b, Vec c, Vec d) {
  vst1q_f32(p, vpaddq_f32(vpaddq_f32(a.v, b.v), vpaddq_f32(c.v, d.v)));
}

#else

struct Vec {
  static constexpr size_t width = 1, registers = 16;
  float v;
};
inline Vec load(const void* p) { return {read_float(p)}; }
inline Vec load_first(const void*, size_t) { return {0}; }
inline Vec load_bfloat16(const void* p) {
  union {
    uint32_t bits;
    float value;
  } widened = {static_cast<uint32_t>(*static_cast<const uint16_t*>(p)) << 16};
  return {widened.value};
}
inline void store(float* p, Vec a) { *p = a.v; }
inline Vec broadcast(float x) { return {x}; }
inline Vec add(Vec a, Vec b) { return {a.v + b.v}; }
inline Vec mul(Vec a, Vec b) { return {a.v * b.v}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {a.v * b.v + c.v}; }  // a·b + c
inline Vec divide(Vec a, Vec b) { return {a.v / b.v}; }
inline Vec clamp(Vec a, float low, float high) { return {a.v < low ? low : a.v > high ? high : a.v}; }
inline Vec round_to_whole(Vec a) { return {static_cast<float>(static_cast<int32_t>(a.v + (a.v < 0 ? -0.5f : 0.5f)))}; }
inline Vec times_power_of_two(Vec a, Vec n) {  // a · 2^n, n whole
  union {
    int32_t bits;
    float value;
  } power = {(static_cast<int32_t>(n.v) + 127) << 23};
  return {a.v * power.value};
}
inline float sum(Vec a) { return a.v; }
inline void store_sums(float* p, Vec a, Vec b, Vec c, Vec d) {
  p[0] = a.v;
  p[1] = b.v;
  p[2] = c.v;
  p[3] = d.v;
}

#endif

inline Vec zero() { return broadcast(0.0f); }

// Asks for the cache line at p, to be read and written, as prefetch() of base/prefetch.h.
inline void prefetch_line(const void* p) {
#if defined(_MSC_VER)
  (void)p;
#else
  __builtin_prefetch(p, 1, 2);
#endif
}

}  // namespace
}  // namespace w2v::W2V_ISA
