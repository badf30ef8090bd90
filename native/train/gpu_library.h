// The library that trains on GPUs, where there is one, and the devices that it finds.
#pragma once

#include <string>
#include <vector>

#include "train/gpu_abi.h"

namespace w2v {

struct GpuLibrary {
  const w2v_gpu_api* api = nullptr;
  std::string why;  // there is no api
};

// That of CUDA: where the environment variable W2V_CUDA_LIBRARY says; else beside the addon; else that of its own
// package. Loaded at the first call.
const GpuLibrary& cuda_library();

// The path of the library in its own package. Before the first call of cuda_library().
void set_packaged_cuda_library(std::string path);

struct GpuDevices {
  std::vector<w2v_gpu_device> devices;  // by number
  std::string why;                      // none of them is usable
};

// What there is now.
GpuDevices devices_of(const GpuLibrary& library);

// The devices `wanted`, or the first usable one where none is named. Throws ERR_W2V_DEVICE: one is not there or not
// usable.
std::vector<int32_t> choose_devices(const GpuLibrary& library, const std::vector<int32_t>& wanted);

}  // namespace w2v
