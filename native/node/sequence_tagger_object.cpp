#include "node/sequence_tagger_object.h"

#include <span>
#include <string>
#include <utility>

#include "node/addon.h"
#include "node/convert.h"
#include "node/job.h"
#include "node/vector_store_object.h"
#include "tasks/sequence_tagger_file.h"

namespace w2v::node {

namespace {

using TaggerHandle = std::shared_ptr<SequenceTagger>;

std::shared_ptr<TaggedText> text_of(const Napi::Value& value) {
  return TaggedTextObject::Unwrap(value.As<Napi::Object>())->text();
}

ToJs nothing() {
  return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
}

TaggerOptions to_tagger_options(const Napi::Object& js) {
  const auto whole = [](const Napi::Object& object, const char* name) {
    return object.Get(name).As<Napi::Number>().Uint32Value();
  };
  TaggerOptions options;
  const Napi::Array tables = js.Get("tables").As<Napi::Array>();
  for (uint32_t i = 0; i < tables.Length(); ++i) {
    const Napi::Object table = tables.Get(i).As<Napi::Object>();
    options.tables.push_back({whole(table, "size"), whole(table, "minCount")});
  }
  options.columns = to_ids(js.Get("columns"));
  options.window = whole(js, "window");
  options.hidden = whole(js, "hidden");
  options.seed = static_cast<uint64_t>(js.Get("seed").As<Napi::Number>().DoubleValue());
  return options;
}

TaggerEpoch to_tagger_epoch(const Napi::Object& js) {
  const auto number = [&js](const char* name) { return js.Get(name).As<Napi::Number>().DoubleValue(); };
  TaggerEpoch epoch;
  epoch.epoch = static_cast<uint32_t>(number("epoch"));
  epoch.rate = static_cast<float>(number("rate"));
  epoch.dropout = static_cast<float>(number("dropout"));
  epoch.weight_decay = static_cast<float>(number("weightDecay"));
  epoch.tune_words = js.Get("tuneWords").As<Napi::Boolean>().Value();
  epoch.threads = static_cast<uint32_t>(number("threads"));
  return epoch;
}

}  // namespace

// ---- text ----

Napi::Function TaggedTextObject::define(Napi::Env env) {
  return DefineClass(
      env, "TaggedText",
      {InstanceAccessor<&TaggedTextObject::tokens>("tokens"), InstanceMethod<&TaggedTextObject::append>("append")});
}

TaggedTextObject::TaggedTextObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), text_(std::make_shared<TaggedText>(info[0].As<Napi::Number>().Uint32Value())) {}

Napi::Value TaggedTextObject::create(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<AddonData>()->tagged_text.New({info[0]});
}

Napi::Value TaggedTextObject::tokens(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(text_->tokens()));
}

Napi::Value TaggedTextObject::append(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    const std::string_view view(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength());
    return start_job(
        info.Env(), Phase::vocabulary,
        [text = text_, view](TaskControl&) -> ToJs {
          text->append(view);
          return nothing();
        },
        bytes);
  });
}

// ---- the tagger ----

Napi::Function SequenceTaggerObject::define(Napi::Env env) {
  return DefineClass(
      env, "SequenceTagger",
      {InstanceAccessor<&SequenceTaggerObject::tags>("tags"), InstanceAccessor<&SequenceTaggerObject::words>("words"),
       InstanceMethod<&SequenceTaggerObject::learn>("learn"), InstanceMethod<&SequenceTaggerObject::tag>("tag"),
       InstanceMethod<&SequenceTaggerObject::remember>("remember"),
       InstanceMethod<&SequenceTaggerObject::restore>("restore"), InstanceMethod<&SequenceTaggerObject::save>("save")});
}

SequenceTaggerObject::SequenceTaggerObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), tagger_(std::move(*info[0].As<Napi::External<TaggerHandle>>().Data())) {}

Napi::Object SequenceTaggerObject::wrap(Napi::Env env, TaggerHandle tagger) {
  return env.GetInstanceData<AddonData>()->sequence_tagger.New({Napi::External<TaggerHandle>::New(env, &tagger)});
}

Napi::Value SequenceTaggerObject::create(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::shared_ptr<const VectorStore> words;
    if (info[1].IsObject()) words = VectorStoreObject::Unwrap(info[1].As<Napi::Object>())->store();
    return start_job(info.Env(), Phase::vocabulary,
                     [text = text_of(info[0]), words,
                      options = to_tagger_options(info[2].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       auto tagger = std::make_shared<SequenceTagger>(options, *text, words.get(), control);
                       return [tagger](Napi::Env env) -> Napi::Value { return wrap(env, tagger); };
                     });
  });
}

Napi::Value SequenceTaggerObject::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading,
                     [path = info[0].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
                       return [loaded = SequenceTaggerFile::load(path, control)](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["tagger"] = wrap(env, loaded.tagger);
                         js["notes"] = loaded.notes;
                         return js;
                       };
                     });
  });
}

Napi::Value SequenceTaggerObject::tags(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (size_t i = 0; i < tagger_->tags().size(); ++i) {
    const std::string_view tag = tagger_->tags().word(i);
    names.Set(static_cast<uint32_t>(i), Napi::String::New(info.Env(), tag.data(), tag.size()));
  }
  return names;
}

Napi::Value SequenceTaggerObject::words(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(tagger_->tables()[0].values.size()));
}

Napi::Value SequenceTaggerObject::learn(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::training,
                     [tagger = tagger_, text = text_of(info[0]),
                      epoch = to_tagger_epoch(info[1].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       return [loss = tagger->learn(*text, epoch, control)](Napi::Env env) -> Napi::Value {
                         return Napi::Number::New(env, loss);
                       };
                     });
  });
}

Napi::Value SequenceTaggerObject::tag(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::searching,
                     [tagger = tagger_, text = text_of(info[0]),
                      threads = info[1].As<Napi::Number>().Uint32Value()](TaskControl& control) -> ToJs {
                       return [tags = tagger->tag(*text, threads, control)](Napi::Env env) -> Napi::Value {
                         return to_typed_array<Napi::Uint32Array>(env, std::span<const uint32_t>(tags));
                       };
                     });
  });
}

Napi::Value SequenceTaggerObject::remember(const Napi::CallbackInfo& info) {
  return start_job(info.Env(), Phase::training, [tagger = tagger_](TaskControl&) -> ToJs {
    tagger->remember();
    return nothing();
  });
}

Napi::Value SequenceTaggerObject::restore(const Napi::CallbackInfo& info) {
  return start_job(info.Env(), Phase::training, [tagger = tagger_](TaskControl&) -> ToJs {
    tagger->restore();
    return nothing();
  });
}

Napi::Value SequenceTaggerObject::save(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::saving,
                     [tagger = tagger_, path = info[0].As<Napi::String>().Utf8Value(),
                      notes = info[1].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
                       SequenceTaggerFile::save(*tagger, path, notes, control);
                       return nothing();
                     });
  });
}

}  // namespace w2v::node
