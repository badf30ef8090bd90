// The CUDA devices, for JavaScript.
#pragma once

#include <napi.h>

namespace w2v::node {

// Functions of the binding.
Napi::Value use_cuda_library(const Napi::CallbackInfo& info);
Napi::Value cuda_devices(const Napi::CallbackInfo& info);
Napi::Value check_cuda_devices(const Napi::CallbackInfo& info);

}  // namespace w2v::node
