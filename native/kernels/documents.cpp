// Documents as weighted sums of rows, and the heads that classify them (compiled once per ISA).
#include "kernels/isa_functions.h"
#include "kernels/rows.h"

namespace w2v::W2V_ISA {

namespace {

// Rows that are asked for ahead of the one being read: they lie anywhere in a large matrix.
constexpr size_t rows_ahead = 6;

void prefetch_row(const float* row, size_t stride) {
  for (size_t i = 0; i < stride; i += 16) prefetch_line(row + i);
}

}  // namespace

void sum_rows(const float* rows, const WeightedRow* terms, size_t n_terms, size_t stride, float* sum) {
  for_each_columns(stride, [&](auto size, size_t first) {
    constexpr size_t n = decltype(size)::value;
    Vec total[n];
    for (size_t j = 0; j < n; ++j) total[j] = zero();
    for (size_t i = 0; i < n_terms; ++i) {
      if (first == 0 && i + rows_ahead < n_terms)
        prefetch_row(rows + size_t{terms[i + rows_ahead].row} * stride, stride);
      const float* row = rows + size_t{terms[i].row} * stride + first;
      const Vec weight = broadcast(terms[i].weight);
      for (size_t j = 0; j < n; ++j) total[j] = fma(weight, load(row + j * Vec::width), total[j]);
    }
    for (size_t j = 0; j < n; ++j) store(sum + first + j * Vec::width, total[j]);
  });
}

void add_to_rows(float* rows, const WeightedRow* terms, size_t n_terms, size_t stride, float factor,
                 const float* change) {
  for_each_columns(stride, [&](auto size, size_t first) {
    constexpr size_t n = decltype(size)::value;
    Vec x[n];
    for (size_t j = 0; j < n; ++j) x[j] = load(change + first + j * Vec::width);
    for (size_t i = 0; i < n_terms; ++i) {
      float* row = rows + size_t{terms[i].row} * stride + first;
      const Vec weight = broadcast(factor * terms[i].weight);
      for (size_t j = 0; j < n; ++j) store(row + j * Vec::width, fma(weight, x[j], load(row + j * Vec::width)));
    }
  });
}

void score_targets(const float* input, const float* rows, const uint32_t* targets, size_t n_targets, size_t stride,
                   float* scores) {
  const float* target_rows[block];
  for_each_block<block>(n_targets, [&](auto size, size_t first) {
    constexpr size_t n = decltype(size)::value;
    for (size_t t = 0; t < n; ++t) target_rows[t] = rows + size_t{targets[first + t]} * stride;
    score_block<n>(&input, 1, target_rows, stride, scores + first, n_targets);
  });
}

void update_targets(const float* input, float* gradient, float* rows, const uint32_t* targets, size_t n_targets,
                    size_t stride, const float* errors) {
  float* target_rows[block];
  for_each_block<block>(n_targets, [&](auto size, size_t first) {
    constexpr size_t n = decltype(size)::value;
    for (size_t t = 0; t < n; ++t) target_rows[t] = rows + size_t{targets[first + t]} * stride;
    update_block<n>(&input, &gradient, 1, target_rows, stride, errors + first, n_targets);
  });
}

void to_logistic(float* scores, size_t n) {
  for (size_t i = 0; i < n; i += Vec::width) store(scores + i, logistic(load(scores + i)));
}

void to_softmax(float* scores, size_t n) {
  float most = scores[0];
  for (size_t i = 1; i < n; ++i) most = scores[i] > most ? scores[i] : most;
  const Vec shift = broadcast(-most);
  for (size_t i = 0; i < n; i += Vec::width) store(scores + i, exponential(add(load(scores + i), shift)));
  double total = 0;
  for (size_t i = 0; i < n; ++i) total += static_cast<double>(scores[i]);
  const Vec share = broadcast(static_cast<float>(1 / total));
  for (size_t i = 0; i < n; i += Vec::width) store(scores + i, mul(load(scores + i), share));
}

}  // namespace w2v::W2V_ISA
