// Bytes that come in pieces and are wanted in one.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"

namespace w2v {

// Grows by realloc, which moves the pages of large blocks and not their bytes. One thread.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ~ByteBuffer() { std::free(data_); }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  // Throws ERR_W2V_MEMORY.
  void append(const void* bytes, size_t n) {
    if (n > capacity_ - size_) {
      const size_t wanted = size_ + n + size_ / 2;
      void* grown = std::realloc(data_, wanted);
      if (grown == nullptr)
        throw Error(code::memory, "Not enough memory for " + std::to_string(wanted) + " bytes of vectors");
      data_ = static_cast<char*>(grown);
      capacity_ = wanted;
    }
    if (n > 0) std::memcpy(data_ + size_, bytes, n);
    size_ += n;
  }

  const char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace w2v
