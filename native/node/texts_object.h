// The Texts of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "search/texts.h"

namespace w2v::node {

class TextsObject : public Napi::ObjectWrap<TextsObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit TextsObject(const Napi::CallbackInfo& info);

  // Functions of the binding.
  static Napi::Value create(const Napi::CallbackInfo& info);
  static Napi::Value common_components(const Napi::CallbackInfo& info);

 private:
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value words(const Napi::CallbackInfo& info);
  Napi::Value not_empty(const Napi::CallbackInfo& info);
  Napi::Value append(const Napi::CallbackInfo& info);
  void end_source(const Napi::CallbackInfo& info);
  Napi::Value weights(const Napi::CallbackInfo& info);
  Napi::Value vectors(const Napi::CallbackInfo& info);
  Napi::Value soft_lengths(const Napi::CallbackInfo& info);
  Napi::Value search_soft_cosine(const Napi::CallbackInfo& info);
  Napi::Value search_word_movers(const Napi::CallbackInfo& info);

  std::shared_ptr<Texts> texts_;
};

}  // namespace w2v::node
