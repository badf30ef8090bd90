// Model files and checkpoints.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fuzz/use_vectors.h"
#include "train/model_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  w2v::fuzz::repair_header(bytes);
  w2v::fuzz::load_and_use(bytes);
  // A model file is one that can be mapped.
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("w2v-fuzz-model-" + std::to_string(getpid()))).string();
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  try {
    w2v::TaskControl control;
    const w2v::ModelFile file(path, control);
    (void)file.training();
    if (const auto outputs = file.output_vectors()) w2v::fuzz::use({.store = outputs});
    (void)file.read(control);
  } catch (const w2v::Error&) {
  }
  std::remove(path.c_str());
  return 0;
}
