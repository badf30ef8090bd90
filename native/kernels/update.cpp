// Executes steps (compiled once per ISA). step.h says what a step computes.
#include "kernels/isa_functions.h"
#include "kernels/simd.h"

namespace w2v::W2V_ISA {

namespace {

// Targets handled together: their rows, gradients and coefficients share the registers of AVX2.
constexpr size_t block = 6;

// ---- scores ----

template <size_t T>
void score_block(const float* input, const float* const* rows, size_t stride, float* scores) {
  Vec dot[T];
  for (size_t t = 0; t < T; ++t) dot[t] = zero();
  for (size_t i = 0; i < stride; i += Vec::width) {
    const Vec x = load(input + i);
    for (size_t t = 0; t < T; ++t) dot[t] = fma(x, load(rows[t] + i), dot[t]);
  }
  for (size_t t = 0; t < T; ++t) scores[t] = sum(dot[t]);
}

// ---- logistic ----

float exp_of(float x) {
  // 2^n · e^r with |r| ≤ ln2 / 2, e^r by its Taylor series: 1e-7 relative error; saturates where floats do.
  const float limited = x < -87.0f ? -87.0f : x > 87.0f ? 87.0f : x;
  const float scaled = limited * 1.44269504f;
  const int32_t n = static_cast<int32_t>(scaled + (scaled < 0 ? -0.5f : 0.5f));
  const float r = (limited - static_cast<float>(n) * 0.693359375f) + static_cast<float>(n) * 2.12194440e-4f;
  const float e = 1 + r * (1 + r * (1 / 2.0f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f))))));
  union {
    int32_t bits;
    float value;
  } power = {(n + 127) << 23};
  return e * power.value;
}

// scores → gradient coefficients (labels − σ(scores)) · learning_rate.
void to_gradient(const Step& step, const float* logistic, float* scores) {
  if (logistic == nullptr) {
    for (size_t t = 0; t < step.n_targets; ++t)
      scores[t] = (step.labels[t] - 1 / (1 + exp_of(-scores[t]))) * step.learning_rate;
    return;
  }
  for (size_t t = 0; t < step.n_targets; ++t) {
    const float score = scores[t];
    float error;
    if (score > -logistic_limit && score < logistic_limit)
      error = step.labels[t] - logistic[static_cast<int>((score + logistic_limit) * logistic_table_step)];
    else if (t < step.n_nodes)
      error = 0;  // hierarchical softmax skips a step that is this sure
    else
      error = step.labels[t] - (score > 0 ? 1.0f : 0.0f);
    scores[t] = error * step.learning_rate;
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
      Vec input = load(inputs[m] + i);
      for (size_t t = 0; t < T; ++t) {
        const Vec gradient = broadcast(g[m * ldg + t]);
        input = fma(gradient, target[t], input);
        change[t] = fma(gradient, x, change[t]);
      }
      store(inputs[m] + i, input);
    }
    for (size_t t = 0; t < T; ++t) store(rows[t] + i, add(load(rows[t] + i), change[t]));
  }
}

template <size_t N>
struct Size {
  static constexpr size_t value = N;
};

// Calls f(Size<n>, first) for each block of n targets.
template <class F>
void for_each_block(size_t n_targets, F&& f) {
  static_assert(block == 6);
  size_t first = 0;
  for (; first + block <= n_targets; first += block) f(Size<6>(), first);
  switch (n_targets - first) {
    case 1:
      return f(Size<1>(), first);
    case 2:
      return f(Size<2>(), first);
    case 3:
      return f(Size<3>(), first);
    case 4:
      return f(Size<4>(), first);
    case 5:
      return f(Size<5>(), first);
    default:
      return;
  }
}

void copy_row(float* to, const float* from, size_t stride) {
  for (size_t i = 0; i < stride; i += Vec::width) store(to + i, load(from + i));
}

// One step whose inputs are given by address: scores and updates `inputs` (which hold the inputs, or, with another
// `sources`, collect the gradient of them).
void execute(const Step& step, const UpdateTables& tables, const float* const* sources, float* const* inputs,
             size_t n_inputs, float* scratch) {
  const size_t stride = tables.stride, n_targets = step.n_targets;
  float* g = scratch;
  float* target_rows[block];
  const auto gather = [&](size_t first, size_t n) {
    for (size_t t = 0; t < n; ++t) target_rows[t] = tables.target + step.targets[first + t] * stride;
  };
  for_each_block(n_targets, [&](auto size, size_t first) {
    constexpr size_t n = decltype(size)::value;
    gather(first, n);
    for (size_t m = 0; m < n_inputs; ++m) score_block<n>(sources[m], target_rows, stride, g + m * n_targets + first);
  });
  for (size_t m = 0; m < n_inputs; ++m) to_gradient(step, tables.logistic, g + m * n_targets);
  for_each_block(n_targets, [&](auto size, size_t first) {
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
  // One input and one block of targets: each element is read before it is written, so no copy is needed.
  const bool in_place = step.n_inputs == 1 && step.n_targets <= block;
  for (size_t m = 0; m < step.n_inputs; ++m) {
    inputs[m] = tables.input + step.inputs[m] * stride;
    before[m] = inputs[m];
    if (in_place) continue;
    float* copy = tables.scratch + m * stride;
    copy_row(copy, inputs[m], stride);
    before[m] = copy;
  }
  execute(step, tables, before, inputs, step.n_inputs, tables.scratch + step.n_inputs * stride);
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
    store(gradient + i, zero());
  }
  const float* sources[1] = {combined};
  float* inputs[1] = {gradient};
  execute(step, tables, sources, inputs, 1, tables.scratch + 2 * stride);
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
