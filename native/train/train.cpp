#include "train/train.h"

#include <string>
#include <utility>

#include "base/error.h"
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
  not_finite_ = model_->input.rows_not_finite();
  trainer_ = make_trainer(*model_, *corpus_, options_, total_words_);
}

void Training::run(uint64_t until, TaskControl& control) {
  const double start = wall_seconds();
  control.begin(Phase::training, corpus_->size * options_.epochs);
  Schedule schedule(options_, total_words_, control, state_.words);
  cpu_seconds_ += trainer_->run(state_, schedule, until, control);
  seconds_ += wall_seconds() - start;
  learning_rate_ = schedule.rate();
  const size_t not_finite = model_->input.rows_not_finite();
  if (not_finite > not_finite_)
    throw Error(code::option, "Expected a smaller alpha: with " + std::to_string(options_.alpha) +
                                  " the training diverged, " + std::to_string(not_finite) + " of " +
                                  std::to_string(model_->input.rows()) + " vectors are not finite numbers");
}

}  // namespace w2v
