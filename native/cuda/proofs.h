// Comparisons of a GPU library with the processor: the tests run them with emulated devices, w2v_cuda_check with real
// ones.
#pragma once

#include <functional>
#include <string>

#include "train/gpu_library.h"

namespace w2v::cuda {

struct Proof {
  std::string name;
  double error;  // ‖a − b‖ / ‖b‖, a the device's tables and b the processor's
  double limit;
  bool holds() const { return error <= limit; }  // NaN does not
};

// With the same draws, by one worker: every mode, and sentences of every kind, alone (≤ 1e-5) and a thousand of them
// (≤ 1e-3). `few`: one text each, for checkers that are slow. `tell` gets each as it is done, `begin` the name
// of each before: a fault in it may end the program.
void prove_equal(
    const GpuLibrary& library, bool few, const std::function<void(const Proof&)>& tell,
    const std::function<void(const std::string&)>& begin = [](const std::string&) {});

}  // namespace w2v::cuda
