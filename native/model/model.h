// What training learns, and the tables derived from the vocabulary.
#pragma once

#include <cstdint>
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
  Vocabulary vocabulary;
  Matrix input;    // [V × D], syn0: the word vectors
  Matrix targets;  // [(outputs + nodes) × D], syn1neg and syn1
  TargetRows target_rows;
  // The nodes nearest to the root are on every path: with several threads, each trains copies of the target rows from
  // here on (hot_rows.h). With one thread, and without hierarchical softmax, all rows come before.
  uint32_t first_hot_target = 0;
  NoiseTable noise;                     // with negative sampling and Negatives::per_pair
  AliasTable shared_noise;              // with negative sampling and Negatives::shared
  HuffmanTree huffman;                  // with hierarchical softmax; its nodes are rows of `targets`
  std::vector<float> keep_probability;  // [V] of an occurrence under subsampling; empty: every word is kept
};

// The model before training: input vectors uniform in ±1 / (2D), targets zero. `threads` share the work; the result
// does not depend on their number. Throws ERR_W2V_MEMORY.
Model make_model(Vocabulary vocabulary, const TrainingOptions& options);

}  // namespace w2v
