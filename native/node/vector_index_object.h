// The VectorIndex of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "search/ann_index.h"

namespace w2v::node {

class VectorIndexObject : public Napi::ObjectWrap<VectorIndexObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit VectorIndexObject(const Napi::CallbackInfo& info);

  // Functions of the binding: (store, options) and (store, path).
  static Napi::Value build(const Napi::CallbackInfo& info);
  static Napi::Value open(const Napi::CallbackInfo& info);

 private:
  using Handle = std::shared_ptr<const AnnIndex>;
  struct Content {
    Handle index;
    std::shared_ptr<const VectorStore> store;
  };
  static Napi::Object wrap(Napi::Env env, Content content);

  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value search(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);

  Content content_;
};

}  // namespace w2v::node
