#include "node/devices.h"

#include <string>
#include <vector>

#include "node/convert.h"
#include "node/job.h"
#include "train/gpu_library.h"

namespace w2v::node {

Napi::Value use_cuda_library(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    set_packaged_cuda_library(info[0].As<Napi::String>().Utf8Value());
    return info.Env().Undefined();
  });
}

Napi::Value cuda_devices(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading, [](TaskControl&) -> ToJs {
      return [found = devices_of(cuda_library())](Napi::Env env) -> Napi::Value {
        Napi::Array devices = Napi::Array::New(env);
        for (const w2v_gpu_device& device : found.devices) {
          Napi::Object js = Napi::Object::New(env);
          js["index"] = devices.Length();
          js["name"] = std::string(device.name);
          js["computeCapability"] =
              std::to_string(device.capability_major) + "." + std::to_string(device.capability_minor);
          js["multiprocessors"] = device.multiprocessors;
          js["memory"] = static_cast<double>(device.memory);
          js["freeMemory"] = static_cast<double>(device.free_memory);
          js["usable"] = device.usable != 0;
          devices.Set(devices.Length(), js);
        }
        Napi::Object js = Napi::Object::New(env);
        js["devices"] = devices;
        js["problem"] = found.why;
        return js;
      };
    });
  });
}

Napi::Value check_cuda_devices(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading, [wanted = to_ids(info[0])](TaskControl&) -> ToJs {
      choose_devices(cuda_library(), {wanted.begin(), wanted.end()});
      return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
    });
  });
}

}  // namespace w2v::node
