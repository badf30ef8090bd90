// Documents and their labels, as they are read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/text.h"
#include "corpus/word_index.h"

namespace w2v {

// Lists of ids, one after the other: list i is [ends[i − 1], ends[i]).
template <class T>
struct Lists {
  std::vector<T> values;
  std::vector<uint64_t> ends;

  size_t size() const { return ends.size(); }
  std::span<const T> operator[](size_t i) const {
    const uint64_t begin = i == 0 ? 0 : ends[i - 1];
    return {values.data() + begin, static_cast<size_t>(ends[i] - begin)};
  }
  void end_list() { ends.push_back(values.size()); }
  uint64_t longest() const {
    uint64_t most = 0;
    for (size_t i = 0; i < size(); ++i) most = std::max<uint64_t>(most, (*this)[i].size());
    return most;
  }
};

// Documents by the ids of their words and labels, which are numbered as they first came.
struct Documents {
  WordIndex words, labels;
  std::vector<uint64_t> word_counts;   // occurrences
  std::vector<uint64_t> label_counts;  // documents
  Lists<uint32_t> document_words;      // in their order
  Lists<uint32_t> document_labels;     // each once
  std::vector<uint64_t> lines;         // of each document: its line, or its number in an iterable, from 1

  size_t size() const { return lines.size(); }
};

// Reads sources, one after the other, each in pieces. Framing::lines: a document is a line, a label a word that begins
// with the prefix (fastText's format); lines without anything are no documents. Framing::tokens: a document begins with
// the number of its labels, and those follow.
class LabelledText {
 public:
  explicit LabelledText(std::string label_prefix) : prefix_(std::move(label_prefix)) {}

  // Throws ERR_W2V_TEXT_ENCODING (a word that is not UTF-8) and ERR_W2V_LABELLED_TEXT (a label without a name), naming
  // source and line; ERR_W2V_CORPUS_BINARY, ERR_W2V_WORD_TOO_LONG.
  void append(std::string_view bytes, Framing framing, const std::string& name);
  // The source is at its end, and so is its last document.
  void end_source();

  uint64_t words() const { return documents_.document_words.values.size(); }
  const Documents& documents() const { return documents_; }
  // For messages: where document i is.
  std::string place_of(size_t document) const;
  // The documents that are complete; what comes goes on with the one that is open.
  Documents take();

 private:
  void read(std::string_view bytes, Framing framing, const Place& place);
  void add_word(std::string_view word);
  void add_label(std::string_view label);
  void end_document();
  Error error(const char* code, const std::string& expected) const;

  std::string prefix_;
  TextPieces pieces_;
  Documents documents_;
  // Where the sources are that documents came from: the first document of each, and what a document is called in it.
  struct Source {
    uint64_t first;
    std::string name;
    Framing framing;
  };
  std::vector<Source> sources_;
  uint64_t line_ = 1;            // of the open document
  bool open_ = false;            // something of it has been read
  uint64_t labels_to_come_ = 0;  // Framing::tokens
};

}  // namespace w2v
