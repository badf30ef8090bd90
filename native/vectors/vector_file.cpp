#include "vectors/vector_file.h"

#include <charconv>
#include <string_view>

#include "base/mapped_file.h"
#include "vectors/format.h"

namespace w2v {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string known_other_format(std::string_view bytes) {
  if (bytes.starts_with("\x1f\x8b")) return ": this is a gzip file, decompress it first";
  if (bytes.starts_with("\xba\x16\x4f\x2f")) return ": this is a fastText model, give its .vec file";
  if (bytes.starts_with("\x80")) return ": this looks like a Python pickle (gensim's own format)";
  return "";
}

VectorSource read_header(const std::string& path, std::string_view bytes) {
  VectorSource source{path, bytes, 0, 0, 0};
  const auto fail = [&](const std::string& received) {
    return source.format_error("expected a first line 'rows dimensions' but " + received + known_other_format(bytes));
  };
  if (bytes.empty()) throw fail("the file is empty");
  const size_t begin = bytes.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  const size_t line_end = bytes.substr(0, 100).find('\n');
  if (line_end == std::string_view::npos)
    throw fail("the first " + std::to_string(std::min<size_t>(bytes.size(), 100)) + " bytes hold no line end");
  const char *p = bytes.data() + begin, *end = bytes.data() + line_end;
  const auto number = [&](uint64_t& value) {
    while (p < end && (*p == ' ' || *p == '\t')) ++p;
    const auto parsed = std::from_chars(p, end, value);
    p = parsed.ptr;
    return parsed.ec == std::errc();
  };
  const bool both = number(source.rows) && number(source.dims);
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) ++p;
  if (!both || p != end) throw fail("received " + quoted(bytes.substr(begin, line_end - begin)));
  source.body = line_end + 1;

  // Nothing is allocated before the promise is plausible: a value takes at least two bytes (" 0").
  const uint64_t available = bytes.size() - source.body;
  if (source.dims == 0 || source.dims > (uint64_t{1} << 31))
    throw source.format_error("expected 1 to 2^31 dimensions but the header promises " + std::to_string(source.dims));
  if (source.rows >= WordIndex::none)
    throw source.format_error("expected fewer than 2^32 - 1 rows but the header promises " +
                              std::to_string(source.rows));
  if (source.rows > available / (2 * source.dims))
    throw Error(code::vector_truncated, "'" + path + "' is truncated: the header promises " +
                                            std::to_string(source.rows) + " rows of " + std::to_string(source.dims) +
                                            " values but only " + std::to_string(available) + " bytes follow");
  return source;
}

// The formats end words at blanks and rows at line ends: a word that holds one could not be read again.
void check_writable(const VectorStore& store, const std::string& path) {
  for (size_t i = 0; i < store.size(); ++i)
    if (store.word(i).find_first_of(" \t\n\r") != std::string_view::npos)
      throw Error(code::word_unwritable, "Cannot write '" + path + "': expected words without blanks and line ends " +
                                             "but word " + std::to_string(i) + " is " + quoted(store.word(i)));
}

}  // namespace

LoadedVectors load_vectors(const std::string& path, TaskControl& control) {
  const auto file = MappedFile::open(path);
  file->expect_sequential();
  const VectorSource source = read_header(path, {file->data(), file->size()});
  return is_google_text(source) ? read_google_text(source, control) : read_google_binary(source, control);
}

void save_vectors(const VectorStore& store, const std::string& path, VectorFormat format, TaskControl& control) {
  check_writable(store, path);
  const bool text = format == VectorFormat::google_text;
  // A text value takes at least nine bytes; the true total is known only at the end.
  control.begin(Phase::saving, store.size() * store.dims() * (text ? 9 : sizeof(float)));
  AtomicFile file(path);
  file.write(std::to_string(store.size()) + " " + std::to_string(store.dims()) + "\n");
  (text ? write_google_text : write_google_binary)(store, file, control);
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
