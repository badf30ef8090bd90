// The part of the CUDA runtime that native/cuda/cuda_platform.cu calls, with devices that interpret PTX: that file and
// its kernels, as nvcc compiles them, run on a machine without a GPU. Calls return when all is done.
//
// W2V_PTX_ORDER: 0, or the seed of a random order of lanes. W2V_PTX_REPORT: a file that the
// counts of all launches are written to.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>

#include "test/ptx/interpreter.h"

namespace {

using namespace w2v::ptx;

constexpr uint64_t device_bytes = uint64_t{1} << 30;
constexpr int multiprocessors = 1, most_warps = 8;  // of a multiprocessor
constexpr int most_shared_bytes = 227 << 10;

struct Device {
  std::string_view ptx;
  std::map<const void*, std::string> names;  // of kernels, by the host's functions of the same names
  std::map<std::string, Kernel> kernels;     // parsed when the first one is asked for
  Memory memory;
  Counts counts;

  ~Device() {
    const char* const file = std::getenv("W2V_PTX_REPORT");
    if (file == nullptr) return;
    if (std::FILE* const report = std::fopen(file, "w")) {
      std::fprintf(report,
                   "{\"instructions\": %llu, \"sharedAccesses\": %llu, \"sharedCycles\": %llu, "
                   "\"globalAccesses\": %llu, \"globalBytes\": %llu}\n",
                   static_cast<unsigned long long>(counts.instructions),
                   static_cast<unsigned long long>(counts.accesses[static_cast<size_t>(Space::shared)]),
                   static_cast<unsigned long long>(counts.bank_cycles),
                   static_cast<unsigned long long>(counts.accesses[static_cast<size_t>(Space::global)]),
                   static_cast<unsigned long long>(counts.bytes[static_cast<size_t>(Space::global)]));
      std::fclose(report);
    }
  }
};
Device& device() {
  static Device instance;
  return instance;
}

uint64_t lane_order() {
  const char* const order = std::getenv("W2V_PTX_ORDER");
  return order == nullptr ? 0 : std::strtoull(order, nullptr, 10);
}

struct Call {
  dim3 grid, block;
  size_t shared_bytes;
};
Call configured;

[[noreturn]] void stop(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();  // as a device does: nothing goes on after a fault
}

// Both ends of a copy: on the device where it is allocated, else the host's.
cudaError_t copy(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
  if (bytes == 0) return cudaSuccess;
  if (Region* const region = device().memory.find(to, bytes))
    region->written_by_host(static_cast<const char*>(to), bytes);
  return cudaSuccess;
}

cudaError_t launch(const void* stub, const Call& call, void** arguments) {
  const std::string& name = device().names.at(stub);
  try {
    if (device().kernels.empty()) device().kernels = parse(device().ptx);
    const Kernel& kernel = device().kernels.at(name);
    run(kernel, {call.grid.x, call.block.x, static_cast<uint32_t>(call.shared_bytes)},
        {arguments, kernel.parameters.size()}, device().memory, lane_order(), device().counts);
  } catch (const std::exception& wrong) {
    stop(name + ": " + wrong.what());
  }
  return cudaSuccess;
}

}  // namespace

extern "C" {

// ---- kernels: nvcc's own calls ----

void** __cudaRegisterFatBinary(void* wrapper) {
  struct Wrapper {
    int magic, version;
    const char* data;
    void* file;
  };
  struct Header {
    uint32_t magic;
    uint16_t version, header_bytes;
    uint64_t bytes;
  };
  const char* const data = static_cast<const Wrapper*>(wrapper)->data;
  const auto* const header = reinterpret_cast<const Header*>(data);
  const std::string_view all(data, header->header_bytes + header->bytes);
  const size_t text = all.find(".version ");  // not compressed: nvcc --no-compress
  if (text == std::string_view::npos) stop("expected PTX in the library");
  device().ptx = all.substr(text, all.find('\0', text) - text);
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* stub, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*,
                            int*) {
  device().names[stub] = name;
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes, void*) {
  configured = {grid, block, shared_bytes};
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared_bytes, void* stream) {
  *grid = configured.grid;
  *block = configured.block;
  *shared_bytes = configured.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = nullptr;
  return cudaSuccess;
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* stub) {
  *kernel = reinterpret_cast<cudaKernel_t>(const_cast<void*>(stub));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, size_t shared_bytes,
                               cudaStream_t) {
  return launch(kernel, {grid, block, shared_bytes}, arguments);
}
cudaError_t cudaLaunchKernel(const void* stub, dim3 grid, dim3 block, void** arguments, size_t shared_bytes,
                             cudaStream_t) {
  return launch(stub, {grid, block, shared_bytes}, arguments);
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* stub) {
  *attributes = {};
  return device().names.contains(stub) ? cudaSuccess : cudaErrorInvalidDeviceFunction;
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return cudaSuccess; }
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void*, int threads,
                                                                   size_t shared_bytes, unsigned) {
  *blocks = most_warps * 32 / threads;
  if (shared_bytes > 0) *blocks = std::min(*blocks, static_cast<int>(most_shared_bytes / shared_bytes));
  return cudaSuccess;
}

// ---- devices ----

cudaError_t cudaGetDeviceCount(int* n) {
  *n = 1;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  std::snprintf(properties->name, sizeof properties->name, "interpreted PTX");
  properties->major = 9;
  properties->multiProcessorCount = multiprocessors;
  properties->totalGlobalMem = device_bytes;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  if (attribute != cudaDevAttrMaxSharedMemoryPerBlockOptin) stop("an attribute that is not known");
  *value = most_shared_bytes;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int) { return cudaSuccess; }
const char* cudaGetErrorName(cudaError_t) { return "an error"; }
const char* cudaGetErrorString(cudaError_t) { return "of the interpreter"; }
cudaError_t cudaGetLastError() { return cudaSuccess; }

// ---- memory ----

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = device_bytes - device().memory.allocated();
  *total = device_bytes;
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** memory, size_t bytes) {
  *memory = device().memory.allocate(bytes, "an allocation of " + std::to_string(bytes) + " bytes");
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  device().memory.release(memory);
  return cudaSuccess;
}
// A kernel may read it: the stop flag.
cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned) {
  *memory = device().memory.allocate(bytes, "pinned memory");
  device().memory.find(*memory, bytes)->written_by_host(static_cast<char*>(*memory), bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) { return cudaFree(memory); }
cudaError_t cudaHostGetDevicePointer(void** there, void* here, unsigned) {
  *there = here;
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t) {
  return copy(to, from, bytes);
}
cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, size_t bytes, cudaStream_t) {
  return copy(to, from, bytes);
}
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind, cudaStream_t) {
  for (size_t i = 0; i < height; ++i)
    copy(static_cast<char*>(to) + i * to_pitch, static_cast<const char*>(from) + i * from_pitch, width);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t) {
  std::memset(memory, value, bytes);
  if (Region* const region = device().memory.find(memory, bytes))
    region->written_by_host(static_cast<char*>(memory), bytes);
  return cudaSuccess;
}

// ---- streams ----

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = reinterpret_cast<cudaStream_t>(&configured);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamQuery(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }

}  // extern "C"
