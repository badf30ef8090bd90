// How a text classifier learns.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tasks/text_classifier.h"

namespace w2v {

struct ClassifierOptions {
  ClassifierLoss loss = ClassifierLoss::softmax;
  uint32_t vector_size = 100;
  uint32_t word_ngrams = 1;    // words in the longest n-gram; 1: none
  uint64_t buckets = 2000000;  // n-grams share rows by their hash modulo this
  uint64_t min_count = 1;      // rarer words have no vector, unless it is given
  uint32_t epochs = 5;
  float alpha = 0.1f;         // learning rate at the beginning; it falls linearly to 0
  float vector_alpha = 0.1f;  // the same of the vectors of words and n-grams; 0: they stay as they are given
  uint32_t threads = 1;
  uint64_t seed = 1;
  bool balanced = false;  // each label weighs documents / (labels · documents of it)
  std::vector<std::pair<std::string, double>> class_weights;  // or so much; others 1
  double validation = 0;                                      // share of the documents that are kept for validation
  bool refit = false;                                         // with such a share: then train again on all documents
  uint32_t patience = 0;  // epochs without a better micro F1 on validation, after which it ends; 0: it does not
};

struct ClassifierEpoch {
  double loss = 0;      // mean −log p of what is right, of every 16th document before it was learned from
  double micro_f1 = 0;  // on validation; NaN without
};

struct ClassifierReport {
  uint64_t documents = 0, words = 0;  // of the training
  uint64_t validation_documents = 0;
  uint64_t empty_documents =
      0;                       // without a word that is known: nothing is learned of them, but how frequent labels are
  uint64_t single_labels = 0;  // labels with one document
  uint64_t unseen_labels = 0;  // of the validation
  uint64_t pretrained_words = 0;  // whose vectors were given
  std::vector<ClassifierEpoch> epochs;
  uint32_t best_epoch = 0;              // from 1: whose weights the classifier has
  uint64_t trained_words = 0;           // in all epochs, known or not
  double seconds = 0, cpu_seconds = 0;  // of learning, all threads together; validation apart
  bool stopped = false;                 // by control.stop_early
};

struct TrainedClassifier {
  std::shared_ptr<const TextClassifier> classifier;
  ClassifierReport report;
};

// Learns by stochastic gradient descent, a document at a time in an order that is drawn anew for each epoch; several
// threads share the vectors without locks (Hogwild) and exchange what they changed of the head. One thread computes the
// same from the same seed.
//
// `vectors`: those of words that are known already, or nullptr; with vector_alpha 0, other words and n-grams are left
// out. `validation`: documents to measure micro F1 on after each epoch, whose thresholds a one-vs-all classifier gets;
// or nullptr; then options.validation says how many of the training documents serve for that: they are drawn, but a
// label keeps a document at least. Throws ERR_W2V_CORPUS_EMPTY, ERR_W2V_LABELLED_TEXT (a document without a label, but
// for one-vs-all; fewer than two labels), ERR_W2V_OPTION (class weights of unknown labels; a rate at which it
// diverges), ERR_W2V_CANCELLED, ERR_W2V_MEMORY. Progress: words.
TrainedClassifier train_classifier(const LabelledText& training, const LabelledText* validation,
                                   const VectorStore* vectors, const ClassifierOptions& options, TaskControl& control);

// One document's step: g = rate · weight · (labels − p); the head and the document's vectors climb it. What training
// does, and what the tests of gradients check.
class ClassifierStep {
 public:
  // `head`: [rows of classifier.head], its own or a copy. `weights`: of each label, in place of 1; or empty.
  ClassifierStep(TextClassifier& classifier, Matrix& head, std::span<const float> weights);
  // Returns −log p of what is right if `measure`, else 0. vector_rate: of the vectors but that of the document's end.
  double operator()(std::span<const WeightedRow> features, std::span<const uint32_t> labels, float rate,
                    float vector_rate, bool measure);

 private:
  double softmax_errors(std::span<const uint32_t> labels, float rate, bool measure);
  double one_vs_all_errors(std::span<const uint32_t> labels, float rate, bool measure);
  double path_step(std::span<const uint32_t> labels, float rate, bool measure);
  float weight(uint32_t label) const { return weights_.empty() ? 1.0f : weights_[label]; }

  TextClassifier& classifier_;
  Matrix& head_;
  std::span<const float> weights_;
  std::vector<uint32_t> targets_;
  Matrix document_, gradient_, errors_;
};

}  // namespace w2v
