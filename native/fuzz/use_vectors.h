// What every target does with what it has read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/xxh64.h"
#include "search/nearest.h"
#include "vectors/vector_file.h"

namespace w2v::fuzz {

// Options that follow from the input, so that seeds are plain files.
inline LoadOptions options_for(std::string_view bytes) {
  const uint64_t hash = xxh64(bytes.data(), bytes.size());
  LoadOptions options;
  options.allow_truncated = hash & 1;
  options.strict = (hash & 6) == 0;
  options.encoding_errors = hash & 8    ? EncodingErrors::replace
                            : hash & 16 ? EncodingErrors::ignore
                                        : EncodingErrors::strict;
  if ((hash & 96) == 0) options.limit = hash >> 60;
  return options;
}

// Looks at all of it: words, rows, norms, a search.
inline void use(const LoadedVectors& loaded) {
  const VectorStore& store = *loaded.store;
  if (store.size() == 0) return;  // a header alone may promise rows of any size
  TaskControl control;
  std::vector<float> row(store.dims());
  for (size_t i = 0; i < store.size(); ++i) {
    store.copy_row(i, row.data());
    const uint32_t found = store.find(store.word(i));
    if (found != no_word && found >= store.size()) std::abort();
    store.count(i);
  }
  store.find("no such word");
  if (store.subwords()) store.subwords()->vector_of("no such w\xc3\xb6rd\x80", row.data());
  if (store.inverse_norms().size() < store.size()) std::abort();
  if (store.size() * store.dims() > 100'000) return;
  for (const Precision precision : {Precision::float32, Precision::int8}) {
    std::fill(row.begin(), row.end(), 1.0f);
    const std::vector<uint32_t> offsets{0, 0};
    const SearchResult result =
        search_nearest(store, {row, 3, offsets, {}, {}, 0, store.size(), 1, precision}, control);
    for (const uint32_t id : result.ids)
      if (id != no_word && id >= store.size()) std::abort();
  }
}

// Reads the bytes from a block of exactly their size, and then from a file's place; only w2v::Error may be thrown.
inline void load_and_use(std::string_view bytes, const std::string& words = "") {
  try {
    const auto buffer = std::make_shared<ByteBuffer>();
    buffer->append(bytes.data(), bytes.size());
    TaskControl control;
    LoadOptions options = options_for(bytes);
    options.words = words;
    const LoadedVectors loaded = load_vectors(buffer, "input", options, control);
    use(loaded);
    verify_checksums(*loaded.store, "input", control);
  } catch (const Error&) {
  }
}

// A file of sections is believed only if its header matches its checksum: that is made right, so that what is behind it
// is reached.
inline void repair_header(std::string& bytes) {
  constexpr size_t header = 96, entry = 40;
  if (bytes.size() < header) return;
  const size_t end = header + entry * static_cast<uint8_t>(bytes[12]);
  if (bytes.size() < end + sizeof(uint64_t)) return;
  const uint64_t checksum = xxh64(bytes.data(), end);
  bytes.replace(end, sizeof checksum, reinterpret_cast<const char*>(&checksum), sizeof checksum);
}

}  // namespace w2v::fuzz
