// Compiled once per instruction set.
#include "bench/peak.h"

#include "kernels/simd.h"

namespace w2v::W2V_ISA {

namespace {

constexpr size_t chains = 12;  // latency 4, two a cycle: 8 are needed; 16 registers have room for 12 and two constants

void run(uint64_t iterations, float* sink) {
  const Vec a = broadcast(0.999f), b = broadcast(0.001f);
  Vec x[chains];
  for (size_t c = 0; c < chains; ++c) x[c] = broadcast(static_cast<float>(c));
  for (uint64_t i = 0; i < iterations; ++i)
    for (size_t c = 0; c < chains; ++c) x[c] = fma(x[c], a, b);
  for (size_t c = 0; c < chains; ++c) *sink += sum(x[c]);
}

#define W2V_NAME_OF(isa) #isa
#define W2V_NAME(isa) W2V_NAME_OF(isa)

}  // namespace

extern const PeakLoop peak_loop;
const PeakLoop peak_loop = {W2V_NAME(W2V_ISA), run, 2.0 * chains* Vec::width};

}  // namespace w2v::W2V_ISA
