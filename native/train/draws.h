// The random choices of training, by word2vec.c's generator or by position. All of it is constexpr: the CUDA kernels
// draw by the same functions. `Tables` is a Model, or what a device has of one: noise, shared_noise and words().
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "model/noise.h"

namespace w2v {

// One after the other, as word2vec.c draws them: what comes out depends on all draws before.
class SequentialDraws {
 public:
  constexpr explicit SequentialDraws(uint64_t state) : random_(state) {}
  constexpr uint64_t state() const { return random_.state(); }

  // Whether subsampling keeps a word.
  constexpr bool keep(float probability) {
    return !(probability < static_cast<float>(random_.next() & 0xFFFF) / 65536.0f);
  }
  // From 0 to n − 1.
  constexpr uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_.next() % n); }
  // A word of the noise distribution; never the sentence end.
  template <class Tables>
  constexpr uint32_t negative(const Tables& tables) {
    const uint64_t draw = random_.next();
    const uint32_t word = tables.noise[static_cast<uint32_t>((draw >> 16) % NoiseTable::size)];
    return word != 0 ? word : static_cast<uint32_t>(draw % (tables.words() - 1)) + 1;
  }
  constexpr void skip(uint64_t draws) { random_.skip(draws); }

 private:
  Lcg random_;
};

// Of one word of the corpus: each draw is a function of (seed, epoch, position of the word, number of the draw), so
// that it does not matter who draws it, nor when.
class PositionDraws {
 public:
  constexpr PositionDraws(uint64_t epoch_key, uint64_t position) : random_(epoch_key + position * 0xd1342543de82ef95) {}
  static constexpr uint64_t epoch_key(uint64_t seed, uint64_t epoch) {
    return SplitMix(seed * 0x9fb21c651e98df25 + epoch).next();
  }

  constexpr bool keep(float probability) { return static_cast<float>(random_.next() >> 40) * 0x1p-24f < probability; }
  constexpr uint32_t below(uint32_t n) { return scale(random_.next() >> 32, n); }
  template <class Tables>
  constexpr uint32_t negative(const Tables& tables) {
    return tables.shared_noise.draw(random_.next());
  }
  constexpr void skip(uint64_t draws) { random_.skip(draws); }

 private:
  // 32 random bits to 0 … n − 1.
  static constexpr uint32_t scale(uint64_t bits, uint32_t n) { return static_cast<uint32_t>(bits * n >> 32); }
  SplitMix random_;
};

}  // namespace w2v
