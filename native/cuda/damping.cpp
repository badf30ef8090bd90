#include "cuda/damping.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace w2v::cuda {

namespace {

// Shares of 1.
std::vector<double> shares(std::vector<double> weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= total;
  return weights;
}

// `expected`: workers that are changing a row, each by so many windows.
std::vector<float> factors(const std::vector<double>& expected, double windows, uint32_t limit) {
  std::vector<float> result;
  if (*std::max_element(expected.begin(), expected.end()) * windows <= limit) return result;
  for (const double n : expected)
    result.push_back(static_cast<float>(std::min(1.0, std::max(limit / (n * windows), 1 / n))));
  return result;
}

}  // namespace

Damping damping(const Traffic& traffic, uint32_t workers, HotLimits limits) {
  const size_t words = traffic.counts.size();
  std::vector<double> occurrences(words), noise(words);
  for (size_t w = 1; w < words; ++w) {  // the sentence end is neither trained nor drawn
    const double count = static_cast<double>(traffic.counts[w]);
    const double kept = traffic.keep_probability == nullptr ? 1.0 : std::min(1.0f, traffic.keep_probability[w]);
    occurrences[w] = count * kept;
    noise[w] = std::pow(count, traffic.ns_exponent);
  }
  occurrences = shares(std::move(occurrences));
  noise = shares(std::move(noise));

  // A worker has a window's words in its ring, and the targets of one step at hand.
  std::vector<double> input(words), target(traffic.target_rows);
  for (size_t w = 0; w < words; ++w) {
    input[w] = workers * std::min(1.0, occurrences[w] * (2.0 * traffic.window + 1));
    if (traffic.outputs) target[w] = workers * (occurrences[w] + traffic.negative * noise[w]);
    if (traffic.path_offsets == nullptr) continue;
    for (uint64_t i = traffic.path_offsets[w]; i < traffic.path_offsets[w + 1]; ++i)
      target[traffic.path_nodes[i]] += workers * occurrences[w];
  }
  // Those that a word is a context in, of all that it is in the ring for.
  const double windows = traffic.shrink_windows ? traffic.window + 1.0 : 2.0 * traffic.window;
  return {factors(input, windows, limits.input), factors(target, 1, limits.target)};
}

}  // namespace w2v::cuda
