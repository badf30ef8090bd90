// word2vec.c's binary format: "rows dims\n", then per row the word, one space, `dims` little-endian floats and a
// newline. gensim writes no newline after a row; both are read.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "base/threads.h"
#include "base/utf8.h"
#include "vectors/format.h"
#include "vectors/stored_words.h"

static_assert(std::endian::native == std::endian::little, "rows are used as the file has them: little-endian");

namespace w2v {

namespace {

// Where the rows of the file are.
struct FoundRows {
  std::vector<uint64_t> offsets;  // of the values
  std::vector<uint32_t> lengths;  // of the words, which end one byte before the values
  uint64_t invalid_words = 0;

  size_t size() const { return offsets.size(); }
  std::string_view word(std::string_view bytes, size_t i) const {
    return bytes.substr(offsets[i] - 1 - lengths[i], lengths[i]);
  }
  void move(size_t from, size_t to) {
    offsets[to] = offsets[from];
    lengths[to] = lengths[from];
  }
  void resize(size_t n) {
    offsets.resize(n);
    lengths.resize(n);
  }
};

// One thread: words are of any length, so each row is found from the one before.
FoundRows find_rows(const VectorSource& source, LoadedVectors& loaded, TaskControl& control) {
  const std::string_view bytes = source.bytes;
  const size_t row_bytes = source.dims * sizeof(float);
  FoundRows found;
  // At most so many rows fit in, whatever the header promises: nothing is allocated beyond.
  const uint64_t wanted = source.wanted_rows();
  found.offsets.reserve(std::min<uint64_t>(wanted, (bytes.size() - source.body) / (row_bytes + 1)));
  found.lengths.reserve(found.offsets.capacity());
  size_t at = source.body, values = 0;
  for (uint64_t row = 0; row < wanted; ++row) {
    if (row % rows_per_block == 0) {
      control.check_cancelled();
      control.done = at;
    }
    // The words of a few rows further on are asked for: rows are about as far apart as the last two.
    constexpr size_t ahead = 12;
    if (const size_t soon = at + ahead * (row_bytes + 12); soon < bytes.size()) prefetch(bytes.data() + soon, 64);
    if (!next_binary_row(bytes, row_bytes, at, values)) {
      if (!source.options.allow_truncated) throw source.truncated(row, "byte " + std::to_string(bytes.size()));
      loaded.missing_rows = source.rows - row;
      return found;
    }
    const size_t length = values - 1 - at;
    if (length > std::numeric_limits<uint32_t>::max())
      throw source.format_error("expected a word at byte " + std::to_string(at) + " but no space follows for 4 GiB");
    found.offsets.push_back(values);
    found.lengths.push_back(static_cast<uint32_t>(length));
    found.invalid_words += !is_valid_utf8(bytes.substr(at, length));
    at = values + row_bytes;
  }
  if (wanted == source.rows && bytes.find_first_not_of('\n', at) != std::string_view::npos) {
    const size_t expected_end = at;
    uint64_t more = 0;
    for (; next_binary_row(bytes, row_bytes, at, values); at = values + row_bytes) ++more;
    throw source.format_error("expected the end of the file after the " + std::to_string(source.rows) +
                              " rows that the header promises, at byte " + std::to_string(expected_end) +
                              ", but found " + std::to_string(bytes.size() - expected_end) + " bytes more, " +
                              std::to_string(more) + " rows among them");
  }
  return found;
}

// Leaves out rows whose word came before; the slots find the words where they are in the file.
std::vector<WordSlot> index_in_place(std::string_view bytes, FoundRows& rows, TaskControl& control) {
  std::vector<WordSlot> slots(slots_for(rows.size()), WordSlot{0, no_word});
  const size_t mask = slots.size() - 1;
  constexpr size_t batch = 32;  // hashed together, so that their slots are on the way from memory together
  uint64_t hashes[batch];
  size_t kept = 0;
  for (size_t first = 0; first < rows.size(); first += batch) {
    if (first % rows_per_block == 0) control.check_cancelled();
    const size_t n = std::min(batch, rows.size() - first);
    for (size_t i = 0; i < n; ++i) {
      if (first + i + batch < rows.size()) prefetch(rows.word(bytes, first + i + batch).data(), 1);
      hashes[i] = hash_word(rows.word(bytes, first + i));
      prefetch(&slots[hashes[i] & mask], 1);
    }
    for (size_t i = 0; i < n; ++i) {
      const auto word_of = [&](uint32_t id) { return rows.word(bytes, id); };
      const size_t slot = probe_words(slots, rows.word(bytes, first + i), hashes[i], word_of);
      if (slots[slot].id != no_word) continue;
      slots[slot] = {static_cast<uint32_t>(hashes[i] >> 32), static_cast<uint32_t>(kept)};
      rows.move(first + i, kept++);
    }
  }
  rows.resize(kept);
  return slots;
}

// The same for words that are to be in memory, repaired where they are not UTF-8.
WordIndex index_in_memory(const VectorSource& source, FoundRows& rows, TaskControl& control) {
  WordIndex words(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % rows_per_block == 0) control.check_cancelled();
    const std::string_view word = rows.word(source.bytes, i);
    const size_t known = words.size();
    words.insert(is_valid_utf8(word) ? word : std::string_view(repaired_word(source, word, i)));
    if (words.size() > known) rows.move(i, known);
  }
  rows.resize(words.size());
  return words;
}

std::shared_ptr<const VectorStore> store_in_place(const VectorSource& source, FoundRows found, TaskControl& control) {
  struct Owner {
    std::shared_ptr<const void> bytes;
    FoundRows rows;
    std::vector<WordSlot> slots;
    WordIndex words;
  };
  const auto owner = std::make_shared<Owner>();
  owner->bytes = source.owner;
  owner->rows = std::move(found);
  VectorStore::Parts parts;
  if (owner->rows.invalid_words == 0) {
    owner->slots = index_in_place(source.bytes, owner->rows, control);
    parts.word_lengths = owner->rows.lengths;
    parts.slots = owner->slots;
  } else {
    owner->words = index_in_memory(source, owner->rows, control);
    parts.words = owner->words.bytes();
    parts.word_ends = owner->words.ends();
    parts.slots = owner->words.slots();
  }
  parts.owner = owner;
  parts.file = source.file;
  parts.size = owner->rows.size();
  parts.dims = source.dims;
  parts.rows = source.bytes.data();
  parts.row_offsets = owner->rows.offsets;
  return std::make_shared<const VectorStore>(std::move(parts));
}

std::shared_ptr<const VectorStore> store_in_memory(const VectorSource& source, FoundRows found, TaskControl& control) {
  WordIndex words = index_in_memory(source, found, control);
  const size_t row_bytes = source.dims * sizeof(float);
  Matrix rows(words.size(), source.dims, "vectors");
  for_each_block((words.size() + rows_per_block - 1) / rows_per_block, processors(), [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t begin = block * rows_per_block, end = std::min(words.size(), begin + rows_per_block);
    for (size_t i = begin; i < end; ++i) std::memcpy(rows.row(i), source.bytes.data() + found.offsets[i], row_bytes);
  });
  return std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::vector<uint64_t>());
}

}  // namespace

bool next_binary_row(std::string_view bytes, size_t row_bytes, size_t& at, size_t& values) {
  while (at < bytes.size() && bytes[at] == '\n') ++at;
  const size_t space = bytes.find(' ', at);
  if (space == std::string_view::npos || bytes.size() - space - 1 < row_bytes) return false;
  values = space + 1;
  return true;
}

LoadedVectors read_google_binary(const VectorSource& source, TaskControl& control) {
  control.begin(Phase::loading, source.bytes.size());
  const bool keeps_sidecar =
      source.options.sidecar && source.options.map && source.file && source.wanted_rows() == source.rows;
  LoadedVectors loaded;
  std::string problem;
  if (auto known = keeps_sidecar ? read_sidecar(source, problem) : std::nullopt) {
    loaded = *std::move(known);
  } else {
    loaded.format = VectorFormat::google_binary;
    FoundRows found = find_rows(source, loaded, control);
    loaded.invalid_words = found.invalid_words;
    const size_t rows = found.size();
    const bool in_place = source.options.map || !source.file;
    loaded.store = (in_place ? store_in_place : store_in_memory)(source, std::move(found), control);
    loaded.duplicate_words = rows - loaded.store->size();
  }
  check_finite_rows(source, loaded);
  if (keeps_sidecar && loaded.sidecar != Sidecar::reused) {
    try {
      write_sidecar(source, loaded, control);
      loaded.sidecar = Sidecar::written;
    } catch (const Error& error) {
      if (error.is(code::cancelled)) throw;
      loaded.sidecar = Sidecar::failed;
      problem = error.what();
    }
  }
  loaded.sidecar_problem = problem;
  control.done = source.bytes.size();
  return loaded;
}

void write_google_binary(const VectorStore& store, std::string_view row_end, AtomicFile& file, TaskControl& control) {
  std::vector<float> row(store.dims());
  for_each_row(store, control, [&](size_t i) {
    file.write(store.word(i));
    file.write(" ");
    store.copy_row(i, row.data());
    file.write(row.data(), row.size() * sizeof(float));
    file.write(row_end);
    control.done = file.bytes_written();
  });
}

}  // namespace w2v
