#include "corpus/corpus.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/threads.h"
#include "base/utf8.h"
#include "kernels/kernels.h"

namespace w2v {

namespace {

constexpr size_t shard_bytes = 1 << 20;     // what a thread takes at a time
constexpr size_t pending_ids = 256 * 1024;  // append() stores ids once so many have come together
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_separator(char c, Framing framing) {
  if (framing == Framing::tokens) return c == '\0' || c == '\n';
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

size_t find_separator(std::string_view bytes, size_t from, Framing framing) {
  while (from < bytes.size() && !is_separator(bytes[from], framing)) ++from;
  return from;
}

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
    const size_t blocks = std::min(batch, whole - done);
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

Error word_too_long(size_t length, uint64_t offset, const std::string& name) {
  return Error(code::word_too_long, "Expected words of at most " + std::to_string(max_word_bytes) +
                                        " bytes but received one of " + std::to_string(length) +
                                        " bytes or more at byte " + std::to_string(offset) + " of '" + name +
                                        "': is it text, with spaces between words?");
}

void reject_binary(std::string_view bytes, uint64_t offset, const std::string& name) {
  const void* nul = bytes.empty() ? nullptr : std::memchr(bytes.data(), '\0', bytes.size());
  if (nul == nullptr) return;
  const uint64_t at = offset + static_cast<uint64_t>(static_cast<const char*>(nul) - bytes.data());
  throw Error(code::corpus_binary, "Expected UTF-8 text but found a NUL byte at byte " + std::to_string(at) + " of '" +
                                       name + "': it looks binary (or UTF-16)");
}

// Whether the text ends inside a sentence: a word stands after the last line feed.
bool ends_in_open_sentence(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r");
  return last != std::string_view::npos && text[last] != '\n';
}

}  // namespace

Corpus::Corpus(const std::string& spool_folder) : storage_(std::make_shared<IdStorage>(spool_folder)), counters_(1) {}

// Every word of `bytes` is complete. Ids are the counter's.
void Corpus::count_and_encode(std::string_view bytes, Framing framing, const Place& place, Counter& counter,
                              std::vector<uint32_t>& ids) {
  size_t begin = 0;
  uint64_t words = 0;
  const auto end_word = [&](size_t end) {
    std::string_view word = bytes.substr(begin, end - begin);
    const uint64_t offset = place.offset + begin;
    begin = end + 1;
    if (offset == 0 && word.starts_with(byte_order_mark)) word.remove_prefix(byte_order_mark.size());
    if (word.empty()) return;
    if (word.size() > max_word_bytes) throw word_too_long(word.size(), offset, place.name);
    ids.push_back(counter.add(word, bytes_before_ + offset));
    ++words;
  };
  for_each_separator(bytes, framing, [&](size_t at) {
    end_word(at);
    if (bytes[at] == '\n') {
      ids.push_back(0);
      ++counter.counts[0];
    }
  });
  if (begin < bytes.size()) end_word(bytes.size());
  words_.fetch_add(words, std::memory_order_relaxed);
}

void Corpus::append_files(const std::vector<std::string>& paths, unsigned threads, TaskControl& control) {
  flush_pending();
  std::vector<std::shared_ptr<const MappedFile>> files;
  uint64_t total = 0;
  for (const std::string& path : paths) {
    files.push_back(MappedFile::open(path));
    total += files.back()->size();
  }
  control.begin(Phase::vocabulary, total);
  while (counters_.size() < threads) counters_.emplace_back();

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
    const size_t first_segment = segments_.size();
    segments_.resize(first_segment + shards);
    std::vector<std::vector<uint32_t>> thread_ids(threads);
    for_each_block(shards, threads, [&](size_t shard, unsigned thread) {
      control.check_cancelled();
      const size_t begin = shard_begin(shard), end = shard_begin(shard + 1);
      const std::string_view bytes = text.substr(begin, end - begin);
      reject_binary(bytes, begin, paths[f]);
      std::vector<uint32_t>& ids = thread_ids[thread];
      ids.clear();
      count_and_encode(bytes, Framing::lines, {paths[f], begin}, counters_[thread], ids);
      if (end == text.size() && begin < end && ends_in_open_sentence(text)) {
        ids.push_back(0);
        ++counters_[thread].counts[0];
      }
      segments_[first_segment + shard] = {storage_->add(ids), thread};
      control.done += std::min(shard_bytes, text.size() - shard * shard_bytes);
    });
    bytes_before_ += text.size();
    files[f].reset();
  }
}

void Corpus::append(std::string_view bytes, Framing framing, const std::string& name) {
  source_name_ = name;
  Counter& counter = counters_[0];
  const uint64_t offset = source_bytes_;
  source_bytes_ += bytes.size();

  if (framing == Framing::lines) reject_binary(bytes, offset, name);

  // The word that the last call left open ends at the first separator, or goes on.
  const size_t first = find_separator(bytes, 0, framing);
  const uint64_t word_offset = offset - open_word_.size();
  open_word_ += bytes.substr(0, first);
  if (open_word_.size() > max_word_bytes + byte_order_mark.size())
    throw word_too_long(open_word_.size(), word_offset, name);
  if (first == bytes.size()) return;
  const auto grown = pending_.size();
  count_and_encode(std::exchange(open_word_, {}), framing, {name, word_offset}, counter, pending_);

  size_t last = bytes.size();
  while (!is_separator(bytes[last - 1], framing)) --last;
  count_and_encode(bytes.substr(first, last - first), framing, {name, offset + first}, counter, pending_);
  open_word_ = bytes.substr(last);
  if (pending_.size() > grown) open_sentence_ = pending_.back() != 0;
  if (pending_.size() >= pending_ids) flush_pending();
}

void Corpus::end_source() {
  if (!open_word_.empty()) {
    const size_t before = pending_.size();
    const uint64_t offset = source_bytes_ - open_word_.size();
    count_and_encode(std::exchange(open_word_, {}), Framing::tokens, {source_name_, offset}, counters_[0], pending_);
    if (pending_.size() > before) open_sentence_ = pending_.back() != 0;
  }
  if (std::exchange(open_sentence_, false)) {
    pending_.push_back(0);
    ++counters_[0].counts[0];
  }
  bytes_before_ += std::exchange(source_bytes_, 0);
}

void Corpus::flush_pending() {
  if (!pending_.empty()) segments_.push_back({storage_->add(pending_), 0});
  pending_.clear();
}

uint64_t Corpus::sentences() const {
  uint64_t n = 0;
  for (const Counter& counter : counters_) n += counter.counts[0];
  return n;
}

uint64_t Corpus::invalid_utf8_words() const {
  uint64_t n = 0;
  for (const Counter& counter : counters_)
    for (size_t id = 1; id < counter.counts.size(); ++id)
      if (!is_valid_utf8(counter.words.word(id))) n += counter.counts[id];
  return n;
}

Vocabulary Corpus::vocabulary(const VocabularyLimits& limits) const {
  WordIndex merged(counters_[0].words.size());
  std::vector<WordCount> words;
  for (const Counter& counter : counters_) {
    for (size_t id = 1; id < counter.counts.size(); ++id) {
      const std::string_view word = counter.words.word(id);
      const uint32_t at = merged.insert(word);
      if (at == words.size()) {
        words.push_back({word, counter.counts[id], counter.first[id]});
      } else {
        words[at].count += counter.counts[id];
        words[at].first = std::min(words[at].first, counter.first[id]);
      }
    }
  }
  return select_vocabulary(std::move(words), sentences(), limits);
}

PreparedCorpus Corpus::prepare(const VocabularySource& source, unsigned threads, TaskControl& control) {
  PreparedCorpus prepared;
  prepared.words = words();
  if (prepared.words == 0) throw Error(code::corpus_empty, "Expected a corpus with words in it but found none");
  prepared.invalid_utf8_words = invalid_utf8_words();
  prepared.vocabulary = source.read_vocab.empty() ? vocabulary(source.limits)
                                                  : read_vocabulary(source.read_vocab, sentences(), source.limits);
  control.check_cancelled();
  prepared.encoded = encode(prepared.vocabulary, threads, control);
  return prepared;
}

EncodedCorpus Corpus::encode(const Vocabulary& vocabulary, unsigned threads, TaskControl& control) {
  flush_pending();
  std::vector<std::vector<uint32_t>> final_ids;
  for (const Counter& counter : counters_) {
    std::vector<uint32_t>& ids = final_ids.emplace_back(counter.counts.size());
    for (size_t id = 0; id < ids.size(); ++id) ids[id] = vocabulary.words.find(counter.words.word(id));
  }
  for_each_block(segments_.size(), threads, [&](size_t s, unsigned) {
    control.check_cancelled();
    Segment& segment = segments_[s];
    const std::vector<uint32_t>& ids = final_ids[segment.counter];
    size_t kept = 0;
    for (const uint32_t id : segment.ids) {
      segment.ids[kept] = ids[id];
      kept += ids[id] != WordIndex::none;
    }
    segment.ids = segment.ids.first(kept);
  });
  EncodedCorpus encoded;
  for (const Segment& segment : segments_) {
    encoded.segments.push_back(segment.ids);
    encoded.size += segment.ids.size();
  }
  encoded.storage = std::move(storage_);
  segments_.clear();
  counters_.clear();
  return encoded;
}

}  // namespace w2v
