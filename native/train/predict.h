// Questions that a model answers beyond its vectors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/task_control.h"
#include "corpus/corpus.h"
#include "model/model.h"

namespace w2v {

struct PredictedWord {
  uint32_t word;
  double probability;
};

// The likeliest centers of these context words, best first, at most top_n: the softmax over all words of the mean (sum,
// as the options say) of the context's input rows with the output rows, as gensim's predict_output_word(); with
// hierarchical softmax alone, the product of the probabilities along each word's path. The sentence end is no center.
// The model needs tables for the second only. Throws ERR_W2V_CANCELLED.
std::vector<PredictedWord> predict_center(const Model& model, std::span<const uint32_t> context,
                                          const TrainingOptions& options, size_t top_n, TaskControl& control);

// log p of each sentence by hierarchical softmax: the sum over all its predictions with whole windows (Taddy 2015,
// arXiv:1504.07295), as gensim's score(). The model has its tables. Throws ERR_W2V_CANCELLED.
std::vector<double> score_sentences(const Model& model, const EncodedCorpus& text, const TrainingOptions& options,
                                    TaskControl& control);

}  // namespace w2v
