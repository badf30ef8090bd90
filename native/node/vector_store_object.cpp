#include "node/vector_store_object.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"
#include "node/addon.h"
#include "node/byte_buffer_object.h"
#include "node/convert.h"
#include "node/job.h"
#include "node/search_request.h"
#include "search/kmeans.h"
#include "search/metric.h"
#include "search/nearest.h"
#include "search/word_movers.h"
#include "vectors/edit.h"
#include "vectors/vector_file.h"

namespace w2v::node {

namespace {

Napi::String to_js_string(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}

Error bad_index(double index, size_t size) {
  return Error(code::argument, "Expected a row index from 0 to " + std::to_string(size) + " (exclusive) but received " +
                                   std::to_string(index));
}

// The job that makes a store.
Napi::Value start_edit(Napi::Env env, std::function<StoreHandle(TaskControl&)> edit, Napi::Value kept = Napi::Value()) {
  return start_job(
      env, Phase::loading,
      [edit = std::move(edit)](TaskControl& control) -> ToJs {
        return [store = edit(control)](Napi::Env env) -> Napi::Value { return VectorStoreObject::wrap(env, store); };
      },
      kept);
}

}  // namespace

Napi::Function VectorStoreObject::define(Napi::Env env) {
  return DefineClass(env, "VectorStore",
                     {InstanceAccessor<&VectorStoreObject::size>("size"),
                      InstanceAccessor<&VectorStoreObject::vector_size>("vectorSize"),
                      InstanceAccessor<&VectorStoreObject::has_counts>("hasCounts"),
                      InstanceAccessor<&VectorStoreObject::precisions>("precisions"),
                      InstanceAccessor<&VectorStoreObject::has_subwords>("hasSubwords"),
                      InstanceMethod<&VectorStoreObject::vector_of_subwords>("vectorOfSubwords"),
                      InstanceMethod<&VectorStoreObject::index_of>("indexOf"),
                      InstanceMethod<&VectorStoreObject::word_at>("wordAt"),
                      InstanceMethod<&VectorStoreObject::words>("words"),
                      InstanceMethod<&VectorStoreObject::count_at>("countAt"),
                      InstanceMethod<&VectorStoreObject::rows>("rows"),
                      InstanceMethod<&VectorStoreObject::search>("search"),
                      InstanceMethod<&VectorStoreObject::search_now>("searchNow"),
                      InstanceMethod<&VectorStoreObject::cosines>("cosines"),
                      InstanceMethod<&VectorStoreObject::word_movers_distance>("wordMoversDistance"),
                      InstanceMethod<&VectorStoreObject::with_words>("withWords"),
                      InstanceMethod<&VectorStoreObject::with_only>("withOnly"),
                      InstanceMethod<&VectorStoreObject::sorted_by_count>("sortedByCount"),
                      InstanceMethod<&VectorStoreObject::at_unit_length>("atUnitLength"),
                      InstanceMethod<&VectorStoreObject::with_rows_of>("withRowsOf"),
                      InstanceMethod<&VectorStoreObject::cluster>("cluster"),
                      InstanceMethod<&VectorStoreObject::save>("save"),
                      InstanceMethod<&VectorStoreObject::save_vocabulary>("saveVocabulary"),
                      InstanceMethod<&VectorStoreObject::verify>("verify")});
}

VectorStoreObject::VectorStoreObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), store_(std::move(*info[0].As<Napi::External<StoreHandle>>().Data())) {
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), bytes());  // so that the garbage collector knows its weight
}

void VectorStoreObject::Finalize(Napi::BasicEnv env) { Napi::MemoryManagement::AdjustExternalMemory(env, -bytes()); }

int64_t VectorStoreObject::bytes() const {
  // Mapped rows are no burden of this process.
  return store_->is_mapped() ? 0 : static_cast<int64_t>(store_->size() * store_->dims() * sizeof(float));
}

Napi::Object VectorStoreObject::wrap(Napi::Env env, StoreHandle store) {
  return env.GetInstanceData<AddonData>()->vector_store.New({Napi::External<StoreHandle>::New(env, &store)});
}

size_t VectorStoreObject::checked_index(const Napi::Value& value) const {
  const double index = value.As<Napi::Number>().DoubleValue();
  if (!(index >= 0 && index < static_cast<double>(store_->size()))) throw bad_index(index, store_->size());
  return static_cast<size_t>(index);
}

Napi::Value VectorStoreObject::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(store_->size()));
}

Napi::Value VectorStoreObject::vector_size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(store_->dims()));
}

Napi::Value VectorStoreObject::has_counts(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), store_->has_counts());
}

Napi::Value VectorStoreObject::precisions(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::int8})
    if (store_->has(precision)) names.Set(names.Length(), Napi::String::New(info.Env(), precision_name(precision)));
  return names;
}

Napi::Value VectorStoreObject::has_subwords(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), store_->subwords() != nullptr);
}

Napi::Value VectorStoreObject::vector_of_subwords(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    store_->check_unchanged();
    Napi::Float32Array row = Napi::Float32Array::New(info.Env(), store_->dims());
    const bool has_any =
        store_->subwords() && store_->subwords()->vector_of(info[0].As<Napi::String>().Utf8Value(), row.Data());
    return has_any ? row : info.Env().Undefined();
  });
}

Napi::Value VectorStoreObject::index_of(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    store_->check_unchanged();
    const uint32_t id = store_->find(info[0].As<Napi::String>().Utf8Value());
    return Napi::Number::New(info.Env(), id == WordIndex::none ? -1.0 : static_cast<double>(id));
  });
}

Napi::Value VectorStoreObject::word_at(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const size_t index = checked_index(info[0]);
    store_->check_unchanged();
    return to_js_string(info.Env(), store_->word(index));
  });
}

Napi::Value VectorStoreObject::words(const Napi::CallbackInfo& info) {
  const double limit = static_cast<double>(store_->size());
  const auto bound = [&](size_t i) {
    return static_cast<size_t>(std::clamp(info[i].As<Napi::Number>().DoubleValue(), 0.0, limit));
  };
  return guarded(info.Env(), [&]() -> Napi::Value {
    const size_t from = bound(0), to = std::max(from, bound(1));
    store_->check_unchanged();
    Napi::Array words = Napi::Array::New(info.Env(), to - from);
    for (size_t i = from; i < to; ++i)
      words.Set(static_cast<uint32_t>(i - from), to_js_string(info.Env(), store_->word(i)));
    return words;
  });
}

Napi::Value VectorStoreObject::count_at(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(store_->count(checked_index(info[0]))));
  });
}

Napi::Value VectorStoreObject::rows(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Uint32Array ids = info[0].As<Napi::Uint32Array>();
    const size_t dims = store_->dims();
    store_->check_unchanged();
    Napi::Float32Array rows = Napi::Float32Array::New(info.Env(), ids.ElementLength() * dims);
    for (size_t i = 0; i < ids.ElementLength(); ++i) {
      if (ids[i] >= store_->size()) throw bad_index(ids[i], store_->size());
      store_->copy_row(ids[i], rows.Data() + i * dims);
    }
    return rows;
  });
}

Napi::Value VectorStoreObject::search(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object js = info[0].As<Napi::Object>();
    const bool cosmul = js.Get("cosmulPositives").IsNumber();
    const size_t positives = cosmul ? js.Get("cosmulPositives").As<Napi::Number>().Uint32Value() : 0;
    if (js.Get("metric").IsString()) {
      const Metric metric = js.Get("metric").As<Napi::String>().Utf8Value() == "dot" ? Metric::dot : Metric::euclidean;
      return start_job(
          info.Env(), Phase::searching,
          [store = store_, request = to_search_request(js, *store_), metric](TaskControl& control) -> ToJs {
            return [found = search_by_metric(*store, request.view(), metric, control)](Napi::Env env) {
              return to_js(env, found);
            };
          });
    }
    return start_job(
        info.Env(), Phase::searching,
        [store = store_, request = to_search_request(js, *store_), cosmul, positives](TaskControl& control) -> ToJs {
          return [found = cosmul ? search_cosmul(*store, request.view(), positives, control)
                                 : search_nearest(*store, request.view(), control)](Napi::Env env) {
            return to_js(env, found);
          };
        });
  });
}

Napi::Value VectorStoreObject::search_now(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    TaskControl control;
    const OwnedRequest request = to_search_request(info[0].As<Napi::Object>(), *store_);
    return to_js(info.Env(), search_nearest(*store_, request.view(), control));
  });
}

Napi::Value VectorStoreObject::cosines(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::vector<float> query = to_floats(info[0]);
    const unsigned threads = info[1].As<Napi::Number>().Uint32Value();
    if (query.size() != store_->dims() || threads == 0)
      throw Error(code::argument, "cosines: expected a query of " + std::to_string(store_->dims()) + " numbers");
    return start_job(info.Env(), Phase::searching,
                     [store = store_, query = std::move(query), threads](TaskControl& control) -> ToJs {
                       return [scores = w2v::cosines(*store, query, 0, store->size(), threads, control)](
                                  Napi::Env env) -> Napi::Value {
                         return to_typed_array<Napi::Float32Array>(env, std::span(scores));
                       };
                     });
  });
}

Napi::Value VectorStoreObject::word_movers_distance(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::vector<uint32_t> a = to_ids(info[0]), b = to_ids(info[1]);
    for (const std::vector<uint32_t>& text : {a, b})
      for (const uint32_t id : text)
        if (id >= store_->size()) throw bad_index(id, store_->size());
    const bool unit_length = info[2].As<Napi::Boolean>().Value();
    return start_job(info.Env(), Phase::searching,
                     [store = store_, a = std::move(a), b = std::move(b), unit_length](TaskControl& control) -> ToJs {
                       return [distance = w2v::word_movers_distance(*store, a, b, unit_length, control)](
                                  Napi::Env env) -> Napi::Value { return Napi::Number::New(env, distance); };
                     });
  });
}

Napi::Value VectorStoreObject::with_words(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::shared_ptr<const ByteBuffer> bytes = ByteBufferObject::Unwrap(info[0].As<Napi::Object>())->take();
    std::vector<uint32_t> lengths = to_ids(info[1]);
    const Napi::Float32Array rows = info[2].As<Napi::Float32Array>();
    std::vector<double> counts;
    if (info[3].IsTypedArray()) {
      const Napi::Float64Array array = info[3].As<Napi::Float64Array>();
      counts.assign(array.Data(), array.Data() + array.ElementLength());
    }
    const bool replace = info[4].As<Napi::Boolean>().Value();
    const uint64_t total = std::accumulate(lengths.begin(), lengths.end(), uint64_t{0});
    if (total != bytes->size() || rows.ElementLength() != lengths.size() * store_->dims() ||
        (!counts.empty() && counts.size() != lengths.size()))
      throw Error(code::argument, "withWords: the sizes of words, rows and counts do not fit together");
    return start_edit(
        info.Env(),
        [store = store_, bytes, lengths = std::move(lengths), values = rows.Data(), counts = std::move(counts),
         replace](TaskControl& control) {
          std::vector<uint64_t> ends(lengths.size());
          std::partial_sum(lengths.begin(), lengths.end(), ends.begin(),
                           [](uint64_t sum, uint64_t length) { return sum + length; });
          const std::vector<uint64_t> whole_counts(counts.begin(), counts.end());
          return w2v::with_words(*store, {bytes->data(), ends, values, whole_counts}, replace, control);
        },
        rows);
  });
}

Napi::Value VectorStoreObject::with_only(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::vector<uint32_t> ids = to_ids(info[0]);
    for (const uint32_t id : ids)
      if (id >= store_->size()) throw bad_index(id, store_->size());
    return start_edit(info.Env(), [store = store_, ids = std::move(ids)](TaskControl& control) {
      return w2v::with_only(*store, ids, control);
    });
  });
}

Napi::Value VectorStoreObject::sorted_by_count(const Napi::CallbackInfo& info) {
  return start_edit(info.Env(),
                    [store = store_](TaskControl& control) { return w2v::sorted_by_count(*store, control); });
}

Napi::Value VectorStoreObject::at_unit_length(const Napi::CallbackInfo& info) {
  return start_edit(info.Env(),
                    [store = store_](TaskControl& control) { return w2v::at_unit_length(*store, control); });
}

Napi::Value VectorStoreObject::with_rows_of(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    StoreHandle other = VectorStoreObject::Unwrap(info[0].As<Napi::Object>())->store_;
    if (other->dims() != store_->dims()) throw Error(code::argument, "withRowsOf: expected vectors of the same size");
    return start_job(info.Env(), Phase::loading, [store = store_, other](TaskControl& control) -> ToJs {
      uint64_t taken = 0;
      StoreHandle merged = w2v::with_rows_of(*store, *other, taken, control);
      return [merged, taken](Napi::Env env) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result["vectors"] = wrap(env, merged);
        result["taken"] = static_cast<double>(taken);
        return result;
      };
    });
  });
}

Napi::Value VectorStoreObject::cluster(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object js = info[0].As<Napi::Object>();
    const auto number = [&js](const char* name) { return js.Get(name).As<Napi::Number>().Uint32Value(); };
    KMeansOptions options;
    options.classes = number("classes");
    options.as_word2vec = js.Get("asWord2vec").As<Napi::Boolean>().Value();
    options.iterations = number("iterations");
    options.seed = static_cast<uint64_t>(js.Get("seed").As<Napi::Number>().DoubleValue());
    options.threads = number("threads");
    return start_job(info.Env(), Phase::searching, [store = store_, options](TaskControl& control) -> ToJs {
      const auto result = std::make_shared<KMeansResult>(w2v::cluster(*store, options, control));
      return [result](Napi::Env env) -> Napi::Value {
        const Matrix& centroids = result->centroids;
        Napi::Float32Array rows = Napi::Float32Array::New(env, centroids.rows() * centroids.dims());
        for (size_t c = 0; c < centroids.rows(); ++c)
          std::copy_n(centroids.row(c), centroids.dims(), rows.Data() + c * centroids.dims());
        Napi::Object js = Napi::Object::New(env);
        js["classes"] = to_typed_array<Napi::Uint32Array>(env, std::span<const uint32_t>(result->classes));
        js["centroids"] = rows;
        js["sizes"] = to_typed_array<Napi::Uint32Array>(env, std::span<const uint32_t>(result->sizes));
        js["meanCosine"] = result->mean_cosine;
        js["iterations"] = result->iterations;
        return js;
      };
    });
  });
}

Napi::Value VectorStoreObject::save(const Napi::CallbackInfo& info) {
  const VectorFormat format = to_format(info[1]);
  const Napi::Array names = info[2].As<Napi::Array>();
  std::vector<Precision> precisions;
  for (uint32_t i = 0; i < names.Length(); ++i) precisions.push_back(to_precision(names.Get(i)));
  return start_job(info.Env(), Phase::saving,
                   [store = store_, path = info[0].As<Napi::String>().Utf8Value(), format,
                    precisions](TaskControl& control) -> ToJs {
                     save_vectors(*store, path, format, control, precisions);
                     return [](Napi::Env env) { return env.Undefined(); };
                   });
}

Napi::Value VectorStoreObject::save_vocabulary(const Napi::CallbackInfo& info) {
  return start_job(info.Env(), Phase::saving,
                   [store = store_, path = info[0].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
                     w2v::save_vocabulary(*store, path, control);
                     return [](Napi::Env env) { return env.Undefined(); };
                   });
}

Napi::Value VectorStoreObject::verify(const Napi::CallbackInfo& info) {
  return start_job(info.Env(), Phase::loading,
                   [store = store_, path = info[0].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
                     verify_checksums(*store, path, control);
                     return [](Napi::Env env) { return env.Undefined(); };
                   });
}

}  // namespace w2v::node
