#include "base/matrix.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <utility>

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
  if (p == nullptr) return;
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
  if (fits) {
    bytes_ = rows * stride() * sizeof(float);
    data_ = allocate(bytes_);
  }
  if (data_ == nullptr)
    throw Error(code::memory, "Not enough memory for the " + what + ": " + std::to_string(rows) + " rows of " +
                                  std::to_string(dims) + " floats" +
                                  (fits ? " need " + std::to_string(bytes_) + " bytes" : ""));
}

double Matrix::huge_page_share() const {
  // Linux tells it by mapping: a line of two addresses, then lines of `Field: n kB`.
  std::ifstream mappings("/proc/self/smaps");
  const auto begin = reinterpret_cast<uintptr_t>(data_), end = begin + bytes_;
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

Matrix::~Matrix() { release(data_, bytes_); }

Matrix::Matrix(Matrix&& other) noexcept
    : rows_(std::exchange(other.rows_, 0)),
      dims_(std::exchange(other.dims_, 0)),
      bytes_(std::exchange(other.bytes_, 0)),
      data_(std::exchange(other.data_, nullptr)) {}

Matrix& Matrix::operator=(Matrix&& other) noexcept {
  std::swap(rows_, other.rows_);
  std::swap(dims_, other.dims_);
  std::swap(bytes_, other.bytes_);
  std::swap(data_, other.data_);
  return *this;
}

}  // namespace w2v
