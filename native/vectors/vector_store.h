// The word → vector store.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/matrix.h"
#include "corpus/word_index.h"

namespace w2v {

// Words, one vector each, and their counts where known. Immutable once made, but for the norms, which are
// computed at the first search; safe to use from several threads.
class VectorStore {
 public:
  // Row i belongs to word i; rows beyond the last word are ignored. `counts` is empty or has one count per word.
  VectorStore(WordIndex words, Matrix rows, std::vector<uint64_t> counts);

  size_t size() const { return words_.size(); }
  size_t dims() const { return rows_.dims(); }
  size_t stride() const { return rows_.stride(); }  // floats from row to row; padding is zero
  const float* row(size_t i) const { return rows_.row(i); }
  std::string_view word(size_t i) const { return words_.word(i); }
  uint32_t find(std::string_view word) const { return words_.find(word); }  // WordIndex::none if absent
  bool has_counts() const { return !counts_.empty(); }
  uint64_t count(size_t i) const { return counts_.empty() ? 0 : counts_[i]; }

  // 1 / ‖row‖ of every row; 0 for a zero row. NaN for a row so long or so short (beyond 2^±60) that products of
  // floats overflow or vanish: its cosine must be computed in double.
  const std::vector<float>& inverse_norms() const;

 private:
  WordIndex words_;
  Matrix rows_;
  std::vector<uint64_t> counts_;
  mutable std::once_flag norms_once_;
  mutable std::vector<float> inverse_norms_;
};

// ‖row‖, summed in double.
double norm(const float* row, size_t dims);

}  // namespace w2v
