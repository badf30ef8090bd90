// Training on the processor's cores.
#pragma once

#include "train/trainer.h"

namespace w2v {

// On options.threads threads, which update the same matrices without locks (Hogwild: Recht et al. 2011). One thread
// computes what word2vec.c computes, whether at one go or with ends in between; the result of several depends on their
// interleaving. control.stop_early ends it as soon as each thread is between two sentences.
class CpuTrainer : public Trainer {
 public:
  // Model and corpus must outlive the trainer.
  CpuTrainer(Model& model, const EncodedCorpus& corpus, const TrainingOptions& options)
      : model_(model), corpus_(corpus), options_(options) {}

  double run(TrainingState& state, Schedule& schedule, uint64_t until, TaskControl& control) override;
  std::string backend() const override { return "cpu"; }

 private:
  Model& model_;
  const EncodedCorpus& corpus_;
  const TrainingOptions options_;
};

// word2vec.c's table of σ.
std::vector<float> make_logistic_table();

}  // namespace w2v
