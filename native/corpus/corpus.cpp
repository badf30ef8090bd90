#include "corpus/corpus.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/threads.h"
#include "base/utf8.h"
#include "base/xxh64.h"

namespace w2v {

namespace {

constexpr size_t pending_ids = 256 * 1024;  // append() stores ids once so many have come together

}  // namespace

uint64_t EncodedCorpus::fingerprint() const {
  // By pieces of one size, wherever the segments end: those depend on how the text was read.
  std::vector<uint32_t> piece;
  constexpr size_t piece_ids = 1 << 20;
  piece.reserve(piece_ids);
  uint64_t hash = 0;
  for (std::span<const uint32_t> left : segments) {
    while (!left.empty()) {
      const auto part = left.first(std::min(left.size(), piece_ids - piece.size()));
      piece.insert(piece.end(), part.begin(), part.end());
      left = left.subspan(part.size());
      if (piece.size() < piece_ids) continue;
      hash = xxh64(piece.data(), piece.size() * sizeof(uint32_t), hash);
      piece.clear();
    }
  }
  return xxh64(piece.data(), piece.size() * sizeof(uint32_t), hash);
}

Corpus::Corpus(CorpusStorage storage)
    : limits_(std::move(storage)),
      storage_(std::make_shared<IdStorage>(limits_.spool_folder, limits_.bytes_in_memory)),
      counters_(1) {}

// Every word of `bytes` is complete. Ids are the counter's.
void Corpus::count_and_encode(std::string_view bytes, Framing framing, const Place& place, Counter& counter,
                              std::vector<uint32_t>& ids) {
  uint64_t words = 0;
  for_each_word(
      bytes, framing, place,
      [&](std::string_view word, uint64_t offset) {
        ids.push_back(counter.add(word, bytes_before_ + offset));
        ++words;
      },
      [&] {
        ids.push_back(0);
        ++counter.counts[0];
      });
  words_.fetch_add(words, std::memory_order_relaxed);
}

void Corpus::append_files(const std::vector<std::string>& paths, unsigned threads, TaskControl& control) {
  flush_pending();
  while (counters_.size() < threads) counters_.emplace_back();
  std::vector<std::vector<uint32_t>> thread_ids(threads);
  size_t first_segment = 0;
  uint64_t bytes = 0;
  read_files(
      paths, threads, control,
      [&](size_t shards, uint64_t file_bytes) {
        bytes_before_ += std::exchange(bytes, file_bytes);
        first_segment = segments_.size();
        segments_.resize(first_segment + shards);
      },
      [&](const Shard& shard) {
        Counter& counter = counters_[shard.thread];
        std::vector<uint32_t>& ids = thread_ids[shard.thread];
        ids.clear();
        count_and_encode(shard.bytes(), Framing::lines, shard.place(), counter, ids);
        if (shard.ends_open_sentence()) {
          ids.push_back(0);
          ++counter.counts[0];
        }
        segments_[first_segment + shard.number] = {storage_->add(ids), shard.thread, counter.stays.size()};
        limit_memory(counter);
      });
  bytes_before_ += bytes;
}

TextPieces::Consume Corpus::into_pending() {
  return [this](std::string_view bytes, Framing framing, const Place& place) {
    const size_t before = pending_.size();
    count_and_encode(bytes, framing, place, counters_[0], pending_);
    if (pending_.size() > before) open_sentence_ = pending_.back() != 0;
  };
}

void Corpus::append(std::string_view bytes, Framing framing, const std::string& name) {
  pieces_.append(bytes, framing, name, into_pending());
  if (pending_.size() < pending_ids) return;
  flush_pending();
  limit_memory(counters_[0]);
}

void Corpus::end_source() {
  const uint64_t bytes = pieces_.end(into_pending());
  if (std::exchange(open_sentence_, false)) {
    pending_.push_back(0);
    ++counters_[0].counts[0];
  }
  bytes_before_ += bytes;
}

void Corpus::flush_pending() {
  if (!pending_.empty()) segments_.push_back({storage_->add(pending_), 0, counters_[0].stays.size()});
  pending_.clear();
}

void Corpus::limit_memory(Counter& counter) const {
  if (limits_.vocabulary_bytes != 0 && counter.bytes() > limits_.vocabulary_bytes / counters_.size()) counter.prune();
}

void Corpus::Counter::prune() {
  if (counts.size() < 3) return;
  std::vector<uint64_t> by_count(counts.begin() + 1, counts.end());
  const auto middle = by_count.begin() + static_cast<std::ptrdiff_t>(by_count.size() / 2);
  std::nth_element(by_count.begin(), middle, by_count.end());
  const uint64_t most = *middle;
  pruned.most = std::max(pruned.most, most);

  Counter kept;
  std::vector<bool> stay(counts.size());
  stay[0] = true;
  kept.counts[0] = counts[0];
  for (size_t id = 1; id < counts.size(); ++id) {
    stay[id] = counts[id] > most;
    if (!stay[id]) {
      ++pruned.words;
      pruned.occurrences += counts[id];
      continue;
    }
    kept.words.insert(words.word(id));
    kept.counts.push_back(counts[id]);
    kept.first.push_back(first[id]);
  }
  words = std::move(kept.words);
  counts = std::move(kept.counts);
  first = std::move(kept.first);
  stays.push_back(std::move(stay));
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

Pruned Corpus::pruned() const {
  Pruned all;
  for (const Counter& counter : counters_) {
    all.words += counter.pruned.words;
    all.occurrences += counter.pruned.occurrences;
    all.most = std::max(all.most, counter.pruned.most);
  }
  return all;
}

std::vector<WordCount> Corpus::counted_words() const {
  WordIndex merged(counters_[0].words.size());
  std::vector<WordCount> words;
  merged.insert(sentence_end);
  for (const Counter& counter : counters_) {
    for (size_t id = 1; id < counter.counts.size(); ++id) {
      const std::string_view word = counter.words.word(id);
      const uint32_t at = merged.insert(word) - 1;
      if (at == words.size()) {
        words.push_back({word, counter.counts[id], counter.first[id]});
      } else {
        words[at].count += counter.counts[id];
        words[at].first = std::min(words[at].first, counter.first[id]);
      }
    }
  }
  return words;
}

Vocabulary Corpus::vocabulary(const VocabularyLimits& limits) const {
  return select_vocabulary(counted_words(), sentences(), {limits});
}

PreparedCorpus Corpus::prepare(const VocabularySource& source, unsigned threads, TaskControl& control) {
  PreparedCorpus prepared;
  prepared.words = words();
  if (prepared.words == 0) throw Error(code::corpus_empty, "Expected a corpus with words in it but found none");
  prepared.invalid_utf8_words = invalid_utf8_words();
  prepared.pruned = pruned();
  prepared.vocabulary = source.read_vocab.empty() ? select_vocabulary(counted_words(), sentences(), source)
                                                  : read_vocabulary(sentences(), source);
  control.check_cancelled();
  prepared.encoded = encode(prepared.vocabulary, threads, control);
  return prepared;
}

EncodedCorpus Corpus::encode(const Vocabulary& vocabulary, unsigned threads, TaskControl& control) {
  flush_pending();
  for (uint32_t c = 0; c < counters_.size(); ++c) {
    const Counter& counter = counters_[c];
    // From the last dealing of ids back to the first: each gives the ids of the one before.
    std::vector<uint32_t> final_ids(counter.counts.size());
    for (size_t id = 0; id < final_ids.size(); ++id) final_ids[id] = vocabulary.words.find(counter.words.word(id));
    for (size_t deal = counter.stays.size() + 1; deal-- > 0;) {
      if (deal < counter.stays.size()) {
        std::vector<uint32_t> before(counter.stays[deal].size(), WordIndex::none);
        size_t next = 0;
        for (size_t id = 0; id < before.size(); ++id)
          if (counter.stays[deal][id]) before[id] = final_ids[next++];
        final_ids = std::move(before);
      }
      for_each_block(segments_.size(), threads, [&](size_t s, unsigned) {
        Segment& segment = segments_[s];
        if (segment.counter != c || segment.deal != deal) return;
        control.check_cancelled();
        size_t kept = 0;
        for (const uint32_t id : segment.ids) {
          segment.ids[kept] = final_ids[id];
          kept += final_ids[id] != WordIndex::none;
        }
        segment.ids = segment.ids.first(kept);
      });
    }
  }
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
