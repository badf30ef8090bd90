// Classifier files.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fuzz/use_vectors.h"
#include "tasks/text_classifier_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  w2v::fuzz::repair_header(bytes);
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("w2v-fuzz-classifier-" + std::to_string(getpid()))).string();
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    w2v::TaskControl control;
    const w2v::LoadedClassifier loaded = w2v::load_classifier(path, control);
    w2v::LabelledText text("__label__");
    text.append("__label__a a b c\n__label__b no such words\n\n__label__a\n", w2v::Framing::lines, "text");
    text.end_source();
    const std::vector<uint32_t> all{0, 1, 2};
    const w2v::EncodedDocuments documents = w2v::encode(*loaded.classifier, text.documents(), all, 1, control);
    (void)w2v::predict(*loaded.classifier, documents, {3}, 1, control);
    (void)w2v::evaluate(*loaded.classifier, documents, {}, 1, control);
    const auto vectors = w2v::word_vectors(loaded.classifier);
    for (size_t i = 0; i < vectors->size(); ++i) (void)vectors->word(i);
  } catch (const w2v::Error&) {
  }
  std::remove(path.c_str());
  return 0;
}
