// Read-only view of a file's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace w2v {

// Immutable after open(); safe to read from any thread.
class MappedFile {
 public:
  // Throws ERR_W2V_FILE_NOT_FOUND or ERR_W2V_FILE_READ, naming the path and the system's reason.
  static std::shared_ptr<const MappedFile> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const char* data() const { return data_; }
  size_t size() const { return size_; }
  const std::string& path() const { return path_; }
  // When it was opened: the time of its last change, in nanoseconds since an epoch of the system's.
  int64_t changed_at() const { return changed_at_; }
  // Throws ERR_W2V_FILE_CHANGED where the file that is mapped was written to or cut since. Another file that has taken
  // its place, by a rename, is none of its business.
  void check_unchanged() const;
  // Tells the system that the file will be read once, front to back.
  void expect_sequential() const;
  // … or again and again, here and there.
  void expect_any_order() const;

 private:
  MappedFile(std::string path, int descriptor, char* data, size_t size);
  std::string path_;
  int descriptor_;  // POSIX only
  char* data_;
  size_t size_;
  int64_t changed_at_ = 0;
};

}  // namespace w2v
