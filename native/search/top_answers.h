// The best few of many scored rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace w2v {

struct Answer {
  float score;
  uint32_t id;
};

inline bool better(const Answer& a, const Answer& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; }

// Keeps the best `n` > 0 of the answers offered, in a heap with the worst of them on top.
class TopAnswers {
 public:
  explicit TopAnswers(size_t n) : n_(n) {}

  // No answer with a score at or below this gets in, when answers are offered by ascending id.
  float threshold() const { return heap_.size() < n_ ? -std::numeric_limits<float>::infinity() : heap_.front().score; }

  void offer(const Answer& answer) {
    if (heap_.size() == n_) {
      if (!better(answer, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(answer);
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  const std::vector<Answer>& unsorted() const { return heap_; }

 private:
  size_t n_;
  std::vector<Answer> heap_;
};

}  // namespace w2v
