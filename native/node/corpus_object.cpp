#include "node/corpus_object.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "node/convert.h"
#include "node/job.h"
#include "node/model_object.h"

namespace w2v::node {

namespace {

const ToJs undefined = [](Napi::Env env) { return env.Undefined(); };

ToJs result_of(const PreparedCorpus& prepared, const std::string& problem) {
  return [words = prepared.words, size = prepared.encoded.size, invalid = prepared.invalid_utf8_words,
          pruned = prepared.pruned, problem](Napi::Env env) -> Napi::Value {
    Napi::Object js = Napi::Object::New(env);
    js["words"] = static_cast<double>(words);
    js["corpusWords"] = static_cast<double>(size);
    js["invalidUtf8Words"] = static_cast<double>(invalid);
    js["prunedWords"] = static_cast<double>(pruned.words);
    js["prunedOccurrences"] = static_cast<double>(pruned.occurrences);
    js["prunedUpTo"] = static_cast<double>(pruned.most);
    js["problem"] = problem;
    return js;
  };
}

unsigned to_threads(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }

}  // namespace

Napi::Function CorpusObject::define(Napi::Env env) {
  return DefineClass(
      env, "Corpus",
      {InstanceMethod<&CorpusObject::open_cache>("openCache"),
       InstanceMethod<&CorpusObject::append_files>("appendFiles"), InstanceMethod<&CorpusObject::append>("append"),
       InstanceMethod<&CorpusObject::end_source>("endSource"), InstanceMethod<&CorpusObject::count>("count"),
       InstanceMethod<&CorpusObject::counted_words>("countedWords"), InstanceMethod<&CorpusObject::prepare>("prepare"),
       InstanceMethod<&CorpusObject::encode>("encode"), InstanceAccessor<&CorpusObject::words>("words")});
}

CorpusObject::CorpusObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    const Napi::Object js = info[0].As<Napi::Object>();
    const auto bytes = [&js](const char* name) {
      return static_cast<uint64_t>(js.Get(name).As<Napi::Number>().DoubleValue());
    };
    CorpusStorage storage;
    if (js.Get("spool").IsString()) storage.spool_folder = js.Get("spool").As<Napi::String>().Utf8Value();
    storage.bytes_in_memory = bytes("bytesInMemory");
    storage.vocabulary_bytes = bytes("vocabularyBytes");
    state_ = std::make_shared<State>(std::move(storage));
  });
}

std::shared_ptr<PreparedCorpus> CorpusObject::prepared() const {
  if (!state_->prepared) throw Error(code::argument, "Expected a corpus that is prepared and not trained on yet");
  return state_->prepared;
}

std::shared_ptr<PreparedCorpus> CorpusObject::take() {
  auto corpus = prepared();
  state_->prepared.reset();
  return corpus;
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
    const Framing framing = to_framing(info[1]);
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
                       return result_of(*state->prepared, problem);
                     });
  });
}

Napi::Value CorpusObject::encode(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary,
                     [state = state_, live = ModelObject::Unwrap(info[0].As<Napi::Object>())->live(),
                      threads = to_threads(info[1])](TaskControl& control) -> ToJs {
                       const auto model = live->in_memory(control);
                       state->prepared = std::make_shared<PreparedCorpus>();
                       state->prepared->words = state->text.words();
                       state->prepared->invalid_utf8_words = state->text.invalid_utf8_words();
                       state->prepared->encoded = state->text.encode(*model->vocabulary, threads, control);
                       return result_of(*state->prepared, "");
                     });
  });
}

Napi::Value CorpusObject::count(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary, [state = state_](TaskControl&) -> ToJs {
      state->counted = state->text.counted_words();
      return [state](Napi::Env env) -> Napi::Value {
        Napi::Object js = Napi::Object::New(env);
        js["words"] = static_cast<double>(state->counted.size());
        js["sentences"] = static_cast<double>(state->text.sentences());
        js["prunedWords"] = static_cast<double>(state->text.pruned().words);
        return js;
      };
    });
  });
}

Napi::Value CorpusObject::counted_words(const Napi::CallbackInfo& info) {
  const size_t from = info[0].As<Napi::Number>().Uint32Value();
  const size_t to = std::min<size_t>(info[1].As<Napi::Number>().Uint32Value(), state_->counted.size());
  Napi::Array words = Napi::Array::New(info.Env());
  Napi::Float64Array counts = Napi::Float64Array::New(info.Env(), to > from ? to - from : 0);
  for (size_t i = from; i < to; ++i) {
    const WordCount& counted = state_->counted[i];
    words.Set(static_cast<uint32_t>(i - from), Napi::String::New(info.Env(), counted.word.data(), counted.word.size()));
    counts[i - from] = static_cast<double>(counted.count);
  }
  Napi::Object js = Napi::Object::New(info.Env());
  js["words"] = words;
  js["counts"] = counts;
  return js;
}

Napi::Value CorpusObject::words(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(state_->text.words()));
}

}  // namespace w2v::node
