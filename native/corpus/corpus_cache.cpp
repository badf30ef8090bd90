#include "corpus/corpus_cache.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/fingerprint.h"
#include "base/mapped_file.h"
#include "base/threads.h"
#include "base/xxh64.h"

namespace w2v {

namespace {

constexpr char magic[8] = {'w', '2', 'v', 'c', 'o', 'r', 'p', '1'};
constexpr size_t block_ids = 1 << 20;

struct Header {
  char magic[8];
  uint64_t header_hash;  // of what follows in the header
  uint64_t meta_hash;    // of all between the header and the ids
  uint64_t key_bytes;
  uint64_t vocabulary;
  uint64_t word_bytes;
  uint64_t ids;
  uint64_t words;  // PreparedCorpus::words and invalid_utf8_words
  uint64_t invalid_utf8_words;
  uint64_t reserved;

  uint64_t hash() const { return xxh64(&meta_hash, sizeof(Header) - offsetof(Header, meta_hash)); }
};
static_assert(sizeof(Header) == 80);

uint64_t round_up(uint64_t n, uint64_t multiple) { return (n + multiple - 1) / multiple * multiple; }
uint64_t blocks_of(uint64_t ids) { return (ids + block_ids - 1) / block_ids; }

struct Sections {
  explicit Sections(const Header& h)
      : counts(sizeof(Header) + round_up(h.key_bytes, 8)),
        ends(counts + 8 * h.vocabulary),
        words(ends + 8 * h.vocabulary),
        ids(round_up(words + h.word_bytes, 64)),
        hashes(round_up(ids + 4 * h.ids, 8)),
        size(hashes + 8 * blocks_of(h.ids)) {}
  uint64_t counts, ends, words, ids, hashes, size;
};

std::string hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string fingerprint_of(const std::string& path) {
  const Fingerprint found = fingerprint(*MappedFile::open(path));
  return std::to_string(found.bytes) + ' ' + std::to_string(found.changed_at) + ' ' + hex(found.samples);
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto full = std::filesystem::absolute(path, error);
  return error ? path : full.lexically_normal().string();
}

// What the first line that differs is about.
std::string first_difference(std::string_view before, std::string_view now) {
  while (!before.empty() && !now.empty()) {
    const auto cut_line = [](std::string_view& text) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      return line;
    };
    const std::string_view line = cut_line(now);
    if (cut_line(before) == line) continue;
    const size_t tab = line.find('\t');
    return tab == std::string_view::npos ? std::string(line) : "'" + std::string(line.substr(0, tab)) + "'";
  }
  return "its list of files";
}

}  // namespace

CorpusCache::CorpusCache(const std::string& folder, const std::vector<std::string>& files,
                         const VocabularySource& source) {
  std::string name = "minCount " + std::to_string(source.limits.min_count) + "\nmaxFinalVocab " +
                     std::to_string(source.limits.max_final_vocab) + "\n";
  if (source.read_vocab.empty()) name += "counted\n";
  key_ = name;
  std::vector<std::string> paths = files;
  if (!source.read_vocab.empty()) paths.insert(paths.begin(), source.read_vocab);
  for (const std::string& path : paths) {
    name += absolute(path) + "\n";
    key_ += absolute(path) + "\t" + fingerprint_of(path) + "\n";
  }
  path_ = (std::filesystem::path(folder) / ("corpus-" + hex(xxh64(name.data(), name.size())) + ".w2vcache")).string();
}

CorpusCache::Opened CorpusCache::open(unsigned threads, TaskControl& control) const {
  std::shared_ptr<const MappedFile> file;
  try {
    file = MappedFile::open(path_);
  } catch (const Error& error) {
    return {std::nullopt, error.is(code::file_not_found) ? "" : error.what()};
  }
  const auto unusable = [this](const std::string& reason) {
    return Opened{std::nullopt, "The corpus cache '" + path_ + "' " + reason};
  };

  // The header, and that the sections are there: each size is checked on its own, so that no sum overflows.
  Header header;
  if (file->size() < sizeof header) return unusable("is cut: it has " + std::to_string(file->size()) + " bytes");
  std::memcpy(&header, file->data(), sizeof header);
  if (std::memcmp(header.magic, magic, sizeof magic) != 0) return unusable("is not of this version");
  if (header.header_hash != header.hash()) return unusable("is corrupt: its header does not match its checksum");
  const auto fits = [&](uint64_t n, uint64_t bytes) { return n <= file->size() / bytes; };
  if (!fits(header.key_bytes, 1) || !fits(header.vocabulary, 16) || !fits(header.word_bytes, 1) || !fits(header.ids, 4))
    return unusable("is cut: it has " + std::to_string(file->size()) + " bytes");
  const Sections at(header);
  if (at.size != file->size())
    return unusable("is cut: expected " + std::to_string(at.size) + " bytes but found " + std::to_string(file->size()));
  if (header.meta_hash != xxh64(file->data() + sizeof header, at.ids - sizeof header))
    return unusable("is corrupt: its vocabulary does not match its checksum");

  const std::string_view key(file->data() + sizeof header, header.key_bytes);
  if (key != key_) return unusable("is stale: " + first_difference(key, key_) + " has changed since");

  Opened opened{PreparedCorpus(), ""};
  PreparedCorpus& corpus = *opened.corpus;
  corpus.words = header.words;
  corpus.invalid_utf8_words = header.invalid_utf8_words;
  corpus.vocabulary.words = WordIndex(header.vocabulary);
  corpus.vocabulary.counts.resize(header.vocabulary);
  std::memcpy(corpus.vocabulary.counts.data(), file->data() + at.counts, 8 * header.vocabulary);
  uint64_t begin = 0;
  for (uint64_t i = 0; i < header.vocabulary; ++i) {
    uint64_t end;
    std::memcpy(&end, file->data() + at.ends + 8 * i, sizeof end);
    if (end < begin || end > header.word_bytes ||
        corpus.vocabulary.words.insert({file->data() + at.words + begin, static_cast<size_t>(end - begin)}) != i)
      return unusable("is corrupt: word " + std::to_string(i) + " is not where it should be");
    begin = end;
  }

  const auto* ids = reinterpret_cast<const uint32_t*>(file->data() + at.ids);
  const auto* hashes = reinterpret_cast<const uint64_t*>(file->data() + at.hashes);
  std::atomic<bool> sound{true};
  control.begin(Phase::vocabulary, 4 * header.ids);
  for_each_block(blocks_of(header.ids), threads, [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t first = block * block_ids, n = std::min<size_t>(block_ids, header.ids - first);
    if (xxh64(ids + first, 4 * n) != hashes[block] ||
        *std::max_element(ids + first, ids + first + n) >= header.vocabulary)
      sound = false;
    control.done += 4 * n;
  });
  if (!sound) return unusable("is corrupt: its ids do not match their checksums");
  corpus.encoded.segments.emplace_back(ids, header.ids);
  corpus.encoded.size = header.ids;
  corpus.encoded.storage = std::move(file);
  return opened;
}

void CorpusCache::save(const PreparedCorpus& corpus, TaskControl& control) const {
  const size_t size = corpus.vocabulary.size();
  Header header{};
  std::memcpy(header.magic, magic, sizeof magic);
  header.key_bytes = key_.size();
  header.vocabulary = size;
  header.ids = corpus.encoded.size;
  header.words = corpus.words;
  header.invalid_utf8_words = corpus.invalid_utf8_words;
  std::vector<uint64_t> ends;
  for (size_t i = 0; i < size; ++i) ends.push_back(header.word_bytes += corpus.vocabulary.words.word(i).size());

  const Sections at(header);
  std::string meta(at.ids - sizeof header, '\0');
  const auto place = [&meta](uint64_t offset, const void* bytes, size_t n) {
    std::memcpy(meta.data() + offset - sizeof(Header), bytes, n);
  };
  place(sizeof header, key_.data(), key_.size());
  place(at.counts, corpus.vocabulary.counts.data(), 8 * size);
  place(at.ends, ends.data(), 8 * size);
  for (size_t i = 0; i < size; ++i) {
    const std::string_view word = corpus.vocabulary.words.word(i);
    place(at.words + ends[i] - word.size(), word.data(), word.size());
  }
  header.meta_hash = xxh64(meta.data(), meta.size());
  header.header_hash = header.hash();

  AtomicFile file(path_);
  file.write(&header, sizeof header);
  file.write(meta);
  std::vector<uint32_t> block;
  std::vector<uint64_t> hashes;
  const auto end_block = [&] {
    control.check_cancelled();
    hashes.push_back(xxh64(block.data(), 4 * block.size()));
    file.write(block.data(), 4 * block.size());
    block.clear();
  };
  block.reserve(block_ids);
  for (std::span<const uint32_t> left : corpus.encoded.segments) {
    while (!left.empty()) {
      const auto part = left.first(std::min(left.size(), block_ids - block.size()));
      block.insert(block.end(), part.begin(), part.end());
      left = left.subspan(part.size());
      if (block.size() == block_ids) end_block();
    }
  }
  if (!block.empty()) end_block();
  file.write(std::string(at.hashes - (at.ids + 4 * header.ids), '\0'));
  file.write(hashes.data(), 8 * hashes.size());
  file.commit();
}

}  // namespace w2v
