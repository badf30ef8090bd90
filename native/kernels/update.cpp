// Executes steps (compiled once per ISA). step.h says what a step computes.
#include "kernels/blocks.h"
#include "kernels/isa_functions.h"
#include "kernels/simd.h"

namespace w2v::W2V_ISA {

namespace {

// Targets handled together, at most: their rows and changes share the registers.
constexpr size_t block = Vec::registers == 32 ? 12 : 6;

// Inputs scored together: as many as leave room for their accumulators.
constexpr size_t score_inputs = Vec::width == 1 ? 1 : 2;

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

Vec logistic(Vec x) {
  // e^−x = 2^n · e^r with |r| ≤ ln2 / 2, e^r by its Taylor series: 1e-7 relative error. Scores beyond ±87 saturate.
  const Vec y = clamp(mul(x, broadcast(-1.0f)), -87.0f, 87.0f);
  const Vec n = round_to_whole(mul(y, broadcast(1.44269504f)));
  const Vec r = fma(n, broadcast(2.12194440e-4f), fma(n, broadcast(-0.693359375f), y));
  constexpr float coefficients[] = {1 / 120.0f, 1 / 24.0f, 1 / 6.0f, 1 / 2.0f, 1.0f, 1.0f};
  Vec e = broadcast(1 / 720.0f);
  for (const float coefficient : coefficients) e = fma(e, r, broadcast(coefficient));
  return divide(broadcast(1.0f), add(times_power_of_two(e, n), broadcast(1.0f)));
}

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

void execute_combined(const Step& step, const UpdateTables& tables) {
  const size_t stride = tables.stride;
  const Vec share = broadcast(1.0f / static_cast<float>(step.n_inputs));
  const bool mean = tables.combine == Combine::mean;
  float* combined = tables.scratch;
  float* gradient = tables.scratch + stride;
  for (size_t i = 0; i < stride; i += Vec::width) {
    Vec total = zero();
    for (size_t m = 0; m < step.n_inputs; ++m) total = add(total, load(tables.input + step.inputs[m] * stride + i));
    store(combined + i, mean ? mul(total, share) : total);
  }
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
  for (size_t i = 0; i < stride; i += Vec::width) {
    const Vec change = mean ? load(gradient + i) : mul(load(gradient + i), share);
    for (size_t m = 0; m < step.n_inputs; ++m) {
      float* row = tables.input + step.inputs[m] * stride + i;
      store(row, add(load(row), change));
    }
  }
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
