#include "fuzz/use_vectors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  w2v::fuzz::load_and_use({reinterpret_cast<const char*>(data), size});
  return 0;
}
