// A dense layer with its memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/matrix.h"
#include "base/rng.h"
#include "kernels/dense.h"
#include "kernels/kernels.h"

namespace w2v {

// y = W·x + b by the kernels. Not synchronised: threads that learn race on it by design (Hogwild).
class DenseLayer {
 public:
  DenseLayer() = default;
  // Weights are drawn from ±√(6 / (inputs + outputs)) (Glorot, Bengio 2010); the bias is 0. Throws ERR_W2V_MEMORY.
  DenseLayer(size_t inputs, size_t outputs, SplitMix& random);

  size_t inputs() const { return inputs_; }
  size_t outputs() const { return outputs_; }
  // Floats from one row of outputs to the next; those beyond outputs() are zero.
  size_t stride() const { return padded_row(outputs_); }
  float weight(size_t output, size_t input) const {
    return weights_.row(output / dense_panel)[input * dense_panel + output % dense_panel];
  }

  // Rows of inputs → rows of outputs.
  void forward(const DenseInputs& x, float* y) const { kernels().dense_forward(view(), x, y); }
  // Adds to dx what the gradient dy of the outputs is for the inputs.
  void input_gradient(const float* dy, const DenseInputs& dx) const { kernels().dense_input_gradient(view(), dy, dx); }
  // W = keep · W + rate · dyᵀ·x; b += rate · dy, for all rows.
  void step(const DenseInputs& x, const float* dy, float rate, float keep) {
    kernels().dense_step(view(), x, dy, rate, keep);
  }

  // All that is learned.
  std::array<std::span<float>, 2> parameters() {
    return {std::span(weights_.row(0), weights_.rows() * weights_.stride()), std::span(bias_.row(0), stride())};
  }

 private:
  DenseWeights view() const {
    return {const_cast<float*>(weights_.row(0)), const_cast<float*>(bias_.row(0)), inputs_, stride()};
  }

  size_t inputs_ = 0, outputs_ = 0;
  Matrix weights_;  // a row is a panel
  Matrix bias_;
};

}  // namespace w2v
