// One float vector type per instruction set, for the sources that are compiled once per ISA.
// Everything here has internal linkage: the linker keeps one copy of an inline function that several
// objects share, and it could be one the processor cannot run. For the same reason these sources
// include no standard header with inline functions.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#ifndef W2V_ISA
#error "compile through w2v_add_isa(), which defines W2V_ISA"
#endif

namespace w2v::W2V_ISA {
namespace {

#if defined(__AVX512F__)

struct Vec {
  static constexpr size_t width = 16;
  __m512 v;
};
inline Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
inline Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }
inline Vec add(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec mul(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }  // a·b + c
inline float sum(Vec a) { return _mm512_reduce_add_ps(a.v); }

#elif defined(__AVX2__)

struct Vec {
  static constexpr size_t width = 8;
  __m256 v;
};
inline Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
inline void store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
inline Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
inline Vec add(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec mul(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }  // a·b + c
inline float sum(Vec a) {
  __m128 x = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  x = _mm_add_ps(x, _mm_movehl_ps(x, x));
  x = _mm_add_ss(x, _mm_movehdup_ps(x));
  return _mm_cvtss_f32(x);
}

#else

struct Vec {
  static constexpr size_t width = 1;
  float v;
};
inline Vec load(const float* p) { return {*p}; }
inline void store(float* p, Vec a) { *p = a.v; }
inline Vec broadcast(float x) { return {x}; }
inline Vec add(Vec a, Vec b) { return {a.v + b.v}; }
inline Vec mul(Vec a, Vec b) { return {a.v * b.v}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {a.v * b.v + c.v}; }  // a·b + c
inline float sum(Vec a) { return a.v; }

#endif

inline Vec zero() { return broadcast(0.0f); }

}  // namespace
}  // namespace w2v::W2V_ISA
