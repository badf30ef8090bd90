// An encoded corpus on disk, for the next training on the same text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task_control.h"
#include "corpus/corpus.h"

namespace w2v {

// One file of a folder, whose name follows from the paths of the corpus and the options that decide its vocabulary. It
// holds what PreparedCorpus holds, and what the corpus files were: sizes, times, hashes of samples. Its ids are mapped
// where they lie. Layout (little-endian, ids and counts unsigned):
//
//   bytes        what
//   80           Header (corpus_cache.cpp)
//   …            what it was made from: lines of text
//   8 · V        counts of the V vocabulary words
//   8 · V        ends of the words in the next section
//   …            the bytes of the words; zeros up to a multiple of 64
//   4 · N        the N ids; zeros up to a multiple of 8
//   8 · ⌈N/2²⁰⌉  XXH64 of each 2²⁰ ids
class CorpusCache {
 public:
  // Looks at the files now, before they are read: what changes later makes the cache stale. Throws ERR_W2V_FILE_*.
  CorpusCache(const std::string& folder, const std::vector<std::string>& files, const VocabularySource& source);

  const std::string& path() const { return path_; }

  struct Opened {
    std::optional<PreparedCorpus> corpus;
    std::string problem;  // why there is none, as a sentence; empty where there was no file
  };
  // Checks every byte. Throws ERR_W2V_CANCELLED and ERR_W2V_MEMORY only.
  Opened open(unsigned threads, TaskControl& control) const;

  // Throws ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED; what was there stays then.
  void save(const PreparedCorpus& corpus, TaskControl& control) const;

 private:
  std::string key_;  // lines of text
  std::string path_;
};

}  // namespace w2v
