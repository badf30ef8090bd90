// A model with its tables, for tests.
#pragma once

#include <memory>
#include <utility>

#include "model/model.h"

namespace w2v {

inline Model ready_model(Vocabulary vocabulary, const TrainingOptions& options) {
  Model model = make_model(std::make_shared<const Vocabulary>(std::move(vocabulary)), options);
  make_tables(model, options);
  return model;
}

}  // namespace w2v
