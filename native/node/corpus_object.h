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

  // The prepared corpus: throws where it is not prepared, or has gone before. take() hands it over.
  std::shared_ptr<PreparedCorpus> prepared() const;
  std::shared_ptr<PreparedCorpus> take();
  // What has been read, before it is prepared.
  std::shared_ptr<const Corpus> text() const { return {state_, &state_->text}; }

 private:
  // From reading over the cache to training; jobs hold it while they work on it, one at a time.
  struct State {
    explicit State(CorpusStorage storage) : text(std::move(storage)) {}
    Corpus text;
    std::vector<WordCount> counted;  // by count()
    std::optional<CorpusCache> cache;
    std::shared_ptr<PreparedCorpus> prepared;
  };

  Napi::Value open_cache(const Napi::CallbackInfo& info);
  Napi::Value append_files(const Napi::CallbackInfo& info);
  Napi::Value append(const Napi::CallbackInfo& info);
  void end_source(const Napi::CallbackInfo& info);
  Napi::Value count(const Napi::CallbackInfo& info);
  Napi::Value counted_words(const Napi::CallbackInfo& info);
  Napi::Value prepare(const Napi::CallbackInfo& info);
  Napi::Value encode(const Napi::CallbackInfo& info);
  Napi::Value words(const Napi::CallbackInfo& info);

  std::shared_ptr<State> state_;
};

}  // namespace w2v::node
