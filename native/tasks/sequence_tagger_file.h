// Taggers on disk: a file of sections (docs/format.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/task_control.h"
#include "tasks/sequence_tagger.h"

namespace w2v {

struct LoadedTagger {
  std::shared_ptr<SequenceTagger> tagger;
  std::string notes;  // what the facade has written there
};

// To be named by SequenceTagger, whose parts it reads and makes.
class SequenceTaggerFile {
 public:
  // Written to a temporary name, then renamed. Throws ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED.
  static void save(SequenceTagger& tagger, const std::string& path, std::string_view notes, TaskControl& control);

  // Each byte is compared with its checksum. Throws ERR_W2V_FILE_NOT_FOUND, ERR_W2V_FILE_READ, ERR_W2V_VECTOR_FORMAT,
  // ERR_W2V_VECTOR_TRUNCATED, ERR_W2V_VECTOR_CHECKSUM, ERR_W2V_MEMORY, ERR_W2V_CANCELLED.
  static LoadedTagger load(const std::string& path, TaskControl& control);
};

}  // namespace w2v
