// Linear classification of texts over the mean of their vectors (Joulin, Grave, Bojanowski, Mikolov 2017,
// arXiv:1607.01759).
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "base/task_control.h"
#include "corpus/word_index.h"
#include "kernels/kernels.h"
#include "model/huffman.h"
#include "tasks/labelled_text.h"
#include "vectors/vector_store.h"

namespace w2v {

enum class ClassifierLoss : uint8_t {
  softmax,               // one label is right: its probability against those of all others
  one_vs_all,            // each label is right or not by itself, with a threshold of its own
  hierarchical_softmax,  // one label is right, by its path in a Huffman tree: for many labels
};

// Rows of n-grams, by the bucket that their hash falls into: open addressing, linear probing, at most half full.
class NgramRows {
 public:
  // no_word where none is there.
  uint32_t find(uint32_t bucket) const { return slots_.empty() ? no_word : slots_[slot_of(bucket)].row; }
  // Must not be there.
  void insert(uint32_t bucket, uint32_t row);
  size_t size() const { return size_; }
  // f(bucket, row), in any order.
  template <class F>
  void for_each(F&& f) const {
    for (const Slot& slot : slots_)
      if (slot.row != no_word) f(slot.bucket, slot.row);
  }

 private:
  struct Slot {
    uint32_t bucket, row;  // row no_word: free
  };
  size_t slot_of(uint32_t bucket) const {
    const size_t mask = slots_.size() - 1;
    size_t slot = (bucket * 0x9e3779b97f4a7c15 >> 32) & mask;
    while (slots_[slot].row != no_word && slots_[slot].bucket != bucket) slot = (slot + 1) & mask;
    return slot;
  }
  std::vector<Slot> slots_;
  size_t size_ = 0;
};

// A document is the mean of the vectors of its features: its words, the n-grams of its words by hash, and its end,
// which every document has (fastText's </s>: it lets the head know how frequent labels are). What is not known is left
// out; a document of which nothing is known gets each label's share of the training documents as its probability.
// Immutable but for training; const members may be called from several threads.
struct TextClassifier {
  ClassifierLoss loss = ClassifierLoss::softmax;
  uint32_t word_ngrams = 1;  // words in the longest n-gram
  WordIndex words;           // word i has row 1 + i of `features`
  std::vector<uint64_t> word_counts;
  uint64_t buckets = 0;                // an n-gram's is its hash modulo this; 0: there are none
  NgramRows ngram_rows;                // of the buckets that training filled
  WordIndex labels;                    // by falling count
  std::vector<uint64_t> label_counts;  // documents of the training
  uint64_t documents = 0;              // all of them
  Matrix features;                     // [1 + words + n-grams × dims]; row 0 is the document's end
  Matrix head;                         // [labels × dims], hierarchical softmax: [labels − 1 × dims] tree nodes
  HuffmanTree tree;                    // hierarchical softmax
  std::vector<float> thresholds;       // one_vs_all: a label is predicted from this probability on
  bool always_labelled = true;         // each document of the training had a label, so predictions have one

  size_t dims() const { return features.dims(); }
};

// Documents as a classifier sees them.
struct EncodedDocuments {
  Lists<WeightedRow> features;  // rows and their shares, each once; the document's end first
  // Of the classifier; then, from its number of labels on, those of `unseen`.
  Lists<uint32_t> labels;
  std::vector<uint32_t> words;  // of each, known or not
  WordIndex unseen;             // labels that the classifier does not have

  size_t size() const { return words.size(); }
  uint64_t total_words() const;
};

// The documents `which`, in that order. Throws ERR_W2V_CANCELLED.
EncodedDocuments encode(const TextClassifier& classifier, const Documents& documents, std::span<const uint32_t> which,
                        unsigned threads, TaskControl& control);

// n-grams of a document: calls f(hash) for each of 2 to `longest` words, given the hashes of its words.
template <class F>
void for_each_ngram(std::span<const uint64_t> hashes, uint32_t longest, F&& f) {
  for (size_t first = 0; first < hashes.size(); ++first) {
    uint64_t hash = hashes[first];
    for (size_t n = 1; n < longest && first + n < hashes.size(); ++n) {
      hash = (hash ^ (hash >> 31)) * 0x9e3779b97f4a7c15 + hashes[first + n];
      f(hash ^ (hash >> 29));
    }
  }
}

// What one thread needs to ask a classifier.
class ClassifierScorer {
 public:
  explicit ClassifierScorer(const TextClassifier& classifier);
  // The probability of each label, valid until the next call. One-vs-all: independent; else they add up to 1.
  std::span<const float> probabilities(std::span<const WeightedRow> features);

 private:
  const TextClassifier& classifier_;
  std::vector<uint32_t> targets_;
  Matrix document_, scores_;
  std::vector<float> path_products_, shares_;
};

struct Prediction {
  uint32_t label;
  float probability;
};

struct PredictionRules {
  uint32_t top_n = 0;  // labels at most; 0: softmax 1, one-vs-all any number
  // From which probability on; NaN: the classifier's thresholds (softmax: 0). Where it is not given and each document
  // of the training had a label, the likeliest label is predicted even below its threshold.
  float threshold = std::numeric_limits<float>::quiet_NaN();
};

// The labels of each document, the likeliest first. Throws ERR_W2V_CANCELLED.
Lists<Prediction> predict(const TextClassifier& classifier, const EncodedDocuments& documents,
                          const PredictionRules& rules, unsigned threads, TaskControl& control);

// Predictions against what is right. A label that the classifier does not have counts as missed.
struct ClassifierEvaluation {
  struct Label {
    uint64_t right = 0;   // predicted, and so it is
    uint64_t wrong = 0;   // predicted, but it is not so
    uint64_t missed = 0;  // not predicted, but it is so
  };
  struct Confusion {
    uint32_t actual, predicted;
    uint64_t documents;
  };
  uint64_t documents = 0;
  uint64_t exact = 0;                // all labels right, none wrong or missed
  std::vector<Label> labels;         // of the classifier, then the unseen ones
  std::vector<Confusion> confusion;  // documents of one label: it and the likeliest one; by both numbers

  double micro_f1() const;
};

ClassifierEvaluation evaluate(const TextClassifier& classifier, const EncodedDocuments& documents,
                              const PredictionRules& rules, unsigned threads, TaskControl& control);

// Sets the thresholds of a one-vs-all classifier to those with the best micro F1 on documents that it was not trained
// on: first one for all labels, then each label's by itself where that helps (Yang 2001, SCut, with labels of few
// documents left at the common one). Throws ERR_W2V_CANCELLED.
void tune_thresholds(TextClassifier& classifier, const EncodedDocuments& validation, unsigned threads,
                     TaskControl& control);

// Vectors of the words, as they are: a view. The classifier must not be trained meanwhile.
std::shared_ptr<const VectorStore> word_vectors(std::shared_ptr<const TextClassifier> classifier);

}  // namespace w2v
