#include "base/mapped_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace w2v {

#if defined(_WIN32)

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  const auto wide = std::filesystem::u8path(path).wstring();
  HANDLE file = CreateFileW(wide.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                            FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) {
    const bool missing = GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND;
    throw Error(missing ? code::file_not_found : code::file_read, "Cannot open '" + path + "' for reading");
  }
  LARGE_INTEGER size;
  void* data = nullptr;
  bool ok = GetFileSizeEx(file, &size);
  if (ok && size.QuadPart > 0) {
    HANDLE mapping = CreateFileMappingW(file, nullptr, PAGE_WRITECOPY, 0, 0, nullptr);
    if (mapping != nullptr) data = MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, 0);
    if (mapping != nullptr) CloseHandle(mapping);
    ok = data != nullptr;
  }
  CloseHandle(file);
  if (!ok) throw Error(code::file_read, "Cannot map '" + path + "' into memory");
  return std::shared_ptr<const MappedFile>(
      new MappedFile(path, -1, static_cast<char*>(data), static_cast<size_t>(size.QuadPart)));
}

MappedFile::MappedFile(std::string path, int descriptor, char* data, size_t size)
    : path_(std::move(path)), descriptor_(descriptor), data_(data), size_(size) {
  std::error_code error;
  changed_at_ =
      std::filesystem::last_write_time(std::filesystem::u8path(path_), error).time_since_epoch().count() * 100;
}

void MappedFile::check_unchanged() const {}  // opened without FILE_SHARE_WRITE: nobody can

MappedFile::~MappedFile() {
  if (data_ != nullptr) UnmapViewOfFile(data_);
}

void MappedFile::expect_sequential() const {}
void MappedFile::expect_any_order() const {}

#else

namespace {

int64_t change_time(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return 0;
#if defined(__APPLE__)
  const timespec& time = status.st_mtimespec;
#else
  const timespec& time = status.st_mtim;
#endif
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  const auto fail = [&path](const char* code, const std::string& reason) {
    return Error(code, std::string("Cannot read '") + path.c_str() + "': " + reason);
  };
  if (path.find('\0') != std::string::npos) throw fail(code::file_read, "expected a path without NUL, which follows");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe without a writer is no wait
  if (fd < 0) throw fail(errno == ENOENT ? code::file_not_found : code::file_read, std::strerror(errno));
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    throw fail(code::file_read, "expected a regular file (a folder, pipe or device was given)");
  }
  const off_t size = status.st_size;
  void* data = nullptr;
  if (size > 0) {
    // Private and writable: a stray write is copied, it neither crashes the process nor reaches the file.
    data = mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
  }
  if (data == MAP_FAILED) {
    const int error = errno;
    close(fd);
    throw fail(code::file_read, std::strerror(error));
  }
  return std::shared_ptr<const MappedFile>(
      new MappedFile(path, fd, static_cast<char*>(data), static_cast<size_t>(size)));
}

MappedFile::MappedFile(std::string path, int descriptor, char* data, size_t size)
    : path_(std::move(path)), descriptor_(descriptor), data_(data), size_(size), changed_at_(change_time(descriptor)) {}

void MappedFile::check_unchanged() const {
  struct stat now;
  if (fstat(descriptor_, &now) == 0 && static_cast<size_t>(now.st_size) == size_ &&
      change_time(descriptor_) == changed_at_)
    return;
  throw Error(code::file_changed, "'" + path_ + "' was changed after it was opened: expected the " +
                                      std::to_string(size_) +
                                      " bytes it had. Load it anew, or load it without mapping");
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(data_, size_);
  close(descriptor_);
}

void MappedFile::expect_sequential() const {
  if (data_ != nullptr) madvise(data_, size_, MADV_SEQUENTIAL);
}

void MappedFile::expect_any_order() const {
  if (data_ != nullptr) madvise(data_, size_, MADV_NORMAL);
}

#endif

}  // namespace w2v
