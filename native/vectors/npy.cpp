// NumPy's .npy with a list of words beside it, one a line.
#include <algorithm>
#include <filesystem>

#include "base/utf8.h"
#include "vectors/format.h"
#include "vectors/number_array.h"
#include "vectors/stored_words.h"

namespace w2v {

namespace {

std::string word_list_of(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".txt").string();
}

// Each line is a word, as it is: an empty line is the empty word. CR before LF, and a byte order mark, are not part of
// one.
std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace

LoadedVectors read_npy_vectors(const VectorSource& source, TaskControl& control) {
  control.begin(Phase::loading, 1);
  if (source.options.words.empty() && !source.file)
    throw source.format_error(
        "expected the option 'words', the path of a list of words: a stream of a .npy file has no name");
  const std::string list = source.options.words.empty() ? word_list_of(source.path) : source.options.words;
  const auto text = MappedFile::open(list);
  const NumberArray rows = read_npy(source.bytes, source.owner, source.file, source.path);
  LoadedVectors loaded = store_of_array(source, lines_of({text->data(), text->size()}), rows, {}, control);
  loaded.format = VectorFormat::npy;
  control.done = 1;
  return loaded;
}

void write_npy_vectors(const VectorStore& store, const std::string& path, TaskControl& control) {
  AtomicFile words(word_list_of(path)), file(path);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(store.size()) + ", " +
                       std::to_string(store.dims()) + "), }";
  constexpr size_t before = 10, alignment = 64;  // magic, version, length of the header
  header.append(alignment - (before + header.size() + 1) % alignment, ' ');
  header += '\n';
  const auto length = static_cast<uint16_t>(header.size());
  file.write(std::string_view("\x93NUMPY\x01\x00", 8));
  file.write(&length, sizeof length);
  file.write(header);
  std::vector<float> row(store.dims());
  for_each_row(store, control, [&](size_t i) {
    if (store.word(i).find_first_of("\n\r") != std::string_view::npos)
      throw Error(code::word_unwritable, "Cannot write '" + path + "': expected words without line ends but word " +
                                             std::to_string(i) + " is " + quoted(store.word(i)));
    words.write(store.word(i));
    words.write("\n");
    store.copy_row(i, row.data());
    file.write(row.data(), row.size() * sizeof(float));
    control.done = file.bytes_written();
  });
  words.commit();
  file.commit();
}

}  // namespace w2v
