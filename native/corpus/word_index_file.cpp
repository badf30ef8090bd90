#include "corpus/word_index_file.h"

#include <string>

namespace w2v {

void write_words(const WordIndex& words, std::string_view ends_name, std::string_view bytes_name,
                 SectionFileWriter& writer) {
  writer.begin(ends_name);
  writer.write(words.ends().data(), words.ends().size_bytes());
  writer.begin(bytes_name);
  writer.write(words.bytes(), words.size() == 0 ? 0 : words.ends().back());
}

WordIndex read_words(const SectionFile& file, std::string_view ends_name, std::string_view bytes_name, uint64_t size) {
  const auto ends = file.exactly<uint64_t>(ends_name, size);
  const auto bytes = file.all<char>(bytes_name);
  WordIndex words(size);
  uint64_t begin = 0;
  for (uint64_t i = 0; i < size; ++i) {
    if (ends[i] < begin || ends[i] > bytes.size() ||
        words.insert({bytes.data() + begin, static_cast<size_t>(ends[i] - begin)}) != i)
      throw file.format_error("expected different words one after the other in the section '" +
                              std::string(bytes_name) + "' but word " + std::to_string(i) + " is not so");
    begin = ends[i];
  }
  return words;
}

}  // namespace w2v
