// Every random choice of training, made ahead of the arithmetic.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "corpus/corpus.h"
#include "kernels/step.h"
#include "model/model.h"
#include "train/draws.h"
#include "train/schedule.h"
#include "train/state.h"

namespace w2v {

// The steps of one center word. Buffers have room for the largest window from the start: steps point into them.
struct Window {
  Window(const TrainingOptions& options, size_t longest_path);
  std::vector<Step> steps;
  std::vector<uint32_t> inputs;
  std::vector<uint32_t> targets;
  std::vector<float> labels;
  uint64_t epoch = 0;
};

// What the largest step needs (for the scratch memory of the kernels).
size_t longest_path(const HuffmanTree& tree);
size_t max_step_inputs(const TrainingOptions& options);
size_t max_step_targets(const TrainingOptions& options, size_t longest_path);

// The ids [begin, end) of an encoded corpus, front to back.
class IdRange {
 public:
  IdRange(const EncodedCorpus& corpus, uint64_t begin, uint64_t end);
  // The position in the corpus of what next() gives next.
  uint64_t position() const { return end_ - left_; }
  bool next(uint32_t& id) {
    while (left_ > 0 && at_ == segment_end_) open_segment();
    if (left_ == 0) return false;
    --left_;
    id = *at_++;
    return true;
  }

 private:
  void open_segment();
  const EncodedCorpus* corpus_;
  size_t next_segment_ = 0;
  const uint32_t* at_ = nullptr;
  const uint32_t* segment_end_ = nullptr;
  uint64_t end_;
  uint64_t left_;
};

// One thread's way through its part of the corpus: the sentences, subsampling, windows and negative samples.
// Negatives::per_pair: drawn in the order in which word2vec.c draws them; a step for each pair. Negatives::shared: a
// step for each window, its draws a function of its position.
class Plan {
 public:
  // Part `thread` of options.threads, from where `state` has it to the end of epoch `until`. The references must
  // outlive the plan, but for the state.
  Plan(const Model& model, const EncodedCorpus& corpus, const TrainingOptions& options, Schedule& schedule,
       const TrainingState& state, unsigned thread, uint64_t until);

  // Fills `window` with the steps of the next center word (none, if it stands alone) and asks for the rows they touch.
  // False at the end.
  bool next(Window& window);
  // next() is to end with this sentence.
  void end_with_sentence() { ending_ = true; }
  // Once next() has been false.
  ThreadProgress progress() const;

 private:
  bool read_sentence();
  bool keep(uint32_t word, uint64_t position);
  void plan_window(Window& window);
  template <class Draws>
  void draw_window(Window& window, Draws& draws);
  template <class Draws>
  void add_step(Window& window, std::span<const uint32_t> inputs, uint32_t center, Draws& draws);
  void prefetch_rows(const Window& window) const;

  const Model& model_;
  const TrainingOptions& options_;
  Schedule& schedule_;
  IdRange part_;       // of the corpus
  IdRange remaining_;  // of it in this epoch
  const uint64_t until_;
  uint64_t epochs_;  // gone through
  const bool shared_;
  SequentialDraws draws_;  // of Negatives::per_pair
  uint64_t epoch_key_;     // of Negatives::shared
  float learning_rate_;
  uint64_t words_;                          // read in this epoch
  uint64_t published_words_;                // of them told to the schedule
  std::vector<uint32_t> sentence_;          // its first sentence_size_ elements
  std::vector<uint64_t> corpus_positions_;  // of its words
  size_t sentence_size_ = 0;
  size_t position_ = 0;
  bool sentence_done_ = true;
  bool ending_ = false;
};

}  // namespace w2v
