// Our own format, .w2v: everything that a store has, where the store can use it: mapped, without a look at the rest of
// the file. docs/format.md has it byte by byte.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

#include "base/threads.h"
#include "base/xxh64.h"
#include "vectors/format.h"

static_assert(std::endian::native == std::endian::little, "sections are used as the file has them: little-endian");

namespace w2v {

namespace {

constexpr uint32_t version = 1;
constexpr size_t page = 4096;
constexpr size_t checksum_piece = 4 << 20;

enum SectionName : size_t { word_ends, word_bytes, word_slots, counts, inverse_norms, rows, n_sections };
constexpr std::array<const char*, n_sections> section_names = {"word ends", "words", "word index",
                                                               "counts",    "norms", "rows"};

struct SectionEntry {
  uint64_t offset;  // a multiple of `page`
  uint64_t bytes;
  uint64_t checksum;
};

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes;
  uint64_t words;
  uint64_t dims;
  uint64_t row_pitch;  // bytes from row to row, a multiple of 64
  uint64_t non_finite_rows;
  SectionEntry sections[n_sections];
  uint64_t checksum;  // XXH64 of all before

  uint64_t own_checksum() const { return xxh64(this, offsetof(Header, checksum)); }
};
static_assert(sizeof(Header) == 200);

uint64_t next_page(uint64_t offset) { return (offset + page - 1) / page * page; }

// XXH64 of pieces of 4 MiB, each with that of the one before as its seed: it can be computed while a section is
// written.
class Checksum {
 public:
  void add(const void* bytes, size_t size) {
    for (const char* at = static_cast<const char*>(bytes); size > 0;) {
      const size_t n = std::min(size, checksum_piece - piece_.size());
      if (piece_.empty() && n == checksum_piece) {
        value_ = xxh64(at, n, value_);
      } else {
        piece_.append(at, n);
        if (piece_.size() == checksum_piece) finish_piece();
      }
      at += n;
      size -= n;
    }
  }
  uint64_t value() {
    if (!piece_.empty()) finish_piece();
    return value_;
  }

 private:
  void finish_piece() {
    value_ = xxh64(piece_.data(), piece_.size(), value_);
    piece_.clear();
  }
  std::string piece_;
  uint64_t value_ = 0;
};

template <class T>
std::span<const T> section_as(const VectorSource& source, const Header& header, SectionName name) {
  const SectionEntry& section = header.sections[name];
  return {reinterpret_cast<const T*>(source.bytes.data() + section.offset),
          static_cast<size_t>(section.bytes / sizeof(T))};
}

// That the sections lie in the file and have the sizes that the header makes them have.
void check_sections(const VectorSource& source, const Header& header) {
  const auto fail = [&](size_t name, const std::string& expected) {
    return source.format_error("expected the section '" + std::string(section_names[name]) + "' to " + expected);
  };
  // Each number is checked on its own against the size of the file: no product can overflow.
  const uint64_t size = source.bytes.size();
  if (header.words >= no_word || header.words > size || header.dims == 0 || header.dims > size ||
      header.row_pitch > size || header.row_pitch % 64 != 0 || header.row_pitch / sizeof(float) < header.dims)
    if (header.words != 0 || header.dims == 0)
      throw source.format_error("expected sizes that fit into the file but the header says " +
                                std::to_string(header.words) + " words of " + std::to_string(header.dims) + " values");
  for (size_t i = 0; i < n_sections; ++i) {
    const SectionEntry& section = header.sections[i];
    if (section.offset % page != 0 || section.offset > size || section.bytes > size - section.offset)
      throw Error(code::vector_truncated, "'" + source.path + "' is truncated: the section '" + section_names[i] +
                                              "' needs " + std::to_string(section.bytes) + " bytes from byte " +
                                              std::to_string(section.offset) + " on, but the file has " +
                                              std::to_string(size) + " bytes");
  }
  const auto expect = [&](SectionName name, uint64_t bytes) {
    if (header.sections[name].bytes != bytes)
      throw fail(name,
                 "have " + std::to_string(bytes) + " bytes but it has " + std::to_string(header.sections[name].bytes));
  };
  expect(word_ends, header.words * sizeof(uint64_t));
  if (header.sections[counts].bytes != 0) expect(counts, header.words * sizeof(uint64_t));
  expect(inverse_norms, header.words * sizeof(float));
  expect(rows, header.words * header.row_pitch);
  const uint64_t slots = header.sections[word_slots].bytes / sizeof(WordSlot);
  if (header.sections[word_slots].bytes % sizeof(WordSlot) != 0 || !std::has_single_bit(slots) || slots <= header.words)
    throw fail(word_slots, "have a power of two of slots, more than words, but it has " + std::to_string(slots));

  const auto ends = section_as<uint64_t>(source, header, word_ends);
  constexpr size_t block = 1 << 18;
  std::atomic<bool> ordered{true};
  for_each_block((ends.size() + block - 1) / block, processors(), [&](size_t b, unsigned) {
    bool good = true;
    for (size_t i = std::max<size_t>(1, b * block); i < std::min(ends.size(), (b + 1) * block); ++i)
      good &= ends[i - 1] <= ends[i];
    if (!good) ordered = false;
  });
  if (!ordered || (ends.empty() ? 0 : ends.back()) != header.sections[word_bytes].bytes)
    throw fail(word_ends, "ascend up to the end of the words");
}

}  // namespace

bool is_w2v_file(std::string_view bytes) { return bytes.starts_with(std::string_view(w2v_magic, sizeof w2v_magic)); }

LoadedVectors read_w2v_file(const VectorSource& source, TaskControl& control) {
  control.begin(Phase::loading, 1);
  Header header;
  if (source.bytes.size() < sizeof header)
    throw Error(code::vector_truncated, "'" + source.path + "' is truncated: expected a header of " +
                                            std::to_string(sizeof header) + " bytes but the file has " +
                                            std::to_string(source.bytes.size()));
  std::memcpy(&header, source.bytes.data(), sizeof header);
  if (header.version != version)
    throw source.format_error("expected version " + std::to_string(version) +
                              " of the .w2v format but received version " + std::to_string(header.version));
  if (header.checksum != header.own_checksum()) throw source.format_error("the header does not match its checksum");
  check_sections(source, header);

  VectorStore::Parts parts;
  parts.owner = source.owner;
  parts.file = source.file;
  parts.size = static_cast<size_t>(std::min(header.words, source.options.limit));
  parts.dims = header.dims;
  parts.rows = source.bytes.data() + header.sections[rows].offset;
  parts.row_pitch = header.row_pitch;
  parts.words = source.bytes.data() + header.sections[word_bytes].offset;
  parts.word_ends = section_as<uint64_t>(source, header, word_ends);
  parts.slots = section_as<WordSlot>(source, header, word_slots);
  parts.counts =
      section_as<uint64_t>(source, header, counts).first(header.sections[counts].bytes == 0 ? 0 : parts.size);
  parts.inverse_norms = section_as<float>(source, header, inverse_norms).first(parts.size);
  parts.non_finite_rows = header.non_finite_rows;
  for (size_t i = 0; i < n_sections; ++i)
    parts.checksums.push_back({section_names[i],
                               {source.bytes.data() + header.sections[i].offset, header.sections[i].bytes},
                               header.sections[i].checksum});

  LoadedVectors loaded;
  loaded.format = VectorFormat::w2v;
  loaded.store = std::make_shared<const VectorStore>(std::move(parts));
  if (source.file && !source.options.map) loaded.store = copied(*loaded.store);
  check_finite_rows(source, loaded);
  control.done = 1;
  return loaded;
}

void write_w2v_file(const VectorStore& store, AtomicFile& file, TaskControl& control) {
  Header header{};
  std::memcpy(header.magic, w2v_magic, sizeof w2v_magic);
  header.version = version;
  header.header_bytes = sizeof header;
  header.words = store.size();
  header.dims = store.dims();
  header.row_pitch = padded_row(store.dims()) * sizeof(float);
  header.non_finite_rows = store.non_finite_rows();
  file.write(std::string(page, '\0'));  // the header comes last, when the checksums are known

  Checksum checksum;
  const auto section = [&](SectionName name, auto&& write_section) {
    checksum = Checksum();
    SectionEntry& entry = header.sections[name];
    entry.offset = file.bytes_written();
    write_section();
    entry.bytes = file.bytes_written() - entry.offset;
    entry.checksum = checksum.value();
    file.write(std::string(next_page(file.bytes_written()) - file.bytes_written(), '\0'));
  };
  const auto write = [&](const void* bytes, size_t size) {
    checksum.add(bytes, size);
    file.write(bytes, size);
  };
  const auto for_each_word = [&](auto&& f) {
    for (size_t i = 0; i < store.size(); ++i) {
      if (i % rows_per_block == 0) {
        control.check_cancelled();
        store.check_unchanged();
        control.done = file.bytes_written();
      }
      f(i);
    }
  };
  section(word_ends, [&] {
    uint64_t end = 0;
    for_each_word([&](size_t i) {
      end += store.word(i).size();
      write(&end, sizeof end);
    });
  });
  section(word_bytes, [&] { for_each_word([&](size_t i) { write(store.word(i).data(), store.word(i).size()); }); });
  section(word_slots, [&] {
    std::vector<WordSlot> slots(slots_for(store.size()), WordSlot{0, no_word});
    for_each_word([&](size_t i) {
      const uint64_t hash = hash_word(store.word(i));
      size_t slot = hash & (slots.size() - 1);
      while (slots[slot].id != no_word) slot = (slot + 1) & (slots.size() - 1);
      slots[slot] = {static_cast<uint32_t>(hash >> 32), static_cast<uint32_t>(i)};
    });
    write(slots.data(), slots.size() * sizeof(WordSlot));
  });
  section(counts, [&] {
    if (store.has_counts())
      for_each_word([&](size_t i) {
        const uint64_t count = store.count(i);
        write(&count, sizeof count);
      });
  });
  section(inverse_norms, [&] { write(store.inverse_norms().data(), store.size() * sizeof(float)); });
  section(rows, [&] {
    std::vector<float> row(padded_row(store.dims()));
    for_each_word([&](size_t i) {
      store.copy_row(i, row.data());
      write(row.data(), header.row_pitch);
    });
  });
  header.checksum = header.own_checksum();
  file.rewrite_beginning(&header, sizeof header);
}

void verify_checksums(const VectorStore& store, const std::string& path, TaskControl& control) {
  store.check_unchanged();
  uint64_t total = 0;
  for (const auto& section : store.checksums()) total += section.bytes.size();
  control.begin(Phase::loading, total);
  for (const auto& section : store.checksums()) {
    Checksum checksum;
    for (std::string_view left = section.bytes; !left.empty();) {
      control.check_cancelled();
      const std::string_view piece = left.substr(0, checksum_piece);
      checksum.add(piece.data(), piece.size());
      left.remove_prefix(piece.size());
      control.done += piece.size();
    }
    if (checksum.value() != section.checksum)
      throw Error(code::vector_checksum,
                  "'" + path + "' is corrupt: the section '" + section.name + "' does not match its checksum");
  }
}

}  // namespace w2v
