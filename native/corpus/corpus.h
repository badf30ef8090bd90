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
#include "corpus/text.h"
#include "corpus/vocabulary.h"
#include "corpus/word_index.h"

namespace w2v {

// The corpus as vocabulary ids: the words of a sentence, then 0. Words outside the vocabulary are left out.
struct EncodedCorpus {
  std::vector<std::span<const uint32_t>> segments;  // to be read one after the other
  uint64_t size = 0;                                // ids in all segments
  std::shared_ptr<const void> storage;              // holds them

  // XXH64 of all ids.
  uint64_t fingerprint() const;
};

// What was left out while counting, because the tables of words had outgrown their memory.
struct Pruned {
  uint64_t words = 0;        // each time that one was dropped
  uint64_t occurrences = 0;  // of them
  uint64_t most = 0;         // occurrences of the most frequent
};

// All that training needs of a corpus.
struct PreparedCorpus {
  Vocabulary vocabulary;
  EncodedCorpus encoded;
  uint64_t words = 0;               // those outside the vocabulary included, sentence ends not
  uint64_t invalid_utf8_words = 0;  // occurrences of words whose bytes are not valid UTF-8
  Pruned pruned;
};

// Where a corpus is kept while it is read.
struct CorpusStorage {
  std::string spool_folder;       // keep the ids in a temporary file there; empty: in memory
  uint64_t bytes_in_memory = 0;   // with a folder: of ids, before there is a file
  uint64_t vocabulary_bytes = 0;  // that the tables of words may take before rare words are dropped; 0: no limit
};

// Reads sources, one call at a time; then prepare(). Raw text is never held: each thread
// counts into a table of its own and writes the ids of that table; encode() replaces them by the vocabulary's.
//
// A byte order mark at the start of a source is skipped; bytes that are not UTF-8 are kept as they are. A source's
// last sentence counts also without its line feed. The literal word "</s>" ends a sentence, as in word2vec.c.
class Corpus {
 public:
  explicit Corpus(CorpusStorage storage = {});

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
  Pruned pruned() const;
  // The different words and how often they occur, those of the threads added up; valid until something is appended.
  std::vector<WordCount> counted_words() const;

  // Throws ERR_W2V_CORPUS_EMPTY and ERR_W2V_VOCABULARY_EMPTY.
  Vocabulary vocabulary(const VocabularyLimits& limits) const;
  // Consumes the corpus. Throws what vocabulary() and read_vocabulary() throw, and ERR_W2V_CANCELLED.
  PreparedCorpus prepare(const VocabularySource& source, unsigned threads, TaskControl& control);
  // Consumes the corpus.
  EncodedCorpus encode(const Vocabulary& vocabulary, unsigned threads, TaskControl& control);

 private:
  // One thread's words; its id 0 is "</s>". Ids are dealt anew each time that words are dropped.
  struct Counter {
    Counter() : words(), counts{0}, first{0} { words.insert(sentence_end); }
    WordIndex words;
    std::vector<uint64_t> counts;
    std::vector<uint64_t> first;           // byte position of the first appearance, over all sources
    std::vector<std::vector<bool>> stays;  // for each time: which of the ids until then stayed, in their order
    Pruned pruned;
    uint32_t add(std::string_view word, uint64_t position) {
      const uint32_t id = words.insert(word);
      if (id == counts.size()) {
        counts.push_back(0);
        first.push_back(position);
      }
      ++counts[id];
      return id;
    }
    uint64_t bytes() const { return words.memory() + (counts.capacity() + first.capacity()) * sizeof(uint64_t); }
    // Drops the rarer half.
    void prune();
  };
  struct Segment {
    std::span<uint32_t> ids;
    uint32_t counter;
    size_t deal;  // of the ids: how often words had been dropped before
  };

  void count_and_encode(std::string_view bytes, Framing framing, const Place& place, Counter& counter,
                        std::vector<uint32_t>& ids);
  void flush_pending();
  void limit_memory(Counter& counter) const;
  TextPieces::Consume into_pending();

  CorpusStorage limits_;
  std::shared_ptr<IdStorage> storage_;
  std::vector<Counter> counters_;
  std::vector<Segment> segments_;
  uint64_t bytes_before_ = 0;  // of all sources that are complete
  std::atomic<uint64_t> words_{0};

  // The source that append() is in.
  TextPieces pieces_;
  bool open_sentence_ = false;
  std::vector<uint32_t> pending_;  // ids not yet stored
};

}  // namespace w2v
