#include "tasks/labelled_text.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"

namespace w2v {

namespace {

std::string place_text(const std::string& name, Framing framing, uint64_t line) {
  return framing == Framing::lines ? "'" + name + "', line " + std::to_string(line)
                                   : "document " + std::to_string(line) + " of " + name;
}

}  // namespace

Error LabelledText::error(const char* code, const std::string& expected) const {
  const Source& source = sources_.back();
  return Error(code, place_text(source.name, source.framing, line_) + ": " + expected);
}

std::string LabelledText::place_of(size_t document) const {
  const auto after = std::upper_bound(sources_.begin(), sources_.end(), document,
                                      [](uint64_t d, const Source& source) { return d < source.first; });
  const Source& source = *std::prev(after);
  return place_text(source.name, source.framing, documents_.lines[document]);
}

void LabelledText::add_word(std::string_view word) {
  const uint32_t id = documents_.words.insert(word);
  if (id == documents_.word_counts.size()) {
    // Once for each different word.
    if (!is_valid_utf8(word))
      throw error(code::text_encoding, "expected UTF-8 but received the word '" + repaired_utf8(word, "\uFFFD") + "'");
    documents_.word_counts.push_back(0);
  }
  ++documents_.word_counts[id];
  documents_.document_words.values.push_back(id);
}

void LabelledText::add_label(std::string_view label) {
  const uint32_t id = documents_.labels.insert(label);
  if (id == documents_.label_counts.size()) {
    if (!is_valid_utf8(label))
      throw error(code::text_encoding,
                  "expected UTF-8 but received the label '" + repaired_utf8(label, "\uFFFD") + "'");
    documents_.label_counts.push_back(0);
  }
  Lists<uint32_t>& lists = documents_.document_labels;
  const auto begin = lists.values.begin() + static_cast<std::ptrdiff_t>(lists.ends.empty() ? 0 : lists.ends.back());
  if (std::find(begin, lists.values.end(), id) != lists.values.end()) return;  // once is enough
  lists.values.push_back(id);
  ++documents_.label_counts[id];
}

void LabelledText::end_document() {
  if (std::exchange(open_, false)) {
    documents_.document_words.end_list();
    documents_.document_labels.end_list();
    documents_.lines.push_back(line_);
  }
  ++line_;
}

void LabelledText::read(std::string_view bytes, Framing framing, const Place& place) {
  for_each_word(
      bytes, framing, place,
      [&](std::string_view word, uint64_t) {
        if (framing == Framing::lines) {
          open_ = true;
          if (!prefix_.empty() && word.starts_with(prefix_)) {
            if (word.size() == prefix_.size())
              throw error(code::labelled_text, "expected the name of a label after '" + prefix_ + "'");
            add_label(word.substr(prefix_.size()));
          } else {
            add_word(word);
          }
        } else if (!std::exchange(open_, true)) {
          std::from_chars(word.data(), word.data() + word.size(), labels_to_come_);
        } else if (labels_to_come_ > 0) {
          --labels_to_come_;
          add_label(word);
        } else {
          add_word(word);
        }
      },
      [&] { end_document(); });
}

void LabelledText::append(std::string_view bytes, Framing framing, const std::string& name) {
  if (sources_.empty() || sources_.back().name != name || sources_.back().framing != framing)
    sources_.push_back({documents_.size(), name, framing});
  pieces_.append(bytes, framing, name,
                 [this](std::string_view whole, Framing kind, const Place& place) { read(whole, kind, place); });
}

void LabelledText::end_source() {
  if (sources_.empty()) return;
  const Framing framing = sources_.back().framing;
  pieces_.end([&](std::string_view whole, Framing, const Place& place) { read(whole, framing, place); });
  if (open_) end_document();
  line_ = 1;
}

Documents LabelledText::take() {
  Documents taken = std::exchange(documents_, Documents());
  if (!sources_.empty()) sources_ = {{0, sources_.back().name, sources_.back().framing}};
  // Of the open document, the words and labels go over to the new ones.
  const auto move_rest = [](Lists<uint32_t>& lists, auto&& add) {
    const uint64_t whole = lists.ends.empty() ? 0 : lists.ends.back();
    for (uint64_t i = whole; i < lists.values.size(); ++i) add(lists.values[i]);
    lists.values.resize(whole);
  };
  move_rest(taken.document_words, [&](uint32_t id) {
    --taken.word_counts[id];
    add_word(taken.words.word(id));
  });
  move_rest(taken.document_labels, [&](uint32_t id) {
    --taken.label_counts[id];
    add_label(taken.labels.word(id));
  });
  return taken;
}

}  // namespace w2v
