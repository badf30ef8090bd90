#include "train/train.h"

#include <utility>

#include "base/threads.h"
#include "model/model.h"
#include "train/cpu_trainer.h"
#include "train/schedule.h"

namespace w2v {

TrainingResult train(PreparedCorpus corpus, const TrainingOptions& options, TaskControl& control) {
  TrainingResult result;
  result.corpus_words = corpus.encoded.size;
  const uint64_t total_words = corpus.vocabulary.total() * options.epochs;
  Model model = make_model(std::move(corpus.vocabulary), options);
  control.check_cancelled();

  const double start = wall_seconds();
  control.begin(Phase::training, total_words);
  Schedule schedule(options, total_words, control);
  result.train_cpu_seconds = train_on_cpu(model, corpus.encoded, options, schedule, control);
  result.train_seconds = wall_seconds() - start;
  result.trained_words = schedule.words();
  result.final_learning_rate = schedule.rate();
  result.huge_page_share = model.targets.huge_page_share();
  result.stopped_early = control.stop_early;

  result.vectors = std::make_shared<const VectorStore>(std::move(model.vocabulary.words), std::move(model.input),
                                                       std::move(model.vocabulary.counts));
  return result;
}

}  // namespace w2v
