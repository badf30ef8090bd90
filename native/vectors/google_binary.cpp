// word2vec.c's binary format: "rows dims\n", then per row the word, one space, `dims` little-endian floats and a
// newline. gensim writes no newline after a row; both are read.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "vectors/format.h"

static_assert(std::endian::native == std::endian::little, "rows are copied as the file has them: little-endian");

namespace w2v {

namespace {

bool all_finite(const float* values, size_t n) {
  uint32_t exponents_full = 0;
  for (size_t d = 0; d < n; ++d) exponents_full |= (std::bit_cast<uint32_t>(values[d]) & 0x7f800000u) == 0x7f800000u;
  return exponents_full == 0;
}

}  // namespace

LoadedVectors read_google_binary(const VectorSource& source, TaskControl& control) {
  const std::string_view bytes = source.bytes;
  const size_t row_bytes = source.dims * sizeof(float);
  // First pass, one thread: words are of any length, so each row is found from the one before. Most of the reading
  // from the disk happens here; the second pass, which copies, counts as much.
  control.begin(Phase::loading, 2 * bytes.size());
  // At most so many rows fit in, whatever the header promises: nothing is allocated beyond.
  const size_t possible_rows = std::min<uint64_t>(source.rows, (bytes.size() - source.body) / (row_bytes + 1));
  WordIndex words(possible_rows);
  std::vector<size_t> values;  // where they are in the file, for each word
  values.reserve(possible_rows);
  uint64_t duplicates = 0;
  size_t at = source.body;
  for (uint64_t row = 0; row < source.rows; ++row) {
    if (row % rows_per_block == 0) {
      control.check_cancelled();
      control.done = at;
    }
    while (at < bytes.size() && bytes[at] == '\n') ++at;
    const size_t space = bytes.find(' ', at);
    if (space == std::string_view::npos || bytes.size() - space - 1 < row_bytes)
      throw source.truncated(row, "byte " + std::to_string(bytes.size()));
    const size_t known = words.size();
    words.insert(bytes.substr(at, space - at));
    if (words.size() > known)
      values.push_back(space + 1);
    else
      ++duplicates;
    at = space + 1 + row_bytes;
  }
  if (bytes.find_first_not_of('\n', at) != std::string_view::npos)
    throw source.format_error("expected the end of the file after the " + std::to_string(source.rows) +
                              " rows that the header promises, at byte " + std::to_string(at) + ", but found " +
                              std::to_string(bytes.size() - at) + " bytes more");

  Matrix rows(words.size(), source.dims, "vectors");
  for_each_block((words.size() + rows_per_block - 1) / rows_per_block, processors(), [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t begin = block * rows_per_block, end = std::min(words.size(), begin + rows_per_block);
    for (size_t i = begin; i < end; ++i) {
      std::memcpy(rows.row(i), bytes.data() + values[i], row_bytes);
      if (!all_finite(rows.row(i), source.dims))
        throw source.format_error("expected finite values but the row of " + quoted(words.word(i)) + ", at byte " +
                                  std::to_string(values[i]) + ", has NaN or infinity");
    }
    control.done.fetch_add((end - begin) * row_bytes, std::memory_order_relaxed);
  });
  control.done = 2 * bytes.size();
  auto store = std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::vector<uint64_t>());
  return {std::move(store), VectorFormat::google_binary, duplicates};
}

void write_google_binary(const VectorStore& store, AtomicFile& file, TaskControl& control) {
  for (size_t i = 0; i < store.size(); ++i) {
    if (i % rows_per_block == 0) control.check_cancelled();
    file.write(store.word(i));
    file.write(" ");
    file.write(store.row(i), store.dims() * sizeof(float));
    file.write("\n");
    control.done = file.bytes_written();
  }
}

}  // namespace w2v
