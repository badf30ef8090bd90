// Rows of fewer bits than floats have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/matrix.h"

namespace w2v {

enum class Precision {
  float32,
  bfloat16,  // the upper half of a float, rounded to nearest even
  int8,      // value = scale of the row · a whole number from −127 to 127, the nearest
};

// A view of rows that lie one after the other, 64-byte aligned, filled up with zeros.
struct QuantizedRows {
  Precision precision = Precision::int8;
  const char* rows = nullptr;
  size_t pitch = 0;               // bytes from row to row
  std::span<const float> scales;  // int8: one per row; NaN for a row that is not finite

  const char* row(size_t i) const { return rows + i * pitch; }
  // The values of row i as floats; NaN for those of an int8 row that was not finite.
  void widen(size_t i, size_t dims, float* to) const;
};

// Bytes from one row to the next: a multiple of 64.
size_t quantized_pitch(Precision precision, size_t dims);

// Writes quantized_pitch() bytes, and returns the row's scale (bfloat16: 1).
float quantize(Precision precision, const float* row, size_t dims, char* to);

}  // namespace w2v
