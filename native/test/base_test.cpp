#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "base/matrix.h"
#include "base/rng.h"
#include "base/threads.h"
#include "test/check.h"

using namespace w2v;

TEST_CASE("Lcg::skip(n) equals n draws") {
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{0x123456789abcdef}}) {
    Lcg drawn(seed);
    uint64_t n = 0;
    for (const uint64_t until : {0, 1, 2, 3, 63, 64, 1000, 4097}) {
      for (; n < until; ++n) drawn.next();
      Lcg skipped(seed), going_on = drawn;
      skipped.skip(until);
      CHECK(skipped.next() == going_on.next());
    }
  }
}

TEST_CASE("a matrix has aligned, zeroed, padded rows and says what it lacked memory for") {
  Matrix m(3, 17, "test");
  CHECK(m.stride() == 32);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(reinterpret_cast<uintptr_t>(m.row(i)) % 64 == 0);
    for (size_t d = 0; d < 32; ++d) CHECK(m.row(i)[d] == 0);
  }
  CHECK(m.rows_not_finite() == 0);
  m.row(1)[16] = std::numeric_limits<float>::quiet_NaN();
  m.row(2)[0] = -std::numeric_limits<float>::infinity();
  CHECK(m.rows_not_finite() == 2);
  CHECK_CODE(Matrix(SIZE_MAX / 8, 1000, "output matrix"), code::memory, "output matrix");
  CHECK_CODE(Matrix(size_t{1} << 45, 16, "output matrix"), code::memory, "bytes");
}

TEST_CASE("run_threads runs each index once and rethrows the first error after all have ended") {
  std::atomic<unsigned> mask{0}, ended{0};
  run_threads(5, [&](unsigned t) { mask |= 1u << t; });
  CHECK(mask == 31);
  CHECK_CODE(run_threads(4,
                         [&](unsigned t) {
                           ++ended;
                           if (t == 2) throw Error(code::internal, "thread two");
                         }),
             code::internal, "thread two");
  CHECK(ended == 4);
}
