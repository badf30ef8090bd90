// The LabelledText and Classifier of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "tasks/labelled_text.h"
#include "tasks/text_classifier.h"

namespace w2v::node {

class LabelledTextObject : public Napi::ObjectWrap<LabelledTextObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit LabelledTextObject(const Napi::CallbackInfo& info);
  const std::shared_ptr<LabelledText>& text() const { return text_; }

  // A function of the binding.
  static Napi::Value create(const Napi::CallbackInfo& info);

 private:
  Napi::Value append(const Napi::CallbackInfo& info);
  void end_source(const Napi::CallbackInfo& info);
  Napi::Value words(const Napi::CallbackInfo& info);

  std::shared_ptr<LabelledText> text_;
};

class ClassifierObject : public Napi::ObjectWrap<ClassifierObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ClassifierObject(const Napi::CallbackInfo& info);

  // Functions of the binding.
  static Napi::Value train(const Napi::CallbackInfo& info);
  static Napi::Value load(const Napi::CallbackInfo& info);

 private:
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<const TextClassifier> classifier);
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value vector_size(const Napi::CallbackInfo& info);
  Napi::Value labels(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value vectors(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);

  std::shared_ptr<const TextClassifier> classifier_;
};

}  // namespace w2v::node
