#include "base/matrix.h"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>

#include "base/error.h"

#if defined(_WIN32)
#include <malloc.h>
#else
#include <sys/mman.h>
#endif

namespace w2v {

namespace {

// Zeroed pages; nullptr where the system has none. Fresh anonymous pages cost nothing until they are touched.
float* allocate(size_t bytes) {
#if defined(_WIN32)
  void* p = _aligned_malloc(bytes, 64);
  if (p != nullptr) std::memset(p, 0, bytes);
  return static_cast<float*>(p);
#else
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
  madvise(p, bytes, MADV_HUGEPAGE);  // rows are drawn at random: fewer TLB misses; a refusal costs nothing
#endif
  return static_cast<float*>(p);
#endif
}

void release(float* p, [[maybe_unused]] size_t bytes) {
#if defined(_WIN32)
  _aligned_free(p);
#else
  munmap(p, bytes);
#endif
}

}  // namespace

Matrix::Matrix(size_t rows, size_t dims, const std::string& what) : rows_(rows), dims_(dims) {
  if (rows == 0 || dims == 0) return;
  const bool fits = rows <= std::numeric_limits<size_t>::max() / sizeof(float) / stride();
  float* data = fits ? allocate(bytes()) : nullptr;
  if (data == nullptr)
    throw Error(code::memory, "Not enough memory for the " + what + ": " + std::to_string(rows) + " rows of " +
                                  std::to_string(dims) + " floats" +
                                  (fits ? " need " + std::to_string(bytes()) + " bytes" : ""));
  data_ = std::shared_ptr<float>(data, [size = bytes()](float* p) { release(p, size); });
}

Matrix::Matrix(const std::shared_ptr<const void>& owner, float* data, size_t rows, size_t dims)
    : rows_(rows), dims_(dims), data_(std::const_pointer_cast<void>(owner), data) {}

double Matrix::huge_page_share() const {
  // Linux tells it by mapping: a line of two addresses, then lines of `Field: n kB`.
  std::ifstream mappings("/proc/self/smaps");
  const auto begin = reinterpret_cast<uintptr_t>(data_.get()), end = begin + bytes();
  uint64_t mapped = 0, huge = 0;
  bool ours = false;
  for (std::string line; std::getline(mappings, line);) {
    unsigned long long first, second;
    if (std::sscanf(line.c_str(), "%llx-%llx ", &first, &second) == 2)
      ours = first < end && second > begin;
    else if (ours && std::sscanf(line.c_str(), "Rss: %llu kB", &first) == 1)
      mapped += first;
    else if (ours && std::sscanf(line.c_str(), "AnonHugePages: %llu kB", &first) == 1)
      huge += first;
  }
  if (mapped == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(huge) / static_cast<double>(mapped);
}

size_t Matrix::rows_not_finite() const {
  size_t found = 0;
  for (size_t i = 0; i < rows_; ++i) {
    const float* const values = row(i);
    uint32_t any = 0;  // by their bits: sums of floats would not be vectorised
    for (size_t d = 0; d < dims_; ++d) any |= (std::bit_cast<uint32_t>(values[d]) & 0x7f800000) == 0x7f800000;
    found += any;
  }
  return found;
}

}  // namespace w2v
