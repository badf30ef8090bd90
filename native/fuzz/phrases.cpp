// Phrase files.
#include "corpus/phrases.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fuzz/use_vectors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  w2v::fuzz::repair_header(bytes);
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("w2v-fuzz-phrases-" + std::to_string(getpid()))).string();
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    w2v::TaskControl control;
    w2v::LoadedPhrases loaded = w2v::load_phrases(path, control);
    if (loaded.counts) {
      const w2v::PhraseCounts& counts = *loaded.counts;
      const auto score = [&](const w2v::WordPair& pair) {
        return w2v::score_pair(w2v::PhraseScoring::npmi, counts, pair, 1);
      };
      loaded.frozen = std::make_shared<const w2v::FrozenPhrases>(loaded.rules, counts, score, -2);
    }
    std::string joined;
    w2v::PhraseJoiner joiner(loaded.frozen);
    joiner.append("new york of new york\n", w2v::Framing::lines, "text", joined);
    joiner.end_source(joined);
    for (const w2v::WordPair& pair : loaded.frozen->pairs()) (void)loaded.frozen->phrase(pair);
  } catch (const w2v::Error&) {
  }
  std::remove(path.c_str());
  return 0;
}
