#include "corpus/text.h"

#include <algorithm>
#include <utility>

#include "base/mapped_file.h"
#include "base/threads.h"

namespace w2v {

namespace {

constexpr size_t shard_bytes = 1 << 20;  // what a thread takes at a time

void reject_binary(std::string_view bytes, const Place& place) {
  const void* nul = bytes.empty() ? nullptr : std::memchr(bytes.data(), '\0', bytes.size());
  if (nul == nullptr) return;
  const uint64_t at = place.offset + static_cast<uint64_t>(static_cast<const char*>(nul) - bytes.data());
  throw Error(code::corpus_binary, "Expected UTF-8 text but found a NUL byte at byte " + std::to_string(at) + " of '" +
                                       place.name + "': it looks binary (or UTF-16)");
}

}  // namespace

size_t find_separator(std::string_view bytes, size_t from, Framing framing) {
  while (from < bytes.size() && !is_separator(bytes[from], framing)) ++from;
  return from;
}

Error word_too_long(size_t length, const Place& place) {
  return Error(code::word_too_long, "Expected words of at most " + std::to_string(max_word_bytes) +
                                        " bytes but received one of " + std::to_string(length) +
                                        " bytes or more at byte " + std::to_string(place.offset) + " of '" +
                                        place.name + "': is it text, with spaces between words?");
}

bool Shard::ends_open_sentence() const {
  if (end < text.size() || begin == end) return false;
  const size_t last = text.find_last_not_of(" \t\r");
  return last != std::string_view::npos && text[last] != '\n';
}

void read_files(const std::vector<std::string>& paths, unsigned threads, TaskControl& control,
                const std::function<void(size_t shards, uint64_t bytes)>& begin_file,
                const std::function<void(const Shard&)>& on_shard) {
  std::vector<std::shared_ptr<const MappedFile>> files;
  uint64_t total = 0;
  for (const std::string& path : paths) {
    files.push_back(MappedFile::open(path));
    total += files.back()->size();
  }
  control.begin(Phase::vocabulary, total);
  for (size_t f = 0; f < files.size(); ++f) {
    const std::string_view text(files[f]->data(), files[f]->size());
    files[f]->expect_sequential();
    // Shards end at the first separator after a multiple of shard_bytes, so that each thread finds its own; no
    // further away than the longest word, or a file without separators would be scanned once per shard.
    const auto shard_begin = [&](size_t shard) {
      const size_t from = std::min(shard * shard_bytes, text.size());
      return shard == 0 ? 0 : find_separator(text.substr(0, from + max_word_bytes + 1), from, Framing::lines);
    };
    const size_t shards = (text.size() + shard_bytes - 1) / shard_bytes;
    begin_file(shards, text.size());
    for_each_block(shards, threads, [&](size_t number, unsigned thread) {
      control.check_cancelled();
      const Shard shard{text, shard_begin(number), shard_begin(number + 1), paths[f], f, number, thread};
      reject_binary(shard.bytes(), shard.place());
      on_shard(shard);
      control.done += std::min(shard_bytes, text.size() - number * shard_bytes);
    });
    files[f].reset();
  }
}

void TextPieces::append(std::string_view bytes, Framing framing, const std::string& name, const Consume& consume) {
  name_ = name;
  const uint64_t offset = bytes_;
  bytes_ += bytes.size();
  if (framing == Framing::lines) reject_binary(bytes, {name_, offset});

  // The word that the last call left open ends at the first separator, or goes on.
  const size_t first = find_separator(bytes, 0, framing);
  const uint64_t word_offset = offset - open_word_.size();
  open_word_ += bytes.substr(0, first);
  if (open_word_.size() > max_word_bytes + byte_order_mark.size())
    throw word_too_long(open_word_.size(), {name_, word_offset});
  if (first == bytes.size()) return;
  consume(std::exchange(open_word_, {}), framing, {name_, word_offset});
  size_t last = bytes.size();
  while (!is_separator(bytes[last - 1], framing)) --last;
  consume(bytes.substr(first, last - first), framing, {name_, offset + first});
  open_word_ = bytes.substr(last);
}

uint64_t TextPieces::end(const Consume& consume) {
  if (!open_word_.empty()) {
    const uint64_t offset = bytes_ - open_word_.size();
    consume(std::exchange(open_word_, {}), Framing::tokens, {name_, offset});
  }
  return std::exchange(bytes_, 0);
}

}  // namespace w2v
