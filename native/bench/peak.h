// The ceiling that kernels are measured against.
#pragma once

#include <stdint.h>

namespace w2v {

// Independent multiply-adds in registers, as many in flight as the instruction set has room for; no memory.
struct PeakLoop {
  const char* isa;
  // Runs the loop `iterations` times; `sink` gets a number that depends on all of them.
  void (*run)(uint64_t iterations, float* sink);
  double flops_per_iteration;  // a multiply-add counts as two
};

}  // namespace w2v
