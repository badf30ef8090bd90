// The noise distribution that negative samples are drawn from: word counts ^ exponent. One table for word2vec.c's
// draws, one for draws that need not be its.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace w2v {

// What a draw reads of a NoiseTable: pointers, for wherever the arrays are.
struct NoiseEntries {
  static constexpr uint32_t bucket_bits = 10;  // 100,000 buckets: a step or two from a bucket's first word
  const uint32_t* last_entry;                  // of each word
  const uint32_t* first_word;                  // of each bucket of 1,024 entries

  constexpr uint32_t operator[](uint32_t entry) const {
    uint32_t word = first_word[entry >> bucket_bits];
    while (last_entry[word] < entry) ++word;
    return word;
  }
};

// The same of an AliasTable.
struct AliasSlots {
  struct Slot {
    uint32_t threshold;  // the word of this slot, below; else the other
    uint32_t other;
  };
  const Slot* slots;
  uint64_t size;

  // 64 random bits to a word.
  constexpr uint32_t draw(uint64_t bits) const {
    const uint32_t word = static_cast<uint32_t>((bits >> 32) * size >> 32);
    const Slot slot = slots[word];  // all of it: with a load after the comparison there would be a branch
    return static_cast<uint32_t>(bits) < slot.threshold ? word : slot.other;
  }
};

// word2vec.c fills a table of 100 million words in proportion to count ^ exponent and draws entries of it. This
// answers as that table would, index for index, from the V places where its word changes.
class NoiseTable {
 public:
  static constexpr uint32_t size = 100'000'000;  // entries

  NoiseTable() = default;
  NoiseTable(std::span<const uint64_t> counts, double exponent);

  // The word of an entry, 0 ≤ entry < size.
  uint32_t operator[](uint32_t entry) const { return entries()[entry]; }
  NoiseEntries entries() const { return {last_entry_.data(), first_word_.data()}; }

 private:
  static constexpr uint32_t bucket_bits = NoiseEntries::bucket_bits;
  std::vector<uint32_t> last_entry_;
  std::vector<uint32_t> first_word_;
};

// The same distribution without the sentence end (word 0), by Walker's alias method (Vose 1991, 10.1109/32.92917): a
// draw reads one slot, without a loop or a branch.
class AliasTable {
 public:
  AliasTable() = default;
  AliasTable(std::span<const uint64_t> counts, double exponent);

  uint32_t draw(uint64_t bits) const { return slots().draw(bits); }
  AliasSlots slots() const { return {slots_.data(), slots_.size()}; }

 private:
  std::vector<AliasSlots::Slot> slots_;  // one per word
};

}  // namespace w2v
