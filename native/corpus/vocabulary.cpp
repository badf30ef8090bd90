#include "corpus/vocabulary.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/utf8.h"

namespace w2v {

uint64_t Vocabulary::total() const { return std::accumulate(counts.begin(), counts.end(), uint64_t{0}); }

namespace {

void apply_rules(std::vector<WordCount>& words, const VocabularySource& source) {
  for (size_t i = 0; i < std::min(words.size(), source.rules.size()); ++i) words[i].rule = source.rules[i];
  if (source.stop_words.empty()) return;
  WordIndex stop_words(source.stop_words.size());
  for (const std::string& word : source.stop_words) stop_words.insert(word);
  for (WordCount& word : words)
    if (stop_words.find(word.word) != WordIndex::none) word.rule = TrimRule::discard;
}

}  // namespace

Vocabulary select_vocabulary(std::vector<WordCount> words, uint64_t sentences, const VocabularySource& source) {
  const VocabularyLimits& limits = source.limits;
  if (words.empty()) throw Error(code::corpus_empty, "Expected a corpus with words in it but found none");
  apply_rules(words, source);
  std::sort(words.begin(), words.end(), [](const WordCount& a, const WordCount& b) {
    return a.count != b.count ? a.count > b.count : a.first < b.first;
  });
  uint64_t min_count = limits.min_count;
  if (limits.max_final_vocab != 0 && words.size() > limits.max_final_vocab)
    min_count = std::max(min_count, words[limits.max_final_vocab].count + 1);
  const auto kept = [&](const WordCount& w) {
    return w.rule == TrimRule::keep || (w.rule == TrimRule::by_count && w.count >= min_count);
  };
  const size_t size = static_cast<size_t>(std::count_if(words.begin(), words.end(), kept)) + 1;
  if (size == 1)
    throw Error(
        code::vocabulary_empty,
        "Expected words that occur at least " + std::to_string(min_count) + " times (minCount " +
            std::to_string(limits.min_count) +
            (min_count == limits.min_count ? std::string()
                                           : ", raised by maxFinalVocab " + std::to_string(limits.max_final_vocab)) +
            ") but the most frequent of " + std::to_string(words.size()) + " words, '" +
            std::string(words.front().word.substr(0, 100)) + "', occurs " + std::to_string(words.front().count) +
            " times" + (words.front().count >= min_count ? ", and all such words are stop words or trimmed" : ""));

  Vocabulary vocabulary;
  vocabulary.words = WordIndex(size);
  vocabulary.counts.reserve(size);
  vocabulary.words.insert(sentence_end);
  vocabulary.counts.push_back(sentences);
  for (const WordCount& word : words) {
    if (!kept(word)) continue;
    vocabulary.words.insert(word.word);
    vocabulary.counts.push_back(word.count);
  }
  return vocabulary;
}

Vocabulary read_vocabulary(uint64_t sentences, const VocabularySource& source) {
  const std::string& path = source.read_vocab;
  const auto file = MappedFile::open(path);
  std::string_view text(file->data(), file->size());
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<WordCount> words;
  WordIndex seen;
  uint64_t line_number = 0;
  for (size_t begin = 0; begin < text.size();) {
    ++line_number;
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;

    const auto fail = [&](const std::string& reason) {
      return Error(code::vocabulary_format,
                   "Expected 'word count' in line " + std::to_string(line_number) + " of '" + path + "' but " + reason);
    };
    const size_t space = line.find_last_of(" \t");
    if (space == std::string_view::npos || space == 0)
      throw fail("received '" + std::string(line.substr(0, 100)) + "'");
    const std::string_view word = line.substr(0, space), digits = line.substr(space + 1);
    uint64_t count = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size())
      throw fail("the count is '" + std::string(digits.substr(0, 100)) + "'");
    const size_t distinct = seen.size();
    seen.insert(word);
    if (seen.size() == distinct) throw fail("the word '" + std::string(word.substr(0, 100)) + "' came before");
    if (word == sentence_end)
      sentences = count;
    else
      words.push_back({word, count, line_number});
  }
  if (words.empty())
    throw Error(code::vocabulary_format, "Expected 'word count' lines in '" + path + "' but found no words");
  return select_vocabulary(std::move(words), sentences, source);
}

}  // namespace w2v
