// The sizes of a training on a device.
#pragma once

#include <cstdint>

#include "cuda/tables.h"

namespace w2v::cuda {

// Targets that a worker handles together: a center and five negatives.
inline constexpr int target_block = 6;

// `longest_path`: of the Huffman tree, 0 without; `chunk_words`: of the longest chunk.
Layout layout_of(const Tables& tables, uint32_t longest_path, uint32_t chunk_words, bool with_rate_factors);

}  // namespace w2v::cuda
