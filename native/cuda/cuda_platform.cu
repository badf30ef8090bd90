// CUDA devices, and the kernel.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "cuda/device.h"
#include "cuda/layout.h"
// clang-format off: it defines what worker.h is made of
#include "cuda/device_warp.h"
// clang-format on
#include "cuda/worker.h"

namespace w2v::cuda {

namespace {

// ---- errors ----

[[noreturn]] void fail(cudaError_t error, const char* call, int line) {
  (void)cudaGetLastError();  // it is told here, not by the next launch
  throw Failure(error == cudaErrorMemoryAllocation ? W2V_GPU_MEMORY : W2V_GPU_FAILED,
                std::string(call) + " failed: " + cudaGetErrorName(error) + ", " + cudaGetErrorString(error) +
                    " (cuda_platform.cu:" + std::to_string(line) + ")");
}

// Every call of the runtime goes through this.
#define W2V_CUDA(call)                                      \
  do {                                                      \
    const cudaError_t error = (call);                       \
    if (error != cudaSuccess) fail(error, #call, __LINE__); \
  } while (false)

// A launch says what became of it through the thread's last error alone: one that is older must not speak for it.
#define W2V_LAUNCH(...)           \
  do {                            \
    (void)cudaGetLastError();     \
    __VA_ARGS__;                  \
    W2V_CUDA(cudaGetLastError()); \
  } while (false)

// ---- kernels ----

// `on_chip`: a constant, so that the compiler knows what is in shared memory.
template <int floats, bool whole_row, bool on_chip>
__global__ void train_kernel(const __grid_constant__ Tables tables, const __grid_constant__ Layout layout,
                             const __grid_constant__ Launch launch, char* memory) {
  extern __shared__ __align__(128) char shared[];
  const uint32_t warp = threadIdx.x / 32, worker = blockIdx.x * (blockDim.x / 32) + warp;
  char* const own = memory + worker * (layout.slow_bytes + (on_chip ? 0 : layout.fast_bytes));
  char* const fast = on_chip ? shared + warp * layout.fast_bytes : own + layout.slow_bytes;
  uint64_t fast_bytes, slow_bytes;
  const Workspace workspace = Workspace::of(tables, layout, fast, own, &fast_bytes, &slow_bytes);
  Worker<DeviceWarp, floats, target_block, whole_row>(tables, layout, launch, workspace).run();
}

using Kernel = void (*)(Tables, Layout, Launch, char*);

// Rows of 128 and of 320 floats are whole tiles; any others are loops over tiles.
template <bool on_chip>
Kernel kernel_for(uint32_t stride) {
  if (stride == 128) return train_kernel<4, true, on_chip>;
  if (stride == 320) return train_kernel<10, true, on_chip>;
  return train_kernel<4, false, on_chip>;
}
Kernel kernel_for(uint32_t stride, bool on_chip) {
  return on_chip ? kernel_for<true>(stride) : kernel_for<false>(stride);
}

__global__ void add_kernel(float4* to, const float4* from, uint64_t n) {
  for (uint64_t i = blockIdx.x * uint64_t{blockDim.x} + threadIdx.x; i < n; i += uint64_t{gridDim.x} * blockDim.x) {
    float4 sum = to[i];
    const float4 more = from[i];
    sum.x += more.x, sum.y += more.y, sum.z += more.z, sum.w += more.w;
    to[i] = sum;
  }
}

__global__ void multiply_kernel(float4* values, float factor, uint64_t n) {
  for (uint64_t i = blockIdx.x * uint64_t{blockDim.x} + threadIdx.x; i < n; i += uint64_t{gridDim.x} * blockDim.x) {
    float4 v = values[i];
    v.x *= factor, v.y *= factor, v.z *= factor, v.w *= factor;
    values[i] = v;
  }
}

constexpr int least_capability = 75;  // of the machine code in the library (cmake/cuda.cmake)
constexpr uint32_t elementwise_threads = 256, elementwise_blocks = 1024;

// ---- a device ----

class CudaDevice final : public Device {
 public:
  CudaDevice(int number, const w2v_gpu_device& about) : number_(number), about_(about) {}
  // Not in the constructor: where it fails, the destructor releases what there is.
  void set_up() {
    use();
    W2V_CUDA(cudaStreamCreateWithFlags(&work_, cudaStreamNonBlocking));
    W2V_CUDA(cudaStreamCreateWithFlags(&copies_, cudaStreamNonBlocking));
    W2V_CUDA(cudaHostAlloc(reinterpret_cast<void**>(&stop_), sizeof *stop_, cudaHostAllocMapped));
    W2V_CUDA(cudaHostAlloc(reinterpret_cast<void**>(&read_), sizeof *read_, cudaHostAllocDefault));
    W2V_CUDA(cudaHostGetDevicePointer(reinterpret_cast<void**>(&stop_on_device_), stop_, 0));
    *stop_ = 0;
  }
  // Whatever went wrong before has been told: results are of no use any more.
  ~CudaDevice() override {
    (void)cudaSetDevice(number_);
    if (work_ != nullptr) (void)cudaStreamSynchronize(work_);
    if (copies_ != nullptr) (void)cudaStreamSynchronize(copies_);
    (void)cudaFreeHost(stop_);
    (void)cudaFreeHost(read_);
    if (work_ != nullptr) (void)cudaStreamDestroy(work_);
    if (copies_ != nullptr) (void)cudaStreamDestroy(copies_);
  }

  const w2v_gpu_device& about() const override { return about_; }
  uint64_t free_bytes() override {
    use();
    size_t free = 0, total = 0;
    W2V_CUDA(cudaMemGetInfo(&free, &total));
    return free;
  }

  void* allocate(uint64_t bytes) override {
    use();
    void* memory = nullptr;
    W2V_CUDA(cudaMalloc(&memory, bytes));
    return memory;
  }
  void release(void* memory) noexcept override {
    (void)cudaSetDevice(number_);
    (void)cudaFree(memory);
  }
  void* allocate_pinned(uint64_t bytes) override {
    use();
    void* memory = nullptr;
    W2V_CUDA(cudaHostAlloc(&memory, bytes, cudaHostAllocPortable));
    return memory;
  }
  void release_pinned(void* memory) noexcept override { (void)cudaFreeHost(memory); }

  void clear(void* memory, uint64_t bytes) override {
    use();
    W2V_CUDA(cudaMemsetAsync(memory, 0, bytes, work_));
  }
  void upload(void* to, const void* from, uint64_t bytes) override {
    use();
    W2V_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, work_));
    W2V_CUDA(cudaStreamSynchronize(work_));
  }
  void upload_rows(float* to, uint64_t to_stride, const float* from, uint64_t from_stride, uint64_t floats,
                   uint64_t rows) override {
    copy_rows(to, to_stride, from, from_stride, floats, rows, cudaMemcpyHostToDevice);
  }
  void download_rows(float* to, uint64_t to_stride, const float* from, uint64_t from_stride, uint64_t floats,
                     uint64_t rows) override {
    copy_rows(to, to_stride, from, from_stride, floats, rows, cudaMemcpyDeviceToHost);
  }
  void begin_upload(void* to, const void* pinned, uint64_t bytes) override {
    use();
    W2V_CUDA(cudaMemcpyAsync(to, pinned, bytes, cudaMemcpyHostToDevice, copies_));
  }
  void await_upload() override {
    use();
    W2V_CUDA(cudaStreamSynchronize(copies_));
  }

  uint32_t most_workers(const Tables& tables, const Layout& layout, bool* on_chip) override {
    const Shape shape = shape_of(tables, layout);
    *on_chip = shape.shared_of_worker > 0;
    return shape.blocks * shape.warps;
  }

  void launch(const Tables& tables, const Layout& layout, const Launch& launch, uint32_t workers,
              char* memory) override {
    const Shape shape = shape_of(tables, layout);
    // Few workers, as in a comparison with the processor: a block each.
    const uint32_t warps = workers % shape.warps == 0 ? shape.warps : 1;
    const Kernel kernel = kernel_for(tables.stride, shape.shared_of_worker > 0);
    W2V_LAUNCH(
        kernel<<<workers / warps, warps * 32, shape.shared_of_worker * warps, work_>>>(tables, layout, launch, memory));
  }
  bool busy() override {
    use();
    const cudaError_t state = cudaStreamQuery(work_);
    if (state == cudaErrorNotReady) return true;
    if (state != cudaSuccess) fail(state, "the training kernel", __LINE__);
    return false;
  }
  Counters read(const Counters* counters) override {
    use();
    W2V_CUDA(cudaMemcpyAsync(read_, counters, sizeof *read_, cudaMemcpyDeviceToHost, copies_));
    W2V_CUDA(cudaStreamSynchronize(copies_));
    return *read_;
  }
  const uint32_t* stop_flag() override { return stop_on_device_; }
  void set_stop(bool stop) override { *static_cast<volatile uint32_t*>(stop_) = stop ? 1 : 0; }

  void copy_from(Device& other, float* to, const float* from, uint64_t floats) override {
    use();
    W2V_CUDA(
        cudaMemcpyPeerAsync(to, number_, from, static_cast<CudaDevice&>(other).number_, floats * sizeof(float), work_));
    W2V_CUDA(cudaStreamSynchronize(work_));
  }
  void add(float* to, const float* from, uint64_t floats) override {
    use();
    W2V_LAUNCH(add_kernel<<<elementwise_blocks, elementwise_threads, 0, work_>>>(
        reinterpret_cast<float4*>(to), reinterpret_cast<const float4*>(from), floats / 4));
    W2V_CUDA(cudaStreamSynchronize(work_));
  }
  void multiply(float* values, float factor, uint64_t floats) override {
    use();
    W2V_LAUNCH(multiply_kernel<<<elementwise_blocks, elementwise_threads, 0, work_>>>(reinterpret_cast<float4*>(values),
                                                                                      factor, floats / 4));
    W2V_CUDA(cudaStreamSynchronize(work_));
  }

 private:
  // A grid that fills the device.
  struct Shape {
    uint32_t warps = 0;             // of a block
    uint32_t blocks = 0;            // on all multiprocessors
    uint32_t shared_of_worker = 0;  // bytes; 0: fast memory is not on the chip
  };

  // Workers share nothing, so the size of blocks is what lets the most of them in.
  Shape shape_of(const Tables& tables, const Layout& layout) {
    use();
    int most_shared = 0;
    W2V_CUDA(cudaDeviceGetAttribute(&most_shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, number_));
    // A worker's rows are worth their place on the chip while several workers fit there.
    constexpr uint64_t least_on_chip = 4;
    const bool on_chip = layout.fast_bytes * least_on_chip <= static_cast<uint64_t>(most_shared);
    const uint32_t shared = on_chip ? static_cast<uint32_t>(layout.fast_bytes) : 0;
    const Kernel kernel = kernel_for(tables.stride, on_chip);
    W2V_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, on_chip ? most_shared : 0));
    W2V_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                                  on_chip ? cudaSharedmemCarveoutMaxShared : cudaSharedmemCarveoutDefault));
    Shape best;
    for (const uint32_t warps : {4u, 2u, 1u}) {
      if (uint64_t{shared} * warps > static_cast<uint64_t>(most_shared)) continue;
      int blocks = 0;
      W2V_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, static_cast<int>(warps * 32),
                                                             size_t{shared} * warps));
      const uint32_t all = static_cast<uint32_t>(blocks * about_.multiprocessors);
      if (all * warps > best.blocks * best.warps) best = {warps, all, shared};
    }
    if (best.warps == 0) throw Failure(W2V_GPU_FAILED, "the training kernel does not fit on a multiprocessor");
    return best;
  }

  void use() { W2V_CUDA(cudaSetDevice(number_)); }
  void copy_rows(float* to, uint64_t to_stride, const float* from, uint64_t from_stride, uint64_t floats, uint64_t rows,
                 cudaMemcpyKind kind) {
    use();
    W2V_CUDA(cudaMemcpy2DAsync(to, to_stride * sizeof(float), from, from_stride * sizeof(float), floats * sizeof(float),
                               rows, kind, work_));
    W2V_CUDA(cudaStreamSynchronize(work_));
  }

  const int number_;
  const w2v_gpu_device about_;
  cudaStream_t work_ = nullptr, copies_ = nullptr;
  uint32_t *stop_ = nullptr, *stop_on_device_ = nullptr;
  Counters* read_ = nullptr;
};

// ---- the devices there are ----

class CudaPlatform final : public Platform {
 public:
  int count(std::string* why) override {
    int n = 0;
    const cudaError_t error = cudaGetDeviceCount(&n);
    if (error == cudaSuccess && n > 0) return n;
    (void)cudaGetLastError();  // it is told here, not by the next call
    int driver = 0;
    const auto version = [](int v) { return std::to_string(v / 1000) + "." + std::to_string(v % 1000 / 10); };
    if (cudaDriverGetVersion(&driver) != cudaSuccess) driver = 0;
    if (driver == 0)
      *why = "there is no NVIDIA driver";
    else if (error == cudaErrorInsufficientDriver)
      *why = "the NVIDIA driver is too old: it is for CUDA " + version(driver) + ", the library needs " +
             version(CUDART_VERSION);
    else if (error == cudaErrorNoDevice || error == cudaSuccess)
      *why = "there is a driver, but no CUDA device (or CUDA_VISIBLE_DEVICES hides it)";
    else
      *why = std::string("cudaGetDeviceCount failed: ") + cudaGetErrorName(error) + ", " + cudaGetErrorString(error);
    return 0;
  }

  w2v_gpu_device describe(int number) override {
    cudaDeviceProp properties;
    W2V_CUDA(cudaGetDeviceProperties(&properties, number));
    w2v_gpu_device device{};
    std::snprintf(device.name, sizeof device.name, "%s", properties.name);
    device.capability_major = properties.major;
    device.capability_minor = properties.minor;
    device.multiprocessors = properties.multiProcessorCount;
    device.memory = properties.totalGlobalMem;
    device.usable = properties.major * 10 + properties.minor >= least_capability;
    if (device.usable) {  // these questions make a context
      W2V_CUDA(cudaSetDevice(number));
      cudaFuncAttributes attributes;
      const cudaError_t error = cudaFuncGetAttributes(&attributes, kernel_for<true>(row_padding));
      device.usable = error != cudaErrorNoKernelImageForDevice && error != cudaErrorInvalidDeviceFunction &&
                      error != cudaErrorUnsupportedPtxVersion;
      if (device.usable && error != cudaSuccess) fail(error, "cudaFuncGetAttributes", __LINE__);
      (void)cudaGetLastError();
    }
    if (device.usable) {
      size_t free = 0, total = 0;
      W2V_CUDA(cudaMemGetInfo(&free, &total));
      device.free_memory = free;
    }
    return device;
  }

  std::unique_ptr<Device> open(int number) override {
    auto device = std::make_unique<CudaDevice>(number, describe(number));
    device->set_up();
    return device;
  }
};

}  // namespace

Platform& platform() {
  static CudaPlatform instance;
  return instance;
}

}  // namespace w2v::cuda
