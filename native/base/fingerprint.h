// Whether a file is still the one that something was made from.
#pragma once

#include <cstdint>

#include "base/mapped_file.h"

namespace w2v {

// Size, time of the last change, and a hash of up to 16 samples, the first and the last bytes among them. What is
// changed between the samples without a change of size and time goes unnoticed.
struct Fingerprint {
  uint64_t bytes;
  int64_t changed_at;  // nanoseconds
  uint64_t samples;

  bool operator==(const Fingerprint&) const = default;
};

Fingerprint fingerprint(const MappedFile& file);

}  // namespace w2v
