// What a kernel is given: plain data, pointers into the memory of one device.
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "model/noise.h"

namespace w2v::cuda {

// Rows on a device are padded to 128 bytes.
inline constexpr uint32_t row_padding = 32;  // floats

// The model, the tables of its draws and the options: the same for all launches of a training.
struct Tables {
  float* input;                   // [words × stride]
  float* target;                  // output rows [words], then the tree nodes
  const float* rate_factors;      // [words]; nullptr: 1 for all
  const float* input_damping;     // [words]; nullptr: none (damping.h)
  const float* target_damping;    // [target rows]
  const float* keep_probability;  // [words]; nullptr: every word is kept
  const float* logistic;          // word2vec.c's table of σ; nullptr: σ exactly
  NoiseEntries noise;             // where negatives are drawn in sequence
  AliasSlots shared_noise;        // where they are drawn by position
  const uint64_t* path_offsets;   // [words + 1], of the Huffman paths
  const uint32_t* path_nodes;     // rows of `target`
  const float* path_labels;

  uint32_t n_words;
  uint32_t stride;  // floats from one row to the next, a multiple of row_padding
  uint32_t window;
  uint32_t negative;
  uint32_t max_sentence_length;
  bool skip_gram;
  bool hierarchical_softmax;
  bool shared_negatives;
  bool cbow_mean;
  bool shrink_windows;
  bool compute_loss;

  constexpr uint32_t words() const { return n_words; }  // for Draws::negative()
};

// What one worker takes at a time: whole sentences, but where they are longer than a chunk.
struct Chunk {
  uint64_t begin;  // position in the corpus
  uint32_t words;  // ids, sentence ends included
  float learning_rate;
};

// Where negatives are drawn in sequence, each chunk has a generator of its own, which begins here.
constexpr uint64_t sequence_start(uint64_t epoch_key, uint64_t chunk_begin) {
  return SplitMix(epoch_key ^ chunk_begin * 0xd1342543de82ef95).next();
}

// What one launch goes through.
struct Launch {
  const uint32_t* ids;  // those of the corpus from position `first_id` on
  uint64_t first_id;
  const Chunk* chunks;
  uint32_t n_chunks;
  uint64_t epoch_key;     // of the draws by position
  uint32_t* next_chunk;   // taken in this order
  uint64_t* words_done;   // ids of chunks that are done
  double* loss;           // sum of −log p, and
  uint64_t* predictions;  // over how many
  const uint32_t* stop;   // not 0: take no further chunk; written by the host meanwhile
};

// How the memory of one worker is divided: `rows` and lists in fast memory where it suffices, what is as long as a
// sentence in slow memory.
struct Layout {
  uint32_t slots;         // input rows that the window's words, and those that come next, take at most
  uint32_t slot_mask;     // positions & slot_mask are distinct among those
  uint32_t max_inputs;    // of a step
  uint32_t max_targets;   // of a step
  uint32_t max_contexts;  // of a window
  bool with_next;         // steps whose inputs must stay as they are until all of their targets are done
  uint32_t sentence_words;
  uint64_t fast_bytes, slow_bytes;  // of one worker, multiples of 128
};

}  // namespace w2v::cuda
