#include "model/noise.h"

#include <algorithm>
#include <cmath>

namespace w2v {

namespace {

// The first entry a ≥ from with a / size > share, computed with the division that word2vec.c compares by.
uint32_t first_entry_beyond(double share, uint32_t from) {
  const double size = NoiseTable::size;
  double guess = std::floor(share * size);
  guess = std::min(std::max(guess, static_cast<double>(from)), size);
  uint32_t entry = static_cast<uint32_t>(guess);
  while (entry > from && (entry - 1) / size > share) --entry;
  while (entry < NoiseTable::size && !(entry / size > share)) ++entry;
  return entry;
}

}  // namespace

NoiseTable::NoiseTable(std::span<const uint64_t> counts, double exponent) {
  double total = 0;
  for (const uint64_t count : counts) total += std::pow(static_cast<double>(count), exponent);

  // InitUnigramTable(): entry a gets the current word; if then a / size > the words' share so far, the next word is
  // current. So each word has one entry at least, and the last word keeps what is left.
  last_entry_.assign(counts.size(), size - 1);
  double share = 0;
  uint32_t entry = 0;
  for (size_t word = 0; word + 1 < counts.size() && entry < size; ++word) {
    share += std::pow(static_cast<double>(counts[word]), exponent) / total;
    last_entry_[word] = std::min(first_entry_beyond(share, entry), size - 1);
    entry = last_entry_[word] + 1;
  }

  first_word_.resize((size >> bucket_bits) + 1);
  uint32_t word = 0;
  for (size_t bucket = 0; bucket < first_word_.size(); ++bucket) {
    while (last_entry_[word] < (static_cast<uint32_t>(bucket) << bucket_bits)) ++word;
    first_word_[bucket] = word;
  }
}

AliasTable::AliasTable(std::span<const uint64_t> counts, double exponent) : slots_(counts.size()) {
  const double words = static_cast<double>(counts.size());
  std::vector<double> share(counts.size());  // of a slot: its word's probability times the number of slots
  double total = 0;
  for (size_t word = 1; word < counts.size(); ++word)
    total += share[word] = std::pow(static_cast<double>(counts[word]), exponent);

  std::vector<uint32_t> small, large;  // less than a slot's worth, and more
  for (uint32_t word = 0; word < counts.size(); ++word) {
    share[word] *= words / total;
    (share[word] < 1 ? small : large).push_back(word);
  }
  while (!small.empty() && !large.empty()) {
    const uint32_t word = small.back(), donor = large.back();
    small.pop_back();
    slots_[word] = {static_cast<uint32_t>(share[word] * 0x1p32), donor};
    share[donor] -= 1 - share[word];
    if (share[donor] < 1) {
      large.pop_back();
      small.push_back(donor);
    }
  }
  // What is left is a whole slot but for rounding.
  for (const auto* rest : {&small, &large})
    for (const uint32_t word : *rest) slots_[word] = {0xffffffff, word};
}

}  // namespace w2v
