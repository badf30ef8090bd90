// What bounds a training on a device, measured.
#pragma once

#include <cstdint>

namespace w2v::cuda {

struct Limits {
  double fma_per_second;              // float, all lanes together
  double copy_bytes_per_second;       // device memory, read and written
  double reduction_bytes_per_second;  // rows added to random rows, as the kernel adds them
  double row_read_bytes_per_second;   // random rows read
};

// Of a device, by number, with a table of `rows` rows of `stride` floats, 128 or 320. Ends the program with a message
// where a call fails.
Limits measure_limits(int device, uint64_t rows, uint32_t stride);

}  // namespace w2v::cuda
