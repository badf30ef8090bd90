#include "cuda/layout.h"

#include <algorithm>
#include <bit>

#include "cuda/emulated_warp.h"
#include "cuda/worker.h"

namespace w2v::cuda {

Layout layout_of(const Tables& tables, uint32_t longest_path, uint32_t chunk_words, bool with_rate_factors) {
  Layout layout{};
  layout.sentence_words = std::min(tables.max_sentence_length, chunk_words);
  // A window, and the word that comes next.
  layout.slots = static_cast<uint32_t>(std::min(uint64_t{2} * tables.window + 2, uint64_t{layout.sentence_words}));
  layout.slot_mask = std::bit_ceil(layout.slots) - 1;
  layout.max_contexts = static_cast<uint32_t>(std::min(uint64_t{2} * tables.window, uint64_t{layout.sentence_words}));
  layout.max_inputs = tables.skip_gram && tables.shared_negatives ? layout.max_contexts : 1;
  layout.max_targets = longest_path + (tables.negative > 0 ? tables.negative + 1 : 0);
  layout.with_next = tables.skip_gram && (layout.max_targets > target_block || with_rate_factors);
  Workspace::of(tables, layout, nullptr, nullptr, &layout.fast_bytes, &layout.slow_bytes);
  return layout;
}

}  // namespace w2v::cuda
