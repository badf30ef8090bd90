#include "train/state.h"

#include <algorithm>

#include "base/rng.h"

namespace w2v {

TrainingState TrainingState::before(const TrainingOptions& options) {
  TrainingState state;
  state.losses.resize(options.epochs);
  for (uint32_t thread = 0; thread < options.threads; ++thread) {
    const uint64_t start = options.seed - 1 + thread;  // seed 1: as word2vec.c's threads start
    const bool again = options.epochs_before > 0;
    state.threads.push_back(
        {.draws = again ? SplitMix(start * 0x9fb21c651e98df25 + options.epochs_before).next() : start,
         .learning_rate = options.alpha});
  }
  return state;
}

uint64_t TrainingState::epochs() const {
  const auto by_epochs = [](const ThreadProgress& a, const ThreadProgress& b) { return a.epochs < b.epochs; };
  return std::min_element(threads.begin(), threads.end(), by_epochs)->epochs;
}

}  // namespace w2v
