#include "node/corpus_object.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "node/convert.h"
#include "node/job.h"

namespace w2v::node {

namespace {
const ToJs undefined = [](Napi::Env env) { return env.Undefined(); };
}

Napi::Function CorpusObject::define(Napi::Env env) {
  return DefineClass(
      env, "Corpus",
      {InstanceMethod<&CorpusObject::append_files>("appendFiles"), InstanceMethod<&CorpusObject::append>("append"),
       InstanceMethod<&CorpusObject::end_source>("endSource"), InstanceAccessor<&CorpusObject::words>("words")});
}

CorpusObject::CorpusObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    const std::string spool = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
    corpus_ = std::make_shared<Corpus>(spool);
  });
}

const std::shared_ptr<Corpus>& CorpusObject::corpus() const {
  if (!corpus_) throw Error(code::argument, "Expected a corpus that has not been trained on yet");
  return corpus_;
}

std::shared_ptr<Corpus> CorpusObject::take() {
  corpus();
  return std::exchange(corpus_, nullptr);
}

Napi::Value CorpusObject::append_files(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary,
                     [corpus = corpus(), paths = to_strings(info[0]),
                      threads = info[1].As<Napi::Number>().Uint32Value()](TaskControl& control) {
                       corpus->append_files(paths, threads, control);
                       return undefined;
                     });
  });
}

Napi::Value CorpusObject::append(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    const Framing framing = info[1].As<Napi::String>().Utf8Value() == "tokens" ? Framing::tokens : Framing::lines;
    const std::string_view text(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength());
    return start_job(
        info.Env(), Phase::vocabulary,
        [corpus = corpus(), text, framing, name = info[2].As<Napi::String>().Utf8Value()](TaskControl& control) {
          control.check_cancelled();
          corpus->append(text, framing, name);
          return undefined;
        },
        bytes);
  });
}

void CorpusObject::end_source(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { corpus()->end_source(); });
}

Napi::Value CorpusObject::words(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(corpus()->words()));
  });
}

}  // namespace w2v::node
