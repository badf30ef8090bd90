#include "fuzz/use_vectors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  w2v::fuzz::repair_header(bytes);
  w2v::fuzz::load_and_use(bytes);
  return 0;
}
