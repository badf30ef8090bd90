#include "train/loss.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/threads.h"
#include "kernels/kernels.h"

namespace w2v {

UpdateTables tables_of(const Model& model, const TrainingOptions& options) {
  return {.input = const_cast<float*>(model.input.row(0)),
          .target = const_cast<float*>(model.targets.row(0)),
          .own_target = nullptr,
          .first_own = static_cast<uint32_t>(model.targets.rows()),
          .stride = model.input.stride(),
          .combine = options.skip_gram   ? Combine::none
                     : options.cbow_mean ? Combine::mean
                                         : Combine::sum,
          .rate_factors = model.rate_factors.empty() ? nullptr : model.rate_factors.data(),
          .logistic = nullptr,
          .scratch = nullptr,
          .row_pointers = nullptr};
}

LossMeter::LossMeter(const UpdateTables& tables)
    : tables_(tables), combined_(1, tables.stride, "combined context words") {}

double LossMeter::loss_of(const float* query, const Step& step) {
  kernels().scan(query, rows_.data(), step.n_targets, tables_.stride, scores_.data());
  // −log σ(s) = max(0, −s) + log(1 + e^−|s|), and the sum of logarithms is one of a product of factors up to 2.
  constexpr uint32_t most_factors = 512;
  double loss = 0;
  for (uint32_t first = 0; first < step.n_targets; first += most_factors) {
    double product = 1;
    for (uint32_t t = first; t < std::min(step.n_targets, first + most_factors); ++t) {
      const float score = step.labels[t] > 0.5f ? scores_[t] : -scores_[t];
      loss += static_cast<double>(std::max(0.0f, -score));
      product *= 1.0 + static_cast<double>(std::exp(-std::abs(score)));
    }
    loss += std::log(product);
  }
  return loss;
}

double LossMeter::loss(const Step& step) {
  rows_.resize(step.n_targets);
  scores_.resize(step.n_targets);
  for (uint32_t t = 0; t < step.n_targets; ++t) {
    const uint32_t row = step.targets[t];
    const float* base = row >= tables_.first_own ? tables_.own_target + (row - tables_.first_own) * tables_.stride
                                                 : tables_.target + row * tables_.stride;
    rows_[t] = reinterpret_cast<const char*>(base);
  }
  double loss = 0;
  if (tables_.combine == Combine::none) {
    for (uint32_t i = 0; i < step.n_inputs; ++i) loss += loss_of(tables_.input + step.inputs[i] * tables_.stride, step);
    return loss;
  }
  float* combined = combined_.row(0);
  const float share = tables_.combine == Combine::mean ? 1.0f / static_cast<float>(step.n_inputs) : 1.0f;
  for (size_t d = 0; d < tables_.stride; ++d) {
    float sum = 0;
    for (uint32_t i = 0; i < step.n_inputs; ++i) sum += tables_.input[step.inputs[i] * tables_.stride + d];
    combined[d] = share * sum;
  }
  return loss_of(combined, step);
}

void LossMeter::add(const Window& window, EpochLoss& to) {
  for (const Step& step : window.steps) {
    to.sum += loss(step);
    to.predictions += tables_.combine == Combine::none ? step.n_inputs : 1;
  }
}

EpochLoss validate(const Model& model, const EncodedCorpus& text, const TrainingOptions& options,
                   TaskControl& control) {
  TrainingOptions once = options;
  once.epochs = 1;
  once.epochs_before = 0;
  control.begin(Phase::training, text.size);
  Schedule schedule(once, text.size, control);
  const TrainingState start = TrainingState::before(once);
  const UpdateTables tables = tables_of(model, once);
  const size_t path = longest_path(model.huffman);
  std::mutex mutex;
  EpochLoss total;
  run_threads(once.threads, [&](unsigned thread) {
    LossMeter meter(tables);
    Plan plan(model, text, once, schedule, start, thread, 1);
    Window window(once, path);
    EpochLoss loss;
    while (plan.next(window) && !control.cancelled.load(std::memory_order_relaxed)) meter.add(window, loss);
    const std::lock_guard<std::mutex> lock(mutex);
    total.sum += loss.sum;
    total.predictions += loss.predictions;
  });
  control.check_cancelled();
  return total;
}

}  // namespace w2v
