#include "node/text_classifier_object.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "node/addon.h"
#include "node/convert.h"
#include "node/job.h"
#include "node/vector_store_object.h"
#include "tasks/text_classifier_file.h"
#include "tasks/text_classifier_training.h"

namespace w2v::node {

namespace {

using Handle = std::shared_ptr<const TextClassifier>;

std::shared_ptr<LabelledText> text_of(const Napi::Value& value) {
  return LabelledTextObject::Unwrap(value.As<Napi::Object>())->text();
}

// All complete documents of a text, in their order.
EncodedDocuments encode_all(const TextClassifier& classifier, const Documents& documents, unsigned threads,
                            TaskControl& control) {
  std::vector<uint32_t> all(documents.size());
  std::iota(all.begin(), all.end(), 0);
  return encode(classifier, documents, all, threads, control);
}

PredictionRules to_rules(const Napi::Value& top_n, const Napi::Value& threshold) {
  PredictionRules rules;
  rules.top_n = top_n.As<Napi::Number>().Uint32Value();
  if (threshold.IsNumber()) rules.threshold = threshold.As<Napi::Number>().FloatValue();
  return rules;
}

ClassifierOptions to_options(const Napi::Object& js) {
  const auto number = [&js](const char* name) { return js.Get(name).As<Napi::Number>().DoubleValue(); };
  ClassifierOptions options;
  const std::string loss = js.Get("loss").As<Napi::String>().Utf8Value();
  options.loss = loss == "ova"  ? ClassifierLoss::one_vs_all
                 : loss == "hs" ? ClassifierLoss::hierarchical_softmax
                                : ClassifierLoss::softmax;
  options.vector_size = static_cast<uint32_t>(number("vectorSize"));
  options.word_ngrams = static_cast<uint32_t>(number("wordNgrams"));
  options.buckets = static_cast<uint64_t>(number("buckets"));
  options.min_count = static_cast<uint64_t>(number("minCount"));
  options.epochs = static_cast<uint32_t>(number("epochs"));
  options.alpha = static_cast<float>(number("alpha"));
  options.vector_alpha = static_cast<float>(number("vectorAlpha"));
  options.threads = static_cast<uint32_t>(number("threads"));
  options.seed = static_cast<uint64_t>(number("seed"));
  options.balanced = js.Get("balanced").As<Napi::Boolean>().Value();
  const std::vector<std::string> labels = to_strings(js.Get("weightedLabels"));
  const Napi::Float64Array weights = js.Get("labelWeights").As<Napi::Float64Array>();
  for (size_t i = 0; i < labels.size(); ++i) options.class_weights.emplace_back(labels[i], weights[i]);
  options.validation = number("validation");
  options.refit = js.Get("refit").As<Napi::Boolean>().Value();
  options.patience = static_cast<uint32_t>(number("patience"));
  return options;
}

Napi::Object to_js(Napi::Env env, const ClassifierReport& report) {
  Napi::Object js = Napi::Object::New(env);
  const auto set = [&js](const char* name, auto value) { js[name] = static_cast<double>(value); };
  set("documents", report.documents);
  set("words", report.words);
  set("validationDocuments", report.validation_documents);
  set("emptyDocuments", report.empty_documents);
  set("singleLabels", report.single_labels);
  set("unseenLabels", report.unseen_labels);
  set("pretrainedWords", report.pretrained_words);
  set("bestEpoch", report.best_epoch);
  set("trainedWords", report.trained_words);
  set("trainSeconds", report.seconds);
  set("trainCpuSeconds", report.cpu_seconds);
  std::vector<double> losses, scores;
  for (const ClassifierEpoch& epoch : report.epochs) {
    losses.push_back(epoch.loss);
    scores.push_back(epoch.micro_f1);
  }
  js["losses"] = to_typed_array<Napi::Float64Array>(env, std::span<const double>(losses));
  js["validationMicroF1"] = to_typed_array<Napi::Float64Array>(env, std::span<const double>(scores));
  js["stoppedEarly"] = report.stopped;
  return js;
}

Napi::Object to_js(Napi::Env env, const ClassifierEvaluation& evaluation, const WordIndex& unseen) {
  Napi::Object js = Napi::Object::New(env);
  js["documents"] = static_cast<double>(evaluation.documents);
  js["exact"] = static_cast<double>(evaluation.exact);
  Napi::Array names = Napi::Array::New(env);
  for (size_t i = 0; i < unseen.size(); ++i) {
    const std::string_view name = unseen.word(i);
    names.Set(names.Length(), Napi::String::New(env, name.data(), name.size()));
  }
  js["unseenLabels"] = names;
  const auto column = [&](auto&& rows, auto&& value) {
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(static_cast<double>(value(row)));
    return to_typed_array<Napi::Float64Array>(env, std::span<const double>(values));
  };
  js["right"] = column(evaluation.labels, [](const auto& label) { return label.right; });
  js["wrong"] = column(evaluation.labels, [](const auto& label) { return label.wrong; });
  js["missed"] = column(evaluation.labels, [](const auto& label) { return label.missed; });
  js["actual"] = column(evaluation.confusion, [](const auto& pair) { return pair.actual; });
  js["predicted"] = column(evaluation.confusion, [](const auto& pair) { return pair.predicted; });
  js["confused"] = column(evaluation.confusion, [](const auto& pair) { return pair.documents; });
  return js;
}

}  // namespace

// ---- text ----

Napi::Function LabelledTextObject::define(Napi::Env env) {
  return DefineClass(env, "LabelledText",
                     {InstanceMethod<&LabelledTextObject::append>("append"),
                      InstanceMethod<&LabelledTextObject::end_source>("endSource"),
                      InstanceAccessor<&LabelledTextObject::words>("words")});
}

LabelledTextObject::LabelledTextObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), text_(std::make_shared<LabelledText>(info[0].As<Napi::String>().Utf8Value())) {}

Napi::Value LabelledTextObject::create(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<AddonData>()->labelled_text.New({info[0]});
}

Napi::Value LabelledTextObject::append(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    const std::string_view view(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength());
    return start_job(
        info.Env(), Phase::vocabulary,
        [text = text_, view, framing = to_framing(info[1]),
         name = info[2].As<Napi::String>().Utf8Value()](TaskControl&) -> ToJs {
          text->append(view, framing, name);
          return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
        },
        bytes);
  });
}

void LabelledTextObject::end_source(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { text_->end_source(); });
}

Napi::Value LabelledTextObject::words(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(text_->words()));
}

// ---- classifier ----

Napi::Function ClassifierObject::define(Napi::Env env) {
  return DefineClass(
      env, "Classifier",
      {InstanceAccessor<&ClassifierObject::size>("size"),
       InstanceAccessor<&ClassifierObject::vector_size>("vectorSize"),
       InstanceMethod<&ClassifierObject::labels>("labels"), InstanceMethod<&ClassifierObject::predict>("predict"),
       InstanceMethod<&ClassifierObject::evaluate>("evaluate"), InstanceMethod<&ClassifierObject::vectors>("vectors"),
       InstanceMethod<&ClassifierObject::save>("save")});
}

ClassifierObject::ClassifierObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), classifier_(std::move(*info[0].As<Napi::External<Handle>>().Data())) {}

Napi::Object ClassifierObject::wrap(Napi::Env env, Handle classifier) {
  return env.GetInstanceData<AddonData>()->classifier.New({Napi::External<Handle>::New(env, &classifier)});
}

Napi::Value ClassifierObject::train(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto training = text_of(info[0]), validation = info[1].IsObject() ? text_of(info[1]) : nullptr;
    const auto vectors = info[2].IsObject() ? VectorStoreObject::Unwrap(info[2].As<Napi::Object>())->store() : nullptr;
    return start_job(info.Env(), Phase::training,
                     [training, validation, vectors,
                      options = to_options(info[3].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       if (vectors) vectors->check_unchanged();
                       return [trained = train_classifier(*training, validation.get(), vectors.get(), options,
                                                          control)](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["classifier"] = wrap(env, trained.classifier);
                         js["report"] = to_js(env, trained.report);
                         return js;
                       };
                     });
  });
}

Napi::Value ClassifierObject::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading,
                     [path = info[0].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
                       return [loaded = load_classifier(path, control)](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["classifier"] = wrap(env, loaded.classifier);
                         js["notes"] = loaded.notes;
                         return js;
                       };
                     });
  });
}

Napi::Value ClassifierObject::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(classifier_->labels.size()));
}

Napi::Value ClassifierObject::vector_size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(classifier_->dims()));
}

Napi::Value ClassifierObject::labels(const Napi::CallbackInfo& info) {
  const size_t to = std::min<size_t>(classifier_->labels.size(), info[1].As<Napi::Number>().Uint32Value());
  Napi::Array names = Napi::Array::New(info.Env());
  for (size_t i = info[0].As<Napi::Number>().Uint32Value(); i < to; ++i) {
    const std::string_view name = classifier_->labels.word(i);
    names.Set(names.Length(), Napi::String::New(info.Env(), name.data(), name.size()));
  }
  return names;
}

Napi::Value ClassifierObject::predict(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::searching,
                     [classifier = classifier_, text = text_of(info[0]), rules = to_rules(info[1], info[2]),
                      threads = info[3].As<Napi::Number>().Uint32Value()](TaskControl& control) -> ToJs {
                       const EncodedDocuments documents = encode_all(*classifier, text->take(), threads, control);
                       const auto found = w2v::predict(*classifier, documents, rules, threads, control);
                       std::vector<uint32_t> ends(found.ends.begin(), found.ends.end()), labels;
                       std::vector<float> probabilities;
                       for (const Prediction& prediction : found.values) {
                         labels.push_back(prediction.label);
                         probabilities.push_back(prediction.probability);
                       }
                       return [ends = std::move(ends), labels = std::move(labels),
                               probabilities = std::move(probabilities)](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["ends"] = to_typed_array<Napi::Uint32Array>(env, std::span<const uint32_t>(ends));
                         js["labels"] = to_typed_array<Napi::Uint32Array>(env, std::span<const uint32_t>(labels));
                         js["probabilities"] =
                             to_typed_array<Napi::Float32Array>(env, std::span<const float>(probabilities));
                         return js;
                       };
                     });
  });
}

Napi::Value ClassifierObject::evaluate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::searching,
                     [classifier = classifier_, text = text_of(info[0]), rules = to_rules(info[1], info[2]),
                      threads = info[3].As<Napi::Number>().Uint32Value()](TaskControl& control) -> ToJs {
                       const auto documents = std::make_shared<const EncodedDocuments>(
                           encode_all(*classifier, text->documents(), threads, control));
                       control.begin(Phase::searching, documents->size());
                       return [evaluation = w2v::evaluate(*classifier, *documents, rules, threads, control), documents](
                                  Napi::Env env) -> Napi::Value { return to_js(env, evaluation, documents->unseen); };
                     });
  });
}

Napi::Value ClassifierObject::vectors(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return VectorStoreObject::wrap(info.Env(), word_vectors(classifier_)); });
}

Napi::Value ClassifierObject::save(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(
        info.Env(), Phase::saving,
        [classifier = classifier_, path = info[0].As<Napi::String>().Utf8Value(), precision = to_precision(info[1]),
         notes = info[2].As<Napi::String>().Utf8Value()](TaskControl& control) -> ToJs {
          save_classifier(*classifier, path, precision, notes, control);
          return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
        });
  });
}

}  // namespace w2v::node
