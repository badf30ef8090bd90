// Text in, word ids out: counts words and encodes the corpus in one pass.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id_storage.h"
#include "base/task_control.h"
#include "corpus/vocabulary.h"
#include "corpus/word_index.h"

namespace w2v {

// How bytes are cut into words and sentences.
enum class Framing {
  lines,   // words end at space, tab, line feed or carriage return; a sentence ends at a line feed
  tokens,  // words end at NUL, sentences at a line feed: words may hold spaces
};

// A longer run of bytes without a separator is no word: it says that the input is not text.
inline constexpr size_t max_word_bytes = 65535;

// The corpus as vocabulary ids: the words of a sentence, then 0. Words outside the vocabulary are left out.
struct EncodedCorpus {
  std::vector<std::span<const uint32_t>> segments;  // to be read one after the other
  uint64_t size = 0;                                // ids in all segments
  std::shared_ptr<const void> storage;              // holds them
};

// All that training needs of a corpus.
struct PreparedCorpus {
  Vocabulary vocabulary;
  EncodedCorpus encoded;
  uint64_t words = 0;               // those outside the vocabulary included, sentence ends not
  uint64_t invalid_utf8_words = 0;  // occurrences of words whose bytes are not valid UTF-8
};

// Reads sources, one call at a time; then prepare(). Raw text is never held: each thread
// counts into a table of its own and writes the ids of that table; encode() replaces them by the vocabulary's.
//
// A byte order mark at the start of a source is skipped; bytes that are not UTF-8 are kept as they are. A source's
// last sentence counts also without its line feed. The literal word "</s>" ends a sentence, as in word2vec.c.
class Corpus {
 public:
  // `spool_folder`: keep the ids in a temporary file there; empty: in memory.
  explicit Corpus(const std::string& spool_folder = "");

  // Plain text files, in this order, each read by all threads. Throws ERR_W2V_FILE_*, ERR_W2V_CORPUS_BINARY (a NUL
  // byte, with its place), ERR_W2V_WORD_TOO_LONG, ERR_W2V_CANCELLED. Progress: bytes.
  void append_files(const std::vector<std::string>& paths, unsigned threads, TaskControl& control);
  // The next bytes of the source `name`; a word or sentence may go on in the next call. Throws the same.
  void append(std::string_view bytes, Framing framing, const std::string& name);
  // The source is at its end.
  void end_source();

  // Read so far, sentence ends not counted; callable while another thread reads.
  uint64_t words() const { return words_.load(std::memory_order_relaxed); }
  uint64_t sentences() const;
  uint64_t invalid_utf8_words() const;

  // Throws ERR_W2V_CORPUS_EMPTY and ERR_W2V_VOCABULARY_EMPTY.
  Vocabulary vocabulary(const VocabularyLimits& limits) const;
  // Consumes the corpus. Throws what vocabulary() and read_vocabulary() throw, and ERR_W2V_CANCELLED.
  PreparedCorpus prepare(const VocabularySource& source, unsigned threads, TaskControl& control);
  // Consumes the corpus.
  EncodedCorpus encode(const Vocabulary& vocabulary, unsigned threads, TaskControl& control);

 private:
  // One thread's words; its id 0 is "</s>".
  struct Counter {
    Counter() : words(), counts{0}, first{0} { words.insert(sentence_end); }
    WordIndex words;
    std::vector<uint64_t> counts;
    std::vector<uint64_t> first;  // byte position of the first appearance, over all sources
    uint32_t add(std::string_view word, uint64_t position) {
      const uint32_t id = words.insert(word);
      if (id == counts.size()) {
        counts.push_back(0);
        first.push_back(position);
      }
      ++counts[id];
      return id;
    }
  };
  struct Segment {
    std::span<uint32_t> ids;
    uint32_t counter;
  };
  // Where a text starts, for messages and the order of first appearance.
  struct Place {
    const std::string& name;
    uint64_t offset;  // of its first byte in the source
  };

  void count_and_encode(std::string_view bytes, Framing framing, const Place& place, Counter& counter,
                        std::vector<uint32_t>& ids);
  void flush_pending();

  std::shared_ptr<IdStorage> storage_;
  std::vector<Counter> counters_;
  std::vector<Segment> segments_;
  uint64_t bytes_before_ = 0;  // of all sources that are complete
  std::atomic<uint64_t> words_{0};

  // The source that append() is in.
  uint64_t source_bytes_ = 0;
  std::string source_name_;
  std::string open_word_;
  bool open_sentence_ = false;
  std::vector<uint32_t> pending_;  // ids not yet stored
};

}  // namespace w2v
