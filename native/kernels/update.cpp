// Executes steps (compiled once per ISA). step.h says what a step computes.
#include "kernels/isa_functions.h"
#include "kernels/rows.h"

namespace w2v::W2V_ISA {

namespace {

// Scores of all inputs → gradient coefficients (labels − σ(scores)) · learning_rate, σ exactly. `g` may be read and
// written up to a vector beyond its end.
void to_exact_gradient(const Step& step, size_t n_inputs, float* g) {
  const size_t n_targets = step.n_targets;
  const Vec rate = broadcast(step.learning_rate), minus_rate = broadcast(-step.learning_rate);
  if (n_inputs == 1) {
    for (size_t t = 0; t < n_targets; t += Vec::width) {
      const size_t left = n_targets - t;
      const Vec label = left < Vec::width ? load_first(step.labels + t, left) : load(step.labels + t);
      store(g + t, fma(logistic(load(g + t)), minus_rate, mul(label, rate)));
    }
    return;
  }
  for (size_t i = 0; i < n_inputs * n_targets; i += Vec::width) store(g + i, mul(logistic(load(g + i)), minus_rate));
  for (size_t t = 0; t < n_targets; ++t) {
    // A node's label is anybody's guess, that of a sample is 1 once: only the second is worth a branch.
    if (t >= step.n_nodes && step.labels[t] == 0) continue;
    for (size_t m = 0; m < n_inputs; ++m) g[m * n_targets + t] += step.labels[t] * step.learning_rate;
  }
}

// The same by word2vec.c's table, for one input.
void to_tabulated_gradient(const Step& step, const float* table, float* g) {
  for (size_t t = 0; t < step.n_targets; ++t) {
    const float score = g[t];
    float error;
    if (score > -logistic_limit && score < logistic_limit)
      error = step.labels[t] - table[static_cast<int>((score + logistic_limit) * logistic_table_step)];
    else if (t < step.n_nodes)
      error = 0;  // hierarchical softmax skips a step that is this sure
    else
      error = step.labels[t] - (score > 0 ? 1.0f : 0.0f);
    g[t] = error * step.learning_rate;
  }
}

void copy_row(float* to, const float* from, size_t stride) {
  for (size_t i = 0; i < stride; i += Vec::width) store(to + i, load(from + i));
}

void clear_row(float* row, size_t stride) {
  for (size_t i = 0; i < stride; i += Vec::width) store(row + i, zero());
}

void add_scaled(float* row, const float* change, float factor, size_t stride) {
  const Vec f = broadcast(factor);
  for (size_t i = 0; i < stride; i += Vec::width) store(row + i, fma(f, load(change + i), load(row + i)));
}

// One step whose inputs are given by address: scores and updates `inputs` (which hold the inputs, or, with another
// `sources`, collect the gradient of them).
void execute(const Step& step, const UpdateTables& tables, const float* const* sources, float* const* inputs,
             size_t n_inputs, float* scratch) {
  const size_t stride = tables.stride, n_targets = step.n_targets;
  float* g = scratch;
  float* target_rows[block];
  const auto gather = [&](size_t first, size_t n) {
    for (size_t t = 0; t < n; ++t) {
      const uint32_t row = step.targets[first + t];
      const bool own = row >= tables.first_own;
      target_rows[t] = (own ? tables.own_target : tables.target) + (row - (own ? tables.first_own : 0)) * stride;
    }
  };
  for_each_block<block>(n_targets, [&](auto size, size_t first) {
    constexpr size_t n = decltype(size)::value;
    gather(first, n);
    score_block<n>(sources, n_inputs, target_rows, stride, g + first, n_targets);
  });
  if (tables.logistic == nullptr)
    to_exact_gradient(step, n_inputs, g);
  else
    for (size_t m = 0; m < n_inputs; ++m) to_tabulated_gradient(step, tables.logistic, g + m * n_targets);
  for_each_block<block>(n_targets, [&](auto size, size_t first) {
    constexpr size_t n = decltype(size)::value;
    gather(first, n);
    update_block<n>(sources, inputs, n_inputs, target_rows, stride, g + first, n_targets);
  });
}

// ---- skip-gram: each input row meets the targets by itself ----

void execute_separate(const Step& step, const UpdateTables& tables) {
  const size_t stride = tables.stride;
  float** inputs = tables.row_pointers;
  const float** before = const_cast<const float**>(tables.row_pointers + step.n_inputs);
  // One block of targets: each element is read before it is written, so no copy is needed.
  const bool in_place = step.n_targets <= block;
  for (size_t m = 0; m < step.n_inputs; ++m) {
    float* const row = tables.input + step.inputs[m] * stride;
    float* const beside = tables.scratch + m * stride;
    inputs[m] = row;
    before[m] = row;
    if (tables.rate_factors != nullptr) {
      clear_row(beside, stride);
      inputs[m] = beside;  // what would be added to the row
    } else if (!in_place) {
      copy_row(beside, row, stride);
      before[m] = beside;
    }
  }
  execute(step, tables, before, inputs, step.n_inputs, tables.scratch + step.n_inputs * stride);
  if (tables.rate_factors == nullptr) return;
  for (size_t m = 0; m < step.n_inputs; ++m)
    add_scaled(tables.input + step.inputs[m] * stride, inputs[m], tables.rate_factors[step.inputs[m]], stride);
}

// ---- CBOW: the inputs meet the targets as one ----

// sum = factor · the sum of the step's rows of `input`, n vectors of each.
template <size_t n>
void sum_inputs(const Step& step, const float* input, size_t stride, Vec factor, float* sum) {
  Vec total[n];
  for (size_t j = 0; j < n; ++j) total[j] = zero();
  for (size_t m = 0; m < step.n_inputs; ++m) {
    const float* row = input + step.inputs[m] * stride;
    for (size_t j = 0; j < n; ++j) total[j] = add(total[j], load(row + j * Vec::width));
  }
  for (size_t j = 0; j < n; ++j) store(sum + j * Vec::width, mul(total[j], factor));
}

// Adds factor · gradient to each of the rows.
template <size_t n>
void add_to_inputs(const Step& step, float* input, size_t stride, Vec factor, const float* gradient) {
  Vec change[n];
  for (size_t j = 0; j < n; ++j) change[j] = mul(load(gradient + j * Vec::width), factor);
  for (size_t m = 0; m < step.n_inputs; ++m) {
    float* row = input + step.inputs[m] * stride;
    for (size_t j = 0; j < n; ++j) store(row + j * Vec::width, add(load(row + j * Vec::width), change[j]));
  }
}

void execute_combined(const Step& step, const UpdateTables& tables) {
  const size_t stride = tables.stride;
  const Vec one = broadcast(1.0f), share = broadcast(1.0f / static_cast<float>(step.n_inputs));
  const bool mean = tables.combine == Combine::mean;
  float* combined = tables.scratch;
  float* gradient = tables.scratch + stride;
  for_each_columns(stride, [&](auto size, size_t first) {
    sum_inputs<decltype(size)::value>(step, tables.input + first, stride, mean ? share : one, combined + first);
  });
  clear_row(gradient, stride);
  const float* sources[1] = {combined};
  float* inputs[1] = {gradient};
  execute(step, tables, sources, inputs, 1, tables.scratch + 2 * stride);
  if (tables.rate_factors != nullptr) {
    for (size_t m = 0; m < step.n_inputs; ++m) {
      const float factor = tables.rate_factors[step.inputs[m]];
      add_scaled(tables.input + step.inputs[m] * stride, gradient,
                 mean ? factor : factor / static_cast<float>(step.n_inputs), stride);
    }
    return;
  }
  for_each_columns(stride, [&](auto size, size_t first) {
    add_to_inputs<decltype(size)::value>(step, tables.input + first, stride, mean ? one : share, gradient + first);
  });
}

}  // namespace

void update(const Step* steps, size_t n_steps, const UpdateTables& tables) {
  for (size_t s = 0; s < n_steps; ++s) {
    if (tables.combine == Combine::none)
      execute_separate(steps[s], tables);
    else
      execute_combined(steps[s], tables);
  }
}

}  // namespace w2v::W2V_ISA
