// Read-only view of a file's bytes.
#pragma once

#include <cstddef>
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
  // Tells the system that the file will be read once, front to back.
  void expect_sequential() const;

 private:
  MappedFile(char* data, size_t size) : data_(data), size_(size) {}
  char* data_;
  size_t size_;
};

}  // namespace w2v
