#include "base/id_storage.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.h"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace w2v {

namespace {
constexpr size_t block_ids = size_t{4} << 20;  // 16 MiB
}

IdStorage::IdStorage(std::string folder, uint64_t in_memory) : folder_(std::move(folder)), in_memory_(in_memory) {
  if (!folder_.empty() && in_memory_ == 0) create_file();
}

void IdStorage::create_file() {
#if defined(_WIN32)
  throw Error(code::option, "spool: temporary files for the encoded corpus are not supported on Windows yet");
#else
  std::string name = (std::filesystem::path(folder_) / "word2vec-ids-XXXXXX").string();
  file_ = mkstemp(name.data());
  if (file_ < 0)
    throw Error(code::file_write, "Cannot create a temporary file in '" + folder_ + "': " + std::strerror(errno));
  unlink(name.c_str());  // the space is freed whatever way the process ends
#endif
}

IdStorage::~IdStorage() {
#if !defined(_WIN32)
  for (const Block& block : blocks_) munmap(block.ids, block.capacity * sizeof(uint32_t));
  if (file_ >= 0) close(file_);
#else
  for (const Block& block : blocks_) std::free(block.ids);
#endif
}

IdStorage::Block IdStorage::new_block(size_t capacity) {
  const size_t bytes = capacity * sizeof(uint32_t);
#if defined(_WIN32)
  void* p = std::malloc(bytes);
  const bool failed = p == nullptr;
#else
  void* p;
  if (!folder_.empty() && file_ < 0 && in_memory_ < bytes) create_file();
  if (file_ < 0) {
    in_memory_ -= folder_.empty() ? 0 : bytes;
    p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  } else {
    const int error = posix_fallocate(file_, static_cast<off_t>(file_bytes_), static_cast<off_t>(bytes));
    if (error != 0)
      throw Error(code::file_write, "Cannot write the temporary file of the encoded corpus in '" + folder_ +
                                        "' beyond " + std::to_string(file_bytes_) + " bytes: " + std::strerror(error));
    p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, static_cast<off_t>(file_bytes_));
    file_bytes_ += bytes;
  }
  const bool failed = p == MAP_FAILED;
#endif
  if (failed)
    throw Error(code::memory, "Not enough memory for the encoded corpus: " + std::to_string(bytes) + " more bytes");
  return {static_cast<uint32_t*>(p), capacity};
}

std::span<uint32_t> IdStorage::add(std::span<const uint32_t> ids) {
  if (ids.empty()) return {};
  uint32_t* to;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (blocks_.empty() || blocks_.back().capacity - used_ < ids.size()) {
      blocks_.push_back(new_block(std::max(block_ids, (ids.size() + 1023) / 1024 * 1024)));
      used_ = 0;
    }
    to = blocks_.back().ids + used_;
    used_ += ids.size();
  }
  std::memcpy(to, ids.data(), ids.size_bytes());
  return {to, ids.size()};
}

}  // namespace w2v
