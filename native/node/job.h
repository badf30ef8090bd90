// Native work that JavaScript awaits: one std::thread and one promise each.
#pragma once

#include <napi.h>

#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "base/task_control.h"

namespace w2v::node {

// The error as JavaScript sees it: its message, and its stable code as `code`.
Napi::Error to_js_error(Napi::Env env, const std::exception& error);

// Calls f; what it throws becomes a JavaScript exception with a code.
template <class F>
auto guarded(Napi::Env env, F&& f) {
  try {
    return f();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw to_js_error(env, error);
  }
}

using ToJs = std::function<Napi::Value(Napi::Env)>;

// Starts `work` on a thread of its own and returns the Job object of binding.d.ts. What `work` returns is called on
// the JavaScript thread to make the promise's value. `kept` stays alive until the work is over.
Napi::Object start_job(Napi::Env env, Phase phase, std::function<ToJs(TaskControl&)> work,
                       Napi::Value kept = Napi::Value());

}  // namespace w2v::node
