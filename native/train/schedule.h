// The learning rate over a training.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/task_control.h"
#include "model/options.h"

namespace w2v {

// The rate after `words` of `total_words`: from alpha down to min_alpha, or, where that is NaN, by word2vec.c's
// schedule.
float learning_rate_at(float alpha, float min_alpha, uint64_t total_words, uint64_t words);

// Counts the words that all threads have gone through and tells the learning rate at that point. Thread-safe.
class Schedule {
 public:
  // `total_words`: of all epochs; `words`: of them done. Progress and rate are told to `control`, which must outlive
  // this.
  Schedule(const TrainingOptions& options, uint64_t total_words, TaskControl& control, uint64_t words = 0);

  // Adds to the count; returns the rate to go on with.
  float advance(uint64_t words);
  float rate() const { return rate_at(words_.load(std::memory_order_relaxed)); }
  uint64_t total_words() const { return total_words_; }
  uint64_t words() const { return words_.load(std::memory_order_relaxed); }

 private:
  float rate_at(uint64_t words) const { return learning_rate_at(alpha_, min_alpha_, total_words_, words); }
  const float alpha_;
  const float min_alpha_;  // NaN: word2vec.c's schedule
  const uint64_t total_words_;
  TaskControl& control_;
  std::atomic<uint64_t> words_;
};

}  // namespace w2v
