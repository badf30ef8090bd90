// The functions of binding.d.ts.
#include "node/addon.h"

#include <memory>
#include <string>
#include <utility>

#include "kernels/kernels.h"
#include "node/byte_buffer_object.h"
#include "node/convert.h"
#include "node/corpus_object.h"
#include "node/devices.h"
#include "node/job.h"
#include "node/model_object.h"
#include "node/phrases_object.h"
#include "node/sequence_tagger_object.h"
#include "node/text_classifier_object.h"
#include "node/texts_object.h"
#include "node/vector_index_object.h"
#include "node/vector_store_object.h"
#include "vectors/vector_file.h"

namespace w2v::node {

namespace {

Napi::Value isa(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value { return Napi::String::New(info.Env(), kernels().isa); });
}

Napi::Value available_isas(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    names.Set(names.Length(), Napi::String::New(info.Env(), (*k)->isa));
  return names;
}

Napi::Value create_corpus(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<AddonData>()->corpus.New({info[0]});
}

Napi::Value create_buffer(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<AddonData>()->byte_buffer.New({});
}

Napi::Value create_store(const Napi::CallbackInfo& info) {
  const size_t dims = info[0].As<Napi::Number>().Uint32Value();
  return VectorStoreObject::wrap(info.Env(), std::make_shared<const VectorStore>(
                                                 WordIndex(), Matrix(0, dims, "vectors"), std::vector<uint64_t>()));
}

Napi::Object to_js(Napi::Env env, const LoadedVectors& loaded) {
  Napi::Object js = Napi::Object::New(env);
  js["vectors"] = VectorStoreObject::wrap(env, loaded.store);
  js["format"] = format_name(loaded.format);
  js["mapped"] = loaded.store->is_mapped();
  js["duplicateWords"] = static_cast<double>(loaded.duplicate_words);
  js["invalidWords"] = static_cast<double>(loaded.invalid_words);
  js["nonFiniteRows"] = static_cast<double>(loaded.non_finite_rows);
  js["missingRows"] = static_cast<double>(loaded.missing_rows);
  if (loaded.sidecar != Sidecar::none)
    js["sidecar"] = loaded.sidecar == Sidecar::reused    ? "reused"
                    : loaded.sidecar == Sidecar::written ? "written"
                                                         : "failed";
  if (!loaded.sidecar_problem.empty()) js["sidecarProblem"] = loaded.sidecar_problem;
  return js;
}

Napi::Value load_vectors(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const LoadOptions options = to_load_options(info[2].As<Napi::Object>());
    const std::string name = info[1].As<Napi::String>().Utf8Value();
    std::shared_ptr<const ByteBuffer> bytes;
    if (info[0].IsObject()) bytes = ByteBufferObject::Unwrap(info[0].As<Napi::Object>())->take();
    return start_job(info.Env(), Phase::loading, [bytes, name, options](TaskControl& control) -> ToJs {
      return [loaded = bytes ? w2v::load_vectors(bytes, name, options, control)
                             : w2v::load_vectors(name, options, control)](Napi::Env env) -> Napi::Value {
        return to_js(env, loaded);
      };
    });
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AddonData{
      .corpus = Napi::Persistent(CorpusObject::define(env)),
      .model = Napi::Persistent(ModelObject::define(env)),
      .training = Napi::Persistent(TrainingObject::define(env)),
      .phrase_counts = Napi::Persistent(PhraseCountsObject::define(env)),
      .frozen_phrases = Napi::Persistent(FrozenPhrasesObject::define(env)),
      .phrase_joiner = Napi::Persistent(PhraseJoinerObject::define(env)),
      .vector_store = Napi::Persistent(VectorStoreObject::define(env)),
      .vector_index = Napi::Persistent(VectorIndexObject::define(env)),
      .byte_buffer = Napi::Persistent(ByteBufferObject::define(env)),
      .tagged_text = Napi::Persistent(TaggedTextObject::define(env)),
      .sequence_tagger = Napi::Persistent(SequenceTaggerObject::define(env)),
      .texts = Napi::Persistent(TextsObject::define(env)),
      .labelled_text = Napi::Persistent(LabelledTextObject::define(env)),
      .classifier = Napi::Persistent(ClassifierObject::define(env)),
  });
  const auto add = [&](const char* name, auto function) { exports[name] = Napi::Function::New(env, function, name); };
  add("isa", isa);
  add("availableIsas", available_isas);
  add("useCudaLibrary", use_cuda_library);
  add("cudaDevices", cuda_devices);
  add("checkCudaDevices", check_cuda_devices);
  add("createCorpus", create_corpus);
  add("createModel", ModelObject::from_corpus);
  add("createModelOfCounts", ModelObject::from_counts);
  add("createModelOfVectors", ModelObject::from_vectors);
  add("loadModel", ModelObject::load);
  add("createPhrases", PhraseCountsObject::create);
  add("loadPhrases", PhraseCountsObject::load);
  add("createTexts", TextsObject::create);
  add("commonComponents", TextsObject::common_components);
  add("createBuffer", create_buffer);
  add("createStore", create_store);
  add("loadVectors", load_vectors);
  add("buildIndex", VectorIndexObject::build);
  add("openIndex", VectorIndexObject::open);
  add("createTaggedText", TaggedTextObject::create);
  add("createTagger", SequenceTaggerObject::create);
  add("loadTagger", SequenceTaggerObject::load);
  add("createLabelledText", LabelledTextObject::create);
  add("trainClassifier", ClassifierObject::train);
  add("loadClassifier", ClassifierObject::load);
  return exports;
}

}  // namespace

NODE_API_MODULE(word2vec_native, init)

}  // namespace w2v::node
