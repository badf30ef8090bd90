// What training learns, and the tables derived from the vocabulary.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/matrix.h"
#include "corpus/vocabulary.h"
#include "model/huffman.h"
#include "model/noise.h"
#include "model/options.h"

namespace w2v {

// Which rows of the target matrix are what.
struct TargetRows {
  uint32_t outputs = 0;  // rows 0 … outputs − 1: one per word, with negative sampling (syn1neg)
  uint32_t nodes = 0;    // then one per inner node of the Huffman tree, with hierarchical softmax (syn1)
};

struct Model {
  size_t words() const { return vocabulary->size(); }

  std::shared_ptr<const Vocabulary> vocabulary;
  Matrix input;    // [V × D], syn0: the word vectors
  Matrix targets;  // [(outputs + nodes) × D], syn1neg and syn1
  TargetRows target_rows;
  std::vector<float> rate_factors;  // [V], by which the learning rate of an input row is multiplied; empty: 1 for all

  // What follows are tables, by make_tables().

  // The nodes nearest to the root are on every path: with several threads, each trains copies of the target rows from
  // here on (hot_rows.h). With one thread, and without hierarchical softmax, all rows come before.
  uint32_t first_hot_target = 0;
  NoiseTable noise;                     // with negative sampling and Negatives::per_pair
  AliasTable shared_noise;              // with negative sampling and Negatives::shared
  HuffmanTree huffman;                  // with hierarchical softmax; its nodes are rows of `targets`
  std::vector<float> keep_probability;  // [V] of an occurrence under subsampling; empty: every word is kept
};

// The model before training: input vectors uniform in ±1 / (2D), targets zero; no tables. `threads` share the work; the
// result does not depend on their number. Throws ERR_W2V_MEMORY.
Model make_model(std::shared_ptr<const Vocabulary> vocabulary, const TrainingOptions& options);

// Draws input rows from `first` on as make_model() does.
void initialize_rows(Matrix& input, size_t first, uint64_t seed, unsigned threads);

// What training derives from the vocabulary; to be made anew where that, or the options, have changed.
void make_tables(Model& model, const TrainingOptions& options);

}  // namespace w2v
