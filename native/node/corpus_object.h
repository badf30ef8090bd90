// The Corpus of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "corpus/corpus.h"

namespace w2v::node {

class CorpusObject : public Napi::ObjectWrap<CorpusObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit CorpusObject(const Napi::CallbackInfo& info);

  // The corpus, handed over to a training: throws where it has gone before.
  std::shared_ptr<Corpus> take();

 private:
  Napi::Value append_files(const Napi::CallbackInfo& info);
  Napi::Value append(const Napi::CallbackInfo& info);
  void end_source(const Napi::CallbackInfo& info);
  Napi::Value words(const Napi::CallbackInfo& info);
  const std::shared_ptr<Corpus>& corpus() const;

  std::shared_ptr<Corpus> corpus_;
};

}  // namespace w2v::node
