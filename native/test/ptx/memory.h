// The memory that kernels see, with a record of who has touched what.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace w2v::ptx {

// What one access is: by a lane of a warp, between two barriers of that warp.
struct Access {
  uint32_t launch, warp, lane, barrier;
};

// A piece of memory, at the address where the host has it. Each 4 bytes remember whether they were written, and the
// last accesses: plain ones of different lanes, one of them a store, with no barrier between them, are a race.
class Region {
 public:
  Region(char* begin, uint64_t bytes, std::string name);
  char* begin() const { return begin_; }
  uint64_t bytes() const { return bytes_; }
  const std::string& name() const { return name_; }
  bool holds(const char* at, uint64_t bytes) const { return at >= begin_ && at + bytes <= begin_ + bytes_; }

  void written_by_host(const char* at, uint64_t bytes);
  // What is wrong with an access to [at, at + bytes), which lies within; empty: nothing.
  std::string load(const char* at, uint64_t bytes, const Access& by);
  std::string store(const char* at, uint64_t bytes, const Access& by);
  std::string atomic(const char* at, uint64_t bytes, const Access& by);
  // A copy to there is under way, until the store that ends it.
  std::string begin_copy(const char* at, uint64_t bytes, const Access& by);

 private:
  struct Cell {
    bool written = false, under_way = false;
    Access store{0, 0, 0, 0}, load{0, 0, 0, 0};
    uint32_t loaders = 0;  // lanes, of the warp and barrier of `load`
  };
  template <class F>
  std::string each_cell(const char* at, uint64_t bytes, F&& f);
  static bool unordered(const Access& before, const Access& now);

  char* const begin_;
  const uint64_t bytes_;
  const std::string name_;
  std::vector<Cell> cells_;
};

// All that was allocated.
class Memory {
 public:
  Memory() = default;
  ~Memory();  // releases all
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  void* allocate(uint64_t bytes, const std::string& name);
  void release(void* at);
  // The one that holds it all; nullptr.
  Region* find(const void* at, uint64_t bytes);
  uint64_t allocated() const { return allocated_; }

 private:
  std::map<const char*, std::unique_ptr<Region>> regions_;
  Region* last_ = nullptr;
  uint64_t allocated_ = 0;
};

}  // namespace w2v::ptx
