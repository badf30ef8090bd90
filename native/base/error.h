// Errors that reach the user: one clear message and a stable code.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace w2v {

// The codes are part of the public interface (lib/errors.ts lists them with their meaning).
namespace code {
inline constexpr const char* option = "ERR_W2V_OPTION";
inline constexpr const char* argument = "ERR_W2V_ARGUMENT";
inline constexpr const char* file_not_found = "ERR_W2V_FILE_NOT_FOUND";
inline constexpr const char* file_read = "ERR_W2V_FILE_READ";
inline constexpr const char* file_write = "ERR_W2V_FILE_WRITE";
inline constexpr const char* file_changed = "ERR_W2V_FILE_CHANGED";
inline constexpr const char* corpus_empty = "ERR_W2V_CORPUS_EMPTY";
inline constexpr const char* corpus_binary = "ERR_W2V_CORPUS_BINARY";
inline constexpr const char* text_encoding = "ERR_W2V_TEXT_ENCODING";
inline constexpr const char* labelled_text = "ERR_W2V_LABELLED_TEXT";
inline constexpr const char* word_too_long = "ERR_W2V_WORD_TOO_LONG";
inline constexpr const char* vocabulary_empty = "ERR_W2V_VOCABULARY_EMPTY";
inline constexpr const char* vocabulary_format = "ERR_W2V_VOCABULARY_FORMAT";
inline constexpr const char* vector_format = "ERR_W2V_VECTOR_FORMAT";
inline constexpr const char* vector_checksum = "ERR_W2V_VECTOR_CHECKSUM";
inline constexpr const char* vector_encoding = "ERR_W2V_VECTOR_ENCODING";
inline constexpr const char* vector_truncated = "ERR_W2V_VECTOR_TRUNCATED";
inline constexpr const char* word_unwritable = "ERR_W2V_WORD_UNWRITABLE";
inline constexpr const char* index = "ERR_W2V_INDEX";
inline constexpr const char* memory = "ERR_W2V_MEMORY";
inline constexpr const char* device = "ERR_W2V_DEVICE";
inline constexpr const char* isa = "ERR_W2V_ISA";
inline constexpr const char* cancelled = "ERR_W2V_CANCELLED";
inline constexpr const char* internal = "ERR_W2V_INTERNAL";
}  // namespace code

class Error : public std::runtime_error {
 public:
  // `message` says what was expected, what was received and where (file, line, byte).
  Error(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }
  bool is(std::string_view code) const { return code == code_; }

 private:
  const char* code_;  // one of w2v::code
};

}  // namespace w2v
