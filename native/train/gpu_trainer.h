// Training on GPUs, by a library behind train/gpu_abi.h.
#pragma once

#include <string>
#include <vector>

#include "train/gpu_library.h"
#include "train/trainer.h"

namespace w2v {

// How it is run, beyond the options; 0: as the library finds best (gpu_abi.h has the meanings).
struct GpuTuning {
  uint32_t workers = 0;
  uint32_t chunk_words = 0;
  uint64_t corpus_bytes = 0;
  uint64_t words_between_averages = 0;
  uint32_t hot_inputs = 0, hot_targets = 0;
};

// Computes what the CpuTrainer does, with thousands of workers. The negatives of Negatives::shared are the same draws;
// those of per_pair are drawn in word2vec.c's order, by a generator for each chunk of the corpus. Of the state, parts
// of the corpus are what threads are on the processor: either can go on where the other was.
class GpuTrainer : public Trainer {
 public:
  // Model and corpus must outlive the trainer. Puts the corpus on the devices. Throws ERR_W2V_DEVICE: no usable device,
  // or the model does not fit.
  GpuTrainer(Model& model, const EncodedCorpus& corpus, const TrainingOptions& options, uint64_t total_words,
             const GpuLibrary& library, const GpuTuning& tuning);
  ~GpuTrainer() override;
  GpuTrainer(const GpuTrainer&) = delete;
  GpuTrainer& operator=(const GpuTrainer&) = delete;

  double run(TrainingState& state, Schedule& schedule, uint64_t until, TaskControl& control) override;
  std::string backend() const override { return "cuda"; }
  std::vector<std::string> devices() const override { return names_; }
  // Of the time from the first kernel to the last, in all runs, the share in which one was running; and that time.
  double busy_share() const { return busy_seconds_ / device_seconds_; }
  double device_seconds() const { return device_seconds_; }
  uint64_t workers() const { return workers_; }  // on all devices, since the last run

 private:
  void open();
  void close();
  void check(int status, const w2v_gpu_message& message, const TaskControl* control) const;

  Model& model_;
  const w2v_gpu_api& api_;
  std::vector<int32_t> numbers_;
  std::vector<std::string> names_;
  std::vector<float> logistic_;
  std::vector<const uint32_t*> segments_;
  std::vector<uint64_t> segment_sizes_;
  w2v_gpu_problem problem_{};
  w2v_gpu_session* session_ = nullptr;
  double busy_seconds_ = 0, device_seconds_ = 0;
  uint64_t workers_ = 0;
};

}  // namespace w2v
