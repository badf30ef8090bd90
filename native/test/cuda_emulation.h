// Devices of the CUDA backend's host code on this processor: its kernels' source with emulated warps.
#pragma once

#include <string>

#include "train/gpu_library.h"

namespace w2v::test {

// What there is; tests change it and put it back. The environment variable W2V_EMULATED_WORKERS: so many to begin with,
// in turns.
struct Emulation {
  int devices = 1;
  std::string why;                             // there is none
  int capability = 90, least_capability = 75;  // that there is code for
  uint64_t memory = uint64_t{1} << 30;         // bytes of each device
  uint32_t workers = 8;                        // of each device at the same time
  bool in_turns = false;                       // they take turns, step by step; else one comes after the other
  uint64_t uploads = 0;                        // of parts of the corpus, counted
};
Emulation& emulation();

// The library with these devices.
GpuLibrary emulated_library();

}  // namespace w2v::test
