// Where a training is.
#pragma once

#include <cstdint>
#include <vector>

#include "model/options.h"

namespace w2v {

// What one thread has gone through. Between two sentences: with the model, it is all that the thread needs to go on.
struct ThreadProgress {
  uint64_t epochs = 0;           // whole ones
  uint64_t words = 0;            // in the epoch after those: ids of its part of the corpus
  uint64_t published_words = 0;  // of them told to the schedule
  uint64_t draws = 0;            // the state of word2vec.c's generator
  double learning_rate = 0;
};

// Training measures one window of so many, before it learns from it.
inline constexpr uint64_t windows_between_losses = 256;

// The mean of −log p over what was sampled of an epoch, p the probability that a prediction gave to what was right.
struct EpochLoss {
  double sum = 0;
  uint64_t predictions = 0;
  double mean() const { return sum / static_cast<double>(predictions); }  // NaN: nothing was sampled
};

struct TrainingState {
  std::vector<ThreadProgress> threads;
  uint64_t words = 0;             // told to the schedule, by all threads, in all epochs
  std::vector<EpochLoss> losses;  // one per epoch

  static TrainingState before(const TrainingOptions& options);
  // Whole ones that every thread has gone through.
  uint64_t epochs() const;
};

}  // namespace w2v
