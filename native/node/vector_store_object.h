// The VectorStore of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "vectors/vector_store.h"

namespace w2v::node {

class VectorStoreObject : public Napi::ObjectWrap<VectorStoreObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit VectorStoreObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

  const std::shared_ptr<const VectorStore>& store() const { return store_; }

  // A JavaScript object that shares the store.
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<const VectorStore> store);

 private:
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value vector_size(const Napi::CallbackInfo& info);
  Napi::Value has_counts(const Napi::CallbackInfo& info);
  Napi::Value precisions(const Napi::CallbackInfo& info);
  Napi::Value has_subwords(const Napi::CallbackInfo& info);
  Napi::Value vector_of_subwords(const Napi::CallbackInfo& info);
  Napi::Value index_of(const Napi::CallbackInfo& info);
  Napi::Value word_at(const Napi::CallbackInfo& info);
  Napi::Value words(const Napi::CallbackInfo& info);
  Napi::Value count_at(const Napi::CallbackInfo& info);
  Napi::Value rows(const Napi::CallbackInfo& info);
  Napi::Value search(const Napi::CallbackInfo& info);
  Napi::Value search_now(const Napi::CallbackInfo& info);
  Napi::Value cosines(const Napi::CallbackInfo& info);
  Napi::Value word_movers_distance(const Napi::CallbackInfo& info);
  Napi::Value with_words(const Napi::CallbackInfo& info);
  Napi::Value with_only(const Napi::CallbackInfo& info);
  Napi::Value sorted_by_count(const Napi::CallbackInfo& info);
  Napi::Value at_unit_length(const Napi::CallbackInfo& info);
  Napi::Value with_rows_of(const Napi::CallbackInfo& info);
  Napi::Value cluster(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value save_vocabulary(const Napi::CallbackInfo& info);
  Napi::Value verify(const Napi::CallbackInfo& info);

  size_t checked_index(const Napi::Value& index) const;
  int64_t bytes() const;

  std::shared_ptr<const VectorStore> store_;
};

}  // namespace w2v::node
