#include "train/cpu_trainer.h"

#include <cmath>
#include <mutex>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "kernels/kernels.h"
#include "train/hot_rows.h"
#include "train/loss.h"
#include "train/plan.h"

namespace w2v {

namespace {

// Seldom enough to cost a hundredth of the time.
constexpr uint64_t windows_between_merges = 4096;

}  // namespace

std::vector<float> make_logistic_table() {
  std::vector<float> table(logistic_table_size);
  for (size_t i = 0; i < logistic_table_size; ++i) {
    // In word2vec.c's precision.
    const float x = (static_cast<float>(i) / static_cast<float>(logistic_table_size) * 2 - 1) * logistic_limit;
    const float e = static_cast<float>(std::exp(static_cast<double>(x)));
    table[i] = e / (e + 1);
  }
  return table;
}

double CpuTrainer::run(TrainingState& state, Schedule& schedule, uint64_t until, TaskControl& control) {
  Model& model = model_;
  const EncodedCorpus& corpus = corpus_;
  const TrainingOptions& options = options_;
  // word2vec.c's table where its results are reproduced, the exact function elsewhere.
  const std::vector<float> table = make_logistic_table();
  const float* logistic = options.negatives == Negatives::per_pair ? table.data() : nullptr;
  const size_t path = longest_path(model.huffman);
  const size_t stride = model.input.stride();
  std::atomic<double> cpu_seconds{0};
  std::mutex hot_mutex, state_mutex;

  run_threads(options.threads, [&](unsigned thread) {
    const double cpu_before = thread_cpu_seconds();
    const size_t step_inputs = max_step_inputs(options);
    Matrix scratch(1, scratch_floats(step_inputs, max_step_targets(options, path), stride), "training step");
    std::vector<float*> row_pointers(2 * step_inputs);
    HotRows hot(model, options.threads, hot_mutex);
    UpdateTables tables = tables_of(model, options);
    tables.own_target = hot.copies();
    tables.first_own = model.first_hot_target;
    tables.logistic = logistic;
    tables.scratch = scratch.row(0);
    tables.row_pointers = row_pointers.data();
    const auto update = kernels().update;

    LossMeter meter(tables);
    EpochLoss loss;
    uint64_t loss_epoch = state.threads[thread].epochs;
    const auto publish_loss = [&] {
      if (loss.predictions == 0) return;
      const std::lock_guard<std::mutex> lock(state_mutex);
      EpochLoss& epoch = state.losses[loss_epoch];
      epoch.sum += loss.sum;
      epoch.predictions += loss.predictions;
      control.epoch = static_cast<uint32_t>(loss_epoch);
      control.loss = epoch.mean();
      loss = {};
    };

    // One window ahead: its rows arrive in the cache while the one before is computed.
    Plan plan(model, corpus, options, schedule, state, thread, until);
    Window current(options, path), following(options, path);
    bool more = plan.next(current);
    for (uint64_t windows = 1; more; ++windows) {
      if (control.cancelled.load(std::memory_order_relaxed)) break;
      if (control.stop_early.load(std::memory_order_relaxed)) plan.end_with_sentence();
      more = plan.next(following);
      if (options.compute_loss && windows % windows_between_losses == 0) {
        if (current.epoch != loss_epoch) publish_loss();
        loss_epoch = current.epoch;
        meter.add(current, loss);
      }
      update(current.steps.data(), current.steps.size(), tables);
      std::swap(current, following);
      if (windows % windows_between_merges == 0) {
        hot.merge();
        publish_loss();
      }
    }
    hot.merge();
    publish_loss();
    cpu_seconds += thread_cpu_seconds() - cpu_before;
    const std::lock_guard<std::mutex> lock(state_mutex);
    state.threads[thread] = plan.progress();
  });
  control.check_cancelled();
  state.words = schedule.words();
  return cpu_seconds;
}

}  // namespace w2v
