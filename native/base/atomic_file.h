// Files that appear whole or not at all.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace w2v {

// Buffered output to a temporary name beside `path`; commit() syncs and renames it into place. A writer
// destroyed before commit() removes its temporary file and leaves what was at `path` untouched. Of a symbolic link
// the target is replaced; a folder or a device is refused. Permissions stay those of the file that is replaced.
// One thread. Every failure (no such folder, full disk) throws ERR_W2V_FILE_WRITE with path and reason.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  // Writes over the first bytes, which have been written before.
  void rewrite_beginning(const void* bytes, size_t size);
  void commit();
  uint64_t bytes_written() const { return written_; }

 private:
  void flush();
  [[noreturn]] void fail(const char* action, int error);
  std::string path_;
  std::string temporary_;
  std::FILE* file_ = nullptr;
  std::vector<char> buffer_;
  uint64_t written_ = 0;
};

}  // namespace w2v
