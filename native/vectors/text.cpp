// word2vec.c's text format: "rows dims\n", then a line per row: the word and `dims` numbers; fastText's .vec is the
// same, GloVe's has no first line. Read with any line ends, with or without a space before them. A word may hold
// spaces: the last `dims` fields of the line are the values.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "base/utf8.h"
#include "vectors/format.h"
#include "vectors/stored_words.h"

namespace w2v {

namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_trailing_blanks(std::string_view line) {
  while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

// The line that begins at `at`, without its line end.
std::string_view line_at(std::string_view bytes, size_t at) {
  return bytes.substr(at, std::min(bytes.find('\n', at), bytes.size()) - at);
}

bool parse_number(std::string_view field, float& value) {
  if (field.starts_with('+') && !field.starts_with("+-")) field.remove_prefix(1);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error == std::errc::result_out_of_range) {  // too large or too small: infinity or the nearest small number
    value = std::strtof(std::string(field).c_str(), nullptr);
    return end == field.data() + field.size();
  }
  return error == std::errc() && end == field.data() + field.size();
}

enum class RowFault { none, too_few_values, bad_value };

// Takes `dims` numbers from the end of a line into `values`; what stands before them is the word. After a fault
// `word` is the field at fault.
RowFault parse_row(std::string_view line, size_t dims, float* values, std::string_view& word) {
  line = without_trailing_blanks(line);
  for (size_t d = dims; d-- > 0;) {
    size_t begin = line.size();
    while (begin > 0 && !is_blank(line[begin - 1])) --begin;
    if (begin == 0) {
      word = line;
      return RowFault::too_few_values;
    }
    word = line.substr(begin);
    if (!parse_number(word, values[d])) return RowFault::bad_value;
    line = line.substr(0, begin - 1);
    // Blanks between values may repeat; the one after the word ends it, so that the word may be empty.
    if (d > 0) line = without_trailing_blanks(line);
  }
  word = line;
  return RowFault::none;
}

// Offsets of the lines after the header, one more than wanted at most; blank lines at the end left out.
std::vector<size_t> find_lines(const VectorSource& source, uint64_t wanted, TaskControl& control) {
  std::vector<size_t> lines;
  const std::string_view bytes = source.bytes;
  for (size_t at = source.body; at < bytes.size() && lines.size() <= wanted;) {
    if (lines.size() % rows_per_block == 0) {
      control.check_cancelled();
      control.done = at;
    }
    const std::string_view line = line_at(bytes, at);
    // Behind the last line that is wanted blank ones do not count.
    if (lines.size() < wanted || !without_trailing_blanks(line).empty()) lines.push_back(at);
    at += line.size() + 1;
  }
  while (!lines.empty() && without_trailing_blanks(line_at(bytes, lines.back())).empty()) lines.pop_back();
  return lines;
}

std::string line_name(const VectorSource& source, size_t row) {
  return "line " + std::to_string(row + (source.has_header ? 2 : 1));
}

// A row that does not parse: at the very end of the file it was cut there.
Error row_error(const VectorSource& source, RowFault fault, size_t row, bool last, std::string_view field) {
  const std::string place = line_name(source, row);
  if (last && source.has_header && source.bytes.back() != '\n') return source.truncated(row, place);
  if (fault == RowFault::too_few_values)
    return source.format_error("expected a word and " + std::to_string(source.dims) + " values in " + place +
                               " but found fewer");
  return source.format_error("expected a number in " + place + " but received " + quoted(field));
}

// How many values a line has after its word, at most: one less than it has fields.
size_t values_in_line(std::string_view line) {
  size_t fields = 0;
  for (size_t i = 0; i < line.size(); ++i) fields += !is_blank(line[i]) && (i == 0 || is_blank(line[i - 1]));
  return fields > 0 ? fields - 1 : 0;
}

}  // namespace

bool is_google_text(const VectorSource& source) {
  if (source.rows == 0) return false;
  std::vector<float> values(source.dims);
  std::string_view word;
  const std::string_view line = line_at(source.bytes, source.body);
  if (parse_row(line, source.dims, values.data(), word) == RowFault::none) return true;
  // A faulty row of as many fields in plain characters, or whose first value is a number, is a text row too: its
  // message should be about text. But the bytes of a binary value may also be a digit and a blank: then binary values
  // follow, where text is UTF-8 without control characters.
  const std::string_view text = without_trailing_blanks(line);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (plain && source.dims > 1 && values_in_line(text) == source.dims) return true;
  const size_t blank = line.find_first_of(" \t");
  if (blank == std::string_view::npos) return false;
  const std::string_view rest = line.substr(blank + 1);
  if (!parse_number(rest.substr(0, rest.find_first_of(" \t\r")), values[0])) return false;
  std::string_view as_binary = source.bytes.substr(source.body + blank + 1, source.dims * sizeof(float));
  for (int i = 0; i < 3 && !as_binary.empty() && static_cast<unsigned char>(as_binary.back()) >= 0x80; ++i)
    as_binary.remove_suffix(1);  // a character that it ends within
  return is_valid_utf8(as_binary) && std::none_of(as_binary.begin(), as_binary.end(), [](char c) {
           return (static_cast<unsigned char>(c) < ' ' && !is_blank(c) && c != '\r' && c != '\n') || c == '\x7f';
         });
}

bool is_glove_text(VectorSource& source) {
  // Words with spaces give their lines more fields: the fewest of the first lines are those of a word without.
  constexpr int lines_looked_at = 1000;
  size_t fewest = std::numeric_limits<size_t>::max(), at = source.body;
  for (int i = 0; i < lines_looked_at && at < source.bytes.size(); ++i) {
    const std::string_view line = line_at(source.bytes, at);
    at += line.size() + 1;
    const std::string_view text = without_trailing_blanks(line);
    if (!text.empty()) fewest = std::min(fewest, values_in_line(text));
  }
  // With one value each it is rather a vocabulary: words and counts.
  if (fewest < 2 || fewest == std::numeric_limits<size_t>::max()) return false;
  source.dims = fewest;
  std::vector<float> values(source.dims);
  std::string_view word;
  return parse_row(line_at(source.bytes, source.body), source.dims, values.data(), word) == RowFault::none;
}

LoadedVectors read_text(const VectorSource& source, TaskControl& control) {
  const std::string_view bytes = source.bytes;
  // Finding the lines reads the file, parsing them is the work: each counts as much.
  control.begin(Phase::loading, 2 * bytes.size());
  const uint64_t most = source.has_header ? source.wanted_rows() : source.options.limit;
  std::vector<size_t> lines = find_lines(source, most, control);
  if (lines.size() > most) {
    if (source.has_header && most == source.rows)
      throw source.format_error("expected the end of the file after the " + std::to_string(source.rows) +
                                " rows that the header promises but found " + line_name(source, source.rows) +
                                ", at byte " + std::to_string(lines[source.rows]));
    lines.pop_back();
  }
  const auto parse = [&](size_t i, float* values, std::string_view& word) {
    return parse_row(line_at(bytes, lines[i]), source.dims, values, word);
  };
  // A value takes two bytes: with more lines than that one is too short, and nothing is allocated for them.
  const bool possible = lines.size() <= (bytes.size() - source.body) / (2 * source.dims);
  if (!lines.empty() && (!possible || source.options.allow_truncated)) {
    std::vector<float> values(source.dims);
    std::string_view word;
    const size_t last = lines.size() - 1;
    for (size_t i = possible ? last : 0; i <= last; ++i) {
      const RowFault fault = parse(i, values.data(), word);
      if (fault == RowFault::none) continue;
      if (i != last || !source.options.allow_truncated) throw row_error(source, fault, i, i == last, word);
      lines.pop_back();  // the row that is cut
    }
  }

  Matrix rows(lines.size(), source.dims, "vectors");
  std::vector<std::string_view> row_words(lines.size());
  for_each_block((lines.size() + rows_per_block - 1) / rows_per_block, processors(), [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t begin = block * rows_per_block, end = std::min(lines.size(), begin + rows_per_block);
    for (size_t i = begin; i < end; ++i) {
      const RowFault fault = parse(i, rows.row(i), row_words[i]);
      if (fault != RowFault::none) throw row_error(source, fault, i, i + 1 == lines.size(), row_words[i]);
    }
    const size_t next = end == lines.size() ? bytes.size() : lines[end];
    control.done.fetch_add(next - lines[begin], std::memory_order_relaxed);
  });
  LoadedVectors loaded;
  loaded.format = source.has_header ? VectorFormat::google_text : VectorFormat::glove_text;
  if (source.has_header && lines.size() < source.wanted_rows()) {
    if (!source.options.allow_truncated) throw source.truncated(lines.size(), line_name(source, lines.size() - 1));
    loaded.missing_rows = source.rows - lines.size();
  }

  WordIndex words(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t known = words.size();
    const bool valid = is_valid_utf8(row_words[i]);
    loaded.invalid_words += !valid;
    words.insert(valid ? row_words[i] : std::string_view(repaired_word(source, row_words[i], i)));
    if (words.size() > known && known < i) std::copy_n(rows.row(i), source.dims, rows.row(known));
  }
  loaded.duplicate_words = lines.size() - words.size();
  loaded.store = std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::vector<uint64_t>());
  check_finite_rows(source, loaded);
  control.done = 2 * bytes.size();
  return loaded;
}

namespace {

// Formatting is the work: threads fill blocks, which are then written in order. append_row(row, values, text).
template <class AppendRow>
void write_rows(const VectorStore& store, AtomicFile& file, TaskControl& control, AppendRow&& append_row) {
  std::vector<std::string> blocks(2 * processors());
  for (size_t first = 0; first < store.size(); first += blocks.size() * rows_per_block) {
    for_each_block(blocks.size(), processors(), [&](size_t block, unsigned) {
      control.check_cancelled();
      std::string& text = blocks[block];
      text.clear();
      const size_t begin = std::min(store.size(), first + block * rows_per_block);
      const size_t end = std::min(store.size(), begin + rows_per_block);
      std::vector<float> values(store.dims());
      for (size_t i = begin; i < end; ++i) {
        store.copy_row(i, values.data());
        append_row(i, values, text);
      }
    });
    store.check_unchanged();
    for (const std::string& text : blocks) file.write(text);
    control.done = file.bytes_written();
  }
}

void append_number(float value, std::string& text) {
  char number[64];  // the longest float has 39 digits before the point
  const auto end = std::to_chars(number, number + sizeof(number), static_cast<double>(value), std::chars_format::fixed,
                                 6);  // as printf's %lf
  text.append(number, end.ptr);
}

}  // namespace

void write_text(const VectorStore& store, AtomicFile& file, TaskControl& control) {
  write_rows(store, file, control, [&](size_t row, const std::vector<float>& values, std::string& text) {
    text.append(store.word(row)).push_back(' ');
    for (const float value : values) {
      append_number(value, text);
      text.push_back(' ');
    }
    text.push_back('\n');
  });
}

void write_tensorboard(const VectorStore& store, const std::string& path, TaskControl& control) {
  const std::string stem = std::filesystem::path(path).extension() == ".tsv" ? path.substr(0, path.size() - 4) : path;
  AtomicFile words(stem + ".metadata.tsv"), file(path);
  if (store.has_counts()) words.write("word\tcount\n");
  for_each_row(store, control, [&](size_t i) {
    const std::string_view word = store.word(i);
    if (word.find_first_of("\t\n\r") != std::string_view::npos)
      throw Error(code::word_unwritable, "Cannot write '" + path +
                                             "': expected words without tabs and line ends but word " +
                                             std::to_string(i) + " is " + quoted(word));
    words.write(word);
    if (store.has_counts()) words.write("\t" + std::to_string(store.count(i)));
    words.write("\n");
  });
  write_rows(store, file, control, [](size_t, const std::vector<float>& values, std::string& text) {
    for (const float value : values) {
      append_number(value, text);
      text.push_back('\t');
    }
    text.back() = '\n';
  });
  words.commit();
  file.commit();
}

}  // namespace w2v
