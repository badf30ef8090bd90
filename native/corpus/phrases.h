// Phrases: words that occur together more often than by chance (Mikolov et al. 2013, arXiv:1310.4546).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/task_control.h"
#include "corpus/text.h"
#include "corpus/word_index.h"

namespace w2v {

// Two words that follow each other, with connector words between them or not.
struct WordPair {
  uint32_t first;
  uint32_t link;  // the connector words between: 0 = none
  uint32_t second;
  uint32_t count;  // stays at its maximum there; in frozen phrases: of their scores

  bool same_words(const WordPair& other) const {
    return first == other.first && link == other.link && second == other.second;
  }
};

// Pairs and their counts: open addressing, linear probing, a power of two of slots, at most half of them taken.
class PairTable {
 public:
  PairTable() : slots_(1024, free_slot) {}
  // Adds to the pair's count; a new pair if it was not there.
  void add(const WordPair& pair);
  // nullptr: it is not there.
  const WordPair* find(const WordPair& words) const;
  // Asks for the pair's slot, ahead of the two above.
  void prefetch(const WordPair& words) const;
  size_t size() const { return size_; }
  // Some slots are free.
  std::span<const WordPair> slots() const { return slots_; }
  template <class F>
  void for_each(F&& f) const {
    for (const WordPair& pair : slots_)
      if (pair.first != no_word) f(pair);
  }

 private:
  static constexpr WordPair free_slot{no_word, 0, 0, 0};
  size_t slot_of(const WordPair& words) const;
  std::vector<WordPair> slots_;
  size_t size_ = 0;
};

// How phrases are made of words.
struct PhraseRules {
  std::vector<std::string> connectors;  // stand within phrases, neither begin nor end them, and are not counted
  std::string delimiter = "_";
  uint64_t most_entries = 40'000'000;  // words and pairs; beyond, the rarer half is dropped
};

// Scores of a pair of words that occur a and b times, together ab times; above a threshold it is a phrase.
enum class PhraseScoring : uint8_t {
  standard,     // gensim's default: (ab − minCount) / (a · b) · different words and pairs
  npmi,         // log(ab · N / (a · b)) / −log(ab / N), N words in all (Bouma 2009); nothing below minCount
  word2phrase,  // word2phrase.c's: (ab − minCount) / (a · b) · N; nothing where a, b or ab are below minCount
};

struct PhraseCounts {
  WordIndex words;
  std::vector<uint64_t> counts;
  WordIndex links;  // link 0 is empty; others are connector words, joined by the delimiter
  PairTable pairs;
  uint64_t total_words = 0;  // connector words included
  uint64_t pruned_entries = 0, pruned_up_to = 0;

  PhraseCounts() { links.insert(""); }
  // Of the formulas: different words and pairs.
  uint64_t vocabulary() const { return words.size() + pairs.size(); }
  // Drops words and pairs that occur at most `count` times.
  void prune(uint64_t count);
};

// Pairs that are phrases.
class FrozenPhrases {
 public:
  FrozenPhrases(PhraseRules rules, const PhraseCounts& counts, const std::function<double(const WordPair&)>& score,
                double threshold);
  // As saved.
  FrozenPhrases(PhraseRules rules, WordIndex words, WordIndex links, std::vector<WordPair> pairs,
                std::vector<double> scores);

  const PhraseRules& rules() const { return rules_; }
  const WordIndex& words() const { return words_; }
  const WordIndex& links() const { return links_; }
  // The best first.
  const std::vector<WordPair>& pairs() const { return pairs_; }
  const std::vector<double>& scores() const { return scores_; }
  std::string phrase(const WordPair& pair) const;

  bool is_connector(std::string_view word) const { return connectors_.find(word) != no_word; }
  bool is_phrase(std::string_view first, std::string_view link, std::string_view second) const;

 private:
  void index();
  PhraseRules rules_;
  WordIndex connectors_, words_, links_;
  std::vector<WordPair> pairs_;
  std::vector<double> scores_;
  PairTable table_;
};

double score_pair(PhraseScoring scoring, const PhraseCounts& counts, const WordPair& pair, uint64_t min_count);

// Counts words and pairs of sources, as Corpus reads them; each thread into tables of its own.
class PhraseCounter {
 public:
  explicit PhraseCounter(PhraseRules rules, PhraseCounts counts = {});
  ~PhraseCounter();

  void append_files(const std::vector<std::string>& paths, unsigned threads, TaskControl& control);
  void append(std::string_view bytes, Framing framing, const std::string& name);
  void end_source();
  // Adds what was read since the last time to the whole.
  const PhraseCounts& merge(TaskControl& control);

  const PhraseRules& rules() const { return rules_; }
  const PhraseCounts& counts() const { return counts_; }
  uint64_t words() const { return words_read_.load(std::memory_order_relaxed); }

 private:
  struct Part;  // what one thread counts
  void count(Part& part, std::string_view bytes, Framing framing, const Place& place);
  Part& part(size_t thread);

  PhraseRules rules_;
  WordIndex connectors_;
  PhraseCounts counts_;
  std::vector<std::unique_ptr<Part>> parts_;
  TextPieces pieces_;
  std::atomic<uint64_t> words_read_{0};
};

// Joins phrases in text that comes in pieces: greedily from the left, as gensim and word2phrase.c do. Words come out as
// they went in, in sentences: with spaces between them, or in Framing::tokens each with NUL behind it.
class PhraseJoiner {
 public:
  // `in_sentence`: what comes goes on in a sentence whose words are out already.
  explicit PhraseJoiner(std::shared_ptr<const FrozenPhrases> phrases, bool in_sentence = false)
      : phrases_(std::move(phrases)), in_sentence_(in_sentence) {}
  void append(std::string_view bytes, Framing framing, const std::string& name, std::string& out);
  void end_source(std::string& out);
  // Words that are given whole, and an end of them that is none of a sentence.
  void join_words(std::string_view bytes, Framing framing, const Place& place, std::string& out);
  void end_part(std::string& out) { flush(out); }

 private:
  void word(std::string_view word, std::string& out);
  void flush(std::string& out);
  void emit(std::string_view word, std::string& out);

  std::shared_ptr<const FrozenPhrases> phrases_;
  TextPieces pieces_;
  Framing framing_ = Framing::lines;
  bool in_sentence_;        // words of it have been given out
  bool has_start_ = false;  // a word that may begin a phrase, and the connector words after it
  std::string start_, link_;
};

// Writes the files with their phrases joined, one after the other, to a temporary name and renames it. Throws what
// reading throws, and ERR_W2V_FILE_WRITE. Progress: bytes.
void join_files(const std::shared_ptr<const FrozenPhrases>& phrases, const std::vector<std::string>& paths,
                const std::string& output, unsigned threads, TaskControl& control);

// Phrase files: a file of sections of the kind "phrases" (docs/format.md). `notes`: any text, for the facade.
void save_phrases(const PhraseRules& rules, const PhraseCounts* counts, const FrozenPhrases* frozen,
                  const std::string& path, std::string_view notes, TaskControl& control);
struct LoadedPhrases {
  PhraseRules rules;
  std::unique_ptr<PhraseCounts> counts;         // either these
  std::shared_ptr<const FrozenPhrases> frozen;  // or these
  std::string notes;
};
// Throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED,
// ERR_W2V_VECTOR_CHECKSUM.
LoadedPhrases load_phrases(const std::string& path, TaskControl& control);

}  // namespace w2v
