#include "vectors/vector_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/mapped_file.h"
#include "base/utf8.h"
#include "vectors/format.h"

namespace w2v {

namespace {

constexpr std::string_view replacement_character = "\xef\xbf\xbd";

std::string known_other_format(std::string_view bytes) {
  if (bytes.starts_with("\x1f\x8b")) return ": this is a gzip file";
  if (bytes.starts_with("\x80")) return ": this looks like a Python pickle of an unknown protocol";
  return "";
}

// Sets what the first line says; false where it is no header.
bool read_header(VectorSource& source) {
  const std::string_view bytes = source.bytes;
  const size_t line_end = bytes.substr(source.body, 100).find('\n');
  if (line_end == std::string_view::npos) return false;
  const char *p = bytes.data() + source.body, *end = p + line_end;
  const auto number = [&](uint64_t& value) {
    while (p < end && (*p == ' ' || *p == '\t')) ++p;
    const auto parsed = std::from_chars(p, end, value);
    p = parsed.ptr;
    return parsed.ec == std::errc();
  };
  const bool both = number(source.rows) && number(source.dims);
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) ++p;
  if (!both || p != end) return false;
  source.has_header = true;
  source.body += line_end + 1;
  if (source.dims == 0 || source.dims > (uint64_t{1} << 31))
    throw source.format_error("expected 1 to 2^31 dimensions but the header promises " + std::to_string(source.dims));
  if (source.rows >= WordIndex::none)
    throw source.format_error("expected fewer than 2^32 - 1 rows but the header promises " +
                              std::to_string(source.rows));
  return true;
}

LoadedVectors read_vectors(VectorSource source, TaskControl& control) {
  if (source.bytes.starts_with(byte_order_mark)) source.body = byte_order_mark.size();
  if (SectionFile::is_one(source.bytes)) return read_w2v_file(source, control);
  if (is_npy(source.bytes)) return read_npy_vectors(source, control);
  if (is_pickle(source.bytes)) return read_gensim(source, control);
  if (is_fasttext(source.bytes)) return read_fasttext(source, control);
  const std::string other = known_other_format(source.bytes);
  if (!read_header(source)) {
    if (other.empty() && is_glove_text(source)) return read_text(source, control);
    const std::string_view line = source.bytes.substr(source.body, 100);
    throw source.format_error(
        "expected a first line 'rows dimensions', or a word and its values, but " +
        (source.bytes.empty() ? "the file is empty" : "received " + quoted(line.substr(0, line.find('\n')))) + other);
  }
  // A value takes at least two bytes (" 0"): where not even one row can follow, nothing is allocated for it.
  const bool has_room = source.dims <= (source.bytes.size() - source.body) / 2;
  return has_room && is_google_text(source) ? read_text(source, control) : read_google_binary(source, control);
}

// The formats end words at blanks and rows at line ends: a word that holds one could not be read again.
void check_writable(const VectorStore& store, const std::string& path) {
  store.check_unchanged();
  for (size_t i = 0; i < store.size(); ++i)
    if (store.word(i).find_first_of(" \t\n\r") != std::string_view::npos)
      throw Error(code::word_unwritable, "Cannot write '" + path + "': expected words without blanks and line ends " +
                                             "but word " + std::to_string(i) + " is " + quoted(store.word(i)));
}

}  // namespace

std::string repaired_word(const VectorSource& source, std::string_view word, uint64_t row) {
  const EncodingErrors errors = source.options.encoding_errors;
  if (errors == EncodingErrors::strict)
    throw Error(code::vector_encoding, "'" + source.path + "': expected words in UTF-8 but that of row " +
                                           std::to_string(row + 1) + " is " +
                                           quoted(repaired_utf8(word, replacement_character)));
  return repaired_utf8(word, errors == EncodingErrors::replace ? replacement_character : "");
}

void check_finite_rows(const VectorSource& source, LoadedVectors& loaded) {
  const VectorStore& store = *loaded.store;
  loaded.non_finite_rows = store.non_finite_rows();
  if (loaded.non_finite_rows == 0 || !source.options.strict) return;
  std::vector<float> values(store.dims());
  for (size_t row = 0; row < store.size(); ++row) {
    store.copy_row(row, values.data());
    if (std::isfinite(norm(values.data(), values.size()))) continue;
    const uint64_t more = loaded.non_finite_rows - 1;
    throw source.format_error("expected finite values but the vector of " + quoted(store.word(row)) + ", row " +
                              std::to_string(row + 1) + (more == 0 ? "" : " and of " + std::to_string(more) + " more") +
                              " has NaN or infinity");
  }
}

LoadedVectors load_vectors(const std::string& path, const LoadOptions& options, TaskControl& control) {
  const auto file = MappedFile::open(path);
  file->expect_sequential();
  LoadedVectors loaded = read_vectors({path, {file->data(), file->size()}, file, file, options}, control);
  file->expect_any_order();
  return loaded;
}

LoadedVectors load_vectors(std::shared_ptr<const ByteBuffer> bytes, const std::string& name, const LoadOptions& options,
                           TaskControl& control) {
  return read_vectors({name, {bytes->data(), bytes->size()}, bytes, nullptr, options}, control);
}

bool holds_rows(std::string_view bytes, uint64_t rows) {
  if (SectionFile::is_one(bytes) || is_npy(bytes) || is_pickle(bytes) || is_fasttext(bytes)) return false;
  const LoadOptions options;
  VectorSource source{"", bytes, nullptr, nullptr, options};
  const bool has_header = read_header(source);
  // The first row must be whole for the format to be told.
  constexpr size_t longest_word = 65536, longest_value = 64;
  if (bytes.size() - source.body < longest_word + longest_value * source.dims) return false;
  if (!has_header || is_google_text(source))
    return static_cast<uint64_t>(std::count(bytes.begin() + static_cast<ptrdiff_t>(source.body), bytes.end(), '\n')) >=
           rows;
  const size_t row_bytes = source.dims * sizeof(float);
  uint64_t found = 0;
  for (size_t at = source.body, values; found < rows && next_binary_row(bytes, row_bytes, at, values);
       at = values + row_bytes)
    ++found;
  return found == rows;
}

void save_vectors(const VectorStore& store, const std::string& path, VectorFormat format, TaskControl& control,
                  std::span<const Precision> precisions) {
  if (format == VectorFormat::gensim || format == VectorFormat::fasttext)
    throw Error(code::argument,
                "Cannot write '" + path +
                    "': expected a format that can be written, but those of gensim and fastText are only read");
  if (format == VectorFormat::npy || format == VectorFormat::tensorboard) {
    control.begin(Phase::saving, store.size() * store.dims() * sizeof(float));
    (format == VectorFormat::npy ? write_npy_vectors : write_tensorboard)(store, path, control);
    return;
  }
  if (format != VectorFormat::w2v) check_writable(store, path);
  const bool text = format == VectorFormat::google_text || format == VectorFormat::glove_text;
  // A text value takes at least nine bytes; the true total is known only at the end.
  control.begin(Phase::saving, store.size() * store.dims() * (text ? 9 : sizeof(float)));
  AtomicFile file(path);
  if (format != VectorFormat::glove_text && format != VectorFormat::w2v)
    file.write(std::to_string(store.size()) + " " + std::to_string(store.dims()) + "\n");
  if (text)
    write_text(store, file, control);
  else if (format == VectorFormat::w2v)
    write_w2v_file(store, precisions, file, control);
  else
    write_google_binary(store, format == VectorFormat::google_binary ? "\n" : "", file, control);
  file.commit();
  control.total = file.bytes_written();
}

void save_vocabulary(const VectorStore& store, const std::string& path, TaskControl& control) {
  check_writable(store, path);
  control.begin(Phase::saving, 0);
  AtomicFile file(path);
  for (size_t i = 0; i < store.size(); ++i) {
    if (i % rows_per_block == 0) control.check_cancelled();
    file.write(store.word(i));
    file.write(" " + std::to_string(store.count(i)) + "\n");
  }
  file.commit();
}

}  // namespace w2v
