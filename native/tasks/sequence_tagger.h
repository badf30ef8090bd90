// Labels the tokens of sentences: the window network of Collobert, Weston, Bottou, Karlen, Kavukcuoglu, Kuksa 2011
// (Natural Language Processing (Almost) from Scratch, JMLR 12).
//
//   tokens → vectors of their values, one after the other → those of a window → hidden layer, hardtanh → a score for
//   each tag
//          → the likeliest sequence of tags, with the scores of steps from tag to tag
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/task_control.h"
#include "corpus/word_index.h"
#include "tasks/crf.h"
#include "tasks/dense_layer.h"
#include "tasks/tagged_text.h"
#include "vectors/vector_store.h"

namespace w2v {

// Values and their vectors. Columns may share one.
struct ValueTableOptions {
  uint32_t size = 5;       // floats of a vector
  uint32_t min_count = 1;  // values that are rarer in the training text are unknown
};

// lib/sequence-tagger.ts has ranges and defaults, and validates.
struct TaggerOptions {
  std::vector<ValueTableOptions> tables;  // the first one is that of words
  std::vector<uint32_t> columns;          // for each column of the text that is read: its table
  uint32_t window = 2;                    // tokens to either side
  uint32_t hidden = 300;                  // units
  uint64_t seed = 1;
};

// How one epoch learns.
struct TaggerEpoch {
  uint32_t epoch = 0;  // with the seed, what draws begin from
  float rate = 0.01f;
  float dropout = 0;  // share of the inputs of both layers that are left out
  float weight_decay =
      0;  // by which weights (of layers, not of values) shrink: keep = 1 − rate · weight_decay, for each sentence
  bool tune_words = true;  // else the vectors of words stay
  uint32_t threads = 1;
};

// What values have been seen, and a vector for each. Row 0 is that of all others, row 1 that of what is beyond a
// sentence.
struct ValueTable {
  static constexpr uint32_t unknown = 0, outside = 1, first_value = 2;

  uint32_t size = 0;
  WordIndex values;            // value i has row first_value + i
  std::vector<float> vectors;  // (first_value + values) × size

  float* row(uint32_t i) { return vectors.data() + size_t{i} * size; }
  const float* row(uint32_t i) const { return vectors.data() + size_t{i} * size; }
  uint32_t find(std::string_view value) const {
    const uint32_t id = values.find(value);
    return id == WordIndex::none ? unknown : first_value + id;
  }
};

// Threads learn together without locks (Hogwild; Recht et al. 2011); one thread is a function of text, options and
// seed. Otherwise: one call that changes it at a time, none beside it.
class SequenceTagger {
 public:
  // Takes the values of the text's columns, and its tags (the last column, beyond options.columns), in the order of
  // their first appearance. `words`: vectors to begin with, of size options.tables[0].size, scaled so that their
  // numbers have the spread of those that are drawn (as Turian, Ratinov, Bengio 2010); all their words are known then.
  // Throws ERR_W2V_ARGUMENT (no tokens, too many tags), ERR_W2V_MEMORY, ERR_W2V_CANCELLED.
  SequenceTagger(const TaggerOptions& options, const TaggedText& text, const VectorStore* words, TaskControl& control);

  // All sentences once, in an order of the epoch's own: gradient ascent on the likelihood of each. A value that occurs
  // once is taken for an unknown one half of the time, so that those have vectors (Lample et al. 2016,
  // arXiv:1603.01360), but not words whose vectors were given. The mean of −log p of a tag. Progress counts tokens.
  // Throws ERR_W2V_ARGUMENT where numbers are no longer finite, ERR_W2V_CANCELLED.
  double learn(const TaggedText& text, const TaggerEpoch& epoch, TaskControl& control);

  // The likeliest tags of all tokens. The text's further columns are not looked at. Throws ERR_W2V_ARGUMENT (too few
  // columns), ERR_W2V_CANCELLED.
  std::vector<uint32_t> tag(const TaggedText& text, uint32_t threads, TaskControl& control) const;

  // What is learned so far, to come back to.
  void remember();
  void restore();

  const TaggerOptions& options() const { return options_; }
  const WordIndex& tags() const { return tags_; }
  const std::vector<ValueTable>& tables() const { return tables_; }
  // Every block of numbers that is learned, in a fixed order.
  std::vector<std::span<float>> parameters();

  // The log-likelihood of one sentence (of ids as encode() makes them) and, added to the parameters, `rate` times its
  // gradient. The one step that learn() is made of; for tests also without dropout and chance.
  struct Workspace;
  double learn_sentence(std::span<const uint32_t> ids, std::span<const uint32_t> tags, const TaggerEpoch& epoch,
                        SplitMix& random, Workspace& workspace);

 private:
  friend class SequenceTaggerFile;
  SequenceTagger() = default;

  size_t columns() const { return options_.columns.size(); }
  // The parts of the network, once the tables are there.
  void make_network(SplitMix& random);
  // For each column, for each of the text's values: its row.
  std::vector<std::vector<uint32_t>> rows_of(const TaggedText& text) const;
  void emissions_of(std::span<const uint32_t> ids, size_t n, Workspace& workspace) const;

  TaggerOptions options_;
  std::vector<ValueTable> tables_;
  WordIndex tags_;
  std::vector<uint32_t> offsets_;  // of each column among the inputs of a token
  size_t token_size_ = 0;          // floats of a token
  DenseLayer hidden_, output_;
  Crf crf_;
  std::vector<bool> given_;  // by row of the words' table: begun with a given vector
  std::vector<float> remembered_;
};

// What one thread computes in.
struct SequenceTagger::Workspace {
  std::vector<float> inputs, input_gradient;   // (n + 2 · window) × token_size
  std::vector<float> hidden, hidden_gradient;  // n × hidden stride
  std::vector<float> emissions;                // n × output stride
  std::vector<float> input_kept, hidden_kept;  // dropout: factors
  Crf::Workspace crf;
};

}  // namespace w2v
