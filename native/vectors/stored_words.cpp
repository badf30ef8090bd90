#include "vectors/stored_words.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "base/threads.h"

namespace w2v {

void write_words(const VectorStore& store, SectionFileWriter& writer, TaskControl& control) {
  writer.begin("word ends");
  uint64_t end = 0;
  for_each_row(store, control, [&](size_t i) {
    end += store.word(i).size();
    writer.write(&end, sizeof end);
  });
  writer.begin("words");
  for_each_row(store, control, [&](size_t i) { writer.write(store.word(i).data(), store.word(i).size()); });
  writer.begin("word index");
  std::vector<WordSlot> slots(slots_for(store.size()), WordSlot{0, no_word});
  for_each_row(store, control, [&](size_t i) {
    const uint64_t hash = hash_word(store.word(i));
    size_t slot = hash & (slots.size() - 1);
    while (slots[slot].id != no_word) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = {static_cast<uint32_t>(hash >> 32), static_cast<uint32_t>(i)};
  });
  writer.write(slots.data(), slots.size() * sizeof(WordSlot));
}

void read_words(const SectionFile& file, uint64_t size, VectorStore::Parts& parts) {
  const auto ends = file.exactly<uint64_t>("word ends", size);
  const auto words = file.all<char>("words");
  const auto slots = file.all<WordSlot>("word index");
  if (!std::has_single_bit(slots.size()) || slots.size() <= size)
    throw file.format_error(
        "expected the section 'word index' to have a power of two of slots, more than words, but it has " +
        std::to_string(slots.size()));
  constexpr size_t block = 1 << 18;
  std::atomic<bool> ordered{true};
  for_each_block((ends.size() + block - 1) / block, processors(), [&](size_t b, unsigned) {
    bool good = true;
    for (size_t i = std::max<size_t>(1, b * block); i < std::min(ends.size(), (b + 1) * block); ++i)
      good &= ends[i - 1] <= ends[i];
    if (!good) ordered = false;
  });
  if (!ordered || (ends.empty() ? 0 : ends.back()) != words.size())
    throw file.format_error("expected the section 'word ends' to ascend up to the end of the words");
  parts.words = words.data();
  parts.word_ends = ends;
  parts.slots = slots;
}

}  // namespace w2v
