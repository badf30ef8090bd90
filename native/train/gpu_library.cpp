#include "train/gpu_library.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/error.h"
#include "base/shared_library.h"

namespace w2v {

namespace {

// Every worker thread of Node.js tells it.
std::mutex packaged_lock;
std::string packaged;

std::string library_path() {
  if (const char* const named = std::getenv("W2V_CUDA_LIBRARY")) return named;
#if defined(_WIN32)
  const std::string beside = path_beside_this_code("word2vec_cuda.dll");
#else
  const std::string beside = path_beside_this_code("libword2vec_cuda.so");
#endif
  const std::lock_guard lock(packaged_lock);
  std::error_code error;
  return packaged.empty() || std::filesystem::exists(beside, error) ? beside : packaged;
}

GpuLibrary load() {
  const std::string path = library_path();
  GpuLibrary library;
  std::string why;
  const auto entry = reinterpret_cast<w2v_gpu_entry_function>(load_symbol(path, W2V_GPU_ENTRY, why));
  if (entry == nullptr) {
    library.why =
        "the library of the CUDA backend does not load (the package word2vec-native-cuda has it, or it is built where "
        "nvcc is: docs/cuda.md): " +
        why;
    return library;
  }
  const w2v_gpu_api* const api = entry();
  if (api->version == W2V_GPU_ABI_VERSION)
    library.api = api;
  else
    library.why = "'" + path + "' is of another version of this package: expected interface " +
                  std::to_string(W2V_GPU_ABI_VERSION) + ", it has " + std::to_string(api->version);
  return library;
}

std::string not_usable(int32_t number, const w2v_gpu_device& device) {
  const std::string name = "device " + std::to_string(number) + " ('" + device.name + "') ";
  const std::string capability =
      std::to_string(device.capability_major) + "." + std::to_string(device.capability_minor);
  if (device.capability_major * 10 + device.capability_minor < 75)
    return name + "is too old: expected compute capability 7.5 or later, it has " + capability;
  return name + "has compute capability " + capability + ", which the library has no code for";
}

}  // namespace

const GpuLibrary& cuda_library() {
  // Leaked: no destructor runs at exit under threads that still use it.
  static const GpuLibrary* const library = new GpuLibrary(load());
  return *library;
}

void set_packaged_cuda_library(std::string path) {
  const std::lock_guard lock(packaged_lock);
  packaged = std::move(path);
}

GpuDevices devices_of(const GpuLibrary& library) {
  GpuDevices found;
  if (library.api == nullptr) {
    found.why = library.why;
    return found;
  }
  w2v_gpu_message message;
  int32_t count = 0;
  if (library.api->count(&count, &message) != W2V_GPU_OK || count == 0) {
    found.why = message.text;
    return found;
  }
  bool usable = false;
  for (int32_t number = 0; number < count; ++number) {
    w2v_gpu_device device{};
    if (library.api->describe(number, &device, &message) != W2V_GPU_OK) {
      found.why = "device " + std::to_string(number) + ": " + message.text;
      device = {};
    } else if (!device.usable) {
      found.why = not_usable(number, device);
    }
    usable = usable || device.usable;
    found.devices.push_back(device);
  }
  if (usable) found.why.clear();
  return found;
}

std::vector<int32_t> choose_devices(const GpuLibrary& library, const std::vector<int32_t>& wanted) {
  const GpuDevices found = devices_of(library);
  const auto refuse = [](const std::string& why) -> Error {
    return Error(code::device, "Expected a CUDA device to train on, but " + why);
  };
  if (!found.why.empty()) throw refuse(found.why);
  for (const int32_t number : wanted) {
    if (static_cast<size_t>(number) >= found.devices.size())
      throw refuse("there is no device " + std::to_string(number) + ", only 0 to " +
                   std::to_string(found.devices.size() - 1));
    if (!found.devices[static_cast<size_t>(number)].usable)
      throw refuse(not_usable(number, found.devices[static_cast<size_t>(number)]));
  }
  if (!wanted.empty()) return wanted;
  int32_t first = 0;
  while (!found.devices[static_cast<size_t>(first)].usable) ++first;
  return {first};
}

}  // namespace w2v
