#include "train/train.h"

#include <utility>

#include "base/threads.h"
#include "train/schedule.h"

namespace w2v {

Training::Training(std::shared_ptr<Model> model, std::shared_ptr<const EncodedCorpus> corpus,
                   const TrainingOptions& options, uint64_t total_words, std::optional<TrainingState> state)
    : model_(std::move(model)),
      corpus_(std::move(corpus)),
      options_(options),
      total_words_(total_words != 0 ? total_words : corpus_->size * options.epochs),
      state_(state ? std::move(*state) : TrainingState::before(options)),
      learning_rate_(options.alpha) {
  make_tables(*model_, options_);
  trainer_ = make_trainer(*model_, *corpus_, options_, total_words_);
}

void Training::run(uint64_t until, TaskControl& control) {
  const double start = wall_seconds();
  control.begin(Phase::training, corpus_->size * options_.epochs);
  Schedule schedule(options_, total_words_, control, state_.words);
  cpu_seconds_ += trainer_->run(state_, schedule, until, control);
  seconds_ += wall_seconds() - start;
  learning_rate_ = schedule.rate();
}

}  // namespace w2v
