// Room for an encoded corpus: 4 bytes a token, in memory or in an unlinked temporary file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace w2v {

// Grows by large blocks that never move. add() may be called from several threads; what it returned may be
// written by its owner. In a file the pages belong to the page cache: they are no anonymous memory, and the
// system writes them out when memory is short. The disk space is reserved before it is used, so that a full
// disk is an error and not a crash.
class IdStorage {
 public:
  // `folder`: where the temporary file goes; empty: memory. `in_memory`: bytes that come before there is a file.
  explicit IdStorage(std::string folder, uint64_t in_memory = 0);
  ~IdStorage();
  IdStorage(const IdStorage&) = delete;
  IdStorage& operator=(const IdStorage&) = delete;

  // A copy of `ids` that lives as long as this. Throws ERR_W2V_MEMORY, or ERR_W2V_FILE_WRITE for a full disk.
  std::span<uint32_t> add(std::span<const uint32_t> ids);

 private:
  struct Block {
    uint32_t* ids;
    size_t capacity;
  };
  Block new_block(size_t capacity);
  void create_file();

  std::string folder_;
  uint64_t in_memory_;
  int file_ = -1;
  uint64_t file_bytes_ = 0;
  std::mutex mutex_;
  std::vector<Block> blocks_;
  size_t used_ = 0;  // of the last block
};

}  // namespace w2v
