// Float matrices whose rows start on cache lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace w2v {

// Rows are padded to 64 bytes, so that every kernel runs over whole vectors; the padding holds zeros
// and stays zero under every update the kernels make.
inline constexpr size_t row_alignment_floats = 16;

inline constexpr size_t padded_row(size_t dims) {
  return (dims + row_alignment_floats - 1) / row_alignment_floats * row_alignment_floats;
}

// rows × padded_row(dims) floats, 64-byte aligned. Movable; what it lies in can be shared. Reads and writes of elements
// are not synchronised: training races on them by design (Hogwild).
class Matrix {
 public:
  Matrix() = default;
  // Zeros. Throws ERR_W2V_MEMORY, naming `what` and the bytes needed, where the memory is not to be had.
  Matrix(size_t rows, size_t dims, const std::string& what);
  // Floats that lie at `data`, in what `owner` keeps.
  Matrix(const std::shared_ptr<const void>& owner, float* data, size_t rows, size_t dims);
  Matrix(Matrix&&) = default;
  Matrix& operator=(Matrix&&) = default;
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;

  // Another handle of the same floats.
  Matrix alias() const { return Matrix(data_, data_.get(), rows_, dims_); }
  // What keeps them.
  std::shared_ptr<const void> storage() const { return data_; }

  size_t rows() const { return rows_; }
  size_t dims() const { return dims_; }
  size_t stride() const { return padded_row(dims_); }  // floats from one row to the next
  float* row(size_t i) { return data_.get() + i * stride(); }
  const float* row(size_t i) const { return data_.get() + i * stride(); }
  size_t bytes() const { return rows_ * stride() * sizeof(float); }
  // The share of this memory that lies in huge pages now, 0 … 1 (neighbouring mappings may count with it); NaN where
  // the system does not tell.
  double huge_page_share() const;
  // Rows with NaN or infinity.
  size_t rows_not_finite() const;

 private:
  size_t rows_ = 0;
  size_t dims_ = 0;
  std::shared_ptr<float> data_;
};

}  // namespace w2v
