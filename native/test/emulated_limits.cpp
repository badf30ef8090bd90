// w2v_cuda_check with emulated devices (scripts/bench/gpu-concurrency.mjs): what bounds those is of no interest.
#include <cstdio>
#include <cstdlib>

#include "cuda/limits.h"

namespace w2v::cuda {

Limits measure_limits(int, uint64_t, uint32_t) {
  std::fprintf(stderr, "emulated devices are not measured\n");
  std::exit(77);
}

}  // namespace w2v::cuda
