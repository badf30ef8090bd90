// Words and their ids: the one hash table of words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace w2v {

// A table of slots, a power of two of them, at least one free. A word's slot is the first from hash_word(word) modulo
// their number on that holds it: open addressing, linear probing.
struct WordSlot {
  uint32_t tag;  // upper half of the hash
  uint32_t id;   // no_word = free
};
inline constexpr uint32_t no_word = 0xffffffffu;

uint64_t hash_word(std::string_view word);

// How many slots so many words want.
size_t slots_for(size_t words);

// The slot that holds the word, or the free one where it belongs. word_of(id) gives the words.
template <class WordOf>
size_t probe_words(std::span<const WordSlot> slots, std::string_view word, uint64_t hash, WordOf&& word_of) {
  const size_t mask = slots.size() - 1;
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  size_t slot = hash & mask;
  while (slots[slot].id != no_word && (slots[slot].tag != tag || word_of(slots[slot].id) != word))
    slot = (slot + 1) & mask;
  return slot;
}

// The word's id, or no_word. Ends also where no slot is free.
template <class WordOf>
uint32_t find_word(std::span<const WordSlot> slots, std::string_view word, WordOf&& word_of) {
  const uint64_t hash = hash_word(word);
  const size_t mask = slots.size() - 1;
  for (size_t i = 0; i < slots.size(); ++i) {
    const WordSlot& slot = slots[(hash + i) & mask];
    if (slot.id == no_word || (slot.tag == static_cast<uint32_t>(hash >> 32) && word_of(slot.id) == word))
      return slot.id;
  }
  return no_word;
}

// Ids 0, 1, 2 … in the order of insertion. Words are bytes, of any length below 4 GiB, stored once in an
// arena. Not synchronised; const members may be called from several threads.
class WordIndex {
 public:
  static constexpr uint32_t none = no_word;

  explicit WordIndex(size_t expected_words = 0);

  // The word's id; a new one if it was not there.
  uint32_t insert(std::string_view word);
  // The word's id, or `none`.
  uint32_t find(std::string_view text) const {
    return find_word(slots_, text, [this](uint32_t id) { return word(id); });
  }

  size_t size() const { return ends_.size(); }
  std::string_view word(size_t id) const {
    const uint64_t begin = id == 0 ? 0 : ends_[id - 1];
    return {arena_.data() + begin, static_cast<size_t>(ends_[id] - begin)};
  }

  // What it is made of: word i ends at ends()[i] of bytes().
  std::span<const WordSlot> slots() const { return slots_; }
  std::span<const uint64_t> ends() const { return ends_; }
  const char* bytes() const { return arena_.data(); }
  // Bytes that it takes.
  size_t memory() const {
    return slots_.capacity() * sizeof(WordSlot) + arena_.capacity() + ends_.capacity() * sizeof(uint64_t);
  }

 private:
  void grow();

  std::vector<WordSlot> slots_;  // at most half full
  std::vector<char> arena_;
  std::vector<uint64_t> ends_;
};

}  // namespace w2v
