#include "node/model_object.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "node/addon.h"
#include "node/byte_buffer_object.h"
#include "node/convert.h"
#include "node/corpus_object.h"
#include "node/job.h"
#include "node/vector_store_object.h"
#include "train/adapt.h"
#include "train/loss.h"
#include "train/predict.h"
#include "train/views.h"

namespace w2v::node {

// ---- a model in memory or in a file ----

std::shared_ptr<Model> LiveModel::in_memory(TaskControl& control) {
  const std::lock_guard<std::mutex> one_reader(reading_);
  if (!model_) {
    auto model = std::make_shared<Model>(file_->read(control));
    const std::lock_guard<std::mutex> lock(pointers_);
    model_ = std::move(model);
    file_.reset();
  }
  return model_;
}

std::shared_ptr<const VectorStore> LiveModel::vectors() const {
  const std::lock_guard<std::mutex> lock(pointers_);
  return model_ ? input_vectors(*model_) : file_->vectors();
}

std::shared_ptr<const VectorStore> LiveModel::outputs() const {
  const std::lock_guard<std::mutex> lock(pointers_);
  return model_ ? output_vectors(*model_) : file_->output_vectors();
}

namespace {

// The same matrices with tables of their own: a training in between is not disturbed.
Model to_ask(const Model& model, const TrainingOptions& options) {
  Model asked;
  asked.vocabulary = model.vocabulary;
  asked.input = model.input.alias();
  asked.targets = model.targets.alias();
  asked.target_rows = model.target_rows;
  make_tables(asked, options);
  return asked;
}

}  // namespace

// ---- making models ----

Napi::Function ModelObject::define(Napi::Env env) {
  return DefineClass(
      env, "Model",
      {InstanceMethod<&ModelObject::vectors>("vectors"), InstanceMethod<&ModelObject::outputs>("outputs"),
       InstanceMethod<&ModelObject::start_training>("startTraining"),
       InstanceMethod<&ModelObject::add_words>("addWords"), InstanceMethod<&ModelObject::take_vectors>("takeVectors"),
       InstanceMethod<&ModelObject::set_rate_factor>("setRateFactor"),
       InstanceMethod<&ModelObject::validate>("validate"), InstanceMethod<&ModelObject::score>("score"),
       InstanceMethod<&ModelObject::predict>("predict"), InstanceMethod<&ModelObject::save>("save")});
}

ModelObject::ModelObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), live_(std::move(*info[0].As<Napi::External<std::shared_ptr<LiveModel>>>().Data())) {}

Napi::Object ModelObject::wrap(Napi::Env env, std::shared_ptr<LiveModel> live) {
  return env.GetInstanceData<AddonData>()->model.New({Napi::External<std::shared_ptr<LiveModel>>::New(env, &live)});
}

Napi::Value ModelObject::from_corpus(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary,
                     [corpus = CorpusObject::Unwrap(info[0].As<Napi::Object>())->prepared(),
                      options = to_training_options(info[1].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       control.check_cancelled();
                       const uint64_t total = corpus->vocabulary.total();
                       auto live = std::make_shared<LiveModel>(
                           make_model(std::make_shared<const Vocabulary>(std::move(corpus->vocabulary)), options));
                       return [live, total](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["model"] = wrap(env, live);
                         js["vocabularyWords"] = static_cast<double>(total);
                         return js;
                       };
                     });
  });
}

Napi::Value ModelObject::from_counts(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Float64Array counts = info[2].As<Napi::Float64Array>();
    return start_job(info.Env(), Phase::vocabulary,
                     [words = ByteBufferObject::Unwrap(info[0].As<Napi::Object>())->take(), lengths = to_ids(info[1]),
                      numbers = std::vector<double>(counts.Data(), counts.Data() + counts.ElementLength()),
                      source = to_vocabulary_source(info[3].As<Napi::Object>()),
                      options = to_training_options(info[4].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       std::vector<WordCount> counted;
                       uint64_t sentences = 1;
                       WordIndex seen(lengths.size());
                       const char* at = words->data();
                       for (size_t i = 0; i < lengths.size(); ++i) {
                         const std::string_view word(at, lengths[i]);
                         at += lengths[i];
                         const auto count = static_cast<uint64_t>(numbers[i]);
                         if (seen.insert(word) != i)
                           throw Error(code::argument,
                                       "Expected each word once but received '" + std::string(word) + "' twice");
                         if (word == sentence_end)
                           sentences = count;
                         else
                           counted.push_back({word, count, i});
                       }
                       control.check_cancelled();
                       auto vocabulary =
                           std::make_shared<const Vocabulary>(select_vocabulary(std::move(counted), sentences, source));
                       auto live = std::make_shared<LiveModel>(make_model(std::move(vocabulary), options));
                       return [live](Napi::Env env) -> Napi::Value { return wrap(env, live); };
                     });
  });
}

Napi::Value ModelObject::from_vectors(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading,
                     [store = VectorStoreObject::Unwrap(info[0].As<Napi::Object>())->store(),
                      options = to_training_options(info[1].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       auto live = std::make_shared<LiveModel>(model_of(*store, options, control));
                       return [live](Napi::Env env) -> Napi::Value { return wrap(env, live); };
                     });
  });
}

Napi::Value ModelObject::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading,
                     [path = info[0].As<Napi::String>().Utf8Value(),
                      map = info[1].As<Napi::Boolean>().Value()](TaskControl& control) -> ToJs {
                       const auto file = std::make_shared<const ModelFile>(path, control);
                       const auto live = std::make_shared<LiveModel>(file);
                       if (!map) live->in_memory(control);
                       return [live, notes = std::string(file->notes())](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["model"] = wrap(env, live);
                         js["notes"] = notes;
                         js["resumable"] = live->saved().has_value();
                         return js;
                       };
                     });
  });
}

// ---- what they do ----

Napi::Value ModelObject::vectors(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value { return VectorStoreObject::wrap(info.Env(), live_->vectors()); });
}

Napi::Value ModelObject::outputs(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto outputs = live_->outputs();
    return outputs ? VectorStoreObject::wrap(info.Env(), std::move(outputs)) : info.Env().Undefined();
  });
}

Napi::Value ModelObject::start_training(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const double total_words = info[2].As<Napi::Number>().DoubleValue();
    return start_job(
        info.Env(), Phase::vocabulary,
        [live = live_, corpus = CorpusObject::Unwrap(info[0].As<Napi::Object>())->take(),
         options = to_training_options(info[1].As<Napi::Object>()), total_words,
         resume = info[3].As<Napi::Boolean>().Value()](TaskControl& control) mutable -> ToJs {
          const auto encoded = std::make_shared<const EncodedCorpus>(std::move(corpus->encoded));
          const auto state = std::make_shared<TrainingObject::State>();
          state->fingerprint = encoded->fingerprint();
          std::optional<TrainingState> from;
          uint64_t total = static_cast<uint64_t>(total_words);
          if (resume) {
            const SavedTraining& saved = live->saved().value();
            if (saved.corpus_size != encoded->size || saved.corpus_fingerprint != state->fingerprint)
              throw Error(code::argument,
                          "Expected the corpus that the checkpoint was made with, " +
                              std::to_string(saved.corpus_size) + " words of its vocabulary, but received " +
                              (saved.corpus_size == encoded->size ? "as many other ones"
                                                                  : std::to_string(encoded->size) + " of them"));
            from = saved.state;
            total = saved.total_words;
            options.threads = static_cast<uint32_t>(from->threads.size());
          }
          auto model = live->in_memory(control);
          control.check_cancelled();
          state->training = std::make_unique<Training>(std::move(model), encoded, options, total, std::move(from));
          return [state](Napi::Env env) -> Napi::Value { return TrainingObject::wrap(env, state); };
        });
  });
}

Napi::Value ModelObject::add_words(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary,
                     [live = live_, corpus = CorpusObject::Unwrap(info[0].As<Napi::Object>())->text(),
                      source = to_vocabulary_source(info[1].As<Napi::Object>()),
                      options = to_training_options(info[2].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       const auto model = live->in_memory(control);
                       std::vector<WordCount> counted = corpus->counted_words();
                       const uint64_t sentences = corpus->sentences();
                       // Words that the model has are counted whatever their number.
                       const WordIndex& known = model->vocabulary->words;
                       std::vector<WordCount> old_words, new_words;
                       VocabularySource for_new = source;
                       for_new.rules.clear();
                       for (size_t i = 0; i < counted.size(); ++i) {
                         if (known.find(counted[i].word) != WordIndex::none) {
                           old_words.push_back(counted[i]);
                         } else {
                           new_words.push_back(counted[i]);
                           if (i < source.rules.size()) for_new.rules.push_back(source.rules[i]);
                         }
                       }
                       try {
                         const Vocabulary selected = select_vocabulary(std::move(new_words), 0, for_new);
                         std::vector<WordCount> all = std::move(old_words);
                         for (uint32_t w = 1; w < selected.size(); ++w)
                           all.push_back({selected.words.word(w), selected.counts[w], w});
                         const uint32_t added = w2v::add_words(*model, all, sentences, options);
                         return [added](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, added); };
                       } catch (const Error& error) {
                         if (!error.is(code::vocabulary_empty) && !error.is(code::corpus_empty)) throw;
                       }
                       w2v::add_words(*model, old_words, sentences, options);  // none is new: counts only
                       return [](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, 0); };
                     });
  });
}

Napi::Value ModelObject::take_vectors(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading,
                     [live = live_, store = VectorStoreObject::Unwrap(info[0].As<Napi::Object>())->store(),
                      factor = info[1].As<Napi::Number>().FloatValue()](TaskControl& control) -> ToJs {
                       const auto model = live->in_memory(control);
                       const uint32_t taken = w2v::take_vectors(*model, *store, factor, control);
                       return [taken](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, taken); };
                     });
  });
}

Napi::Value ModelObject::set_rate_factor(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading,
                     [live = live_, words = to_ids(info[0]),
                      factor = info[1].As<Napi::Number>().FloatValue()](TaskControl& control) -> ToJs {
                       w2v::set_rate_factor(*live->in_memory(control), words, factor);
                       return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
                     });
  });
}

Napi::Value ModelObject::validate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::training,
                     [live = live_, corpus = CorpusObject::Unwrap(info[0].As<Napi::Object>())->take(),
                      options = to_training_options(info[1].As<Napi::Object>())](TaskControl& control) -> ToJs {
                       const Model model = to_ask(*live->in_memory(control), options);
                       const EpochLoss loss = w2v::validate(model, corpus->encoded, options, control);
                       return [loss](Napi::Env env) -> Napi::Value {
                         Napi::Object js = Napi::Object::New(env);
                         js["loss"] = loss.mean();
                         js["predictions"] = static_cast<double>(loss.predictions);
                         return js;
                       };
                     });
  });
}

Napi::Value ModelObject::score(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(
        info.Env(), Phase::training,
        [live = live_, corpus = CorpusObject::Unwrap(info[0].As<Napi::Object>())->take(),
         options = to_training_options(info[1].As<Napi::Object>())](TaskControl& control) -> ToJs {
          const Model model = to_ask(*live->in_memory(control), options);
          return [scores = score_sentences(model, corpus->encoded, options, control)](Napi::Env env) -> Napi::Value {
            return to_typed_array<Napi::Float64Array>(env, std::span<const double>(scores));
          };
        });
  });
}

Napi::Value ModelObject::predict(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(
        info.Env(), Phase::searching,
        [live = live_, context = to_ids(info[0]), options = to_training_options(info[1].As<Napi::Object>()),
         top_n = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value())](TaskControl& control) -> ToJs {
          const auto model = live->in_memory(control);
          const std::vector<PredictedWord> answers =
              model->target_rows.outputs > 0
                  ? predict_center(*model, context, options, top_n, control)
                  : predict_center(to_ask(*model, options), context, options, top_n, control);
          return [answers](Napi::Env env) -> Napi::Value {
            Napi::Uint32Array ids = Napi::Uint32Array::New(env, answers.size());
            Napi::Float64Array probabilities = Napi::Float64Array::New(env, answers.size());
            for (size_t i = 0; i < answers.size(); ++i) {
              ids[i] = answers[i].word;
              probabilities[i] = answers[i].probability;
            }
            Napi::Object js = Napi::Object::New(env);
            js["ids"] = ids;
            js["probabilities"] = probabilities;
            return js;
          };
        });
  });
}

Napi::Value ModelObject::save(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::shared_ptr<TrainingObject::State> training;
    if (info[2].IsObject()) training = TrainingObject::Unwrap(info[2].As<Napi::Object>())->state();
    return start_job(info.Env(), Phase::saving,
                     [live = live_, path = info[0].As<Napi::String>().Utf8Value(),
                      notes = info[1].As<Napi::String>().Utf8Value(), training](TaskControl& control) -> ToJs {
                       const auto model = live->in_memory(control);
                       const SavedTraining saved = training ? training->saved() : SavedTraining();
                       save_model(*model, path, notes, training ? &saved : nullptr, control);
                       return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
                     });
  });
}

// ---- trainings ----

SavedTraining TrainingObject::State::saved() const {
  return {training->state(), training->total_words(), training->corpus().size, fingerprint};
}

Napi::Function TrainingObject::define(Napi::Env env) {
  return DefineClass(env, "Training", {InstanceMethod<&TrainingObject::run>("run")});
}

TrainingObject::TrainingObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), state_(std::move(*info[0].As<Napi::External<std::shared_ptr<State>>>().Data())) {}

Napi::Object TrainingObject::wrap(Napi::Env env, std::shared_ptr<State> state) {
  return env.GetInstanceData<AddonData>()->training.New({Napi::External<std::shared_ptr<State>>::New(env, &state)});
}

Napi::Value TrainingObject::run(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::training,
                     [state = state_, until = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value())](
                         TaskControl& control) -> ToJs {
                       Training& training = *state->training;
                       training.run(until, control);
                       const bool reached = training.state().epochs() >= until;
                       const double huge_pages = training.model()->targets.huge_page_share();
                       return [state, reached, huge_pages](Napi::Env env) -> Napi::Value {
                         const Training& training = *state->training;
                         std::vector<double> losses;
                         for (const EpochLoss& loss : training.state().losses) losses.push_back(loss.mean());
                         Napi::Object js = Napi::Object::New(env);
                         js["reached"] = reached;
                         js["epochs"] = static_cast<double>(training.state().epochs());
                         js["corpusWords"] = static_cast<double>(training.corpus().size);
                         js["trainedWords"] = static_cast<double>(training.state().words);
                         js["trainSeconds"] = training.seconds();
                         js["trainCpuSeconds"] = training.cpu_seconds();
                         js["learningRate"] = static_cast<double>(training.learning_rate());
                         js["hugePageShare"] = huge_pages;
                         js["backend"] = training.trainer().backend();
                         const std::vector<std::string> names = training.trainer().devices();
                         Napi::Array devices = Napi::Array::New(env, names.size());
                         for (uint32_t i = 0; i < names.size(); ++i) devices[i] = Napi::String::New(env, names[i]);
                         js["devices"] = devices;
                         js["losses"] = to_typed_array<Napi::Float64Array>(env, std::span<const double>(losses));
                         return js;
                       };
                     });
  });
}

}  // namespace w2v::node
