// The vocabulary: which words are trained, in which order, and how often they occur.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/word_index.h"

namespace w2v {

inline constexpr std::string_view sentence_end = "</s>";

// Word 0 is always "</s>", whose count is the number of sentences; the others follow by falling count, ties by
// first appearance, as in word2vec.c.
struct Vocabulary {
  WordIndex words;
  std::vector<uint64_t> counts;

  size_t size() const { return counts.size(); }
  // Occurrences of all words, sentence ends included: what the learning rate and subsampling count.
  uint64_t total() const;
};

// What is to become of a word, whatever its count.
enum class TrimRule : uint8_t { by_count, keep, discard };

struct WordCount {
  std::string_view word;
  uint64_t count;
  uint64_t first;  // any number that orders words by first appearance
  TrimRule rule = TrimRule::by_count;
};

struct VocabularyLimits {
  uint64_t min_count = 5;        // rarer words are left out
  uint64_t max_final_vocab = 0;  // 0: no limit. Else min_count is raised until at most so many words are left (gensim)
};

struct VocabularySource {
  VocabularyLimits limits;
  std::string read_vocab = {};               // path of a vocabulary file; empty: the corpus is counted
  std::vector<std::string> stop_words = {};  // left out
  std::vector<TrimRule> rules = {};          // one for each of the words that are given; empty: by_count for all
};

// Throws ERR_W2V_VOCABULARY_EMPTY, naming the most frequent word, where no word is left.
Vocabulary select_vocabulary(std::vector<WordCount> words, uint64_t sentences, const VocabularySource& source);

// Reads source.read_vocab: `word count` lines (word2vec.c's -save-vocab). A line for "</s>" overrides `sentences`.
// Throws ERR_W2V_VOCABULARY_FORMAT with path and line, and what select_vocabulary() throws.
Vocabulary read_vocabulary(uint64_t sentences, const VocabularySource& source);

}  // namespace w2v
