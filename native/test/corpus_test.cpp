#include "corpus/corpus.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "test/check.h"

using namespace w2v;
using test::TemporaryFolder;

namespace {

struct Encoded {
  std::vector<std::string> words;  // the vocabulary
  std::vector<uint64_t> counts;
  std::string text;  // the corpus by its vocabulary, "|" for a sentence end
};

Encoded finish(Corpus& corpus, uint64_t min_count = 1, uint64_t max_final_vocab = 0) {
  TaskControl control;
  const Vocabulary vocabulary = corpus.vocabulary({min_count, max_final_vocab});
  const EncodedCorpus encoded = corpus.encode(vocabulary, 2, control);
  Encoded result;
  result.counts = vocabulary.counts;
  for (size_t i = 0; i < vocabulary.size(); ++i) result.words.emplace_back(vocabulary.words.word(i));
  uint64_t size = 0;
  for (const auto& segment : encoded.segments)
    for (const uint32_t id : segment) {
      result.text += id == 0 ? "|" : " " + result.words.at(id);
      ++size;
    }
  CHECK(size == encoded.size);
  return result;
}

Encoded from_bytes(const std::vector<std::string>& pieces, Framing framing = Framing::lines, uint64_t min_count = 1) {
  Corpus corpus;
  for (const std::string& piece : pieces) corpus.append(piece, framing, "test");
  corpus.end_source();
  return finish(corpus, min_count);
}

Encoded from_file(const std::string& text, unsigned threads, const std::string& spool = "") {
  const TemporaryFolder folder;
  TaskControl control;
  Corpus corpus({spool});
  corpus.append_files({folder.write("text", text)}, threads, control);
  CHECK(control.done == text.size());
  return finish(corpus);
}

}  // namespace

TEST_CASE("tables of words that outgrow their memory drop the rarer half, and ids stay right") {
  for (const unsigned threads : {1u, 3u}) {
    const TemporaryFolder folder;
    std::string text;
    for (int i = 0; i < 200000; ++i) text += "often rare" + std::to_string(i) + (i % 7 == 0 ? " seventh\n" : "\n");
    const std::string path = folder.write("text", text);
    Corpus corpus({"", 0, 600000});
    TaskControl control;
    corpus.append_files({path}, threads, control);
    const PreparedCorpus prepared = corpus.prepare({{1, 0}}, threads, control);
    CHECK(prepared.vocabulary.size() < 100000);
    CHECK(prepared.pruned.words > 100000);
    CHECK(prepared.pruned.most == 1);
    CHECK(prepared.pruned.words == prepared.pruned.occurrences);
    CHECK(prepared.encoded.size == prepared.vocabulary.total());
    const uint32_t often = prepared.vocabulary.words.find("often"), seventh = prepared.vocabulary.words.find("seventh");
    CHECK(prepared.vocabulary.counts[often] == 200000);
    std::vector<uint64_t> seen(prepared.vocabulary.size());
    size_t line = 0, wrong = 0, position = 0;
    for (const auto segment : prepared.encoded.segments)
      for (const uint32_t id : segment) {
        ++seen[id];
        wrong += position == 0 && id != often;
        wrong += id == seventh && line % 7 != 0;
        ++position;
        if (id == 0) {
          ++line;
          position = 0;
        }
      }
    CHECK(wrong == 0);
    CHECK(seen == prepared.vocabulary.counts);
  }
}

TEST_CASE("ids go to a temporary file once they are too many") {
  const TemporaryFolder folder;
  const auto encode = [&](CorpusStorage storage) {
    Corpus corpus(std::move(storage));
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "a b c d e f g h i j\n";
    for (int i = 0; i < 900; ++i) corpus.append(text, Framing::lines, "text");
    corpus.end_source();
    TaskControl control;
    return corpus.prepare({{1, 0}}, 1, control).encoded.fingerprint();
  };
  const uint64_t in_memory = encode({});
  CHECK(encode({folder.path(), 0, 0}) == in_memory);
  CHECK(encode({folder.path(), 20 << 20, 0}) == in_memory);
  CHECK_CODE(encode({folder.file("none"), 20 << 20, 0}), code::file_write, "none");
  CHECK_CODE(encode({folder.file("none"), 0, 0}), code::file_write, "none");
}

TEST_CASE("words are sorted by falling count, ties by first appearance, </s> is word 0") {
  const Encoded e = from_bytes({"b a c a\nd c  \t a\n"});
  CHECK(e.words == std::vector<std::string>{"</s>", "a", "c", "b", "d"});
  CHECK(e.counts == std::vector<uint64_t>{2, 3, 2, 1, 1});
  CHECK(e.text == " b a c a| d c a|");
}

TEST_CASE("lines: blank lines are sentences, CRLF is one line end, a last line counts without its end") {
  CHECK(from_bytes({"a\n\nb"}).text == " a|| b|");
  CHECK(from_bytes({"a b\r\nc\r\n"}).text == " a b| c|");
  CHECK(from_bytes({"a\n  \t"}).text == " a|");
  CHECK(from_bytes({"\xEF\xBB\xBFword a\n"}).text == " word a|");
  CHECK(from_bytes({"a </s> b\n"}).text == " a| b|");  // as in word2vec.c
}

TEST_CASE("tokens: words end at NUL and may hold spaces") {
  CHECK(from_bytes({std::string("new york\0city\nb\n", 16)}, Framing::tokens).text == " new york city| b|");
}

TEST_CASE("minCount and maxFinalVocab leave words out of vocabulary and corpus") {
  const std::string text = "a a a a b b b c c d d e\n";
  CHECK(from_bytes({text}, Framing::lines, 2).text == " a a a a b b b c c d d|");
  const auto limited = [&](uint64_t max_final_vocab) {
    Corpus corpus;
    corpus.append(text, Framing::lines, "test");
    corpus.end_source();
    return finish(corpus, 1, max_final_vocab).words.size() - 1;
  };
  CHECK(limited(2) == 2);
  CHECK(limited(3) == 2);  // c and d tie at the border: both go (gensim)
  CHECK(limited(4) == 4);
  CHECK(limited(9) == 5);
}

TEST_CASE("the cut into pieces, shards and threads never changes the result") {
  std::mt19937 random(7);
  std::string text = "\xEF\xBB\xBF";
  while (text.size() < (size_t{5} << 20)) {
    text += "w" + std::to_string(random() % (1 + random() % 20000));
    const char* const ends[] = {" ", " ", " ", "  ", "\t", "\n", "\r\n", "\n\n"};
    text += ends[random() % 8];
  }
  text += "last";
  const Encoded whole = from_bytes({text});
  std::vector<std::string> pieces;
  for (size_t at = 0; at < text.size();) {
    const size_t n = random() % 4 == 0 ? 1 + random() % 3 : random() % 100000;
    pieces.push_back(text.substr(at, n));
    at += pieces.back().size();
  }
  for (const Encoded& other : {from_bytes(pieces), from_file(text, 1), from_file(text, 3),
                               from_file(text, 2, std::filesystem::temp_directory_path().string())}) {
    CHECK(other.words == whole.words);
    CHECK(other.counts == whole.counts);
    CHECK((other.text == whole.text));
  }
}

TEST_CASE("several sources: each ends a sentence, ties follow the order of the sources") {
  const TemporaryFolder folder;
  TaskControl control;
  Corpus corpus;
  corpus.append("x y", Framing::lines, "first");
  corpus.end_source();
  corpus.append_files({folder.write("b", "q z"), folder.write("a", "y p\n")}, 2, control);
  corpus.append("p r", Framing::lines, "last");
  corpus.end_source();
  CHECK(corpus.words() == 8);
  CHECK(corpus.sentences() == 4);
  const Encoded e = finish(corpus);
  CHECK(e.text == " x y| q z| y p| p r|");
  CHECK(e.words == std::vector<std::string>{"</s>", "y", "p", "x", "q", "z", "r"});
}

TEST_CASE("bad text is refused with its place") {
  const TemporaryFolder folder;
  TaskControl control;
  const auto read = [&](const std::string& content) {
    Corpus corpus;
    corpus.append_files({folder.write("f", content)}, 2, control);
  };
  const auto append = [&](const std::vector<std::string>& pieces) {
    Corpus corpus;
    for (const std::string& piece : pieces) corpus.append(piece, Framing::lines, "stream");
    corpus.end_source();
  };
  const std::string nul("abc def\0ghi", 11);
  CHECK_CODE(read(nul), code::corpus_binary, "byte 7");
  CHECK_CODE(append({"abcd ", nul}), code::corpus_binary, "byte 12");
  CHECK_CODE(append({"abc", std::string(1, '\0')}), code::corpus_binary, "byte 3 of 'stream'");
  const std::string megabyte = "one two " + std::string(3 << 20, 'x') + " three";
  CHECK_CODE(read(megabyte), code::word_too_long, "byte 8");
  CHECK_CODE(append({megabyte}), code::word_too_long, "byte 8 of 'stream'");
  CHECK_CODE(append({"one ", std::string(50000, 'x'), std::string(50000, 'x')}), code::word_too_long, "byte 4");
  CHECK_CODE(read("a " + std::string(max_word_bytes + 1, 'x')), code::word_too_long, "byte 2");
  read("a " + std::string(max_word_bytes, 'x'));  // the longest word is a word
  CHECK_CODE(from_bytes({"\n \n"}), code::corpus_empty, "no");
  CHECK_CODE(from_bytes({"a a b\n"}, Framing::lines, 3), code::vocabulary_empty, "'a', occurs 2 times");
  CHECK_CODE(read_vocabulary(1, {{1, 0}, folder.file("none")}), code::file_not_found, "none");
}

TEST_CASE("words that are not UTF-8 are kept as bytes and counted") {
  Corpus corpus;
  corpus.append("caf\xE9 ok \xC3\xA9 caf\xE9 \xED\xA0\x80 \xF0\x9F\x98\x80 \xC0\xAF\n", Framing::lines, "test");
  corpus.end_source();
  CHECK(corpus.invalid_utf8_words() == 4);
  CHECK(finish(corpus).words[1] == "caf\xE9");
}

TEST_CASE("a cancelled reading stops") {
  const TemporaryFolder folder;
  TaskControl control;
  control.cancelled = true;
  Corpus corpus;
  CHECK_CODE(corpus.append_files({folder.write("f", "a b c")}, 1, control), code::cancelled, "");
}

TEST_CASE("vocabulary files") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& content, uint64_t min_count = 1) {
    return read_vocabulary(7, {{min_count, 0}, folder.write("vocab", content)});
  };
  const Vocabulary v = read("</s> 3\nrare 1\nb 5\r\na 5\nmid 2\n", 2);
  CHECK(v.counts == std::vector<uint64_t>{3, 5, 5, 2});
  CHECK(v.words.word(1) == "b");
  CHECK(v.words.word(3) == "mid");
  CHECK(read("a 5\n").counts[0] == 7);  // no line for </s>: the corpus says how many sentences there are
  CHECK(read("\xef\xbb\xbf"
             "a 5\n")
            .words.word(1) == "a");
  CHECK_CODE(read("a 5\nb\n"), code::vocabulary_format, "line 2");
  CHECK_CODE(read("a 5\nb x5\n"), code::vocabulary_format, "'x5'");
  CHECK_CODE(read("a 5\na 6\n"), code::vocabulary_format, "came before");
  CHECK_CODE(read(""), code::vocabulary_format, "no words");
}

TEST_CASE("the word index finds what was put in, and only that") {
  WordIndex index;
  std::mt19937 random(3);
  std::map<std::string, uint32_t> expected;
  for (int i = 0; i < 50000; ++i) {
    std::string word;
    for (size_t n = random() % 40; n > 0; --n) word += static_cast<char>(random() % 4);
    const auto [at, is_new] = expected.emplace(word, static_cast<uint32_t>(expected.size()));
    CHECK(index.insert(word) == at->second);
    (void)is_new;
  }
  CHECK(index.size() == expected.size());
  for (const auto& [word, id] : expected) {
    CHECK(index.find(word) == id);
    CHECK(index.word(id) == word);
    const bool there = expected.count(word + "\x05") != 0;
    CHECK((index.find(word + "\x05") != WordIndex::none) == there);
  }
}
