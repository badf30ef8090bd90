// The kernels' source against the CPU trainer.
#include <doctest/doctest.h>

#include "cuda/proofs.h"
#include "test/cuda_emulation.h"

using namespace w2v;

TEST_CASE("an emulated warp learns what the processor does, from the same draws") {
  size_t proofs = 0;
  cuda::prove_equal(test::emulated_library(), W2V_FEW_PROOFS, [&](const cuda::Proof& proof) {
    ++proofs;
    CAPTURE(proof.name);
    CAPTURE(proof.error);
    CHECK(proof.holds());
  });
  CHECK(proofs > (W2V_FEW_PROOFS ? 40 : 200));
}
