// The Corpus of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include "corpus/corpus.h"
#include "corpus/corpus_cache.h"

namespace w2v::node {

class CorpusObject : public Napi::ObjectWrap<CorpusObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit CorpusObject(const Napi::CallbackInfo& info);

  // The prepared corpus, handed over to a training: throws where it is not prepared, or has gone before.
  std::shared_ptr<PreparedCorpus> take();

 private:
  // From reading over the cache to training; jobs hold it while they work on it, one at a time.
  struct State {
    explicit State(const std::string& spool_folder) : text(spool_folder) {}
    Corpus text;
    std::optional<CorpusCache> cache;
    std::shared_ptr<PreparedCorpus> prepared;
  };

  Napi::Value open_cache(const Napi::CallbackInfo& info);
  Napi::Value append_files(const Napi::CallbackInfo& info);
  Napi::Value append(const Napi::CallbackInfo& info);
  void end_source(const Napi::CallbackInfo& info);
  Napi::Value prepare(const Napi::CallbackInfo& info);
  Napi::Value words(const Napi::CallbackInfo& info);

  std::shared_ptr<State> state_;
};

}  // namespace w2v::node
