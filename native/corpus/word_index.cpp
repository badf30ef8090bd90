#include "corpus/word_index.h"

#include <cstring>

#include "base/error.h"

namespace w2v {

namespace {

uint64_t mix(uint64_t a, uint64_t b) {
  const uint64_t x = (a ^ (b << 32 | b >> 32)) * 0x9e3779b97f4a7c15ULL;
  return (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9ULL;
}

}  // namespace

// Eight bytes at a time; words are short, so the tail decides the speed: it is read by two overlapping loads.
uint64_t hash_word(std::string_view word) {
  const char* p = word.data();
  size_t n = word.size();
  uint64_t h = n * 0xff51afd7ed558ccdULL;
  uint64_t a = 0, b = 0;
  while (n > 16) {
    std::memcpy(&a, p, 8);
    h = mix(h, a);
    p += 8;
    n -= 8;
  }
  if (n >= 8) {
    std::memcpy(&a, p, 8);
    std::memcpy(&b, p + n - 8, 8);
  } else if (n >= 4) {
    uint32_t low, high;
    std::memcpy(&low, p, 4);
    std::memcpy(&high, p + n - 4, 4);
    a = low;
    b = high;
  } else if (n > 0) {
    a = static_cast<unsigned char>(p[0]);
    b = static_cast<uint64_t>(static_cast<unsigned char>(p[n / 2])) << 8 | static_cast<unsigned char>(p[n - 1]);
  }
  h = mix(h ^ a, b);
  return h ^ (h >> 32);
}

size_t slots_for(size_t words) {
  size_t n = 1024;
  while (n < 2 * words) n *= 2;
  return n;
}

WordIndex::WordIndex(size_t expected_words) : slots_(slots_for(expected_words), WordSlot{0, none}) {
  ends_.reserve(expected_words);
}

uint32_t WordIndex::insert(std::string_view text) {
  const auto word_of = [this](uint32_t id) { return word(id); };
  const uint64_t hash = hash_word(text);
  size_t slot = probe_words(slots_, text, hash, word_of);
  if (slots_[slot].id != none) return slots_[slot].id;
  if (ends_.size() == none - 1) throw Error(code::memory, "Expected fewer than 4,294,967,294 distinct words");
  if (2 * (ends_.size() + 1) > slots_.size()) {
    grow();
    slot = probe_words(slots_, text, hash, word_of);
  }
  const uint32_t id = static_cast<uint32_t>(ends_.size());
  arena_.insert(arena_.end(), text.begin(), text.end());
  ends_.push_back(arena_.size());
  slots_[slot] = {static_cast<uint32_t>(hash >> 32), id};
  return id;
}

void WordIndex::grow() {
  std::vector<WordSlot> old(2 * slots_.size(), WordSlot{0, none});
  old.swap(slots_);
  for (const WordSlot& moved : old) {
    if (moved.id == none) continue;
    const std::string_view text = word(moved.id);
    slots_[probe_words(slots_, text, hash_word(text), [this](uint32_t id) { return word(id); })] = moved;
  }
}

}  // namespace w2v
