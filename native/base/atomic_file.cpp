#include "base/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"

#if defined(_WIN32)
#include <io.h>
#include <process.h>
#else
#include <unistd.h>
#endif

namespace w2v {

namespace {

constexpr size_t buffer_bytes = 1 << 20;

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> serial{0};  // several savers in one process
#if defined(_WIN32)
  const int process = _getpid();
#else
  const int process = getpid();
#endif
  return path + "." + std::to_string(process) + "-" + std::to_string(serial++) + ".tmp";
}

// Where a rename must go to replace the file that `path` names: a link keeps pointing there.
std::string resolved(const std::string& path) {
  std::error_code error;
  const auto canonical = std::filesystem::canonical(path, error);
  return error ? path : canonical.string();
}

bool sync_to_disk(std::FILE* file) {
#if defined(_WIN32)
  return _commit(_fileno(file)) == 0;
#else
  return fsync(fileno(file)) == 0;
#endif
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(resolved(path)), temporary_(temporary_name(path_)) {
  if (path_.find('\0') != std::string::npos)
    throw Error(code::file_write,
                std::string("Cannot write '") + path_.c_str() + "': expected a path without NUL, which follows");
  std::error_code error;
  const auto status = std::filesystem::status(path_, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw Error(code::file_write,
                "Cannot write '" + path_ + "': expected a regular file or a new name (this is a folder or a device)");
  file_ = std::fopen(temporary_.c_str(), "wb");
  if (file_ == nullptr) fail("create", errno);
  // Whoever may not read what is replaced may not read what replaces it.
  if (std::filesystem::exists(status)) std::filesystem::permissions(temporary_, status.permissions(), error);
  std::setvbuf(file_, nullptr, _IONBF, 0);
  buffer_.reserve(buffer_bytes);
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::remove(temporary_.c_str());
}

void AtomicFile::write(const void* bytes, size_t size) {
  if (buffer_.size() + size > buffer_bytes) flush();
  if (size >= buffer_bytes) {
    if (std::fwrite(bytes, 1, size, file_) != size) fail("write", errno);
  } else {
    const char* p = static_cast<const char*>(bytes);
    buffer_.insert(buffer_.end(), p, p + size);
  }
  written_ += size;
}

void AtomicFile::flush() {
  if (!buffer_.empty() && std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) fail("write", errno);
  buffer_.clear();
}

void AtomicFile::rewrite_beginning(const void* bytes, size_t size) {
  flush();
  if (std::fseek(file_, 0, SEEK_SET) != 0 || std::fwrite(bytes, 1, size, file_) != size ||
      std::fseek(file_, 0, SEEK_END) != 0)
    fail("write", errno);
}

void AtomicFile::commit() {
  flush();
  if (std::fflush(file_) != 0 || !sync_to_disk(file_)) fail("write", errno);
  if (std::fclose(std::exchange(file_, nullptr)) != 0) {
    const int error = errno;
    std::remove(temporary_.c_str());
    fail("write", error);
  }
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);  // replaces on every platform, unlike std::rename
  if (error) {
    std::remove(temporary_.c_str());
    fail("replace", error.value());
  }
}

void AtomicFile::fail(const char* action, int error) {
  throw Error(code::file_write, std::string("Cannot ") + action + " '" + path_ + "': " + std::strerror(error));
}

}  // namespace w2v
