// Models on disk: a .w2v file of the input vectors with everything else that training needs beside them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/mapped_file.h"
#include "base/section_file.h"
#include "base/task_control.h"
#include "model/model.h"
#include "train/state.h"
#include "vectors/vector_store.h"

namespace w2v {

// A training in mid-course, and what tells that it goes on with the same corpus.
struct SavedTraining {
  TrainingState state;
  uint64_t total_words = 0;
  uint64_t corpus_size = 0;  // ids
  uint64_t corpus_fingerprint = 0;
};

// A model file that is mapped: nothing but its header has been read. Immutable; any thread.
class ModelFile {
 public:
  // Throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED.
  ModelFile(const std::string& path, TaskControl& control);

  // The input vectors where they lie in the file, and the output vectors (nullptr where there are none).
  const std::shared_ptr<const VectorStore>& vectors() const { return vectors_; }
  std::shared_ptr<const VectorStore> output_vectors() const;
  // What the facade has written there.
  std::string_view notes() const;
  std::optional<SavedTraining> training() const;

  // The model without tables, to ask or to train: in memory. Each byte of it is compared with its checksum on the way.
  // Throws ERR_W2V_VECTOR_CHECKSUM, ERR_W2V_MEMORY, ERR_W2V_CANCELLED, ERR_W2V_FILE_CHANGED.
  Model read(TaskControl& control) const;

 private:
  std::string path_;
  std::shared_ptr<const MappedFile> mapped_;
  SectionFile sections_;
  std::shared_ptr<const VectorStore> vectors_;
  TargetRows target_rows_;
};

// Written to a temporary name, then renamed. `notes`: any text, for the facade; `training`: where the model is in
// mid-course of one. Throws ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED.
void save_model(const Model& model, const std::string& path, std::string_view notes, const SavedTraining* training,
                TaskControl& control);

}  // namespace w2v
