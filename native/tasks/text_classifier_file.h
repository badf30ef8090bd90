// Text classifiers on disk: a file of sections of the kind "classifier" (docs/format.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/task_control.h"
#include "tasks/text_classifier.h"
#include "vectors/quantized_rows.h"

namespace w2v {

// Written to a temporary name, then renamed. `precision`: of the vectors and the head. `notes`: any text, for the
// facade. Throws ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED. Progress: rows.
void save_classifier(const TextClassifier& classifier, const std::string& path, Precision precision,
                     std::string_view notes, TaskControl& control);

struct LoadedClassifier {
  std::shared_ptr<const TextClassifier> classifier;
  std::string notes;
};

// In memory, as floats; each byte is compared with its checksum. Throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ,
// ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED, ERR_W2V_VECTOR_CHECKSUM, ERR_W2V_MEMORY, ERR_W2V_CANCELLED.
LoadedClassifier load_classifier(const std::string& path, TaskControl& control);

}  // namespace w2v
