#include "vectors/quantized_rows.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace w2v;

namespace {

std::vector<float> through(Precision precision, const std::vector<float>& row) {
  std::vector<char> bytes(quantized_pitch(precision, row.size()), '\x55');
  const float scale = quantize(precision, row.data(), row.size(), bytes.data());
  const QuantizedRows view{precision, bytes.data(), bytes.size(), {&scale, 1}};
  std::vector<float> back(row.size());
  view.widen(0, row.size(), back.data());
  for (size_t i = row.size() * (precision == Precision::int8 ? 1 : 2); i < bytes.size(); ++i) CHECK(bytes[i] == 0);
  return back;
}

}  // namespace

TEST_CASE("bfloat16 is rounded to the nearest, halves to even") {
  const float ulp = 0x1p-7f;  // from 1 to 2
  const std::vector<float> row{0.0f,
                               -0.0f,
                               1.0f,
                               -2.5f,
                               1 + ulp / 2,
                               1 + 1.5f * ulp,
                               1 + 0.51f * ulp,
                               0x1p-133f,
                               std::numeric_limits<float>::infinity(),
                               0x1.ffp127f};
  const std::vector<float> expected{0.0f,
                                    -0.0f,
                                    1.0f,
                                    -2.5f,
                                    1.0f,
                                    1 + 2 * ulp,
                                    1 + ulp,
                                    0x1p-133f,
                                    std::numeric_limits<float>::infinity(),
                                    std::numeric_limits<float>::infinity()};
  const std::vector<float> back = through(Precision::bfloat16, row);
  for (size_t d = 0; d < row.size(); ++d) {
    CAPTURE(d);
    CHECK(std::bit_cast<uint32_t>(back[d]) == std::bit_cast<uint32_t>(expected[d]));
  }
  CHECK(std::isnan(through(Precision::bfloat16, {std::bit_cast<float>(0x7fffffffu)})[0]));
}

TEST_CASE("int8 has 127 steps up to the largest value, whatever its size") {
  for (const float size : {1.0f, 1e-38f, 1e-42f, 3e38f}) {
    CAPTURE(size);
    const std::vector<float> row{size, -size, 0.0f, size / 2, size / 127, -size / 300, size / 200};
    const std::vector<float> back = through(Precision::int8, row);
    for (size_t d = 0; d < row.size(); ++d) CHECK(std::abs(back[d] - row[d]) <= size / 127 * 0.501f + 1e-43f);
    CHECK(back[2] == 0);
    CHECK(back[5] == 0);
    CHECK(std::abs(back[0] - size) <= 1e-6f * size + 1e-43f);
  }
  CHECK(through(Precision::int8, {0, 0, 0}) == std::vector<float>{0, 0, 0});
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (const float x : through(Precision::int8, {1, bad, 2})) CHECK(std::isnan(x));
}
