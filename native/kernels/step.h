// The step: the one update that skip-gram and CBOW, negative sampling and hierarchical softmax all are.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace w2v {

//   scores = inputs · targetsᵀ;  g = (labels − σ(scores)) · learning_rate
//   targets += gᵀ · inputs;      inputs += g · targets (before)
//
// All scores of a step are computed before its updates. A row that occurs twice, among the inputs or among the
// targets, gets both updates; the second may see it after the first, a difference of second order in the rate. Mikolov
// et al. 2013 (arXiv:1301.3781, arXiv:1310.4546).
struct Step {
  const uint32_t* inputs;   // n_inputs rows of the input matrix: the context words
  const uint32_t* targets;  // n_targets rows of the target matrix: first tree nodes, then center and negatives
  const float* labels;      // n_targets: 1 − Huffman code for a node, 1 for the center, 0 for a negative
  uint32_t n_inputs;
  uint32_t n_targets;
  uint32_t n_nodes;  // the first n_nodes targets are nodes: hierarchical softmax skips them where |score| ≥ 6
  float learning_rate;
};

// How the input rows of a step meet its targets.
enum class Combine : uint32_t {
  none,  // skip-gram: each input row is scored by itself
  mean,  // CBOW: their mean is the one input; its gradient is added to each of them, undivided (as in word2vec.c)
  sum,   // CBOW: their sum is the one input; its gradient is divided by their number (gensim's cbow_mean=0)
};

// What all steps of a training share. Rows are `stride` floats apart, stride a multiple of 16, 64-byte aligned.
struct UpdateTables {
  float* input;   // [V × stride], syn0 of word2vec.c
  float* target;  // output rows [V], syn1neg, then node rows [V − 1], syn1
  // Rows from first_own on are in `own_target` instead, the thread's own copies; first_own ≥ all rows: none are.
  float* own_target;
  uint32_t first_own;
  size_t stride;
  Combine combine;
  const float* rate_factors;  // [V], by which the change of an input row is multiplied; nullptr: 1 for all
  const float* logistic;      // logistic_table_size entries of σ on (−6, 6); nullptr: σ exactly, no limits at ±6
  float* scratch;             // per thread: scratch_floats() of the largest step, 64-byte aligned
  float** row_pointers;       // per thread: room for 2 · n_inputs of the largest step
};

// CBOW, and skip-gram of one input per step, need n_inputs = 1 here.
constexpr size_t row_padding = 16;  // floats: the kernels run over whole vectors
constexpr size_t scratch_floats(size_t n_inputs, size_t n_targets, size_t stride) {
  return (n_inputs + 1) * stride + n_inputs * n_targets + row_padding;
}

// word2vec.c tabulates σ: entry i = σ(6 · (2i / 1000 − 1)), looked up at (int)((score + 6) · 83).
constexpr size_t logistic_table_size = 1000;
constexpr float logistic_limit = 6.0f;
constexpr float logistic_table_step = 83.0f;

}  // namespace w2v
