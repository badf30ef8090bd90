#include "vectors/quantized_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace w2v {

namespace {

uint16_t to_bfloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (std::isnan(x)) return static_cast<uint16_t>(bits >> 16 | 0x40);  // rounding could make it infinite
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float from_bfloat16(uint16_t x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); }

}  // namespace

size_t quantized_pitch(Precision precision, size_t dims) {
  const size_t bytes = dims * (precision == Precision::int8 ? 1 : precision == Precision::bfloat16 ? 2 : sizeof(float));
  return (bytes + 63) / 64 * 64;
}

float quantize(Precision precision, const float* row, size_t dims, char* to) {
  std::memset(to, 0, quantized_pitch(precision, dims));
  if (precision == Precision::float32) {
    std::memcpy(to, row, dims * sizeof(float));
    return 1;
  }
  if (precision == Precision::bfloat16) {
    auto* values = reinterpret_cast<uint16_t*>(to);
    for (size_t d = 0; d < dims; ++d) values[d] = to_bfloat16(row[d]);
    return 1;
  }
  float largest = 0, zero_or_nan = 0;
  for (size_t d = 0; d < dims; ++d) {
    largest = std::max(largest, std::abs(row[d]));
    zero_or_nan += row[d] * 0;  // NaN where a value is not finite
  }
  if (std::isnan(zero_or_nan)) return std::numeric_limits<float>::quiet_NaN();
  if (largest == 0) return 0;
  auto* values = reinterpret_cast<int8_t*>(to);
  for (size_t d = 0; d < dims; ++d) {
    const float x = row[d] / largest * 127;
    values[d] = static_cast<int8_t>(static_cast<int32_t>(x + (x < 0 ? -0.5f : 0.5f)));
  }
  return largest / 127;
}

void QuantizedRows::widen(size_t i, size_t dims, float* to) const {
  if (precision == Precision::float32) {
    std::memcpy(to, row(i), dims * sizeof(float));
  } else if (precision == Precision::bfloat16) {
    const auto* values = reinterpret_cast<const uint16_t*>(row(i));
    for (size_t d = 0; d < dims; ++d) to[d] = from_bfloat16(values[d]);
  } else {
    const auto* values = reinterpret_cast<const int8_t*>(row(i));
    for (size_t d = 0; d < dims; ++d) to[d] = static_cast<float>(values[d]) * scales[i];
  }
}

}  // namespace w2v
