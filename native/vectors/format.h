// What the readers and writers of vector files share (internal to this folder).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/task_control.h"
#include "vectors/vector_file.h"

namespace w2v {

// A file of vectors whose header line "rows dims" has been read.
struct VectorSource {
  std::string path;
  std::string_view bytes;  // the whole file
  size_t body;             // offset of the first row
  uint64_t rows;           // promised by the header; at most 2^32 − 2
  uint64_t dims;           // at least 1

  Error format_error(const std::string& expected_and_received) const {
    return Error(code::vector_format, "'" + path + "': " + expected_and_received);
  }
  Error truncated(uint64_t found, const std::string& place) const {
    return Error(code::vector_truncated, "'" + path + "' is truncated: the header promises " + std::to_string(rows) +
                                             " rows of " + std::to_string(dims) + " values but the file ends at " +
                                             place + ", in row " + std::to_string(found + 1));
  }
};

// A word as messages show it.
inline std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 100)) + "'"; }

constexpr size_t rows_per_block = 1024;  // decoded or formatted by one thread at a time

LoadedVectors read_google_binary(const VectorSource& source, TaskControl& control);
void write_google_binary(const VectorStore& store, AtomicFile& file, TaskControl& control);

// Whether the first row is text: a word and numbers.
bool is_google_text(const VectorSource& source);
LoadedVectors read_google_text(const VectorSource& source, TaskControl& control);
void write_google_text(const VectorStore& store, AtomicFile& file, TaskControl& control);

}  // namespace w2v
