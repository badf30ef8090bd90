// What trains a model: the processor, or devices.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/task_control.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "train/schedule.h"
#include "train/state.h"

namespace w2v {

class Trainer {
 public:
  virtual ~Trainer() = default;

  // Goes on from `state`, which it brings up to date, to the end of epoch `until`. Returns the CPU seconds that its
  // threads used. On control.stop_early it ends as soon as it can, between two sentences. Throws ERR_W2V_CANCELLED (the
  // state is not to be used then), and ERR_W2V_DEVICE where a device fails.
  virtual double run(TrainingState& state, Schedule& schedule, uint64_t until, TaskControl& control) = 0;

  // "cpu" or "cuda", and the devices' names.
  virtual std::string backend() const = 0;
  virtual std::vector<std::string> devices() const { return {}; }
};

// The one that options.backend asks for; Backend::automatic: CUDA where a device is usable and the model fits, else the
// processor. The model has its tables; it and the corpus must outlive the trainer. `total_words`: over which the
// learning rate falls. Throws ERR_W2V_DEVICE: Backend::cuda, and why no device can do it.
std::unique_ptr<Trainer> make_trainer(Model& model, const EncodedCorpus& corpus, const TrainingOptions& options,
                                      uint64_t total_words);

}  // namespace w2v
