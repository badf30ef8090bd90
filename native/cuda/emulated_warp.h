// A warp on a processor's core: the tests run the kernels' source with it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#define W2V_LANES   // what marks a function that runs on the device,
#define W2V_UNROLL  // and a loop whose arrays are in registers

namespace w2v::cuda {

class EmulatedWarp {
 public:
  // One T of each lane.
  template <class T>
  struct Lanes {
    T of[32];
    T& operator[](unsigned lane) { return of[lane]; }
    const T& operator[](unsigned lane) const { return of[lane]; }
  };

  // Calls f(lane) for every lane.
  template <class F>
  static void each(F&& f) {
    for (unsigned lane = 0; lane < 32; ++lane) f(lane);
  }
  // Orders what lanes have written before what other lanes read.
  static void sync() {}
  static uint32_t ballot(const Lanes<bool>& vote) {
    uint32_t mask = 0;
    for (unsigned lane = 0; lane < 32; ++lane) mask |= static_cast<uint32_t>(vote[lane]) << lane;
    return mask;
  }
  // Each lane gets what lane ^ mask has.
  static Lanes<float> shuffle_xor(const Lanes<float>& value, unsigned mask) {
    Lanes<float> result;
    for (unsigned lane = 0; lane < 32; ++lane) result[lane] = value[lane ^ mask];
    return result;
  }
  // What one lane has.
  template <class T>
  static T broadcast(const Lanes<T>& value, int from) {
    return value[static_cast<unsigned>(from)];
  }
  static uint32_t population(uint32_t mask) { return static_cast<uint32_t>(__builtin_popcount(mask)); }
  static uint32_t first(uint32_t mask) { return static_cast<uint32_t>(__builtin_ctz(mask)); }

  // N floats of a row in device memory, N = 1, 2 or 4, aligned to their size.
  template <int N>
  static void load(const float* from, float* to) {
    std::memcpy(to, from, N * sizeof(float));
  }
  // Adds N floats there; others may do so at the same time.
  template <int N>
  static void add(float* to, const float* change) {
    for (int i = 0; i < N; ++i) to[i] += change[i];
  }
  // Begins to copy a row, of a multiple of 4 floats, from there to the worker's memory.
  static void copy_ahead(float* to, const float* from, uint32_t floats) {
    std::memcpy(to, from, floats * sizeof(float));
  }
  // What a lane has copied is there, for all lanes after the next sync().
  static void await_copies() {}

  static float exp(float x) { return std::exp(x); }
  static float log1p(float x) { return std::log1p(x); }
  // The host reads counters, and sets the flag, while the kernel runs.
  static void add_shared(double* to, double value) {
    double sum;
    __atomic_load(to, &sum, __ATOMIC_RELAXED);
    sum += value;
    __atomic_store(to, &sum, __ATOMIC_RELAXED);
  }
  static void add_shared(uint64_t* to, uint64_t value) { __atomic_fetch_add(to, value, __ATOMIC_RELAXED); }
  // The next number of a counter, the same for all lanes.
  static uint32_t take(uint32_t* counter) { return __atomic_fetch_add(counter, 1u, __ATOMIC_RELAXED); }
  static bool is_set(const uint32_t* flag) { return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0; }
};

}  // namespace w2v::cuda
