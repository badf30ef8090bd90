// The noise distribution that negative samples are drawn from: word counts ^ exponent. One table for word2vec.c's
// draws, one for draws that need not be its.
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

// The same distribution without the sentence end (word 0), by Walker's alias method (Vose 1991, 10.1109/32.92917): a
// draw reads one slot, without a loop or a branch.
class AliasTable {
 public:
  AliasTable() = default;
  AliasTable(std::span<const uint64_t> counts, double exponent);

  // 64 random bits to a word.
  uint32_t draw(uint64_t bits) const {
    const uint32_t word = static_cast<uint32_t>((bits >> 32) * slots_.size() >> 32);
    const Slot slot = slots_[word];  // all of it: with a load after the comparison there would be a branch
    return static_cast<uint32_t>(bits) < slot.threshold ? word : slot.other;
  }

 private:
  struct Slot {
    uint32_t threshold;  // the word of this slot, below; else the other
    uint32_t other;
  };
  std::vector<Slot> slots_;  // one per word
};

}  // namespace w2v
