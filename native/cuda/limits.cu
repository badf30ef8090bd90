#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/rng.h"
#include "cuda/device_warp.h"
#include "cuda/limits.h"

namespace w2v::cuda {

namespace {

#define W2V_CHECK(call)                                                          \
  do {                                                                           \
    const cudaError_t error = (call);                                            \
    if (error != cudaSuccess) {                                                  \
      std::fprintf(stderr, "%s failed: %s\n", #call, cudaGetErrorString(error)); \
      std::exit(1);                                                              \
    }                                                                            \
  } while (false)

constexpr int threads = 128, chains = 8;
constexpr auto warm_up = std::chrono::milliseconds(500);  // in which the clocks of an idle device rise

__global__ void fma_kernel(float* out, uint32_t rounds, float a, float b) {
  float x[chains];
  for (int i = 0; i < chains; ++i) x[i] = static_cast<float>(threadIdx.x + i);
#pragma unroll 16  // 128 multiply-adds for each 3 instructions of the loop
  for (uint32_t r = 0; r < rounds; ++r)
#pragma unroll
    for (int i = 0; i < chains; ++i) x[i] = fmaf(x[i], a, b);
  float sum = 0;
  for (int i = 0; i < chains; ++i) sum += x[i];
  out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

// A warp a row, at random: words are drawn as often as in a training only roughly, so both ends are of interest: all
// rows alike here, which is the harder case for the caches.
template <int floats, bool adds>
__global__ void rows_kernel(float* table, uint64_t rows, uint32_t per_warp, float* out) {
  const uint32_t lane = threadIdx.x % 32, warp = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  SplitMix random(warp);
  float total = 0;
  for (uint32_t i = 0; i < per_warp; ++i) {
    float* const row = table + ((random.next() >> 32) * rows >> 32) * (32 * floats);
    constexpr int after4 = floats / 4 * 4;
    for (int q = 0; q < floats / 4; ++q) {
      float v[4] = {1e-9f, 1e-9f, 1e-9f, 1e-9f};
      if constexpr (adds)
        DeviceWarp::add<4>(row + q * 128 + lane * 4, v);
      else
        DeviceWarp::load<4>(row + q * 128 + lane * 4, v);
      total += v[0] + v[1] + v[2] + v[3];
    }
    if constexpr (floats % 4 >= 2) {
      float v[2] = {1e-9f, 1e-9f};
      if constexpr (adds)
        DeviceWarp::add<2>(row + after4 * 32 + lane * 2, v);
      else
        DeviceWarp::load<2>(row + after4 * 32 + lane * 2, v);
      total += v[0] + v[1];
    }
  }
  if (!adds) out[blockIdx.x * blockDim.x + threadIdx.x] = total;
}

// Seconds of a launch, the median of nine after one.
template <class F>
double seconds(F&& launch) {
  cudaEvent_t begin, end;
  W2V_CHECK(cudaEventCreate(&begin));
  W2V_CHECK(cudaEventCreate(&end));
  double all[10];
  for (double& one : all) {
    W2V_CHECK(cudaEventRecord(begin));
    launch();
    W2V_CHECK(cudaGetLastError());
    W2V_CHECK(cudaEventRecord(end));
    W2V_CHECK(cudaEventSynchronize(end));
    float milliseconds = 0;
    W2V_CHECK(cudaEventElapsedTime(&milliseconds, begin, end));
    one = milliseconds * 1e-3;
  }
  std::sort(all + 1, all + 10);
  W2V_CHECK(cudaEventDestroy(begin));
  W2V_CHECK(cudaEventDestroy(end));
  return all[5];
}

template <int floats>
void measure_rows(Limits& limits, uint64_t rows, int blocks, float* out) {
  float* table = nullptr;
  const uint64_t bytes = rows * 32 * floats * sizeof(float);
  W2V_CHECK(cudaMalloc(&table, bytes));
  W2V_CHECK(cudaMemset(table, 0x3a, bytes));
  constexpr uint32_t per_warp = 2000;
  const double moved = double(blocks) * (threads / 32) * per_warp * 32 * floats * sizeof(float);
  limits.reduction_bytes_per_second =
      moved / seconds([&] { rows_kernel<floats, true><<<blocks, threads>>>(table, rows, per_warp, out); });
  limits.row_read_bytes_per_second =
      moved / seconds([&] { rows_kernel<floats, false><<<blocks, threads>>>(table, rows, per_warp, out); });
  W2V_CHECK(cudaFree(table));
}

}  // namespace

Limits measure_limits(int device, uint64_t rows, uint32_t stride) {
  Limits limits{};
  W2V_CHECK(cudaSetDevice(device));
  int multiprocessors = 0;
  W2V_CHECK(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
  const int blocks = multiprocessors * 16;
  float* out = nullptr;
  W2V_CHECK(cudaMalloc(&out, sizeof(float) * static_cast<size_t>(blocks) * threads));
  constexpr uint32_t rounds = 20'000;
  const auto multiply_add = [&] { fma_kernel<<<blocks, threads>>>(out, rounds, 0.999f, 1e-3f); };
  for (const auto begin = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - begin < warm_up;) {
    multiply_add();
    W2V_CHECK(cudaDeviceSynchronize());
  }
  limits.fma_per_second = double(blocks) * threads * chains * rounds / seconds(multiply_add);

  constexpr size_t copied = size_t{2} << 30;
  char *from = nullptr, *to = nullptr;
  W2V_CHECK(cudaMalloc(&from, copied));
  W2V_CHECK(cudaMalloc(&to, copied));
  W2V_CHECK(cudaMemset(from, 0x5c, copied));
  limits.copy_bytes_per_second =
      2.0 * copied / seconds([&] { W2V_CHECK(cudaMemcpyAsync(to, from, copied, cudaMemcpyDeviceToDevice)); });
  W2V_CHECK(cudaFree(from));
  W2V_CHECK(cudaFree(to));

  if (stride == 320)
    measure_rows<10>(limits, rows, blocks, out);
  else
    measure_rows<4>(limits, rows, blocks, out);
  W2V_CHECK(cudaFree(out));
  return limits;
}

}  // namespace w2v::cuda
