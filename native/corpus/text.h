// Text, cut into words and sentences as it comes: files by several threads, pieces one after the other.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task_control.h"
#include "base/utf8.h"
#include "kernels/kernels.h"

namespace w2v {

// How bytes are cut into words and sentences.
enum class Framing {
  lines,   // words end at space, tab, line feed or carriage return; a sentence ends at a line feed
  tokens,  // words end at NUL, sentences at a line feed: words may hold spaces
};

// A longer run of bytes without a separator is no word: it says that the input is not text.
inline constexpr size_t max_word_bytes = 65535;

// Where a text starts, for messages and the order of first appearance.
struct Place {
  const std::string& name;  // of its source
  uint64_t offset;          // of its first byte there
};

inline bool is_separator(char c, Framing framing) {
  if (framing == Framing::tokens) return c == '\0' || c == '\n';
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// From `from` on; the size of `bytes` where there is none.
size_t find_separator(std::string_view bytes, size_t from, Framing framing);

Error word_too_long(size_t length, const Place& place);

// Calls on_separator(i) for each separator of `bytes`, in order.
template <class F>
void for_each_separator(std::string_view bytes, Framing framing, F&& on_separator) {
  if (framing == Framing::tokens) {
    for (size_t i = 0; i < bytes.size(); ++i)
      if (is_separator(bytes[i], framing)) on_separator(i);
    return;
  }
  constexpr size_t block = 64, batch = 64;
  uint64_t masks[batch];
  const auto emit = [&](size_t base, size_t blocks) {
    for (size_t b = 0; b < blocks; ++b)
      for (uint64_t mask = masks[b]; mask != 0; mask &= mask - 1)
        on_separator(base + block * b + static_cast<size_t>(std::countr_zero(mask)));
  };
  const size_t whole = bytes.size() / block;
  for (size_t done = 0; done < whole; done += batch) {
    const size_t blocks = batch < whole - done ? batch : whole - done;
    kernels().find_separators(bytes.data() + done * block, blocks, masks);
    emit(done * block, blocks);
  }
  if (const size_t rest = bytes.size() % block; rest != 0) {
    char padded[block];
    std::memset(padded, 'x', block);
    std::memcpy(padded, bytes.data() + whole * block, rest);
    kernels().find_separators(padded, 1, masks);
    emit(whole * block, 1);
  }
}

// Calls on_word(word, its offset in the source) and on_sentence_end(), in order; every word of `bytes` is complete. A
// byte order mark at the start of a source is skipped. Throws ERR_W2V_WORD_TOO_LONG.
template <class OnWord, class OnSentenceEnd>
void for_each_word(std::string_view bytes, Framing framing, const Place& place, OnWord&& on_word,
                   OnSentenceEnd&& on_sentence_end) {
  size_t begin = 0;
  const auto end_word = [&](size_t end) {
    std::string_view word = bytes.substr(begin, end - begin);
    const uint64_t offset = place.offset + begin;
    begin = end + 1;
    if (offset == 0 && word.starts_with(byte_order_mark)) word.remove_prefix(byte_order_mark.size());
    if (word.empty()) return;
    if (word.size() > max_word_bytes) throw word_too_long(word.size(), {place.name, offset});
    on_word(word, offset);
  };
  for_each_separator(bytes, framing, [&](size_t at) {
    end_word(at);
    if (bytes[at] == '\n') on_sentence_end();
  });
  if (begin < bytes.size()) end_word(bytes.size());
}

// A part of a file that one thread reads: text[begin, end), whole words of it.
struct Shard {
  std::string_view text;  // of the file
  size_t begin, end;
  const std::string& path;
  size_t file;    // 0, 1, 2 …
  size_t number;  // within the file
  unsigned thread;

  std::string_view bytes() const { return text.substr(begin, end - begin); }
  Place place() const { return {path, begin}; }
  // Of the last shard: whether a sentence ends here without its line feed.
  bool ends_open_sentence() const;
};

// Reads plain text files, in this order, each by all threads; on_shard may be called by several at once. begin_file is
// told the number of its shards. Progress: bytes.
// Throws ERR_W2V_FILE_*, ERR_W2V_CORPUS_BINARY (a NUL byte, with its place), ERR_W2V_CANCELLED.
void read_files(const std::vector<std::string>& paths, unsigned threads, TaskControl& control,
                const std::function<void(size_t shards, uint64_t bytes)>& begin_file,
                const std::function<void(const Shard&)>& on_shard);

// A source that comes in pieces: a word or sentence may go on in the next one.
class TextPieces {
 public:
  // Given bytes whose words are complete.
  using Consume = std::function<void(std::string_view bytes, Framing framing, const Place& place)>;

  // Throws ERR_W2V_CORPUS_BINARY, ERR_W2V_WORD_TOO_LONG and what `consume` throws.
  void append(std::string_view bytes, Framing framing, const std::string& name, const Consume& consume);
  // Gives what is left. Afterwards another source may come. Returns how many bytes this one had.
  uint64_t end(const Consume& consume);

 private:
  uint64_t bytes_ = 0;
  std::string name_;
  std::string open_word_;
};

}  // namespace w2v
