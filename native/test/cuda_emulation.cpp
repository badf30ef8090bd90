#include "test/cuda_emulation.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

#include "cuda/device.h"
#include "cuda/emulated_warp.h"
#include "cuda/layout.h"
#include "cuda/worker.h"
#include "test/fibers.h"

extern "C" const w2v_gpu_api* w2v_gpu_entry();

namespace w2v::test {

Emulation& emulation() {
  static Emulation instance = [] {
    Emulation first;
    if (const char* const workers = std::getenv("W2V_EMULATED_WORKERS")) {
      first.workers = static_cast<uint32_t>(std::atoi(workers));
      first.in_turns = true;
    }
    return first;
  }();
  return instance;
}

GpuLibrary emulated_library() { return {w2v_gpu_entry(), ""}; }

}  // namespace w2v::test

namespace w2v::cuda {

namespace {

using test::emulation;

// Where workers take turns, one gives way after it has the scores of a step and before it changes rows: each step is
// computed from rows that lack one step of every other worker, as on a device all of whose warps are always there.
struct TurnTakingWarp : EmulatedWarp {
  static Lanes<float> shuffle_xor(const Lanes<float>& value, unsigned mask) {
    has_scores = true;
    return EmulatedWarp::shuffle_xor(value, mask);
  }
  static void sync() {
    if (has_scores) has_scores = false, test::give_way();
  }
  static thread_local bool has_scores;
};
thread_local bool TurnTakingWarp::has_scores = false;

w2v_gpu_device describe_emulated(int number) {
  w2v_gpu_device device{};
  std::snprintf(device.name, sizeof device.name, "emulated %d", number);
  device.capability_major = emulation().capability / 10;
  device.capability_minor = emulation().capability % 10;
  device.multiprocessors = 1;
  device.memory = device.free_memory = emulation().memory;
  device.usable = emulation().capability >= emulation().least_capability;
  return device;
}

class EmulatedDevice final : public Device {
 public:
  explicit EmulatedDevice(int number) : about_(describe_emulated(number)) {}
  ~EmulatedDevice() override { finish(); }

  const w2v_gpu_device& about() const override { return about_; }
  uint64_t free_bytes() override { return emulation().memory - allocated_; }

  void* allocate(uint64_t bytes) override {
    if (bytes > free_bytes()) throw Failure(W2V_GPU_MEMORY, "more than was reckoned with");
    void* const memory = std::aligned_alloc(128, (bytes + 127) / 128 * 128);
    std::memset(memory, 0x7f, bytes);  // as good as any: nothing may depend on it
    sizes_[memory] = bytes;
    allocated_ += bytes;
    return memory;
  }
  void release(void* memory) noexcept override {
    allocated_ -= sizes_[memory];
    std::free(memory);
  }
  void* allocate_pinned(uint64_t bytes) override { return std::malloc(bytes); }
  void release_pinned(void* memory) noexcept override { std::free(memory); }

  void clear(void* memory, uint64_t bytes) override { std::memset(memory, 0, bytes); }
  void upload(void* to, const void* from, uint64_t bytes) override { std::memcpy(to, from, bytes); }
  void upload_rows(float* to, uint64_t to_stride, const float* from, uint64_t from_stride, uint64_t floats,
                   uint64_t rows) override {
    for (uint64_t i = 0; i < rows; ++i) std::memcpy(to + i * to_stride, from + i * from_stride, floats * sizeof(float));
  }
  void download_rows(float* to, uint64_t to_stride, const float* from, uint64_t from_stride, uint64_t floats,
                     uint64_t rows) override {
    upload_rows(to, to_stride, from, from_stride, floats, rows);
  }
  // At the last moment, as a slow copy would.
  void begin_upload(void* to, const void* pinned, uint64_t bytes) override {
    await_upload();
    pending_ = {to, pinned, bytes};
    ++emulation().uploads;
  }
  void await_upload() override {
    if (pending_.bytes > 0) std::memcpy(pending_.to, pending_.from, pending_.bytes);
    pending_ = {};
  }

  uint32_t most_workers(const Tables&, const Layout& layout, bool* on_chip) override {
    *on_chip = layout.fast_bytes <= 100'000;  // both ways
    return emulation().workers;
  }
  void launch(const Tables& tables, const Layout& layout, const Launch& launch, uint32_t workers,
              char* memory) override {
    finish();
    busy_ = true;
    thread_ = std::thread([=, this] {
      bool on_chip = false;
      most_workers(tables, layout, &on_chip);
      const uint32_t at_a_time = emulation().in_turns ? workers : 1;
      char* const chips = static_cast<char*>(std::aligned_alloc(128, at_a_time * layout.fast_bytes));
      const auto run = [&](uint32_t w) {
        char* const own = memory + w * (layout.slow_bytes + (on_chip ? 0 : layout.fast_bytes));
        char* const chip = chips + w % at_a_time * layout.fast_bytes;
        uint64_t fast_bytes, slow_bytes;
        const Workspace workspace =
            Workspace::of(tables, layout, on_chip ? chip : own + layout.slow_bytes, own, &fast_bytes, &slow_bytes);
        if (tables.stride == 128)
          Worker<TurnTakingWarp, 4, target_block, true>(tables, layout, launch, workspace).run();
        else if (tables.stride == 320)
          Worker<TurnTakingWarp, 10, target_block, true>(tables, layout, launch, workspace).run();
        else
          Worker<TurnTakingWarp, 4, target_block, false>(tables, layout, launch, workspace).run();
      };
      if (emulation().in_turns)
        test::run_in_turns(workers, run);
      else
        for (uint32_t w = 0; w < workers; ++w) run(w);
      std::free(chips);
      busy_.store(false, std::memory_order_release);
    });
  }
  bool busy() override {
    if (busy_.load(std::memory_order_acquire)) return true;
    finish();
    return false;
  }
  Counters read(const Counters* counters) override {
    Counters now{};
    now.next_chunk = __atomic_load_n(&counters->next_chunk, __ATOMIC_RELAXED);
    now.words_done = __atomic_load_n(&counters->words_done, __ATOMIC_RELAXED);
    now.predictions = __atomic_load_n(&counters->predictions, __ATOMIC_RELAXED);
    __atomic_load(&counters->loss, &now.loss, __ATOMIC_RELAXED);
    return now;
  }
  const uint32_t* stop_flag() override { return &stop_; }
  void set_stop(bool stop) override { __atomic_store_n(&stop_, stop ? 1u : 0u, __ATOMIC_RELAXED); }

  void copy_from(Device&, float* to, const float* from, uint64_t floats) override {
    std::memcpy(to, from, floats * sizeof(float));
  }
  void add(float* to, const float* from, uint64_t floats) override {
    for (uint64_t i = 0; i < floats; ++i) to[i] += from[i];
  }
  void multiply(float* values, float factor, uint64_t floats) override {
    for (uint64_t i = 0; i < floats; ++i) values[i] *= factor;
  }

 private:
  struct Pending {
    void* to = nullptr;
    const void* from = nullptr;
    uint64_t bytes = 0;
  };
  void finish() {
    if (thread_.joinable()) thread_.join();
  }

  const w2v_gpu_device about_;
  std::map<void*, uint64_t> sizes_;
  uint64_t allocated_ = 0;
  Pending pending_;
  std::thread thread_;
  std::atomic<bool> busy_{false};
  uint32_t stop_ = 0;
};

class EmulatedPlatform final : public Platform {
 public:
  int count(std::string* why) override {
    *why = emulation().why;
    return emulation().devices;
  }
  w2v_gpu_device describe(int number) override { return describe_emulated(number); }
  std::unique_ptr<Device> open(int number) override { return std::make_unique<EmulatedDevice>(number); }
};

}  // namespace

Platform& platform() {
  static EmulatedPlatform instance;
  return instance;
}

}  // namespace w2v::cuda
