#include "node/vector_index_object.h"

#include <string>
#include <utility>

#include "node/addon.h"
#include "node/job.h"
#include "node/search_request.h"
#include "node/vector_store_object.h"

namespace w2v::node {

Napi::Function VectorIndexObject::define(Napi::Env env) {
  return DefineClass(
      env, "VectorIndex",
      {InstanceAccessor<&VectorIndexObject::size>("size"), InstanceMethod<&VectorIndexObject::search>("search"),
       InstanceMethod<&VectorIndexObject::save>("save")});
}

VectorIndexObject::VectorIndexObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), content_(std::move(*info[0].As<Napi::External<Content>>().Data())) {}

Napi::Object VectorIndexObject::wrap(Napi::Env env, Content content) {
  return env.GetInstanceData<AddonData>()->vector_index.New({Napi::External<Content>::New(env, &content)});
}

Napi::Value VectorIndexObject::build(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto store = VectorStoreObject::Unwrap(info[0].As<Napi::Object>())->store();
    const Napi::Object js = info[1].As<Napi::Object>();
    const auto whole = [&js](const char* name) { return js.Get(name).As<Napi::Number>().Uint32Value(); };
    const AnnOptions options{whole("connectivity"), whole("expansion"), whole("threads")};
    return start_job(info.Env(), Phase::searching, [store, options](TaskControl& control) -> ToJs {
      return [content = Content{AnnIndex::build(store, options, control), store}](Napi::Env env) -> Napi::Value {
        return wrap(env, content);
      };
    });
  });
}

Napi::Value VectorIndexObject::open(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto store = VectorStoreObject::Unwrap(info[0].As<Napi::Object>())->store();
    return start_job(info.Env(), Phase::loading,
                     [store, path = info[1].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
                       return [content = Content{AnnIndex::open(path, store, control), store}](
                                  Napi::Env env) -> Napi::Value { return wrap(env, content); };
                     });
  });
}

Napi::Value VectorIndexObject::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(content_.index->size()));
}

Napi::Value VectorIndexObject::search(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const size_t expansion = info[1].As<Napi::Number>().Uint32Value();
    return start_job(info.Env(), Phase::searching,
                     [content = content_, request = to_search_request(info[0].As<Napi::Object>(), *content_.store),
                      expansion](TaskControl& control) -> ToJs {
                       return [found = content.index->search(request.view(), expansion, control)](Napi::Env env) {
                         return to_js(env, found);
                       };
                     });
  });
}

Napi::Value VectorIndexObject::save(const Napi::CallbackInfo& info) {
  return start_job(info.Env(), Phase::saving,
                   [content = content_, path = info[0].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
                     content.index->save(path, control);
                     return [](Napi::Env env) { return env.Undefined(); };
                   });
}

}  // namespace w2v::node
