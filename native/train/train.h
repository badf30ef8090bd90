// A training from an encoded corpus to what a model has learned.
#pragma once

#include <memory>
#include <optional>

#include "base/task_control.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "train/state.h"
#include "train/trainer.h"

namespace w2v {

// Not synchronised, but for what TaskControl is for.
class Training {
 public:
  // Makes the model's tables. `total_words`: over which the learning rate falls; 0: those of the corpus in all epochs.
  // `state`: where a training with the same corpus, options and total was; without: at the beginning. Throws
  // ERR_W2V_MEMORY and ERR_W2V_DEVICE.
  Training(std::shared_ptr<Model> model, std::shared_ptr<const EncodedCorpus> corpus, const TrainingOptions& options,
           uint64_t total_words, std::optional<TrainingState> state);

  // Goes on to the end of epoch `until`, or until control.stop_early. Throws what Trainer::run() throws, and
  // ERR_W2V_OPTION where the vectors have diverged: some are not finite, which were before.
  void run(uint64_t until, TaskControl& control);

  const std::shared_ptr<Model>& model() const { return model_; }
  const EncodedCorpus& corpus() const { return *corpus_; }
  const Trainer& trainer() const { return *trainer_; }
  const TrainingState& state() const { return state_; }
  uint64_t total_words() const { return total_words_; }
  float learning_rate() const { return learning_rate_; }
  double seconds() const { return seconds_; }          // wall, of all runs
  double cpu_seconds() const { return cpu_seconds_; }  // of all training threads in all runs

 private:
  std::shared_ptr<Model> model_;
  std::shared_ptr<const EncodedCorpus> corpus_;
  const TrainingOptions options_;
  const uint64_t total_words_;
  TrainingState state_;
  std::unique_ptr<Trainer> trainer_;
  float learning_rate_;
  size_t not_finite_ = 0;  // rows, before
  double seconds_ = 0, cpu_seconds_ = 0;
};

}  // namespace w2v
