// The C interface (train/gpu_abi.h) of this platform's devices.
#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "cuda/session.h"

struct w2v_gpu_session {
  w2v::cuda::Session session;
};

namespace w2v::cuda {

namespace {

// No exception crosses the interface.
template <class F>
int guarded(w2v_gpu_message* message, F&& f) {
  const auto say = [&](const std::string& text) {
    const size_t n = std::min(text.size(), sizeof message->text - 1);
    std::memcpy(message->text, text.data(), n);
    message->text[n] = 0;
  };
  say("");
  try {
    f(say);
    return W2V_GPU_OK;
  } catch (const Failure& failure) {
    say(failure.what());
    return failure.status;
  } catch (const std::bad_alloc&) {
    say("the memory of the host does not suffice");
    return W2V_GPU_MEMORY;
  } catch (const std::exception& error) {
    say(error.what());
    return W2V_GPU_FAILED;
  }
}

int count(int32_t* devices, w2v_gpu_message* message) {
  return guarded(message, [&](auto say) {
    std::string why;
    *devices = platform().count(&why);
    if (*devices == 0) say(why);
  });
}

int describe(int32_t device, w2v_gpu_device* description, w2v_gpu_message* message) {
  return guarded(message, [&](auto) { *description = platform().describe(device); });
}

int open(const w2v_gpu_problem* problem, w2v_gpu_session** session, w2v_gpu_message* message) {
  return guarded(message, [&](auto) { *session = new w2v_gpu_session{Session(*problem)}; });
}

int run(w2v_gpu_session* session, uint64_t until, w2v_gpu_progress* progress, const w2v_gpu_watch* watch,
        w2v_gpu_message* message) {
  return guarded(message, [&](auto) { session->session.run(until, *progress, *watch); });
}

void close(w2v_gpu_session* session) { delete session; }

}  // namespace

}  // namespace w2v::cuda

extern "C" __attribute__((visibility("default"))) const w2v_gpu_api* w2v_gpu_entry() {
  static const w2v_gpu_api api = {W2V_GPU_ABI_VERSION, w2v::cuda::count, w2v::cuda::describe,
                                  w2v::cuda::open,     w2v::cuda::run,   w2v::cuda::close};
  return &api;
}
