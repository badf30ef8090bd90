#include "train/views.h"

namespace w2v {

namespace {

struct Owner {
  std::shared_ptr<const Vocabulary> vocabulary;
  std::shared_ptr<const void> rows;
};

std::shared_ptr<const VectorStore> view(const Model& model, const Matrix& rows) {
  const WordIndex& words = model.vocabulary->words;
  VectorStore::Parts parts;
  parts.owner = std::make_shared<const Owner>(Owner{model.vocabulary, rows.storage()});
  parts.size = model.vocabulary->size();
  parts.dims = rows.dims();
  parts.rows = reinterpret_cast<const char*>(rows.row(0));
  parts.row_pitch = rows.stride() * sizeof(float);
  parts.words = words.bytes();
  parts.word_ends = words.ends();
  parts.slots = words.slots();
  parts.counts = model.vocabulary->counts;
  return std::make_shared<const VectorStore>(std::move(parts));
}

}  // namespace

std::shared_ptr<const VectorStore> input_vectors(const Model& model) { return view(model, model.input); }

std::shared_ptr<const VectorStore> output_vectors(const Model& model) {
  return model.target_rows.outputs == 0 ? nullptr : view(model, model.targets);
}

}  // namespace w2v
