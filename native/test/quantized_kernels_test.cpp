#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/matrix.h"
#include "kernels/kernels.h"

using namespace w2v;

namespace {

constexpr size_t most_rows = 11;  // two whole tiles and every remainder

template <class F>
void for_each_isa(F&& f) {
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k) {
    CAPTURE((*k)->isa);
    f(**k);
  }
}

}  // namespace

TEST_CASE("int8 dot products are exact on every instruction set") {
  std::mt19937 random(1);
  for (const size_t size : {64, 128, 320, 1024}) {
    Matrix rows(most_rows, size / 4, "test"), query(1, size / 4, "test");
    std::vector<const char*> pointers;
    auto* q = reinterpret_cast<int8_t*>(query.row(0));
    // The extremes too, where intermediate sums are largest.
    const auto value = [&](size_t d) {
      const bool extreme = random() % 4 == 0 || d % 64 < 16;
      return static_cast<int8_t>(extreme ? (random() % 2 ? 127 : -127) : static_cast<int>(random() % 255) - 127);
    };
    for (size_t d = 0; d < size; ++d) q[d] = value(d);
    for (size_t r = 0; r < most_rows; ++r) {
      auto* row = reinterpret_cast<int8_t*>(rows.row(r));
      for (size_t d = 0; d < size; ++d) row[d] = r == 0 ? 127 : r == 1 ? -127 : r == 2 ? q[d] : value(d);
      pointers.push_back(reinterpret_cast<const char*>(row));
    }
    for (size_t n = 0; n <= most_rows; ++n)
      for_each_isa([&](const Kernels& kernels) {
        std::vector<int32_t> dots(most_rows, -1);
        kernels.scan_int8(q, pointers.data(), n, size, dots.data());
        for (size_t r = 0; r < most_rows; ++r) {
          int32_t expected = 0;
          for (size_t d = 0; d < size; ++d) expected += q[d] * reinterpret_cast<const int8_t*>(pointers[r])[d];
          CHECK(dots[r] == (r < n ? expected : -1));
          CHECK(kernels.dot_int8(reinterpret_cast<const int8_t*>(pointers[r]), q, size) == expected);
        }
      });
  }
}

TEST_CASE("bfloat16 dot products on every instruction set") {
  std::mt19937 random(2);
  std::normal_distribution<float> value;
  for (const size_t size : {32, 64, 320}) {
    Matrix rows(most_rows, size / 2, "test"), query(1, size, "test");
    std::vector<const char*> pointers;
    for (size_t d = 0; d < size; ++d) query.row(0)[d] = value(random);
    for (size_t r = 0; r < most_rows; ++r) {
      pointers.push_back(reinterpret_cast<const char*>(rows.row(r)));
      for (size_t d = 0; d < size; ++d) {
        const float x = value(random) * (r == 0 ? 1e30f : r == 1 ? 1e-40f : 1.0f);  // denormal numbers too
        std::memcpy(reinterpret_cast<uint16_t*>(rows.row(r)) + d, reinterpret_cast<const char*>(&x) + 2, 2);
      }
    }
    for (size_t n = 0; n <= most_rows; ++n)
      for_each_isa([&](const Kernels& kernels) {
        std::vector<float> scores(most_rows, -1.0f);
        kernels.scan_bfloat16(query.row(0), pointers.data(), n, size, scores.data());
        for (size_t r = 0; r < most_rows; ++r) {
          if (r >= n) {
            CHECK(scores[r] == -1.0f);
            continue;
          }
          double expected = 0, amount = 0;
          for (size_t d = 0; d < size; ++d) {
            float x = 0;
            std::memcpy(reinterpret_cast<char*>(&x) + 2, pointers[r] + 2 * d, 2);
            expected += static_cast<double>(x) * query.row(0)[d];
            amount += std::abs(static_cast<double>(x) * query.row(0)[d]);
          }
          CHECK(std::abs(scores[r] - expected) <= 1e-5 * amount);
        }
      });
  }
}
