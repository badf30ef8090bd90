// The sidecar of a file in Google's binary format, which is as it should be: three rows of two values.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/fingerprint.h"
#include "fuzz/use_vectors.h"

namespace {

const std::string& vectors_path() {
  static const std::string path = [] {
    const std::string name = std::filesystem::temp_directory_path() / ("w2v-fuzz-" + std::to_string(getpid()));
    std::ofstream(name, std::ios::binary) << "3 2\na wxyzWXYZ\nbc WXYZwxyz\nd wxyzWXYZ\n";
    return name;
  }();
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() > 56) {  // it is of this file, whatever else it says
    const w2v::Fingerprint now = w2v::fingerprint(*w2v::MappedFile::open(vectors_path()));
    bytes.replace(32, sizeof now, reinterpret_cast<const char*>(&now), sizeof now);
  }
  w2v::fuzz::repair_header(bytes);
  std::ofstream(vectors_path() + ".w2vrows", std::ios::binary) << bytes;
  w2v::LoadOptions options;
  options.sidecar = true;
  w2v::TaskControl control;
  w2v::fuzz::use(load_vectors(vectors_path(), options, control));  // never an error: there is the scan
  return 0;
}
