// What the readers and writers of vector files share (internal to this folder, but for model files, which are .w2v
// files with more in them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/section_file.h"
#include "base/task_control.h"
#include "vectors/vector_file.h"

namespace w2v {

// A file of vectors whose header line "rows dims" has been read, if it has one.
struct VectorSource {
  std::string path;
  std::string_view bytes;                  // the whole file
  std::shared_ptr<const void> owner;       // of the bytes
  std::shared_ptr<const MappedFile> file;  // where they are mapped from one
  const LoadOptions& options;
  bool has_header = false;
  size_t body = 0;    // offset of the first row
  uint64_t rows = 0;  // promised by the header; at most 2^32 − 2
  uint64_t dims = 0;  // at least 1

  uint64_t wanted_rows() const { return rows < options.limit ? rows : options.limit; }

  Error format_error(const std::string& expected_and_received) const {
    return Error(code::vector_format, "'" + path + "': " + expected_and_received);
  }
  // `found` whole rows, and then the end of the file at `place`.
  Error truncated(uint64_t found, const std::string& place) const {
    return Error(code::vector_truncated, "'" + path + "' is truncated: the header promises " + std::to_string(rows) +
                                             " rows of " + std::to_string(dims) + " values but only " +
                                             std::to_string(found) + " whole rows were found: the file ends at " +
                                             place + ", in row " + std::to_string(found + 1));
  }
};

// A word as messages show it.
inline std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 100)) + "'"; }

// A word that is not UTF-8 as options.encoding_errors wants it; throws ERR_W2V_VECTOR_ENCODING where that is `strict`.
std::string repaired_word(const VectorSource& source, std::string_view word, uint64_t row);

// Counts rows that are not finite into `loaded`; throws ERR_W2V_VECTOR_FORMAT for the first with options.strict.
void check_finite_rows(const VectorSource& source, LoadedVectors& loaded);

constexpr size_t rows_per_block = 1024;  // decoded or formatted by one thread at a time

// The next row from `at` on, behind newlines; sets the offset of its values. False where no whole row follows.
bool next_binary_row(std::string_view bytes, size_t row_bytes, size_t& at, size_t& values);
LoadedVectors read_google_binary(const VectorSource& source, TaskControl& control);
// What its scan finds, in a file beside it (options.sidecar). Reading gives nothing where that is missing, stale or
// corrupt, and says why in `problem` unless it is missing. Writing throws ERR_W2V_FILE_WRITE, ERR_W2V_VECTOR_FORMAT,
// ERR_W2V_CANCELLED.
std::optional<LoadedVectors> read_sidecar(const VectorSource& source, std::string& problem);
void write_sidecar(const VectorSource& source, const LoadedVectors& loaded, TaskControl& control);
void write_google_binary(const VectorStore& store, std::string_view row_end, AtomicFile& file, TaskControl& control);

// Files of vectors, and of models: the vectors in them.
LoadedVectors read_w2v_file(const VectorSource& source, TaskControl& control);
void write_w2v_file(const VectorStore& store, std::span<const Precision> precisions, AtomicFile& file,
                    TaskControl& control);
// The sections of the vectors, in whatever kind of file; returns what its numbers are to begin with.
SectionNumbers write_w2v_sections(const VectorStore& store, std::span<const Precision> precisions,
                                  SectionFileWriter& writer, TaskControl& control);
inline constexpr const char* vectors_kind = "vectors";
inline constexpr const char* model_kind = "model";
inline constexpr uint32_t w2v_version = 1;

bool is_npy(std::string_view bytes);
LoadedVectors read_npy_vectors(const VectorSource& source, TaskControl& control);
void write_npy_vectors(const VectorStore& store, const std::string& path, TaskControl& control);

bool is_fasttext(std::string_view bytes);
LoadedVectors read_fasttext(const VectorSource& source, TaskControl& control);

bool is_pickle(std::string_view bytes);
LoadedVectors read_gensim(const VectorSource& source, TaskControl& control);

// Whether the first row is text: a word and numbers.
bool is_google_text(const VectorSource& source);
// Whether it looks like text without a header; sets source.dims.
bool is_glove_text(VectorSource& source);
LoadedVectors read_text(const VectorSource& source, TaskControl& control);
void write_text(const VectorStore& store, AtomicFile& file, TaskControl& control);
// TensorBoard's projector: values in `path`, words in `<path without its ending>.metadata.tsv`, with their counts and a
// line of titles where counts are known.
void write_tensorboard(const VectorStore& store, const std::string& path, TaskControl& control);

}  // namespace w2v
