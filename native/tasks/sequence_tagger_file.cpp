#include "tasks/sequence_tagger_file.h"

#include <algorithm>
#include <span>
#include <vector>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/section_file.h"

namespace w2v {

namespace {

constexpr std::string_view tagger_kind = "tagger";
constexpr uint32_t tagger_version = 1;

// What the numbers of the header are.
enum Number : size_t { n_window, n_hidden, n_tags, n_tables, n_columns };

struct TableEntry {
  uint32_t size;
  uint32_t min_count;
  uint64_t values;
};
static_assert(sizeof(TableEntry) == 16);

// Words one after the other, where each ends, over all of several indexes.
struct WordList {
  std::string bytes;
  std::vector<uint64_t> ends;

  void add(const WordIndex& words) {
    for (size_t i = 0; i < words.size(); ++i) {
      bytes += words.word(i);
      ends.push_back(bytes.size());
    }
  }
};

}  // namespace

void SequenceTaggerFile::save(SequenceTagger& tagger, const std::string& path, std::string_view notes,
                              TaskControl& control) {
  std::vector<TableEntry> entries;
  WordList values, tags;
  for (size_t t = 0; t < tagger.tables_.size(); ++t) {
    const ValueTable& table = tagger.tables_[t];
    entries.push_back({table.size, tagger.options_.tables[t].min_count, table.values.size()});
    values.add(table.values);
  }
  tags.add(tagger.tags_);
  const std::vector<std::span<float>> blocks = tagger.parameters();
  uint64_t bytes = 0;
  for (const auto block : blocks) bytes += block.size_bytes();
  control.begin(Phase::saving, bytes);

  AtomicFile file(path);
  SectionFileWriter writer(file, tagger_kind, tagger_version);
  const auto section = [&writer](const char* name, const void* content, size_t size) {
    writer.begin(name);
    writer.write(content, size);
  };
  section("tables", entries.data(), entries.size() * sizeof(TableEntry));
  section("columns", tagger.options_.columns.data(), tagger.options_.columns.size() * sizeof(uint32_t));
  section("value ends", values.ends.data(), values.ends.size() * sizeof(uint64_t));
  section("values", values.bytes.data(), values.bytes.size());
  section("tag ends", tags.ends.data(), tags.ends.size() * sizeof(uint64_t));
  section("tags", tags.bytes.data(), tags.bytes.size());
  section("notes", notes.data(), notes.size());
  writer.begin("parameters");
  for (const auto block : blocks) {
    control.check_cancelled();
    writer.write(block.data(), block.size_bytes());
    control.done += block.size_bytes();
  }
  writer.finish({tagger.options_.window, tagger.options_.hidden, tagger.tags_.size(), tagger.tables_.size(),
                 tagger.options_.columns.size()});
  file.commit();
}

LoadedTagger SequenceTaggerFile::load(const std::string& path, TaskControl& control) {
  const auto mapped = MappedFile::open(path);
  const std::string_view bytes(mapped->data(), mapped->size());
  if (SectionFile::kind_of(bytes) != tagger_kind)
    throw Error(code::vector_format,
                "'" + path + "': expected a tagger, as SequenceTagger's save() writes it, but it is " +
                    (SectionFile::kind_of(bytes).empty() ? "another format"
                                                         : "of the kind '" + SectionFile::kind_of(bytes) + "'"));
  const SectionFile file(bytes, path, tagger_kind, tagger_version);
  const SectionNumbers& numbers = file.numbers();
  // Sections are as large as the numbers say, and the numbers such that nothing overflows.
  const auto entries = file.exactly<TableEntry>("tables", numbers[n_tables]);
  const auto columns = file.exactly<uint32_t>("columns", numbers[n_columns]);
  const auto value_ends = file.all<uint64_t>("value ends");
  const auto tag_ends = file.exactly<uint64_t>("tag ends", numbers[n_tags]);
  const auto given = file.all<float>("parameters");
  const uint64_t most = given.size();  // there are no more numbers of anything than parameters
  const auto wrong = [&file](const std::string& what) {
    return file.format_error("expected a whole network but " + what);
  };
  if (numbers[n_tables] == 0 || numbers[n_columns] == 0 || numbers[n_tags] == 0 || numbers[n_hidden] == 0)
    throw wrong("it has no tables, columns, tags or hidden units");
  if (numbers[n_window] > most || numbers[n_hidden] > most || numbers[n_tags] > most)
    throw wrong("its sizes do not fit");
  for (const char* name : {"tables", "columns", "value ends", "values", "tag ends", "tags", "notes"})
    file.section(name).verify(path, control);

  LoadedTagger loaded{std::shared_ptr<SequenceTagger>(new SequenceTagger()), std::string(file.section("notes").bytes)};
  SequenceTagger& tagger = *loaded.tagger;
  const auto read_words = [&](WordIndex& words, std::span<const uint64_t> ends, uint64_t begin, std::string_view text) {
    for (const uint64_t end : ends) {
      if (end < begin || end > text.size()) throw wrong("its words do not lie in their section");
      const size_t before = words.size();
      if (words.insert(text.substr(begin, end - begin)) != before) throw wrong("a word comes twice");
      begin = end;
    }
    return begin;
  };
  uint64_t at = 0, begin = 0, needed = 0;
  for (const TableEntry& entry : entries) {
    if (entry.values > value_ends.size() - at) throw wrong("values are missing");
    if (entry.size == 0 || entry.size > most || (entry.values + ValueTable::first_value) > most / entry.size)
      throw wrong("its sizes do not fit");
    needed += (entry.values + ValueTable::first_value) * entry.size;
    if (needed > most) throw wrong("its sizes do not fit");
    tagger.options_.tables.push_back({entry.size, entry.min_count});
    ValueTable& table = tagger.tables_.emplace_back();
    table.size = entry.size;
    begin = read_words(table.values, value_ends.subspan(at, entry.values), begin, file.section("values").bytes);
    at += entry.values;
    table.vectors.resize((entry.values + ValueTable::first_value) * entry.size);
  }
  read_words(tagger.tags_, tag_ends, 0, file.section("tags").bytes);
  uint64_t token_size = 0;
  for (const uint32_t column : columns) {
    if (column >= entries.size()) throw wrong("a column has no table");
    tagger.options_.columns.push_back(column);
    token_size += entries[column].size;
  }
  const uint64_t tags = tag_ends.size(), hidden = numbers[n_hidden], window = 2 * numbers[n_window] + 1;
  const auto fits = [&](uint64_t rows, uint64_t size) { return size == 0 || rows <= most / size; };
  if (!fits(window, token_size) || !fits(hidden, window * token_size) || !fits(tags, hidden) || !fits(tags + 2, tags))
    throw wrong("its sizes do not fit");
  tagger.options_.window = static_cast<uint32_t>(numbers[n_window]);
  tagger.options_.hidden = static_cast<uint32_t>(hidden);
  SplitMix random(0);
  tagger.make_network(random);

  uint64_t parameters = 0;
  const std::vector<std::span<float>> blocks = tagger.parameters();
  for (const auto block : blocks) parameters += block.size();
  if (parameters != most)
    throw wrong("it has " + std::to_string(most) + " parameters for " + std::to_string(parameters));
  control.begin(Phase::loading, given.size_bytes());
  file.section("parameters").verify(path, control);
  const float* from = given.data();
  for (const auto block : blocks) {
    std::copy(from, from + block.size(), block.begin());
    from += block.size();
  }
  mapped->check_unchanged();
  return loaded;
}

}  // namespace w2v
