// A warp of a CUDA device, with the members of EmulatedWarp. Here `each` runs once, by every lane for itself.
#pragma once

#include <cuda_pipeline.h>

#include <cstdint>

#define W2V_LANES __device__ __forceinline__
#define W2V_UNROLL _Pragma("unroll")

namespace w2v::cuda {

class DeviceWarp {
 public:
  template <class T>
  struct Lanes {
    T own;
    W2V_LANES T& operator[](unsigned) { return own; }
    W2V_LANES const T& operator[](unsigned) const { return own; }
  };

  template <class F>
  static W2V_LANES void each(F&& f) {
    f(threadIdx.x % 32);
  }
  static W2V_LANES void sync() { __syncwarp(); }
  static W2V_LANES uint32_t ballot(const Lanes<bool>& vote) { return __ballot_sync(0xffffffff, vote.own); }
  static W2V_LANES Lanes<float> shuffle_xor(const Lanes<float>& value, unsigned mask) {
    return {__shfl_xor_sync(0xffffffff, value.own, static_cast<int>(mask))};
  }
  template <class T>
  static W2V_LANES T broadcast(const Lanes<T>& value, int from) {
    return __shfl_sync(0xffffffff, value.own, from);
  }
  static W2V_LANES uint32_t population(uint32_t mask) { return static_cast<uint32_t>(__popc(mask)); }
  static W2V_LANES uint32_t first(uint32_t mask) { return static_cast<uint32_t>(__ffs(mask)) - 1; }

  // From the L2 cache: an L1 cache does not see what others add.
  template <int N>
  static W2V_LANES void load(const float* from, float* to) {
    if constexpr (N == 4) {
      const float4 v = __ldcg(reinterpret_cast<const float4*>(from));
      to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
    } else if constexpr (N == 2) {
      const float2 v = __ldcg(reinterpret_cast<const float2*>(from));
      to[0] = v.x, to[1] = v.y;
    } else {
      to[0] = __ldcg(from);
    }
  }

  template <int N>
  static W2V_LANES void add(float* to, const float* change) {
#if __CUDA_ARCH__ >= 900
    if constexpr (N == 4)
      asm volatile("red.relaxed.gpu.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)),
                   "f"(change[0]), "f"(change[1]), "f"(change[2]), "f"(change[3])
                   : "memory");
    else if constexpr (N == 2)
      asm volatile("red.relaxed.gpu.global.add.v2.f32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(to)),
                   "f"(change[0]), "f"(change[1])
                   : "memory");
    else
      atomicAdd(to, change[0]);
#else
    for (int i = 0; i < N; ++i) atomicAdd(to + i, change[i]);
#endif
  }

  // Asynchronous from sm_80 on, past the L1 cache as all 16-byte copies are; to device memory it loads and stores.
  static W2V_LANES void copy_ahead(float* to, const float* from, uint32_t floats) {
    const bool to_shared = __isShared(to) != 0;
    for (uint32_t i = threadIdx.x % 32 * 4; i < floats; i += 128) {
      if (to_shared)
        __pipeline_memcpy_async(to + i, from + i, 16);
      else
        *reinterpret_cast<float4*>(to + i) = __ldcg(reinterpret_cast<const float4*>(from + i));
    }
    __pipeline_commit();
  }
  static W2V_LANES void await_copies() { __pipeline_wait_prior(0); }

  static W2V_LANES float exp(float x) { return __expf(x); }
  static W2V_LANES float log1p(float x) { return log1pf(x); }
  static W2V_LANES void add_shared(double* to, double value) { atomicAdd(to, value); }
  static W2V_LANES void add_shared(uint64_t* to, uint64_t value) {
    atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(value));
  }
  static W2V_LANES uint32_t take(uint32_t* counter) {
    uint32_t taken = 0;
    if (threadIdx.x % 32 == 0) taken = atomicAdd(counter, 1u);
    return __shfl_sync(0xffffffff, taken, 0);
  }
  static W2V_LANES bool is_set(const uint32_t* flag) {
    uint32_t value = 0;
    if (threadIdx.x % 32 == 0) value = *reinterpret_cast<const volatile uint32_t*>(flag);
    return __shfl_sync(0xffffffff, value, 0) != 0;
  }
};

}  // namespace w2v::cuda
