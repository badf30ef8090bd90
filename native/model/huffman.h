// The binary tree of hierarchical softmax.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace w2v {

// The path of every word from the root to its leaf, flat: word w's are [offsets[w], offsets[w + 1]).
struct HuffmanTree {
  std::vector<uint64_t> offsets;  // V + 1
  std::vector<uint32_t> nodes;    // inner nodes 0 … V − 2; V − 2 is the root
  std::vector<float> labels;      // 1 − code: the outcome that the node is trained towards

  std::span<const uint32_t> path(uint32_t word) const {
    return {nodes.data() + offsets[word], static_cast<size_t>(offsets[word + 1] - offsets[word])};
  }
  std::span<const float> path_labels(uint32_t word) const {
    return {labels.data() + offsets[word], static_cast<size_t>(offsets[word + 1] - offsets[word])};
  }
};

// Ties are broken as word2vec.c's CreateBinaryTree() does, whose words from word 1 on come by falling count; where they
// do not (words were added to a model), equal counts stand in the order of the words. Needs two words at least.
HuffmanTree build_huffman_tree(std::span<const uint64_t> counts);

}  // namespace w2v
