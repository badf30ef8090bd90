#include "train/trainer.h"

#include "base/error.h"
#include "train/cpu_trainer.h"
#include "train/gpu_trainer.h"

namespace w2v {

std::unique_ptr<Trainer> make_trainer(Model& model, const EncodedCorpus& corpus, const TrainingOptions& options,
                                      uint64_t total_words) {
  if (options.backend != Backend::cpu) {
    try {
      return std::make_unique<GpuTrainer>(model, corpus, options, total_words, cuda_library(), GpuTuning());
    } catch (const Error& error) {
      if (options.backend == Backend::cuda || !error.is(code::device)) throw;
    }
  }
  return std::make_unique<CpuTrainer>(model, corpus, options);
}

}  // namespace w2v
