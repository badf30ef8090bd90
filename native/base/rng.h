// Random numbers. All of it is constexpr: the CUDA kernels draw by the same functions.
#pragma once

#include <cstdint>

namespace w2v {

// Google's word2vec.c: next = next · 25214903917 + 11 on unsigned 64 bits.
class Lcg {
 public:
  constexpr explicit Lcg(uint64_t state) : state_(state) {}
  constexpr uint64_t next() { return state_ = state_ * multiplier + increment; }
  constexpr uint64_t state() const { return state_; }

  // Goes on as if next() had been called n times, in O(log n): the affine map is squared.
  constexpr void skip(uint64_t n) {
    uint64_t a = multiplier, c = increment, total_a = 1, total_c = 0;
    for (; n != 0; n >>= 1) {
      if (n & 1) {
        total_a *= a;
        total_c = total_c * a + c;
      }
      c *= a + 1;
      a *= a;
    }
    state_ = state_ * total_a + total_c;
  }

 private:
  static constexpr uint64_t multiplier = 25214903917ULL;
  static constexpr uint64_t increment = 11;
  uint64_t state_;
};

// SplitMix64: its n-th draw is a function of the start alone. Steele, Lea, Flood 2014 (10.1145/2660193.2660195).
class SplitMix {
 public:
  constexpr explicit SplitMix(uint64_t start) : state_(start) {}
  constexpr uint64_t next() {
    uint64_t z = state_ += step;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  // Goes on as if next() had been called n times.
  constexpr void skip(uint64_t n) { state_ += n * step; }

 private:
  static constexpr uint64_t step = 0x9e3779b97f4a7c15;
  uint64_t state_;
};

}  // namespace w2v
