// The Model and the Training of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <optional>

#include "base/task_control.h"
#include "model/model.h"
#include "train/model_file.h"
#include "train/train.h"

namespace w2v::node {

// A model in memory, or in a file until it is needed in memory.
class LiveModel {
 public:
  explicit LiveModel(Model model) : model_(std::make_shared<Model>(std::move(model))) {}
  explicit LiveModel(std::shared_ptr<const ModelFile> file) : file_(std::move(file)), saved_(file_->training()) {}

  // Reads the file where that is not done yet; one job at a time.
  std::shared_ptr<Model> in_memory(TaskControl& control);
  std::shared_ptr<const VectorStore> vectors() const;
  std::shared_ptr<const VectorStore> outputs() const;
  // Where the training was that the file holds in mid-course.
  const std::optional<SavedTraining>& saved() const { return saved_; }

 private:
  mutable std::mutex pointers_;
  std::mutex reading_;
  std::shared_ptr<Model> model_;
  std::shared_ptr<const ModelFile> file_;
  std::optional<SavedTraining> saved_;
};

class ModelObject : public Napi::ObjectWrap<ModelObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ModelObject(const Napi::CallbackInfo& info);

  // Functions of the binding.
  static Napi::Value from_corpus(const Napi::CallbackInfo& info);
  static Napi::Value from_counts(const Napi::CallbackInfo& info);
  static Napi::Value from_vectors(const Napi::CallbackInfo& info);
  static Napi::Value load(const Napi::CallbackInfo& info);

  const std::shared_ptr<LiveModel>& live() const { return live_; }

 private:
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<LiveModel> live);

  Napi::Value vectors(const Napi::CallbackInfo& info);
  Napi::Value outputs(const Napi::CallbackInfo& info);
  Napi::Value start_training(const Napi::CallbackInfo& info);
  Napi::Value add_words(const Napi::CallbackInfo& info);
  Napi::Value take_vectors(const Napi::CallbackInfo& info);
  Napi::Value set_rate_factor(const Napi::CallbackInfo& info);
  Napi::Value validate(const Napi::CallbackInfo& info);
  Napi::Value score(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);

  std::shared_ptr<LiveModel> live_;
};

class TrainingObject : public Napi::ObjectWrap<TrainingObject> {
 public:
  struct State {
    std::unique_ptr<Training> training;
    uint64_t fingerprint = 0;  // of its corpus
    SavedTraining saved() const;
  };

  static Napi::Function define(Napi::Env env);
  explicit TrainingObject(const Napi::CallbackInfo& info);
  static Napi::Object wrap(Napi::Env env, std::shared_ptr<State> state);
  const std::shared_ptr<State>& state() const { return state_; }

 private:
  Napi::Value run(const Napi::CallbackInfo& info);

  std::shared_ptr<State> state_;
};

}  // namespace w2v::node
