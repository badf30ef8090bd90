#include "node/corpus_object.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "node/convert.h"
#include "node/job.h"

namespace w2v::node {

namespace {

const ToJs undefined = [](Napi::Env env) { return env.Undefined(); };

unsigned to_threads(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

}  // namespace

Napi::Function CorpusObject::define(Napi::Env env) {
  return DefineClass(
      env, "Corpus",
      {InstanceMethod<&CorpusObject::open_cache>("openCache"),
       InstanceMethod<&CorpusObject::append_files>("appendFiles"), InstanceMethod<&CorpusObject::append>("append"),
       InstanceMethod<&CorpusObject::end_source>("endSource"), InstanceMethod<&CorpusObject::prepare>("prepare"),
       InstanceAccessor<&CorpusObject::words>("words")});
}

CorpusObject::CorpusObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    state_ = std::make_shared<State>(info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string());
  });
}

std::shared_ptr<PreparedCorpus> CorpusObject::take() {
  if (!state_->prepared) throw Error(code::argument, "Expected a corpus that is prepared and not trained on yet");
  return std::exchange(state_->prepared, nullptr);
}

Napi::Value CorpusObject::open_cache(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary,
                     [state = state_, folder = info[0].As<Napi::String>().Utf8Value(), files = to_strings(info[1]),
                      source = to_vocabulary_source(info[2].As<Napi::Object>()),
                      threads = to_threads(info[3])](TaskControl& control) -> ToJs {
                       state->cache.emplace(folder, files, source);
                       CorpusCache::Opened opened = state->cache->open(threads, control);
                       if (opened.corpus) state->prepared = std::make_shared<PreparedCorpus>(std::move(*opened.corpus));
                       return [reused = bool(opened.corpus), problem = opened.problem](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["reused"] = reused;
                         js["problem"] = problem;
                         return js;
                       };
                     });
  });
}

Napi::Value CorpusObject::append_files(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(
        info.Env(), Phase::vocabulary,
        [state = state_, paths = to_strings(info[0]), threads = to_threads(info[1])](TaskControl& control) {
          state->text.append_files(paths, threads, control);
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
        [state = state_, text, framing, name = info[2].As<Napi::String>().Utf8Value()](TaskControl& control) {
          control.check_cancelled();
          state->text.append(text, framing, name);
          return undefined;
        },
        bytes);
  });
}

void CorpusObject::end_source(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { state_->text.end_source(); });
}

Napi::Value CorpusObject::prepare(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary,
                     [state = state_, source = to_vocabulary_source(info[0].As<Napi::Object>()),
                      threads = to_threads(info[1])](TaskControl& control) -> ToJs {
                       std::string problem;
                       if (!state->prepared) {
                         state->prepared =
                             std::make_shared<PreparedCorpus>(state->text.prepare(source, threads, control));
                         try {
                           if (state->cache) state->cache->save(*state->prepared, control);
                         } catch (const Error& error) {
                           if (error.is(code::cancelled)) throw;
                           problem = error.what();  // a full disk, say: training goes on from memory
                         }
                       }
                       return [prepared = state->prepared, problem](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["words"] = static_cast<double>(prepared->words);
                         js["invalidUtf8Words"] = static_cast<double>(prepared->invalid_utf8_words);
                         js["problem"] = problem;
                         return js;
                       };
                     });
  });
}

Napi::Value CorpusObject::words(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(state_->text.words()));
}

}  // namespace w2v::node
