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
  bool outputs;                  // the first target rows are outputs, of each word
  const uint64_t* path_offsets;  // nullptr: no tree
  const uint32_t* path_nodes;
  uint64_t target_rows;
};

struct Damping {
  std::vector<float> input, target;  // of each row, 0 … 1; empty: 1 for all
};

// Workers compute their changes from rows as they were read: n at the same time add up to n times the step of one, and
// where n · learning rate is large, that overshoots. A row that `workers` workers are expected to be changing more than
// `limit` times at once has its changes multiplied by limit / expected, so that together they move it as `limit` would:
// between the sum (Hogwild) and the mean (local SGD, as the processor's hot rows).
Damping damping(const Traffic& traffic, uint32_t workers, uint32_t limit);

}  // namespace w2v::cuda
