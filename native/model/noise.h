// The noise distribution that negative samples are drawn from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace w2v {

// word2vec.c fills a table of 100 million words in proportion to count ^ exponent and draws entries of it. This
// answers as that table would, index for index, from the V places where its word changes.
class NoiseTable {
 public:
  static constexpr uint32_t size = 100'000'000;  // entries

  NoiseTable() = default;
  NoiseTable(std::span<const uint64_t> counts, double exponent);

  // The word of an entry, 0 ≤ entry < size.
  uint32_t operator[](uint32_t entry) const {
    uint32_t word = first_word_[entry >> bucket_bits];
    while (last_entry_[word] < entry) ++word;
    return word;
  }

 private:
  static constexpr uint32_t bucket_bits = 10;  // 100,000 buckets: a step or two from a bucket's first word
  std::vector<uint32_t> last_entry_;           // of each word
  std::vector<uint32_t> first_word_;           // of each bucket of 1,024 entries
};

}  // namespace w2v
