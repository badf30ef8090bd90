#include "train/hot_rows.h"

namespace w2v {

HotRows::HotRows(Model& model, unsigned threads, std::mutex& mutex)
    : model_(model),
      share_(1.0f / static_cast<float>(threads)),
      mutex_(mutex),
      rows_(model.targets.rows() - model.first_hot_target),
      copies_(rows_, model.targets.dims(), "copies of hot rows"),
      merged_(rows_, model.targets.dims(), "copies of hot rows") {
  merge();
}

void HotRows::merge() {
  if (rows_ == 0) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  float* shared = model_.targets.row(model_.first_hot_target);
  float *copy = copies_.row(0), *merged = merged_.row(0);
  for (size_t i = 0; i < rows_ * model_.targets.stride(); ++i) {
    shared[i] += share_ * (copy[i] - merged[i]);
    copy[i] = merged[i] = shared[i];
  }
}

}  // namespace w2v
