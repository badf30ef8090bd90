#include "train/train.h"

#include <utility>

#include "base/threads.h"
#include "model/model.h"
#include "train/cpu_trainer.h"
#include "train/schedule.h"

namespace w2v {

TrainingResult train(Corpus& corpus, const TrainingOptions& options, TaskControl& control) {
  TrainingResult result;
  const double start = wall_seconds();

  // Which words, in which order.
  control.begin(Phase::vocabulary, 0);
  result.invalid_utf8_words = corpus.invalid_utf8_words();
  const VocabularyLimits limits{options.min_count, options.max_final_vocab};
  if (corpus.words() == 0) throw Error(code::corpus_empty, "Expected a corpus with words in it but found none");
  Vocabulary vocabulary = options.read_vocab.empty() ? corpus.vocabulary(limits)
                                                     : read_vocabulary(options.read_vocab, corpus.sentences(), limits);
  control.check_cancelled();

  // The corpus in their ids.
  const EncodedCorpus encoded = corpus.encode(vocabulary, options.threads, control);
  result.corpus_words = encoded.size;

  // Matrices and tables.
  const uint64_t total_words = vocabulary.total() * options.epochs;
  Model model = make_model(std::move(vocabulary), options);
  control.check_cancelled();
  const double trained_from = wall_seconds();
  result.vocabulary_seconds = trained_from - start;

  // Training.
  control.begin(Phase::training, total_words);
  Schedule schedule(options, total_words, control);
  result.train_cpu_seconds = train_on_cpu(model, encoded, options, schedule, control);
  result.train_seconds = wall_seconds() - trained_from;
  result.trained_words = schedule.words();
  result.final_learning_rate = schedule.rate();
  result.huge_page_share = model.targets.huge_page_share();
  result.stopped_early = control.stop_early;

  result.vectors = std::make_shared<const VectorStore>(std::move(model.vocabulary.words), std::move(model.input),
                                                       std::move(model.vocabulary.counts));
  return result;
}

}  // namespace w2v
