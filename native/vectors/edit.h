// Stores made of other stores: words added, chosen, put in order, rows changed. A store itself never changes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/task_control.h"
#include "vectors/vector_store.h"

namespace w2v {

using StoreHandle = std::shared_ptr<const VectorStore>;

// Every function makes float32 rows in memory, all processors copying. Progress counts rows. They throw ERR_W2V_MEMORY,
// ERR_W2V_FILE_CHANGED, ERR_W2V_CANCELLED.

// Word i is what lies between ends i − 1 and i of `bytes`; `rows` are words × dims values, `counts` one each or none.
struct AddedWords {
  const char* bytes;
  std::span<const uint64_t> ends;
  const float* rows;
  std::span<const uint64_t> counts;
};

// Words that are not there follow those of the store; those that are there take the new row and count if `replace`,
// else they stay as they are. A store without counts has 0 for its words where others come with counts, and the other
// way round. Throws ERR_W2V_ARGUMENT for a word that comes twice among the added ones, or more words than a store
// holds.
StoreHandle with_words(const VectorStore& store, const AddedWords& added, bool replace, TaskControl& control);

// Only these words, in this order, each once.
StoreHandle with_only(const VectorStore& store, std::span<const uint32_t> ids, TaskControl& control);

// The most frequent words first; ties stay in their order.
StoreHandle sorted_by_count(const VectorStore& store, TaskControl& control);

// Every row at length 1; rows of zeros, and such that are not finite, stay as they are.
StoreHandle at_unit_length(const VectorStore& store, TaskControl& control);

// The words of `store`, with the rows of `other` where it has the word: `n_taken` of them. Both have the same dims.
StoreHandle with_rows_of(const VectorStore& store, const VectorStore& other, uint64_t& n_taken, TaskControl& control);

}  // namespace w2v
