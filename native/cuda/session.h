// A training on one device or several, from the host's side.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "cuda/chunks.h"
#include "cuda/device.h"

namespace w2v::cuda {

// Everything but the model stays on the devices from the constructor on; the model is there during run(). Not
// synchronised. Throws Failure.
class Session {
 public:
  // `problem`: as it is, with all that it points to, until the end of the session.
  explicit Session(const w2v_gpu_problem& problem);
  ~Session();
  void run(uint64_t until, w2v_gpu_progress& progress, const w2v_gpu_watch& watch);

 private:
  // A device and what is on it.
  struct Replica {
    std::unique_ptr<Device> device;
    Buffer<float> input, target, rate_factors, input_damping, target_damping, keep_probability, logistic, path_labels;
    Buffer<uint32_t> noise_last_entry, noise_first_word, path_nodes;
    Buffer<AliasSlots::Slot> alias_slots;
    Buffer<uint64_t> path_offsets;
    Buffer<char> memory;      // of its workers
    Buffer<uint32_t> ids[2];  // the corpus, or two parts of it in turn
    Buffer<Chunk> chunks;
    Buffer<Counters> counters;
    Buffer<float> averaging;  // rows of another device
    Tables tables{};
    uint32_t workers = 0;
  };
  struct Pinned {
    Device* device = nullptr;
    uint32_t* ids = nullptr;
    ~Pinned() {
      if (ids != nullptr) device->release_pinned(ids);
    }
  };
  // A launch's part of an epoch.
  struct Told {
    uint64_t chunks_done = 0;
    bool stopped = false;
  };
  // Of a run, and of its epoch under way.
  struct Course {
    w2v_gpu_progress& progress;
    const w2v_gpu_watch& watch;
    uint64_t epoch = 0;
    uint64_t epoch_key = 0;
    std::optional<std::chrono::steady_clock::time_point> begin = std::nullopt;  // of the first launch
  };

  void open(Replica& replica, int number);
  const std::vector<Chunk>& chunks_of(std::vector<Range> ranges, uint64_t words);
  Told train(const std::vector<Chunk>& chunks, Course& course);
  Told launch(const Range& part, uint64_t first_id, const uint32_t* const* ids, Course& course);
  void fetch(const std::vector<Chunk>& chunks, const Range& group, size_t buffer);
  void average(bool all_rows);
  void average_rows(float* (*rows_of)(Replica&), uint64_t first, uint64_t rows);

  const w2v_gpu_problem problem_;
  const CorpusView corpus_;
  uint32_t longest_path_ = 0;
  uint32_t longest_chunk_ = 0, chunk_words_ = 0;
  Layout layout_{};
  bool cached_ = false;
  uint64_t buffer_ids_ = 0;  // of a part of the corpus, where it is streamed
  std::vector<Range> ranges_;
  std::vector<Chunk> chunks_;  // of those
  std::vector<std::unique_ptr<Replica>> replicas_;
  Pinned pinned_[2];
};

}  // namespace w2v::cuda
