#include "node/texts_object.h"

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "node/addon.h"
#include "node/convert.h"
#include "node/job.h"
#include "node/search_request.h"
#include "node/vector_store_object.h"

namespace w2v::node {

namespace {

// A view of an array that is not to be changed while a job runs, which keeps it.
std::span<const float> floats_in(const Napi::Value& value) {
  const Napi::Float32Array array = value.As<Napi::Float32Array>();
  return {array.Data(), array.ElementLength()};
}

Napi::Array kept(Napi::Env env, std::initializer_list<Napi::Value> values) {
  Napi::Array all = Napi::Array::New(env, values.size());
  uint32_t i = 0;
  for (const Napi::Value& value : values) all.Set(i++, value);
  return all;
}

struct OwnedTextRequest {
  size_t top_n = 0;
  std::vector<uint8_t> filter;
  unsigned threads = 1;

  explicit OwnedTextRequest(const Napi::Object& js, const Texts& texts) {
    top_n = static_cast<size_t>(js.Get("topN").As<Napi::Number>().Int64Value());
    threads = js.Get("threads").As<Napi::Number>().Uint32Value();
    if (js.Get("filter").IsTypedArray()) {
      const Napi::Uint8Array mask = js.Get("filter").As<Napi::Uint8Array>();
      filter.assign(mask.Data(), mask.Data() + mask.ElementLength());
    }
    if (threads == 0 || (!filter.empty() && filter.size() != texts.size()))
      throw Error(code::argument, "texts: the sizes of filter and texts do not fit together");
  }
  TextSearchRequest view() const { return {top_n, filter, threads}; }
};

ToJs floats_to_js(std::vector<float> values) {
  const auto shared = std::make_shared<std::vector<float>>(std::move(values));
  return [shared](Napi::Env env) -> Napi::Value {
    return to_typed_array<Napi::Float32Array>(env, std::span<const float>(*shared));
  };
}

void check_weights(std::span<const float> weights, const Texts& texts) {
  if (weights.size() != texts.store().size())
    throw Error(code::argument, "texts: expected a weight for each of the " + std::to_string(texts.store().size()) +
                                    " words but received " + std::to_string(weights.size()));
}

}  // namespace

Napi::Function TextsObject::define(Napi::Env env) {
  return DefineClass(
      env, "Texts",
      {InstanceAccessor<&TextsObject::size>("size"), InstanceAccessor<&TextsObject::words>("words"),
       InstanceMethod<&TextsObject::not_empty>("notEmpty"), InstanceMethod<&TextsObject::append>("append"),
       InstanceMethod<&TextsObject::end_source>("endSource"), InstanceMethod<&TextsObject::weights>("weights"),
       InstanceMethod<&TextsObject::vectors>("vectors"), InstanceMethod<&TextsObject::soft_lengths>("softLengths"),
       InstanceMethod<&TextsObject::search_soft_cosine>("searchSoftCosine"),
       InstanceMethod<&TextsObject::search_word_movers>("searchWordMovers")});
}

TextsObject::TextsObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  texts_ = std::make_shared<Texts>(VectorStoreObject::Unwrap(info[0].As<Napi::Object>())->store());
}

Napi::Value TextsObject::create(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<AddonData>()->texts.New({info[0]});
}

Napi::Value TextsObject::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(texts_->size()));
}

Napi::Value TextsObject::words(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(texts_->words_read()));
}

Napi::Value TextsObject::not_empty(const Napi::CallbackInfo& info) {
  Napi::Uint8Array mask = Napi::Uint8Array::New(info.Env(), texts_->size());
  for (size_t t = 0; t < texts_->size(); ++t) mask[t] = texts_->words(t).empty() ? 0 : 1;
  return mask;
}

Napi::Value TextsObject::append(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    const Framing framing = to_framing(info[1]);
    const std::string_view text(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength());
    return start_job(
        info.Env(), Phase::loading,
        [texts = texts_, text, framing, name = info[2].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
          control.check_cancelled();
          texts->append(text, framing, name);
          return [](Napi::Env env) { return env.Undefined(); };
        },
        bytes);
  });
}

void TextsObject::end_source(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { texts_->end_source(); });
}

Napi::Value TextsObject::weights(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string name = info[0].As<Napi::String>().Utf8Value();
    const TextWeighting weighting = name == "idf"   ? TextWeighting::idf
                                    : name == "sif" ? TextWeighting::sif
                                                    : TextWeighting::mean;
    const double a = info[1].As<Napi::Number>().DoubleValue();
    return start_job(info.Env(), Phase::searching, [texts = texts_, weighting, a](TaskControl&) -> ToJs {
      return floats_to_js(word_weights(*texts, weighting, a));
    });
  });
}

Napi::Value TextsObject::vectors(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::span<const float> weights = floats_in(info[0]), components = floats_in(info[2]);
    const bool by_weight = info[1].As<Napi::Boolean>().Value();
    const unsigned threads = info[3].As<Napi::Number>().Uint32Value();
    Napi::Float32Array array = info[4].As<Napi::Float32Array>();
    const std::span<float> rows(array.Data(), array.ElementLength());
    const size_t dims = texts_->store().dims();
    check_weights(weights, *texts_);
    if (threads == 0 || components.size() % dims != 0 || rows.size() != texts_->size() * dims)
      throw Error(code::argument, "texts: the sizes of components, rows and vectors do not fit together");
    return start_job(
        info.Env(), Phase::searching,
        [texts = texts_, weights, by_weight, components, threads, rows](TaskControl& control) -> ToJs {
          text_vectors(*texts, weights, by_weight, components, threads, rows, control);
          return [](Napi::Env env) { return env.Undefined(); };
        },
        kept(info.Env(), {info[0], info[2], info[4]}));
  });
}

Napi::Value TextsObject::common_components(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::span<const float> rows = floats_in(info[0]);
    const size_t dims = info[1].As<Napi::Number>().Uint32Value(), count = info[2].As<Napi::Number>().Uint32Value();
    const unsigned threads = info[3].As<Napi::Number>().Uint32Value();
    if (dims == 0 || rows.size() % dims != 0 || threads == 0)
      throw Error(code::argument, "commonComponents: the sizes of rows and vectors do not fit together");
    return start_job(
        info.Env(), Phase::searching,
        [rows, dims, count, threads](TaskControl& control) -> ToJs {
          return floats_to_js(w2v::common_components(rows, dims, count, threads, control));
        },
        info[0]);
  });
}

Napi::Value TextsObject::soft_lengths(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::span<const float> weights = floats_in(info[0]);
    const unsigned threads = info[1].As<Napi::Number>().Uint32Value();
    check_weights(weights, *texts_);
    return start_job(
        info.Env(), Phase::searching,
        [texts = texts_, weights, threads](TaskControl& control) -> ToJs {
          const auto lengths =
              std::make_shared<std::vector<double>>(w2v::soft_lengths(*texts, weights, threads, control));
          return [lengths](Napi::Env env) -> Napi::Value {
            return to_typed_array<Napi::Float64Array>(env, std::span<const double>(*lengths));
          };
        },
        info[0]);
  });
}

Napi::Value TextsObject::search_soft_cosine(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Float64Array lengths = info[0].As<Napi::Float64Array>();
    const std::span<const double> lengths_of_texts(lengths.Data(), lengths.ElementLength());
    const std::shared_ptr<Texts> queries = TextsObject::Unwrap(info[1].As<Napi::Object>())->texts_;
    const std::span<const float> weights = floats_in(info[2]);
    const OwnedTextRequest request(info[3].As<Napi::Object>(), *texts_);
    check_weights(weights, *texts_);
    if (lengths_of_texts.size() != texts_->size() || &queries->store() != &texts_->store())
      throw Error(code::argument, "searchSoftCosine: expected queries of the same vectors, and a length for each text");
    return start_job(
        info.Env(), Phase::searching,
        [texts = texts_, lengths_of_texts, queries, weights, request](TaskControl& control) -> ToJs {
          return [found = w2v::search_soft_cosine(*texts, lengths_of_texts, *queries, weights, request.view(),
                                                  control)](Napi::Env env) { return to_js(env, found); };
        },
        kept(info.Env(), {info[0], info[2]}));
  });
}

Napi::Value TextsObject::search_word_movers(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::shared_ptr<Texts> queries = TextsObject::Unwrap(info[0].As<Napi::Object>())->texts_;
    const bool unit_length = info[1].As<Napi::Boolean>().Value();
    const OwnedTextRequest request(info[2].As<Napi::Object>(), *texts_);
    if (&queries->store() != &texts_->store())
      throw Error(code::argument, "searchWordMovers: expected queries of the same vectors");
    return start_job(info.Env(), Phase::searching,
                     [texts = texts_, queries, unit_length, request](TaskControl& control) -> ToJs {
                       return [found = w2v::search_word_movers(*texts, *queries, unit_length, request.view(), control)](
                                  Napi::Env env) { return to_js(env, found); };
                     });
  });
}

}  // namespace w2v::node
