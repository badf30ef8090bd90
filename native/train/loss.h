// How well a model predicts.
#pragma once

#include <vector>

#include "base/task_control.h"
#include "corpus/corpus.h"
#include "kernels/step.h"
#include "model/model.h"
#include "train/plan.h"
#include "train/state.h"

namespace w2v {

// The loss of a prediction is −log of the probability that the model gives to its labels: the sum of −log σ(±score)
// over the tree nodes on the path, the center and the negatives. A step of skip-gram is one prediction per context
// word; one of CBOW is one prediction. Exact and in double: without the table and the limits of the training loop. One
// thread.
class LossMeter {
 public:
  explicit LossMeter(const UpdateTables& tables);
  double loss(const Step& step);
  void add(const Window& window, EpochLoss& to);

 private:
  double loss_of(const float* query, const Step& step);
  const UpdateTables& tables_;
  Matrix combined_;
  std::vector<const char*> rows_;
  std::vector<float> scores_;
};

// The loss of every prediction in a text, subsampled and with windows and negatives drawn as for the first epoch of a
// training with these options; nothing is learned. The model has its tables. Throws ERR_W2V_CANCELLED.
EpochLoss validate(const Model& model, const EncodedCorpus& text, const TrainingOptions& options, TaskControl& control);

// The tables of a model for steps on its own rows, without copies and scratch memory.
UpdateTables tables_of(const Model& model, const TrainingOptions& options);

}  // namespace w2v
