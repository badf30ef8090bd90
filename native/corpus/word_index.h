// Words and their ids: the one hash table of words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace w2v {

// Ids 0, 1, 2 … in the order of insertion. Words are bytes, of any length below 4 GiB, stored once in an
// arena. Open addressing, linear probing. Not synchronised; const members may be called from several threads.
class WordIndex {
 public:
  static constexpr uint32_t none = 0xffffffffu;

  explicit WordIndex(size_t expected_words = 0);

  // The word's id; a new one if it was not there.
  uint32_t insert(std::string_view word);
  // The word's id, or `none`.
  uint32_t find(std::string_view word) const;

  size_t size() const { return ends_.size(); }
  std::string_view word(size_t id) const {
    const uint64_t begin = id == 0 ? 0 : ends_[id - 1];
    return {arena_.data() + begin, static_cast<size_t>(ends_[id] - begin)};
  }

 private:
  struct Slot {
    uint32_t tag;  // upper half of the hash
    uint32_t id;   // `none` = free
  };
  size_t probe(std::string_view word, uint64_t hash) const;
  void grow();

  std::vector<Slot> slots_;  // a power of two of them, at most half full
  std::vector<char> arena_;
  std::vector<uint64_t> ends_;  // word i ends at ends_[i] of the arena
};

}  // namespace w2v
