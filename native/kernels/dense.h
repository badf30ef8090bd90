// A dense layer of a neural network: y = W·x + b.
#pragma once

#include <stddef.h>

namespace w2v {

// Outputs lie in panels of so many: what a kernel keeps in registers while it goes along the inputs.
inline constexpr size_t dense_panel = 16;

// `outputs` is a multiple of dense_panel; what is there to fill it up is zero and stays so where its gradient is.
struct DenseWeights {
  float* weights;  // 64-byte aligned: that of output o and input k is weights[(o / 16 · inputs + k) · 16 + o % 16]
  float* bias;     // [outputs]
  size_t inputs;
  size_t outputs;
};

// The layer's inputs: n rows of `inputs` floats, `stride` floats apart. Rows may overlap (stride < inputs): a window
// over tokens is a view of their rows.
struct DenseInputs {
  float* rows;
  size_t stride;
  size_t n;
};

}  // namespace w2v
