// Whether the beginning of a stream has enough rows.
#include "fuzz/use_vectors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    for (const uint64_t rows : {0, 1, 5, 1'000'000}) w2v::holds_rows({reinterpret_cast<const char*>(data), size}, rows);
  } catch (const w2v::Error&) {
  }
  return 0;
}
