// The PhraseCounts, FrozenPhrases and PhraseJoiner of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "corpus/phrases.h"

namespace w2v::node {

class PhraseCountsObject : public Napi::ObjectWrap<PhraseCountsObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit PhraseCountsObject(const Napi::CallbackInfo& info);
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<PhraseCounter> counter);

  // Functions of the binding.
  static Napi::Value create(const Napi::CallbackInfo& info);
  static Napi::Value load(const Napi::CallbackInfo& info);

 private:
  Napi::Value words(const Napi::CallbackInfo& info);
  Napi::Value append_files(const Napi::CallbackInfo& info);
  Napi::Value append(const Napi::CallbackInfo& info);
  void end_source(const Napi::CallbackInfo& info);
  Napi::Value merge(const Napi::CallbackInfo& info);
  Napi::Value pairs(const Napi::CallbackInfo& info);
  Napi::Value frequent(const Napi::CallbackInfo& info);
  Napi::Value freeze(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);

  std::shared_ptr<PhraseCounter> counter_;
};

class FrozenPhrasesObject : public Napi::ObjectWrap<FrozenPhrasesObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit FrozenPhrasesObject(const Napi::CallbackInfo& info);
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<const FrozenPhrases> phrases);

 private:
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value list(const Napi::CallbackInfo& info);
  Napi::Value joiner(const Napi::CallbackInfo& info);
  Napi::Value join_sentence(const Napi::CallbackInfo& info);
  Napi::Value join_files(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);

  std::shared_ptr<const FrozenPhrases> phrases_;
};

class PhraseJoinerObject : public Napi::ObjectWrap<PhraseJoinerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit PhraseJoinerObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value append(const Napi::CallbackInfo& info);
  Napi::Value end_source(const Napi::CallbackInfo& info);

  std::shared_ptr<PhraseJoiner> joiner_;
};

}  // namespace w2v::node
