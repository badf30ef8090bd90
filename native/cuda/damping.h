// Rows that many workers change at the same time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace w2v::cuda {

// What decides how often a row is touched.
struct Traffic {
  std::span<const uint64_t> counts;  // of each word
  const float* keep_probability;     // of each word; nullptr: 1
  double ns_exponent;
  uint32_t window, negative;
  bool shrink_windows;
  bool outputs;                  // the first target rows are outputs, of each word
  const uint64_t* path_offsets;  // nullptr: no tree
  const uint32_t* path_nodes;
  uint64_t target_rows;
};

// Windows whose changes are under way at the same time, beyond which a row is damped.
struct HotLimits {
  uint32_t input, target;
};

struct Damping {
  std::vector<float> input, target;  // of each row, 0 … 1; empty: 1 for all
};

// Workers compute their changes from rows as they were read: n at the same time add up to n times the step of one, and
// where n · learning rate is large, that overshoots. What is under way is counted in windows: a target row has the
// change of one from each worker that is at it, an input row those of all windows that it is a context in while it
// stays in a worker's ring. Where more than the limit are expected, the row's changes are multiplied by limit /
// expected, so that together they move it as so many would, or to their mean where that is more: between the sum
// (Hogwild) and the mean (local SGD, as the processor's hot rows).
Damping damping(const Traffic& traffic, uint32_t workers, HotLimits limits);

}  // namespace w2v::cuda
