// Dense layers forward and backward (compiled once per ISA). dense.h says how weights and rows lie. A tile of rows and
// of weights shares the registers, so that each value that is loaded is used several times.
#include "kernels/blocks.h"
#include "kernels/isa_functions.h"
#include "kernels/simd.h"

namespace w2v::W2V_ISA {

namespace {

constexpr size_t panel_vectors = dense_panel / Vec::width;

// Rows (or inputs) that meet one panel at a time: their sums fill the registers.
constexpr size_t panel_tile = Vec::width == 16 ? 12 : Vec::width == 1 ? 1 : 6;

template <size_t R>
void forward_tile(const float* weights, const float* bias, size_t inputs, const float* x, size_t stride, float* y,
                  size_t outputs) {
  Vec sums[R][panel_vectors];
  for (size_t r = 0; r < R; ++r)
    for (size_t v = 0; v < panel_vectors; ++v) sums[r][v] = load(bias + v * Vec::width);
  for (size_t k = 0; k < inputs; ++k) {
    Vec w[panel_vectors];
    for (size_t v = 0; v < panel_vectors; ++v) w[v] = load(weights + k * dense_panel + v * Vec::width);
    for (size_t r = 0; r < R; ++r) {
      const Vec input = broadcast(x[r * stride + k]);
      for (size_t v = 0; v < panel_vectors; ++v) sums[r][v] = fma(input, w[v], sums[r][v]);
    }
  }
  for (size_t r = 0; r < R; ++r)
    for (size_t v = 0; v < panel_vectors; ++v) store(y + r * outputs + v * Vec::width, sums[r][v]);
}

template <size_t K>
void step_tile(float* weights, const float* x, size_t stride, size_t rows, const float* dy, size_t outputs, Vec rate,
               Vec keep) {
  Vec sums[K][panel_vectors];
  for (size_t k = 0; k < K; ++k)
    for (size_t v = 0; v < panel_vectors; ++v) sums[k][v] = zero();
  for (size_t r = 0; r < rows; ++r) {
    Vec d[panel_vectors];
    for (size_t v = 0; v < panel_vectors; ++v) d[v] = load(dy + r * outputs + v * Vec::width);
    for (size_t k = 0; k < K; ++k) {
      const Vec input = broadcast(x[r * stride + k]);
      for (size_t v = 0; v < panel_vectors; ++v) sums[k][v] = fma(input, d[v], sums[k][v]);
    }
  }
  for (size_t k = 0; k < K; ++k)
    for (size_t v = 0; v < panel_vectors; ++v) {
      float* w = weights + k * dense_panel + v * Vec::width;
      store(w, fma(rate, sums[k][v], mul(keep, load(w))));
    }
}

// Rows × inputs whose products along the outputs are summed together.
constexpr size_t gradient_rows = 4;
constexpr size_t gradient_inputs = Vec::registers == 32 ? 6 : 3;

template <size_t R, size_t K>
void input_gradient_tile(const DenseWeights& layer, size_t first_input, const float* dy, float* dx, size_t stride) {
  Vec sums[K][R];
  for (size_t k = 0; k < K; ++k)
    for (size_t r = 0; r < R; ++r) sums[k][r] = zero();
  for (size_t o = 0; o < layer.outputs; o += dense_panel) {
    const float* weights = layer.weights + o * layer.inputs + first_input * dense_panel;
    for (size_t v = 0; v < dense_panel; v += Vec::width) {
      Vec d[R];
      for (size_t r = 0; r < R; ++r) d[r] = load(dy + r * layer.outputs + o + v);
      for (size_t k = 0; k < K; ++k) {
        const Vec w = load(weights + k * dense_panel + v);
        for (size_t r = 0; r < R; ++r) sums[k][r] = fma(w, d[r], sums[k][r]);
      }
    }
  }
  for (size_t k = 0; k < K; ++k) {
    float totals[gradient_rows];
    if constexpr (R == 4)
      store_sums(totals, sums[k][0], sums[k][1], sums[k][2], sums[k][3]);
    else
      for (size_t r = 0; r < R; ++r) totals[r] = sum(sums[k][r]);
    // One after the other: rows overlap.
    for (size_t r = 0; r < R; ++r) dx[r * stride + first_input + k] += totals[r];
  }
}

}  // namespace

void dense_forward(const DenseWeights& layer, const DenseInputs& x, float* y) {
  for (size_t o = 0; o < layer.outputs; o += dense_panel)
    for_each_block<panel_tile>(x.n, [&](auto size, size_t first) {
      forward_tile<decltype(size)::value>(layer.weights + o * layer.inputs, layer.bias + o, layer.inputs,
                                          x.rows + first * x.stride, x.stride, y + first * layer.outputs + o,
                                          layer.outputs);
    });
}

void dense_input_gradient(const DenseWeights& layer, const float* dy, const DenseInputs& dx) {
  for_each_block<gradient_inputs>(layer.inputs, [&](auto inputs, size_t first_input) {
    for_each_block<gradient_rows>(dx.n, [&](auto rows, size_t first) {
      input_gradient_tile<decltype(rows)::value, decltype(inputs)::value>(
          layer, first_input, dy + first * layer.outputs, dx.rows + first * dx.stride, dx.stride);
    });
  });
}

void dense_step(const DenseWeights& layer, const DenseInputs& x, const float* dy, float rate, float keep) {
  const Vec rates = broadcast(rate), keeps = broadcast(keep);
  for (size_t o = 0; o < layer.outputs; o += dense_panel)
    for_each_block<panel_tile>(layer.inputs, [&](auto size, size_t first) {
      step_tile<decltype(size)::value>(layer.weights + o * layer.inputs + first * dense_panel, x.rows + first, x.stride,
                                       x.n, dy + o, layer.outputs, rates, keeps);
    });
  for (size_t o = 0; o < layer.outputs; o += Vec::width) {
    Vec total = zero();
    for (size_t r = 0; r < x.n; ++r) total = add(total, load(dy + r * layer.outputs + o));
    store(layer.bias + o, fma(rates, total, load(layer.bias + o)));
  }
}

}  // namespace w2v::W2V_ISA
