#include "corpus/phrases.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/prefetch.h"
#include "base/section_file.h"
#include "base/threads.h"
#include "corpus/word_index_file.h"

namespace w2v {

namespace {

WordIndex index_of(const std::vector<std::string>& words) {
  WordIndex index(words.size());
  for (const std::string& word : words) index.insert(word);
  return index;
}

void append_link(std::string& link, std::string_view word, const std::string& delimiter) {
  if (!link.empty()) link += delimiter;
  link += word;
}

// The word before `end`, which stands behind a separator or at the beginning; empty where a sentence ends in between.
std::string_view word_before(std::string_view text, size_t& end) {
  while (end > 0 && is_separator(text[end - 1], Framing::lines))
    if (text[--end] == '\n') return {};
  const size_t word_end = end;
  while (end > 0 && !is_separator(text[end - 1], Framing::lines)) --end;
  std::string_view word = text.substr(end, word_end - end);
  if (end == 0 && word.starts_with(byte_order_mark)) word.remove_prefix(byte_order_mark.size());
  return word;
}

}  // namespace

// ---- pairs ----

size_t PairTable::slot_of(const WordPair& words) const {
  uint64_t h = (uint64_t{words.first} << 32 | words.second) * 0x9e3779b97f4a7c15ULL + words.link;
  h = (h ^ (h >> 32)) * 0xbf58476d1ce4e5b9ULL;
  return (h ^ (h >> 29)) & (slots_.size() - 1);
}

void PairTable::prefetch(const WordPair& words) const { w2v::prefetch(&slots_[slot_of(words)], sizeof(WordPair)); }

const WordPair* PairTable::find(const WordPair& words) const {
  for (size_t slot = slot_of(words);; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot].first == no_word) return nullptr;
    if (slots_[slot].same_words(words)) return &slots_[slot];
  }
}

void PairTable::add(const WordPair& pair) {
  size_t slot = slot_of(pair);
  while (slots_[slot].first != no_word && !slots_[slot].same_words(pair)) slot = (slot + 1) & (slots_.size() - 1);
  if (slots_[slot].first != no_word) {
    uint32_t& count = slots_[slot].count;
    count = pair.count > std::numeric_limits<uint32_t>::max() - count ? std::numeric_limits<uint32_t>::max()
                                                                      : count + pair.count;
    return;
  }
  slots_[slot] = pair;
  if (2 * ++size_ <= slots_.size()) return;
  std::vector<WordPair> old(2 * slots_.size(), free_slot);
  old.swap(slots_);
  for (const WordPair& moved : old) {
    if (moved.first == no_word) continue;
    size_t to = slot_of(moved);
    while (slots_[to].first != no_word) to = (to + 1) & (slots_.size() - 1);
    slots_[to] = moved;
  }
}

void PhraseCounts::prune(uint64_t most) {
  WordIndex kept_words;
  std::vector<uint64_t> kept_counts;
  std::vector<uint32_t> new_id(words.size(), no_word);
  for (uint32_t id = 0; id < words.size(); ++id) {
    if (counts[id] <= most) continue;
    new_id[id] = kept_words.insert(words.word(id));
    kept_counts.push_back(counts[id]);
  }
  PairTable kept_pairs;
  pairs.for_each([&](const WordPair& pair) {
    if (pair.count <= most || new_id[pair.first] == no_word || new_id[pair.second] == no_word) return;
    kept_pairs.add({new_id[pair.first], pair.link, new_id[pair.second], pair.count});
  });
  pruned_entries += words.size() + pairs.size() - kept_words.size() - kept_pairs.size();
  pruned_up_to = std::max(pruned_up_to, most);
  words = std::move(kept_words);
  counts = std::move(kept_counts);
  pairs = std::move(kept_pairs);
}

namespace {

// Counts up to this are those of the rarer half of the pairs.
uint64_t median_count(const PairTable& pairs) {
  std::vector<uint32_t> counts;
  counts.reserve(pairs.size());
  pairs.for_each([&](const WordPair& pair) { counts.push_back(pair.count); });
  if (counts.empty()) return 1;
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  return *middle;
}

}  // namespace

double score_pair(PhraseScoring scoring, const PhraseCounts& counts, const WordPair& pair, uint64_t min_count) {
  const double a = static_cast<double>(counts.counts[pair.first]), b = static_cast<double>(counts.counts[pair.second]);
  const double ab = pair.count, least = static_cast<double>(min_count), total = static_cast<double>(counts.total_words);
  constexpr double never = -std::numeric_limits<double>::infinity();
  if (a == 0 || b == 0) return never;
  switch (scoring) {
    case PhraseScoring::npmi:
      return ab < least ? never : std::log(ab / total / (a / total * (b / total))) / -std::log(ab / total);
    case PhraseScoring::word2phrase:
      return a < least || b < least || ab < least ? never : (ab - least) / a / b * total;
    case PhraseScoring::standard:
      break;
  }
  return (ab - least) / (a * b) * static_cast<double>(counts.vocabulary());
}

// ---- counting ----

struct PhraseCounter::Part {
  PhraseCounts counts;
  std::vector<char> is_connector;  // of the words
  std::vector<WordPair> batch;     // to be added
  // A word that may begin a pair, and the connector words after it.
  bool has_start = false;
  uint32_t start = 0;
  std::string link;

  uint32_t id_of(std::string_view word, const WordIndex& connectors) {
    const uint32_t id = counts.words.insert(word);
    if (id == counts.counts.size()) {
      counts.counts.push_back(0);
      is_connector.push_back(connectors.find(word) != no_word);
    }
    return id;
  }
  void begin_sentence() {
    has_start = false;
    link.clear();
  }
  void add_batch() {
    // Each lies anywhere in a large table: asked for ahead of its turn.
    constexpr size_t ahead = 16;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (i + ahead < batch.size()) counts.pairs.prefetch(batch[i + ahead]);
      counts.pairs.add(batch[i]);
    }
    batch.clear();
  }
  void prune(const WordIndex& connectors) {
    const std::string word(has_start ? counts.words.word(start) : std::string_view());
    counts.prune(median_count(counts.pairs));
    is_connector.clear();
    for (size_t id = 0; id < counts.words.size(); ++id)
      is_connector.push_back(connectors.find(counts.words.word(id)) != no_word);
    if (has_start) start = id_of(word, connectors);
  }
};

PhraseCounter::PhraseCounter(PhraseRules rules, PhraseCounts counts)
    : rules_(std::move(rules)), connectors_(index_of(rules_.connectors)), counts_(std::move(counts)) {}

PhraseCounter::~PhraseCounter() = default;

PhraseCounter::Part& PhraseCounter::part(size_t thread) {
  while (parts_.size() <= thread) parts_.push_back(std::make_unique<Part>());
  return *parts_[thread];
}

void PhraseCounter::count(Part& part, std::string_view bytes, Framing framing, const Place& place) {
  constexpr size_t batch_pairs = 4096;
  uint64_t words = 0;
  for_each_word(
      bytes, framing, place,
      [&](std::string_view word, uint64_t) {
        const uint32_t id = part.id_of(word, connectors_);
        ++words;
        if (part.is_connector[id]) {
          if (part.has_start) append_link(part.link, word, rules_.delimiter);
          return;
        }
        ++part.counts.counts[id];
        if (part.has_start) {
          const uint32_t link = part.link.empty() ? 0 : part.counts.links.insert(part.link);
          part.batch.push_back({part.start, link, id, 1});
          if (part.batch.size() == batch_pairs) part.add_batch();
        }
        part.has_start = true;
        part.start = id;
        part.link.clear();
      },
      [&] { part.begin_sentence(); });
  part.add_batch();
  part.counts.total_words += words;
  words_read_.fetch_add(words, std::memory_order_relaxed);
  if (part.counts.vocabulary() > std::max<uint64_t>(rules_.most_entries / parts_.size(), 2)) part.prune(connectors_);
}

void PhraseCounter::append_files(const std::vector<std::string>& paths, unsigned threads, TaskControl& control) {
  part(threads - 1);
  read_files(
      paths, threads, control, [](size_t, uint64_t) {},
      [&](const Shard& shard) {
        Part& part = *parts_[shard.thread];
        part.begin_sentence();
        // The shard may begin within a sentence: its first word makes a pair with the one before.
        std::vector<std::string_view> connectors;
        size_t at = shard.begin;
        std::string_view word = word_before(shard.text, at);
        for (; connectors_.find(word) != no_word; word = word_before(shard.text, at)) connectors.push_back(word);
        if (!word.empty()) {
          part.has_start = true;
          part.start = part.id_of(word, connectors_);
          for (auto each = connectors.rbegin(); each != connectors.rend(); ++each)
            append_link(part.link, *each, rules_.delimiter);
        }
        count(part, shard.bytes(), Framing::lines, shard.place());
      });
  for (const auto& part : parts_) part->begin_sentence();
}

void PhraseCounter::append(std::string_view bytes, Framing framing, const std::string& name) {
  pieces_.append(bytes, framing, name, [this](std::string_view whole, Framing framing, const Place& place) {
    count(part(0), whole, framing, place);
  });
}

void PhraseCounter::end_source() {
  pieces_.end(
      [this](std::string_view whole, Framing framing, const Place& place) { count(part(0), whole, framing, place); });
  part(0).begin_sentence();
}

const PhraseCounts& PhraseCounter::merge(TaskControl& control) {
  for (auto& part : parts_) {
    control.check_cancelled();
    const PhraseCounts& from = part->counts;
    std::vector<uint32_t> words(from.words.size(), no_word), links(from.links.size());
    for (uint32_t id = 0; id < words.size(); ++id) {
      if (part->is_connector[id]) continue;
      words[id] = counts_.words.insert(from.words.word(id));
      counts_.counts.resize(counts_.words.size());
      counts_.counts[words[id]] += from.counts[id];
    }
    for (uint32_t id = 0; id < links.size(); ++id) links[id] = counts_.links.insert(from.links.word(id));
    from.pairs.for_each([&](const WordPair& pair) {
      counts_.pairs.add({words[pair.first], links[pair.link], words[pair.second], pair.count});
    });
    counts_.total_words += from.total_words;
    counts_.pruned_entries += from.pruned_entries;
    counts_.pruned_up_to = std::max(counts_.pruned_up_to, from.pruned_up_to);
    part.reset();
  }
  parts_.clear();
  while (counts_.vocabulary() > rules_.most_entries && counts_.pairs.size() > 0)
    counts_.prune(median_count(counts_.pairs));
  return counts_;
}

// ---- phrases ----

FrozenPhrases::FrozenPhrases(PhraseRules rules, const PhraseCounts& counts,
                             const std::function<double(const WordPair&)>& score, double threshold)
    : rules_(std::move(rules)), links_(counts.links) {
  std::vector<std::pair<double, WordPair>> found;
  counts.pairs.for_each([&](const WordPair& pair) {
    const double value = score(pair);
    if (value > threshold) found.push_back({value, pair});
  });
  const auto words_of = [&](const WordPair& p) {
    return std::tuple(counts.words.word(p.first), counts.links.word(p.link), counts.words.word(p.second));
  };
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : words_of(a.second) < words_of(b.second);
  });
  for (const auto& [value, pair] : found) {
    pairs_.push_back({words_.insert(counts.words.word(pair.first)), pair.link,
                      words_.insert(counts.words.word(pair.second)), pair.count});
    scores_.push_back(value);
  }
  index();
}

FrozenPhrases::FrozenPhrases(PhraseRules rules, WordIndex words, WordIndex links, std::vector<WordPair> pairs,
                             std::vector<double> scores)
    : rules_(std::move(rules)),
      words_(std::move(words)),
      links_(std::move(links)),
      pairs_(std::move(pairs)),
      scores_(std::move(scores)) {
  index();
}

void FrozenPhrases::index() {
  connectors_ = index_of(rules_.connectors);
  for (const WordPair& pair : pairs_) table_.add(pair);
}

std::string FrozenPhrases::phrase(const WordPair& pair) const {
  std::string text(words_.word(pair.first));
  if (pair.link != 0) append_link(text, links_.word(pair.link), rules_.delimiter);
  append_link(text, words_.word(pair.second), rules_.delimiter);
  return text;
}

bool FrozenPhrases::is_phrase(std::string_view first, std::string_view link, std::string_view second) const {
  const uint32_t a = words_.find(first);
  if (a == no_word) return false;
  const uint32_t b = words_.find(second), between = link.empty() ? 0 : links_.find(link);
  if (b == no_word || between == no_word) return false;
  return table_.find({a, between, b, 0}) != nullptr;
}

// ---- joining ----

void PhraseJoiner::emit(std::string_view word, std::string& out) {
  if (framing_ == Framing::lines && in_sentence_) out += ' ';
  out += word;
  if (framing_ == Framing::tokens) out += '\0';
  in_sentence_ = true;
}

// The word that might have begun a phrase, and the connector words after it, were none.
void PhraseJoiner::flush(std::string& out) {
  if (!std::exchange(has_start_, false)) return;
  emit(start_, out);
  // The delimiter may be part of a word: connector words are kept apart by NUL here.
  for (std::string_view left = link_; !left.empty();) {
    const std::string_view word = left.substr(0, left.find('\0'));
    emit(word, out);
    left.remove_prefix(std::min(left.size(), word.size() + 1));
  }
  link_.clear();
}

void PhraseJoiner::word(std::string_view word, std::string& out) {
  if (phrases_->is_connector(word)) {
    if (!has_start_) return emit(word, out);
    if (!link_.empty()) link_ += '\0';
    link_ += word;
    return;
  }
  if (has_start_) {
    const std::string& delimiter = phrases_->rules().delimiter;
    std::string link;
    for (std::string_view left = link_; !left.empty();) {
      const std::string_view connector = left.substr(0, left.find('\0'));
      append_link(link, connector, delimiter);
      left.remove_prefix(std::min(left.size(), connector.size() + 1));
    }
    if (phrases_->is_phrase(start_, link, word)) {
      if (!link.empty()) append_link(start_, link, delimiter);
      append_link(start_, word, delimiter);
      emit(start_, out);
      has_start_ = false;
      link_.clear();
      return;
    }
    flush(out);
  }
  has_start_ = true;
  start_ = word;
}

void PhraseJoiner::join_words(std::string_view bytes, Framing framing, const Place& place, std::string& out) {
  framing_ = framing;
  for_each_word(
      bytes, framing, place, [&](std::string_view each, uint64_t) { word(each, out); },
      [&] {
        flush(out);
        out += '\n';
        in_sentence_ = false;
      });
}

void PhraseJoiner::append(std::string_view bytes, Framing framing, const std::string& name, std::string& out) {
  pieces_.append(bytes, framing, name, [&](std::string_view whole, Framing kind, const Place& place) {
    join_words(whole, kind, place, out);
  });
}

void PhraseJoiner::end_source(std::string& out) {
  const Framing framing = framing_;
  pieces_.end([&](std::string_view whole, Framing, const Place& place) { join_words(whole, framing, place, out); });
  flush(out);
  if (std::exchange(in_sentence_, false)) out += '\n';
}

namespace {

// A place at or after `from` where the text can be cut: what was joined before does not matter for what comes then.
// That is so at the start of a line, and between two words that are no phrase. `in_sentence`: whether words come before
// it.
size_t cut_after(std::string_view text, size_t from, const FrozenPhrases& phrases, bool& in_sentence) {
  in_sentence = false;
  if (from >= text.size()) return text.size();
  std::string first, link;
  bool has_first = false;
  size_t at = find_separator(text, from, Framing::lines);
  while (at < text.size()) {
    while (at < text.size() && is_separator(text[at], Framing::lines))
      if (text[at++] == '\n') return at;
    const size_t begin = at;
    at = find_separator(text, at, Framing::lines);
    const std::string_view word = text.substr(begin, at - begin);
    if (word.empty()) break;
    if (phrases.is_connector(word)) {
      if (has_first) append_link(link, word, phrases.rules().delimiter);
      continue;
    }
    if (has_first && !phrases.is_phrase(first, link, word)) {
      in_sentence = true;
      return begin;
    }
    has_first = true;
    first = word;
    link.clear();
  }
  return text.size();
}

}  // namespace

void join_files(const std::shared_ptr<const FrozenPhrases>& phrases, const std::vector<std::string>& paths,
                const std::string& output, unsigned threads, TaskControl& control) {
  constexpr size_t shard_bytes = 1 << 20;
  std::vector<std::shared_ptr<const MappedFile>> files;
  uint64_t total = 0;
  for (const std::string& path : paths) {
    files.push_back(MappedFile::open(path));
    total += files.back()->size();
  }
  control.begin(Phase::saving, total);
  AtomicFile file(output);
  for (size_t f = 0; f < files.size(); ++f) {
    const std::string_view text(files[f]->data(), files[f]->size());
    files[f]->expect_sequential();
    // So many shards at a time: what they give is written in order.
    const size_t shards = (text.size() + shard_bytes - 1) / shard_bytes, at_once = 4 * size_t{threads};
    for (size_t first = 0; first < shards; first += at_once) {
      std::vector<std::string> joined(std::min(at_once, shards - first));
      for_each_block(joined.size(), threads, [&](size_t i, unsigned) {
        control.check_cancelled();
        const size_t number = first + i;
        bool in_sentence = false, end_in_sentence;
        const size_t begin = number == 0 ? 0 : cut_after(text, number * shard_bytes, *phrases, in_sentence);
        const size_t end = cut_after(text, (number + 1) * shard_bytes, *phrases, end_in_sentence);
        if (begin >= end) return;
        PhraseJoiner joiner(phrases, in_sentence);
        joiner.join_words(text.substr(begin, end - begin), Framing::lines, {paths[f], begin}, joined[i]);
        if (end_in_sentence)
          joiner.end_part(joined[i]);
        else
          joiner.end_source(joined[i]);
      });
      for (const std::string& part : joined) {
        file.write(part);
        control.done += std::min<uint64_t>(shard_bytes, control.total - control.done);
      }
    }
    files[f].reset();
  }
  file.commit();
}

// ---- files ----

namespace {

constexpr const char* kind = "phrases";
constexpr uint32_t version = 1;

enum Number : size_t { n_words, n_links, n_pairs, n_total_words, n_most_entries, n_pruned, n_pruned_up_to, n_frozen };

}  // namespace

void save_phrases(const PhraseRules& rules, const PhraseCounts* counts, const FrozenPhrases* frozen,
                  const std::string& path, std::string_view notes, TaskControl& control) {
  std::vector<WordPair> pairs;
  if (counts)
    counts->pairs.for_each([&](const WordPair& pair) { pairs.push_back(pair); });
  else
    pairs = frozen->pairs();
  const WordIndex& words = counts ? counts->words : frozen->words();
  const WordIndex& links = counts ? counts->links : frozen->links();
  control.begin(Phase::saving, pairs.size() * sizeof(WordPair));
  AtomicFile file(path);
  SectionFileWriter writer(file, kind, version);
  write_words(words, "word ends", "words", writer);
  write_words(links, "link ends", "links", writer);
  write_words(index_of(rules.connectors), "connector ends", "connectors", writer);
  writer.begin("delimiter");
  writer.write(rules.delimiter.data(), rules.delimiter.size());
  if (counts) {
    writer.begin("counts");
    writer.write(counts->counts.data(), counts->counts.size() * sizeof(uint64_t));
  } else {
    writer.begin("scores");
    writer.write(frozen->scores().data(), frozen->scores().size() * sizeof(double));
  }
  writer.begin("pairs");
  constexpr size_t piece = 1 << 20;
  for (size_t first = 0; first < pairs.size(); first += piece) {
    control.check_cancelled();
    const size_t bytes = std::min(piece, pairs.size() - first) * sizeof(WordPair);
    writer.write(pairs.data() + first, bytes);
    control.done += bytes;
  }
  writer.begin("notes");
  writer.write(notes.data(), notes.size());
  SectionNumbers numbers{};
  numbers[n_words] = words.size();
  numbers[n_links] = links.size();
  numbers[n_pairs] = pairs.size();
  numbers[n_most_entries] = rules.most_entries;
  if (counts) {
    numbers[n_total_words] = counts->total_words;
    numbers[n_pruned] = counts->pruned_entries;
    numbers[n_pruned_up_to] = counts->pruned_up_to;
  }
  numbers[n_frozen] = counts ? 0 : 1;
  writer.finish(numbers);
  file.commit();
}

LoadedPhrases load_phrases(const std::string& path, TaskControl& control) {
  const auto mapped = MappedFile::open(path);
  const SectionFile file({mapped->data(), mapped->size()}, path, kind, version);
  control.begin(Phase::loading, mapped->size());
  for (const SectionFile::Section& section : file.sections()) section.verify(path, control);
  const SectionNumbers& numbers = file.numbers();
  const uint64_t size = mapped->size();
  if (numbers[n_words] > size || numbers[n_links] > size || numbers[n_pairs] > size || numbers[n_links] == 0)
    throw file.format_error("expected sizes that fit into the file but the header says " +
                            std::to_string(numbers[n_words]) + " words and " + std::to_string(numbers[n_pairs]) +
                            " pairs");
  LoadedPhrases loaded;
  loaded.notes = file.section("notes").bytes;
  loaded.rules.delimiter = file.section("delimiter").bytes;
  loaded.rules.most_entries = numbers[n_most_entries];
  const WordIndex connectors =
      read_words(file, "connector ends", "connectors", file.all<uint64_t>("connector ends").size());
  for (size_t i = 0; i < connectors.size(); ++i) loaded.rules.connectors.emplace_back(connectors.word(i));
  WordIndex words = read_words(file, "word ends", "words", numbers[n_words]);
  WordIndex links = read_words(file, "link ends", "links", numbers[n_links]);
  const auto pairs = file.exactly<WordPair>("pairs", numbers[n_pairs]);
  for (const WordPair& pair : pairs)
    if (pair.first >= words.size() || pair.second >= words.size() || pair.link >= links.size())
      throw file.format_error("expected pairs of the words that are there, but there is one of word " +
                              std::to_string(std::max(pair.first, pair.second)));
  if (numbers[n_frozen] != 0) {
    const auto scores = file.exactly<double>("scores", numbers[n_pairs]);
    loaded.frozen = std::make_shared<const FrozenPhrases>(loaded.rules, std::move(words), std::move(links),
                                                          std::vector<WordPair>(pairs.begin(), pairs.end()),
                                                          std::vector<double>(scores.begin(), scores.end()));
    return loaded;
  }
  const auto counts = file.exactly<uint64_t>("counts", numbers[n_words]);
  loaded.counts = std::make_unique<PhraseCounts>();
  loaded.counts->words = std::move(words);
  loaded.counts->links = std::move(links);
  loaded.counts->counts.assign(counts.begin(), counts.end());
  for (const WordPair& pair : pairs) loaded.counts->pairs.add(pair);
  loaded.counts->total_words = numbers[n_total_words];
  loaded.counts->pruned_entries = numbers[n_pruned];
  loaded.counts->pruned_up_to = numbers[n_pruned_up_to];
  return loaded;
}

}  // namespace w2v
