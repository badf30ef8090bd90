// Vector files: reading by content, writing by name of format.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/task_control.h"
#include "vectors/vector_store.h"

namespace w2v {

enum class VectorFormat {
  google_binary,
  google_binary_no_newline,  // to be written: without the newline after each row, as gensim writes it
  google_text,               // fastText's .vec too
  glove_text,                // as Google's, without the first line
  npy,                       // NumPy's array, with a list of words beside it
  gensim,                    // KeyedVectors or Word2Vec as gensim pickles them: read only
  fasttext,                  // fastText's models, with vectors of subwords: read only
  tensorboard,               // values and words, tab-separated, in two files: written only
  w2v,                       // our own: mapped with its index, norms and counts
};

// What becomes of words that are not UTF-8.
enum class EncodingErrors { strict, replace, ignore };

struct LoadOptions {
  bool map = true;  // leave binary rows in the mapped file; false: copy them to memory
  uint64_t limit = std::numeric_limits<uint64_t>::max();  // rows read, from the first on
  EncodingErrors encoding_errors = EncodingErrors::replace;
  std::string words;             // .npy: path of the list of words; empty: that of the .npy file with the ending .txt
  bool strict = false;           // a row with NaN or infinity is an error
  bool sidecar = false;          // keep the index of a mapped Google binary in `<path>.w2vrows` (sidecar.cpp)
  bool allow_truncated = false;  // fewer rows than promised, and a row that is cut at the end, are no error
};

// What became of LoadOptions::sidecar. `none`: not wanted, or the format, the limit or the lack of a map leave no use
// for one.
enum class Sidecar { none, reused, written, failed };

struct LoadedVectors {
  std::shared_ptr<const VectorStore> store;
  VectorFormat format = VectorFormat::google_binary;
  uint64_t duplicate_words = 0;  // rows left out because their word had come before
  uint64_t invalid_words = 0;    // words that were not UTF-8: repaired
  uint64_t non_finite_rows = 0;  // rows with NaN or infinity: kept, they answer no query
  uint64_t missing_rows = 0;     // promised, not there (allow_truncated)
  Sidecar sidecar = Sidecar::none;
  std::string sidecar_problem;  // why one that was there was not used, or why none could be written
};

// Reads Google binary (rows with or without a trailing newline), Google text, GloVe text or .w2v, told apart by
// content. Throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED,
// ERR_W2V_VECTOR_ENCODING (all with path and byte or line), ERR_W2V_MEMORY, ERR_W2V_CANCELLED. Never allocates what the
// file's size does not justify.
LoadedVectors load_vectors(const std::string& path, const LoadOptions& options, TaskControl& control);

// The same from memory: binary rows stay where they are. `name` is used in messages.
LoadedVectors load_vectors(std::shared_ptr<const ByteBuffer> bytes, const std::string& name, const LoadOptions& options,
                           TaskControl& control);

// Whether the beginning of a file certainly has so many whole rows: a stream need not be read any further.
bool holds_rows(std::string_view bytes, uint64_t rows);

inline constexpr Precision only_float32[] = {Precision::float32};

// Written to a temporary name, then renamed. Throws ERR_W2V_FILE_WRITE, ERR_W2V_WORD_UNWRITABLE (a word with a
// separator in it, which the format cannot hold), ERR_W2V_FILE_CHANGED, ERR_W2V_CANCELLED.
// `precisions` are the rows that a .w2v file is to hold, each at most once.
void save_vectors(const VectorStore& store, const std::string& path, VectorFormat format, TaskControl& control,
                  std::span<const Precision> precisions = only_float32);

// Compares each section of a .w2v file with its checksum; other formats have none. Throws ERR_W2V_VECTOR_CHECKSUM with
// the section, ERR_W2V_FILE_CHANGED, ERR_W2V_CANCELLED. `path` is used in messages.
void verify_checksums(const VectorStore& store, const std::string& path, TaskControl& control);

// `word count` lines, as word2vec.c's -save-vocab writes. Throws as save_vectors() does.
void save_vocabulary(const VectorStore& store, const std::string& path, TaskControl& control);

}  // namespace w2v
