// Taggers.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fuzz/use_vectors.h"
#include "tasks/sequence_tagger_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  w2v::fuzz::repair_header(bytes);
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("w2v-fuzz-tagger-" + std::to_string(getpid()))).string();
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    w2v::TaskControl control;
    const w2v::LoadedTagger loaded = w2v::SequenceTaggerFile::load(path, control);
    w2v::TaggedText text(loaded.tagger->options().columns.size());
    std::string sentence;
    for (size_t i = 0; i < 3 * text.columns(); ++i)
      sentence += i % 2 ? std::string("in") + '\0' : std::string("Rom") + '\0';
    text.append(sentence + "\n");
    for (const uint32_t tag : loaded.tagger->tag(text, 1, control))
      if (tag >= loaded.tagger->tags().size()) std::abort();
  } catch (const w2v::Error&) {
  }
  std::remove(path.c_str());
  return 0;
}
