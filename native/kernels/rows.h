// Rows against rows, block by block: what steps and classifiers are made of (for the sources that are compiled once per
// ISA, as simd.h).
#pragma once

#include "kernels/blocks.h"
#include "kernels/simd.h"

namespace w2v::W2V_ISA {
namespace {

// Targets handled together, at most: their rows and changes share the registers.
constexpr size_t block = Vec::registers == 32 ? 12 : 6;

// Inputs scored together: as many as leave room for their accumulators.
constexpr size_t score_inputs = Vec::width == 1 ? 1 : 2;

// Columns whose sums share the registers, where two are left for the weight and what is loaded; of more than 16 the
// compilers would make loops over memory.
constexpr size_t most_columns = Vec::registers == 32 ? 16 : 14;

// ---- sums of rows ----

// f(Size<vectors>(), first float) for blocks of columns, as few as fit the registers.
template <class F>
void for_each_columns(size_t stride, F&& f) {
  for_each_block<most_columns>(stride / Vec::width, [&](auto size, size_t first) { f(size, first * Vec::width); });
}

// ---- scores ----

// M inputs × T targets, every product in a register; g[m · ldg + t] = inputs[m] · rows[t].
template <size_t M, size_t T>
void score_tile(const float* const* inputs, const float* const* rows, size_t stride, float* g, size_t ldg) {
  Vec dot[M][T];
  for (size_t m = 0; m < M; ++m)
    for (size_t t = 0; t < T; ++t) dot[m][t] = zero();
  for (size_t i = 0; i < stride; i += Vec::width) {
    Vec x[M];
    for (size_t m = 0; m < M; ++m) x[m] = load(inputs[m] + i);
    for (size_t t = 0; t < T; ++t) {
      const Vec target = load(rows[t] + i);
      for (size_t m = 0; m < M; ++m) dot[m][t] = fma(x[m], target, dot[m][t]);
    }
  }
  // Four sums at a time, by transposing; what is left of two inputs shares one transposition.
  constexpr size_t whole = T / 4 * 4, left = T - whole;
  for (size_t m = 0; m < M; ++m)
    for (size_t t = 0; t < whole; t += 4)
      store_sums(g + m * ldg + t, dot[m][t], dot[m][t + 1], dot[m][t + 2], dot[m][t + 3]);
  if constexpr (left == 2 && M % 2 == 0) {
    for (size_t m = 0; m < M; m += 2) {
      float sums[4];
      store_sums(sums, dot[m][whole], dot[m][whole + 1], dot[m + 1][whole], dot[m + 1][whole + 1]);
      g[m * ldg + whole] = sums[0];
      g[m * ldg + whole + 1] = sums[1];
      g[(m + 1) * ldg + whole] = sums[2];
      g[(m + 1) * ldg + whole + 1] = sums[3];
    }
  } else {
    for (size_t m = 0; m < M; ++m)
      for (size_t t = whole; t < T; ++t) g[m * ldg + t] = sum(dot[m][t]);
  }
}

template <size_t T>
void score_block(const float* const* inputs, size_t n_inputs, const float* const* rows, size_t stride, float* g,
                 size_t ldg) {
  size_t m = 0;
  for (; m + score_inputs <= n_inputs; m += score_inputs)
    score_tile<score_inputs, T>(inputs + m, rows, stride, g + m * ldg, ldg);
  if constexpr (score_inputs > 2)
    for (; m + 2 <= n_inputs; m += 2) score_tile<2, T>(inputs + m, rows, stride, g + m * ldg, ldg);
  for (; m < n_inputs; ++m) score_tile<1, T>(inputs + m, rows, stride, g + m * ldg, ldg);
}

// ---- logistic ----

// e^x = 2^n · e^r with |r| ≤ ln2 / 2, e^r by its Taylor series: 1e-7 relative error. Beyond ±87 it stays what it is
// there.
Vec exponential(Vec x) {
  const Vec y = clamp(x, -87.0f, 87.0f);
  const Vec n = round_to_whole(mul(y, broadcast(1.44269504f)));
  const Vec r = fma(n, broadcast(2.12194440e-4f), fma(n, broadcast(-0.693359375f), y));
  constexpr float coefficients[] = {1 / 120.0f, 1 / 24.0f, 1 / 6.0f, 1 / 2.0f, 1.0f, 1.0f};
  Vec e = broadcast(1 / 720.0f);
  for (const float coefficient : coefficients) e = fma(e, r, broadcast(coefficient));
  return times_power_of_two(e, n);
}

Vec logistic(Vec x) { return divide(broadcast(1.0f), add(exponential(mul(x, broadcast(-1.0f))), broadcast(1.0f))); }

// ---- update ----

// Adds to T target rows and to every input's destination. `before` are the inputs as they were scored; g is n_inputs
// rows of `ldg` coefficients. Rows that repeat get every update: they are read again before they are written.
template <size_t T>
void update_block(const float* const* before, float* const* inputs, size_t n_inputs, float* const* rows, size_t stride,
                  const float* g, size_t ldg) {
  if (n_inputs == 1) {
    Vec gradient[T];
    for (size_t t = 0; t < T; ++t) gradient[t] = broadcast(g[t]);
    for (size_t i = 0; i < stride; i += Vec::width) {
      const Vec x = load(before[0] + i);
      Vec input = load(inputs[0] + i);
      for (size_t t = 0; t < T; ++t) {
        const Vec target = load(rows[t] + i);
        input = fma(gradient[t], target, input);
        store(rows[t] + i, fma(gradient[t], x, target));
      }
      store(inputs[0] + i, input);
    }
    return;
  }
  for (size_t i = 0; i < stride; i += Vec::width) {
    Vec target[T], change[T];
    for (size_t t = 0; t < T; ++t) {
      target[t] = load(rows[t] + i);
      change[t] = zero();
    }
    for (size_t m = 0; m < n_inputs; ++m) {
      const Vec x = load(before[m] + i);
      Vec input[2] = {load(inputs[m] + i), zero()};  // two sums: half the wait
      for (size_t t = 0; t < T; ++t) {
        const Vec gradient = broadcast(g[m * ldg + t]);
        input[t % 2] = fma(gradient, target[t], input[t % 2]);
        change[t] = fma(gradient, x, change[t]);
      }
      store(inputs[m] + i, add(input[0], input[1]));
    }
    for (size_t t = 0; t < T; ++t) store(rows[t] + i, add(load(rows[t] + i), change[t]));
  }
}

}  // namespace
}  // namespace w2v::W2V_ISA
