// NumPy's arrays, with a list of four words.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fuzz/use_vectors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string words = [] {
    const std::string name = std::filesystem::temp_directory_path() / ("w2v-fuzz-words-" + std::to_string(getpid()));
    std::ofstream(name, std::ios::binary) << "a\nb c\n\nd\n";
    return name;
  }();
  w2v::fuzz::load_and_use({reinterpret_cast<const char*>(data), size}, words);
  return 0;
}
