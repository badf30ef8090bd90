#include "corpus/phrases.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "test/check.h"

using namespace w2v;
using test::TemporaryFolder;

namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Words that sometimes come in pairs, in lines or in one.
std::string made_text(size_t words, size_t words_per_line, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  for (size_t i = 0; i < words; ++i) {
    const unsigned choice = static_cast<unsigned>(random() % 50);
    text += choice < 5    ? "new york"
            : choice < 8  ? "bank of america"
            : choice == 9 ? "of"
                          : "w" + std::to_string(random() % 300);
    text += words_per_line != 0 && i % words_per_line == words_per_line - 1 ? '\n' : ' ';
  }
  return text;
}

FrozenPhrases freeze(const PhraseCounter& counter, double threshold) {
  return FrozenPhrases(
      counter.rules(), counter.counts(),
      [&](const WordPair& pair) { return score_pair(PhraseScoring::npmi, counter.counts(), pair, 5); }, threshold);
}

}  // namespace

TEST_CASE("files are counted the same by any number of threads, and as pieces") {
  const TemporaryFolder folder;
  TaskControl control;
  for (const size_t words_per_line : {0, 15}) {
    const std::string text = made_text(600000, words_per_line, 3);  // some shards, that end within sentences
    const std::string path = folder.write("text", text);
    PhraseRules rules;
    rules.connectors = {"of"};
    PhraseCounter one(rules), four(rules), pieces(rules);
    one.append_files({path}, 1, control);
    four.append_files({path}, 4, control);
    for (size_t at = 0; at < text.size(); at += 99991)
      pieces.append(std::string_view(text).substr(at, 99991), Framing::lines, "text");
    pieces.end_source();
    const PhraseCounts& a = one.merge(control);
    for (PhraseCounter* other : {&four, &pieces}) {
      const PhraseCounts& b = other->merge(control);
      CHECK(a.total_words == b.total_words);
      CHECK(a.words.size() == b.words.size());
      CHECK(a.pairs.size() == b.pairs.size());
      size_t differences = 0;
      a.pairs.for_each([&](const WordPair& pair) {
        const WordPair there{b.words.find(a.words.word(pair.first)), b.links.find(a.links.word(pair.link)),
                             b.words.find(a.words.word(pair.second)), 0};
        const WordPair* found = b.pairs.find(there);
        differences += found == nullptr || found->count != pair.count;
      });
      CHECK(differences == 0);
    }
    const uint32_t bank = a.words.find("bank"), america = a.words.find("america");
    const WordPair* phrase = a.pairs.find({bank, a.links.find("of"), america, 0});
    REQUIRE(phrase != nullptr);
    CHECK(phrase->count == a.counts[bank]);
    CHECK(a.words.find("of") == no_word);

    const auto frozen = std::make_shared<const FrozenPhrases>(freeze(one, 0.9));
    REQUIRE(frozen->pairs().size() == 2);
    join_files(frozen, {path}, folder.file("one"), 1, control);
    join_files(frozen, {path}, folder.file("four"), 4, control);
    std::string streamed;
    PhraseJoiner joiner(frozen);
    for (size_t at = 0; at < text.size(); at += 77777)
      joiner.append(std::string_view(text).substr(at, 77777), Framing::lines, "text", streamed);
    joiner.end_source(streamed);
    CHECK(content(folder.file("one")) == streamed);
    CHECK(content(folder.file("four")) == streamed);
    CHECK(streamed.find("new york") == std::string::npos);
    CHECK(streamed.find("bank_of_america") != std::string::npos);
  }
}

TEST_CASE("joining goes greedily from the left, over connectors, not over sentences") {
  PhraseRules rules;
  rules.connectors = {"of", "the"};
  PhraseCounts counts;
  const uint32_t a = counts.words.insert("a"), b = counts.words.insert("b"), of_the = counts.links.insert("of_the");
  counts.counts = {10, 10};
  counts.pairs.add({a, 0, b, 3});
  counts.pairs.add({b, 0, a, 2});
  counts.pairs.add({a, of_the, b, 1});
  const auto frozen = std::make_shared<const FrozenPhrases>(
      rules, counts, [](const WordPair& pair) { return double{static_cast<double>(pair.count)}; }, 0);
  CHECK(frozen->scores() == std::vector<double>{3, 2, 1});
  CHECK(frozen->phrase(frozen->pairs()[2]) == "a_of_the_b");
  const auto joined = [&](std::string_view text, Framing framing = Framing::lines) {
    std::string out;
    PhraseJoiner joiner(frozen);
    joiner.append(text, framing, "text", out);
    joiner.end_source(out);
    return out;
  };
  CHECK(joined("a b a b\n") == "a_b a_b\n");
  CHECK(joined("b a b a") == "b_a b_a\n");
  CHECK(joined("a of the b of the\n") == "a_of_the_b of the\n");
  CHECK(joined("a of b\n") == "a of b\n");
  CHECK(joined("the a the of b\n") == "the a the of b\n");
  CHECK(joined("a\nb\n\n") == "a\nb\n\n");
  CHECK(joined("") == "");
  CHECK(joined(std::string_view("a\0b\0x y\0\n", 10), Framing::tokens) == std::string_view("a_b\0x y\0\n", 9));
}

TEST_CASE("scores by their formulas") {
  PhraseCounts counts;
  counts.words.insert("a");
  counts.words.insert("b");
  counts.counts = {20, 30};
  counts.total_words = 1000;
  const WordPair pair{0, 0, 1, 12};
  counts.pairs.add(pair);
  CHECK(score_pair(PhraseScoring::standard, counts, pair, 5) == doctest::Approx(7.0 / 600 * 3));
  CHECK(score_pair(PhraseScoring::word2phrase, counts, pair, 5) == doctest::Approx(7.0 / 600 * 1000));
  CHECK(score_pair(PhraseScoring::npmi, counts, pair, 5) ==
        doctest::Approx(std::log(0.012 / (0.02 * 0.03)) / -std::log(0.012)));
  for (const PhraseScoring scoring : {PhraseScoring::npmi, PhraseScoring::word2phrase})
    CHECK(score_pair(scoring, counts, pair, 13) < -1e300);
  CHECK(score_pair(PhraseScoring::word2phrase, counts, {0, 0, 1, 25}, 21) < -1e300);
}

TEST_CASE("memory is bounded: what is rare goes, and is told") {
  PhraseRules rules;
  rules.most_entries = 3000;
  PhraseCounter counter(rules);
  TaskControl control;
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int j = 0; j < 500; ++j) text += "new york rare" + std::to_string(500 * i + j) + " x\n";
    counter.append(text, Framing::lines, "text");
  }
  counter.end_source();
  const PhraseCounts& counts = counter.merge(control);
  CHECK(counts.vocabulary() <= 3000);
  CHECK(counts.pruned_entries > 30000);
  CHECK(counts.pruned_up_to == 1);
  const WordPair* pair = counts.pairs.find({counts.words.find("new"), 0, counts.words.find("york"), 0});
  REQUIRE(pair != nullptr);
  CHECK(pair->count == 20000);
  CHECK(counts.counts[counts.words.find("new")] == 20000);
}

TEST_CASE("phrase files: as written, and refused where they are damaged") {
  const TemporaryFolder folder;
  TaskControl control;
  PhraseRules rules;
  rules.connectors = {"of", "naïve"};
  rules.delimiter = "++";
  PhraseCounter counter(rules);
  counter.append(made_text(5000, 10, 4), Framing::lines, "text");
  counter.end_source();
  const PhraseCounts& counts = counter.merge(control);
  save_phrases(rules, &counts, nullptr, folder.file("counts"), "notes", control);
  const LoadedPhrases loaded = load_phrases(folder.file("counts"), control);
  REQUIRE(loaded.counts);
  CHECK(loaded.notes == "notes");
  CHECK(loaded.rules.connectors == rules.connectors);
  CHECK(loaded.rules.delimiter == "++");
  CHECK(loaded.counts->counts == counts.counts);
  CHECK(loaded.counts->pairs.size() == counts.pairs.size());
  CHECK(loaded.counts->total_words == counts.total_words);
  const FrozenPhrases frozen = freeze(counter, 0.5);
  save_phrases(rules, nullptr, &frozen, folder.file("frozen"), "", control);
  const LoadedPhrases again = load_phrases(folder.file("frozen"), control);
  REQUIRE(again.frozen);
  CHECK(again.frozen->scores() == frozen.scores());
  CHECK(again.frozen->is_phrase("bank", "of", "america"));
  const std::string bytes = content(folder.file("counts"));
  const size_t end = bytes.find_last_not_of('\0');  // zeros fill up the last page
  for (size_t size = 0; size < end; size += 997) {
    CAPTURE(size);
    bool refused = false;
    try {
      load_phrases(folder.write("cut", bytes.substr(0, size)), control);
    } catch (const Error& error) {
      refused = error.is(code::vector_truncated) || error.is(code::vector_format);
    }
    CHECK(refused);
  }
  CHECK_CODE(load_phrases(folder.write("text", "no phrases"), control), code::vector_format, "phrases");
}
