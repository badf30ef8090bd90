#include "cuda/chunks.h"

#include <algorithm>

namespace w2v::cuda {

CorpusView::CorpusView(const w2v_gpu_problem& problem) {
  uint64_t end = 0;
  for (uint64_t s = 0; s < problem.n_segments; ++s) {
    if (problem.segment_sizes[s] == 0) continue;
    segments_.emplace_back(problem.segments[s], problem.segment_sizes[s]);
    ends_.push_back(end += problem.segment_sizes[s]);
  }
}

size_t CorpusView::segment_of(uint64_t position) const {
  return static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), position) - ends_.begin());
}

std::vector<Chunk> cut(const CorpusView& corpus, std::span<const Range> ranges, uint32_t chunk_words) {
  std::vector<Chunk> chunks;
  for (const Range& range : ranges) {
    for (uint64_t begin = range.begin; begin < range.end;) {
      uint64_t end = std::min(begin + chunk_words, range.end);
      if (end < range.end) {
        uint64_t at = begin + (chunk_words + 1) / 2 - 1;
        // Piece by piece from the front, each from its back: a text without sentence ends is read through here.
        corpus.each_piece(at, end, [&](std::span<const uint32_t> ids) {
          const auto last = std::find(ids.rbegin(), ids.rend(), 0u);
          if (last != ids.rend()) end = at + static_cast<uint64_t>(ids.rend() - last);
          at += ids.size();
        });
      }
      chunks.push_back({begin, static_cast<uint32_t>(end - begin), 0});
      begin = end;
    }
  }
  return chunks;
}

std::vector<Range> group(std::span<const Chunk> chunks, uint64_t most) {
  std::vector<Range> groups;
  for (uint64_t first = 0; first < chunks.size();) {
    uint64_t last = first + 1;
    while (last < chunks.size() && chunks[last].begin + chunks[last].words - chunks[first].begin <= most) ++last;
    groups.push_back({first, last});
    first = last;
  }
  return groups;
}

}  // namespace w2v::cuda
