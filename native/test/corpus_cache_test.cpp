#include "corpus/corpus_cache.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/xxh64.h"
#include "test/check.h"

using namespace w2v;
using test::TemporaryFolder;

namespace {

// Two million words, so that there are several blocks of ids.
std::string long_text() {
  std::mt19937 random(7);
  std::string text;
  for (int line = 0; line < 200000; ++line) {
    for (int i = 0; i < 10; ++i) text += "w" + std::to_string(random() % 300) + ' ';
    text += '\n';
  }
  return text;
}

PreparedCorpus read(const std::string& path, const VocabularySource& source) {
  TaskControl control;
  Corpus corpus;
  corpus.append_files({path}, 2, control);
  return corpus.prepare(source, 2, control);
}

std::vector<uint32_t> ids_of(const PreparedCorpus& corpus) {
  std::vector<uint32_t> ids;
  for (const auto& segment : corpus.encoded.segments) ids.insert(ids.end(), segment.begin(), segment.end());
  return ids;
}

CorpusCache::Opened open(const CorpusCache& cache) {
  TaskControl control;
  return cache.open(2, control);
}

void save(const CorpusCache& cache, const PreparedCorpus& corpus) {
  TaskControl control;
  cache.save(corpus, control);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return (std::stringstream() << file.rdbuf()).str();
}

}  // namespace

TEST_CASE("XXH64 gives the values of its specification") {
  CHECK(xxh64("", 0) == 0xEF46DB3751D8E999);
  CHECK(xxh64("a", 1) == 0xD24EC4F1A98C6E5B);
  CHECK(xxh64("abc", 3) == 0x44BC2CF5AD770999);
  CHECK(xxh64("abcdefghijklmnopqrstuvwxyz0123456789", 36) == 0x64F23ECF1609B766);
}

TEST_CASE("a cache gives back the corpus that it was made of") {
  const TemporaryFolder folder;
  const std::string text = folder.write("text", long_text());
  const VocabularySource source{{5, 250}, ""};
  const CorpusCache cache(folder.path(), {text}, source);
  CHECK(!open(cache).corpus);
  CHECK(open(cache).problem.empty());

  const PreparedCorpus corpus = read(text, source);
  REQUIRE(ids_of(corpus).size() > 1 << 20);
  save(cache, corpus);
  const CorpusCache::Opened opened = open(CorpusCache(folder.path(), {text}, source));
  CHECK(opened.problem == "");
  REQUIRE(opened.corpus);
  CHECK(opened.corpus->words == 2000000);
  CHECK(opened.corpus->invalid_utf8_words == 0);
  CHECK(opened.corpus->encoded.size == corpus.encoded.size);
  CHECK(ids_of(*opened.corpus) == ids_of(corpus));
  CHECK(opened.corpus->vocabulary.counts == corpus.vocabulary.counts);
  REQUIRE(opened.corpus->vocabulary.size() <= 251);
  for (uint32_t i = 0; i < corpus.vocabulary.size(); ++i)
    CHECK(opened.corpus->vocabulary.words.find(corpus.vocabulary.words.word(i)) == i);

  // Other options and other files have caches of their own.
  CHECK(CorpusCache(folder.path(), {text}, {{5, 0}, ""}).path() != cache.path());
  CHECK(CorpusCache(folder.path(), {text, text}, source).path() != cache.path());
  CHECK(CorpusCache(folder.path(), {text}, {{5, 250}, text}).path() != cache.path());
}

TEST_CASE("a cache is stale once its file has another size, time or content") {
  const TemporaryFolder folder;
  std::string content = long_text();
  const std::string text = folder.write("text", content);
  const VocabularySource source{{1, 0}, ""};
  const CorpusCache cache(folder.path(), {text}, source);
  save(cache, read(text, source));
  const auto time = std::filesystem::last_write_time(text);
  const auto problem = [&] { return open(CorpusCache(folder.path(), {text}, source)).problem; };
  CHECK(problem() == "");

  std::filesystem::last_write_time(text, time + std::chrono::seconds(1));
  CHECK(problem().find("stale: '" + text + "' has changed") != std::string::npos);
  for (const size_t at : {size_t{0}, content.size() - 1}) {
    std::string changed = content;
    changed[at] = 'x';
    folder.write("text", changed);
    std::filesystem::last_write_time(text, time);
    CHECK(problem().find("stale") != std::string::npos);
  }
  folder.write("text", content + "x");
  std::filesystem::last_write_time(text, time);
  CHECK(problem().find("stale") != std::string::npos);
  folder.write("text", content);
  std::filesystem::last_write_time(text, time);
  CHECK(problem() == "");
}

TEST_CASE("a cache that is cut or changed anywhere is noticed") {
  const TemporaryFolder folder;
  const std::string text = folder.write("text", "a b c a b a\nd e\n");
  const VocabularySource source{{1, 0}, ""};
  const CorpusCache cache(folder.path(), {text}, source);
  save(cache, read(text, source));
  const std::string sound = bytes_of(cache.path());
  const std::string name = std::filesystem::path(cache.path()).filename().string();
  for (size_t size = 0; size < sound.size(); ++size) {
    folder.write(name, sound.substr(0, size));
    const CorpusCache::Opened opened = open(cache);
    REQUIRE(!opened.corpus);
    CHECK(opened.problem.find(cache.path()) != std::string::npos);
  }
  folder.write(name, sound + 'x');
  CHECK(!open(cache).corpus);
  // The padding after the ids is not read: its bytes may be anything.
  size_t harmless = 0;
  for (size_t at = 0; at < sound.size(); ++at) {
    std::string changed = sound;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    folder.write(name, changed);
    if (open(cache).corpus) ++harmless;
  }
  CHECK(harmless <= 4);
  folder.write(name, sound);
  CHECK(open(cache).corpus);
}
