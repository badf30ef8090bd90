#include "node/job.h"

#include <new>
#include <string>

#include "base/error.h"

namespace w2v::node {

namespace {

struct Job;
void settle(Napi::Env env, Napi::Function, Job* job, void*);
using Settle = Napi::TypedThreadSafeFunction<Job, void, settle>;

struct Job {
  explicit Job(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  std::shared_ptr<TaskControl> control = std::make_shared<TaskControl>();  // the Job object in JavaScript outlives this
  std::thread thread;
  Settle on_javascript_thread;
  Napi::Promise::Deferred deferred;
  Napi::Reference<Napi::Value> kept;
  ToJs result;               // set by the thread before it asks to settle
  std::exception_ptr error;  // or this
};

// A worker is terminated, or its environment ends: nothing awaits the work any more.
void abandon(void* data) {
  Job* job = static_cast<Job*>(data);
  job->control->cancelled = true;
  if (job->thread.joinable()) job->thread.join();
}

void settle(Napi::Env env, Napi::Function, Job* job, void*) {
  if (static_cast<napi_env>(env) == nullptr) return;  // the environment is being torn down: no JavaScript may run
  Napi::HandleScope scope(env);
  try {
    if (job->error) std::rethrow_exception(job->error);
    job->deferred.Resolve(job->result(env));
  } catch (const Napi::Error& error) {
    job->deferred.Reject(error.Value());
  } catch (const std::exception& error) {
    job->deferred.Reject(to_js_error(env, error).Value());
  }
}

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::vocabulary:
      return "vocabulary";
    case Phase::training:
      return "training";
    case Phase::loading:
      return "loading";
    case Phase::saving:
      return "saving";
    case Phase::searching:
      break;
  }
  return "searching";
}

Napi::Object progress_of(Napi::Env env, const TaskControl& control) {
  Napi::Object progress = Napi::Object::New(env);
  progress["phase"] = name_of(control.phase);
  progress["done"] = static_cast<double>(control.done);
  progress["total"] = static_cast<double>(control.total);
  progress["learningRate"] = static_cast<double>(control.learning_rate);
  progress["epoch"] = static_cast<double>(control.epoch);
  progress["loss"] = control.loss.load();
  return progress;
}

Napi::Object handle_of(Napi::Env env, const Job& job) {
  const std::shared_ptr<TaskControl> control = job.control;
  Napi::Object handle = Napi::Object::New(env);
  handle["promise"] = job.deferred.Promise();
  handle["cancel"] = Napi::Function::New(
      env, [control](const Napi::CallbackInfo&) { control->cancelled = true; }, "cancel");
  handle["stopEarly"] = Napi::Function::New(
      env, [control](const Napi::CallbackInfo&) { control->stop_early = true; }, "stopEarly");
  handle["progress"] = Napi::Function::New(
      env, [control](const Napi::CallbackInfo& info) -> Napi::Value { return progress_of(info.Env(), *control); },
      "progress");
  return handle;
}

}  // namespace

Napi::Error to_js_error(Napi::Env env, const std::exception& error) {
  const char* code = code::internal;
  std::string message = error.what();
  if (const auto* ours = dynamic_cast<const Error*>(&error)) {
    code = ours->code();
  } else if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    code = code::memory;
    message = "Not enough memory";
  }
  Napi::Error js = Napi::Error::New(env, message);
  js.Set("code", Napi::String::New(env, code));
  return js;
}

Napi::Object start_job(Napi::Env env, Phase phase, std::function<ToJs(TaskControl&)> work, Napi::Value kept) {
  Job* job = new Job(env);
  job->control->phase = phase;
  if (!kept.IsEmpty()) job->kept = Napi::Persistent(kept);
  const Napi::Object handle = handle_of(env, *job);
  job->on_javascript_thread = Settle::New(
      env, "word2vec-native job", 0, 1, job,
      [](Napi::Env finalizing, void*, Job* finished) {  // on the JavaScript thread, once the work is settled
        if (finished->thread.joinable()) finished->thread.join();
        if (static_cast<napi_env>(finalizing) != nullptr) napi_remove_env_cleanup_hook(finalizing, abandon, finished);
        delete finished;
      },
      static_cast<void*>(nullptr));
  // Hooks run last in, first out: registered after the function's own, this one joins the thread before it goes.
  napi_add_env_cleanup_hook(env, abandon, job);
  job->thread = std::thread([job, work = std::move(work)] {
    try {
      job->result = work(*job->control);
    } catch (...) {
      job->error = std::current_exception();
    }
    job->on_javascript_thread.NonBlockingCall();
    job->on_javascript_thread.Release();
  });
  return handle;
}

}  // namespace w2v::node
