#include "model/huffman.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace w2v {

HuffmanTree build_huffman_tree(std::span<const uint64_t> counts) {
  const size_t words = counts.size();
  std::vector<uint32_t> by_count(words);  // the word of each leaf
  std::iota(by_count.begin(), by_count.end(), 0);
  std::stable_sort(by_count.begin() + 1, by_count.end(), [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
  // Leaves 0 … V − 1 and inner nodes V … 2V − 2. Leaves lie sorted by falling count and new nodes come with rising
  // weight, so the two smallest are always at the inner ends of the two runs. Unmade nodes weigh "infinitely" much.
  std::vector<uint64_t> weight(2 * words, std::numeric_limits<uint64_t>::max());
  for (size_t leaf = 0; leaf < words; ++leaf) weight[leaf] = counts[by_count[leaf]];
  std::vector<uint32_t> parent(2 * words, 0);
  std::vector<uint8_t> code(2 * words, 0);
  size_t leaf = words;  // one past the lightest leaf left
  size_t inner = words;
  const auto take_lightest = [&] {
    if (leaf > 0 && weight[leaf - 1] < weight[inner]) return --leaf;
    return inner++;
  };
  for (size_t made = words; made + 1 < 2 * words; ++made) {
    const size_t first = take_lightest(), second = take_lightest();
    weight[made] = weight[first] + weight[second];
    parent[first] = parent[second] = static_cast<uint32_t>(made);
    code[second] = 1;
  }

  HuffmanTree tree;
  tree.offsets.reserve(words + 1);
  tree.offsets.push_back(0);
  const size_t root = 2 * words - 2;
  std::vector<uint32_t> leaf_of(words);
  for (uint32_t l = 0; l < words; ++l) leaf_of[by_count[l]] = l;
  for (size_t word = 0; word < words; ++word) {
    const size_t begin = tree.nodes.size();
    for (size_t at = leaf_of[word]; at != root; at = parent[at]) {
      tree.nodes.push_back(static_cast<uint32_t>(parent[at] - words));
      tree.labels.push_back(code[at] ? 0.0f : 1.0f);
    }
    std::reverse(tree.nodes.begin() + static_cast<std::ptrdiff_t>(begin), tree.nodes.end());
    std::reverse(tree.labels.begin() + static_cast<std::ptrdiff_t>(begin), tree.labels.end());
    tree.offsets.push_back(tree.nodes.size());
  }
  return tree;
}

}  // namespace w2v
