#include "base/fingerprint.h"

#include "base/xxh64.h"

namespace w2v {

Fingerprint fingerprint(const MappedFile& file) {
  constexpr size_t samples = 16, sample_bytes = 1 << 16;
  uint64_t hash = 0;
  if (file.size() <= samples * sample_bytes) {
    hash = xxh64(file.data(), file.size());
  } else {
    for (size_t i = 0; i < samples; ++i)
      hash = xxh64(file.data() + (file.size() - sample_bytes) / (samples - 1) * i, sample_bytes, hash);
    hash = xxh64(file.data() + file.size() - sample_bytes, sample_bytes, hash);
  }
  return {file.size(), file.changed_at(), hash};
}

}  // namespace w2v
