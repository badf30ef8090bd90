// What a long task and the thread that watches it share: cancellation and progress.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "base/error.h"

namespace w2v {

enum class Phase : int { vocabulary, training, loading, saving, searching };

// Thread-safe. The task writes progress and polls the flags; any other thread may do the opposite.
struct TaskControl {
  std::atomic<bool> cancelled{false};   // abandon the task: check_cancelled() throws
  std::atomic<bool> stop_early{false};  // training: end between two sentences, keep what is learned
  std::atomic<Phase> phase{Phase::vocabulary};
  std::atomic<uint64_t> done{0};   // units done in this phase: bytes, words or rows
  std::atomic<uint64_t> total{0};  // units in this phase; 0 = unknown
  std::atomic<float> learning_rate{0};
  std::atomic<uint32_t> epoch{0};                                      // training: whole epochs before this one
  std::atomic<double> loss{std::numeric_limits<double>::quiet_NaN()};  // mean of this epoch so far; NaN: unknown

  void begin(Phase next, uint64_t units) {
    done = 0;
    total = units;
    phase = next;
  }
  void check_cancelled() const {
    if (cancelled.load(std::memory_order_relaxed)) throw Error(code::cancelled, "The operation was cancelled");
  }
};

}  // namespace w2v
