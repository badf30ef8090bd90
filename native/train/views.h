// What a model knows, as vectors that can be searched.
#pragma once

#include <memory>

#include "model/model.h"
#include "vectors/vector_store.h"

namespace w2v {

// Views of the model's memory, not copies: they stay where it is trained on, and what they have computed (norms) is
// that of the rows as they were then.
std::shared_ptr<const VectorStore> input_vectors(const Model& model);
// Of the words as targets (syn1neg); nullptr without negative sampling.
std::shared_ptr<const VectorStore> output_vectors(const Model& model);

}  // namespace w2v
