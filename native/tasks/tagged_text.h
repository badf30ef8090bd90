// Text whose tokens have columns of values (the word, its features, its tag), as the tasks that label tokens take it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "corpus/word_index.h"

namespace w2v {

// Each column numbers its own values; a tagger looks each different value up once. One thread appends; after that, any
// thread reads.
class TaggedText {
 public:
  explicit TaggedText(size_t columns) : values_(columns) {}

  // What comes next, whole values: each ends with NUL, row after row, each sentence with a line feed. Throws
  // ERR_W2V_ARGUMENT where the values of a sentence are no whole rows.
  void append(std::string_view bytes);

  size_t columns() const { return values_.size(); }
  size_t sentences() const { return ends_.size(); }
  size_t tokens() const { return ends_.empty() ? 0 : ends_.back(); }
  size_t begin_of(size_t sentence) const { return sentence == 0 ? 0 : ends_[sentence - 1]; }
  size_t end_of(size_t sentence) const { return ends_[sentence]; }
  const WordIndex& values(size_t column) const { return values_[column]; }
  // The number of a token's value among those of its column.
  uint32_t value(size_t token, size_t column) const { return ids_[token * columns() + column]; }

 private:
  std::vector<WordIndex> values_;
  std::vector<uint32_t> ids_;  // tokens × columns
  std::vector<uint64_t> ends_;
};

}  // namespace w2v
