// The corpus as workers take it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/tables.h"
#include "train/gpu_abi.h"

namespace w2v::cuda {

// The encoded corpus, which lies in pieces. Immutable; any thread.
class CorpusView {
 public:
  explicit CorpusView(const w2v_gpu_problem& problem);
  uint64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  // Calls f(ids) for the pieces of [begin, end), in order.
  template <class F>
  void each_piece(uint64_t begin, uint64_t end, F&& f) const {
    for (size_t s = segment_of(begin); begin < end; ++s) {
      const uint64_t start = ends_[s] - segments_[s].size();
      const uint64_t n = (end < ends_[s] ? end : ends_[s]) - begin;
      f(segments_[s].subspan(begin - start, n));
      begin += n;
    }
  }

 private:
  size_t segment_of(uint64_t position) const;
  std::vector<std::span<const uint32_t>> segments_;
  std::vector<uint64_t> ends_;  // of the segments, as positions
};

// Positions [begin, end) of the corpus.
struct Range {
  uint64_t begin, end;
  bool operator==(const Range&) const = default;
};

// Cuts ranges into chunks of at most `chunk_words`, after a sentence end where there is one in a chunk's second half.
// Learning rates are not set.
std::vector<Chunk> cut(const CorpusView& corpus, std::span<const Range> ranges, uint32_t chunk_words);

// Groups of chunks [first, last) whose ids, with what lies between them, are at most `most` (never less than one
// chunk).
std::vector<Range> group(std::span<const Chunk> chunks, uint64_t most);

}  // namespace w2v::cuda
