// What a training needs of a device: memory, copies, the launch of its kernel. CUDA has one implementation
// (cuda_platform.cu), the tests have another, on a processor's core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "cuda/tables.h"
#include "train/gpu_abi.h"

namespace w2v::cuda {

// Reaches the caller of the C interface as a status and a message.
class Failure : public std::runtime_error {
 public:
  Failure(w2v_gpu_status status, const std::string& message) : std::runtime_error(message), status(status) {}
  const w2v_gpu_status status;
};

// What a launch tells, on the device.
struct Counters {
  uint32_t next_chunk;
  uint64_t words_done;
  double loss;
  uint64_t predictions;
};

// One thread uses a device. Everything throws Failure.
class Device {
 public:
  virtual ~Device() = default;
  virtual const w2v_gpu_device& about() const = 0;
  virtual uint64_t free_bytes() = 0;

  virtual void* allocate(uint64_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
  virtual void* allocate_pinned(uint64_t bytes) = 0;
  virtual void release_pinned(void* memory) noexcept = 0;

  virtual void clear(void* memory, uint64_t bytes) = 0;
  virtual void upload(void* to, const void* from, uint64_t bytes) = 0;
  // Rows of `floats` floats, so far apart; what is beyond them in `to` stays.
  virtual void upload_rows(float* to, uint64_t to_stride, const float* from, uint64_t from_stride, uint64_t floats,
                           uint64_t rows) = 0;
  virtual void download_rows(float* to, uint64_t to_stride, const float* from, uint64_t from_stride, uint64_t floats,
                             uint64_t rows) = 0;
  // From pinned memory, while a launch runs; until await_upload().
  virtual void begin_upload(void* to, const void* pinned, uint64_t bytes) = 0;
  virtual void await_upload() = 0;

  // Workers that run at the same time, and whether their fast memory (layout.fast_bytes each) is on the chip.
  virtual uint32_t most_workers(const Tables& tables, const Layout& layout, bool* on_chip) = 0;
  // Begins; `memory`: of each worker, layout.slow_bytes and, where it is not on the chip, layout.fast_bytes before.
  virtual void launch(const Tables& tables, const Layout& layout, const Launch& launch, uint32_t workers,
                      char* memory) = 0;
  // A launch is under way. Throws what became of it.
  virtual bool busy() = 0;
  // Callable while it is.
  virtual Counters read(const Counters* counters) = 0;
  virtual const uint32_t* stop_flag() = 0;
  virtual void set_stop(bool stop) = 0;

  // From the memory of another device.
  virtual void copy_from(Device& other, float* to, const float* from, uint64_t floats) = 0;
  virtual void add(float* to, const float* from, uint64_t floats) = 0;
  virtual void multiply(float* values, float factor, uint64_t floats) = 0;
};

class Platform {
 public:
  virtual ~Platform() = default;
  // 0: `why` is set.
  virtual int count(std::string* why) = 0;
  virtual w2v_gpu_device describe(int number) = 0;
  virtual std::unique_ptr<Device> open(int number) = 0;
};

// That of the library, or of the test program.
Platform& platform();

// Memory of a device.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Device& device, uint64_t size) : device_(&device), size_(size) {
    if (size > 0) data_ = static_cast<T*>(device.allocate(size * sizeof(T)));
  }
  Buffer(Device& device, const T* from, uint64_t size) : Buffer(device, from == nullptr ? 0 : size) {
    if (data_ != nullptr) device.upload(data_, from, size * sizeof(T));
  }
  ~Buffer() {
    if (data_ != nullptr) device_->release(data_);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }

  T* get() const { return data_; }
  uint64_t size() const { return size_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }
  Device* device_ = nullptr;
  T* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace w2v::cuda
