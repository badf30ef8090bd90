// Vector files: reading by content, writing by name of format.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/task_control.h"
#include "vectors/vector_store.h"

namespace w2v {

enum class VectorFormat { google_binary, google_text };

struct LoadedVectors {
  std::shared_ptr<const VectorStore> store;
  VectorFormat format;
  uint64_t duplicate_words;  // rows left out because their word had come before
};

// Reads Google binary (rows with or without a trailing newline) or Google text, told apart by content.
// Throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED (all with
// path and byte or line), ERR_W2V_MEMORY, ERR_W2V_CANCELLED. Never allocates what the file's size does not justify.
LoadedVectors load_vectors(const std::string& path, TaskControl& control);

// Written to a temporary name, then renamed. Throws ERR_W2V_FILE_WRITE, ERR_W2V_WORD_UNWRITABLE (a word with a
// separator in it, which the format cannot hold), ERR_W2V_CANCELLED.
void save_vectors(const VectorStore& store, const std::string& path, VectorFormat format, TaskControl& control);

// `word count` lines, as word2vec.c's -save-vocab writes. Throws as save_vectors() does.
void save_vocabulary(const VectorStore& store, const std::string& path, TaskControl& control);

}  // namespace w2v
