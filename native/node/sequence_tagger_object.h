// The TaggedText and SequenceTagger of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "tasks/sequence_tagger.h"
#include "tasks/tagged_text.h"

namespace w2v::node {

class TaggedTextObject : public Napi::ObjectWrap<TaggedTextObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit TaggedTextObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<TaggedText>& text() const { return text_; }

  // A function of the binding.
  static Napi::Value create(const Napi::CallbackInfo& info);

 private:
  Napi::Value append(const Napi::CallbackInfo& info);
  Napi::Value tokens(const Napi::CallbackInfo& info);

  std::shared_ptr<TaggedText> text_;
};

class SequenceTaggerObject : public Napi::ObjectWrap<SequenceTaggerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SequenceTaggerObject(const Napi::CallbackInfo& info);

  // Functions of the binding.
  static Napi::Value create(const Napi::CallbackInfo& info);
  static Napi::Value load(const Napi::CallbackInfo& info);

 private:
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<SequenceTagger> tagger);
  Napi::Value tags(const Napi::CallbackInfo& info);
  Napi::Value words(const Napi::CallbackInfo& info);
  Napi::Value learn(const Napi::CallbackInfo& info);
  Napi::Value tag(const Napi::CallbackInfo& info);
  Napi::Value remember(const Napi::CallbackInfo& info);
  Napi::Value restore(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);

  std::shared_ptr<SequenceTagger> tagger_;
};

}  // namespace w2v::node
