#include "train/schedule.h"

#include <algorithm>
#include <cmath>

namespace w2v {

float learning_rate_at(float alpha, float min_alpha, uint64_t total_words, uint64_t words) {
  if (std::isnan(min_alpha)) {
    const float left = 1 - static_cast<float>(words) / static_cast<float>(total_words + 1);
    return std::max(alpha * left, alpha * 0.0001f);
  }
  const double done =
      std::min(1.0, static_cast<double>(words) / static_cast<double>(std::max<uint64_t>(total_words, 1)));
  return static_cast<float>(alpha - (static_cast<double>(alpha) - min_alpha) * done);
}

Schedule::Schedule(const TrainingOptions& options, uint64_t total_words, TaskControl& control, uint64_t words)
    : alpha_(options.alpha),
      min_alpha_(options.min_alpha),
      total_words_(total_words),
      control_(control),
      words_(words) {
  control_.done = words;
  control_.learning_rate = rate();
}

float Schedule::advance(uint64_t words) {
  const uint64_t done = words_.fetch_add(words, std::memory_order_relaxed) + words;
  const float rate = rate_at(done);
  control_.done.store(done, std::memory_order_relaxed);
  control_.learning_rate.store(rate, std::memory_order_relaxed);
  return rate;
}

}  // namespace w2v
