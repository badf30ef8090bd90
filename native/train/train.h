// A training from counted text to vectors.
#pragma once

#include <memory>

#include "base/task_control.h"
#include "corpus/corpus.h"
#include "model/options.h"
#include "vectors/vector_store.h"

namespace w2v {

struct TrainingResult {
  std::shared_ptr<const VectorStore> vectors;  // the memory that was trained, not a copy
  uint64_t corpus_words = 0;                   // of the vocabulary, sentence ends included, in one epoch
  uint64_t trained_words = 0;                  // gone through in all epochs
  double train_seconds = 0;                    // wall
  double train_cpu_seconds = 0;                // of all training threads
  float final_learning_rate = 0;
  double huge_page_share = 0;  // of the matrices' memory, 0 … 1; NaN: unknown
  bool stopped_early = false;
};

// Throws ERR_W2V_MEMORY, ERR_W2V_CANCELLED.
TrainingResult train(PreparedCorpus corpus, const TrainingOptions& options, TaskControl& control);

}  // namespace w2v
