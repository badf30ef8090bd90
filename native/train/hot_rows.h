// Rows that every thread updates all the time.
#pragma once

#include <mutex>

#include "base/matrix.h"
#include "model/model.h"

namespace w2v {

// One thread's copies of model.targets from model.first_hot_target on. Were those rows shared, each update would wait
// for the cache line that another core has just written; hierarchical softmax, whose topmost nodes are on every path,
// would gain nothing by a second thread. merge() moves the shared rows by a `threads`-th of what the copies have moved
// and starts over from there: the mean of the threads (local SGD), which unlike their sum cannot overshoot.
class HotRows {
 public:
  // `mutex`: one for all threads of a model.
  HotRows(Model& model, unsigned threads, std::mutex& mutex);

  float* copies() { return copies_.row(0); }
  void merge();

 private:
  Model& model_;
  const float share_;
  std::mutex& mutex_;
  size_t rows_;
  Matrix copies_;
  Matrix merged_;  // the copies as they were after the last merge
};

}  // namespace w2v
