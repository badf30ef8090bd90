// The kernels against the CPU trainer: their source, by emulated warps, and as nvcc compiles them, by an interpreter.
#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>
#include <string>

#include "base/shared_library.h"
#include "cuda/proofs.h"
#include "test/cuda_emulation.h"

using namespace w2v;

namespace {

// Returns how many there were.
size_t prove(const GpuLibrary& library, bool few) {
  // Kernels with blocks of targets as large as the device's, whose limits are the close ones; unless a test before in
  // the same process chose others.
  setenv("W2V_FORCE_ISA", "scalar", 0);
  size_t proofs = 0;
  cuda::prove_equal(library, few, [&](const cuda::Proof& proof) {
    ++proofs;
    CAPTURE(proof.name);
    CAPTURE(proof.error);
    CHECK(proof.holds());
  });
  return proofs;
}

}  // namespace

TEST_CASE("an emulated warp learns what the processor does, from the same draws") {
  CHECK(prove(test::emulated_library(), W2V_FEW_PROOFS) > (W2V_FEW_PROOFS ? 40 : 200));
}

#ifdef W2V_PTX_LIBRARIES
// In two orders of lanes: together, and at random. W2V_ALL_PROOFS=1, npm run test:kernels: every text with the first,
// which takes minutes, and more of the second.
TEST_CASE("the kernels as nvcc compiles them learn what the processor does, without a fault or a race") {
  const bool all = std::getenv("W2V_ALL_PROOFS") != nullptr;
  std::istringstream paths(W2V_PTX_LIBRARIES);
  for (std::string path; std::getline(paths, path, ':');) {
    CAPTURE(path);
    std::string why;
    const auto entry = reinterpret_cast<w2v_gpu_entry_function>(load_symbol(path, W2V_GPU_ENTRY, why));
    const bool loaded = entry != nullptr;
    REQUIRE_MESSAGE(loaded, why);
    const auto prove_in = [&](const char* order, bool few) {
      CAPTURE(order);
      setenv("W2V_PTX_ORDER", order, 1);
      CHECK(prove({entry(), ""}, few) > (few ? 40 : 200));
    };
    prove_in("0", !all);
    prove_in("1", true);
    if (!all) continue;
    prove_in("2", true);
    prove_in("3", true);
  }
}
#endif
