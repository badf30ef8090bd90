// The random choices of training, by word2vec.c's generator or by position.
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "model/model.h"

namespace w2v {

// One after the other, as word2vec.c draws them: what comes out depends on all draws before.
class SequentialDraws {
 public:
  explicit SequentialDraws(uint64_t state) : random_(state) {}
  uint64_t state() const { return random_.state(); }

  // Whether subsampling keeps a word.
  bool keep(float probability) { return !(probability < static_cast<float>(random_.next() & 0xFFFF) / 65536.0f); }
  // From 0 to n − 1.
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_.next() % n); }
  // A word of the noise distribution; never the sentence end.
  uint32_t negative(const Model& model) {
    const uint64_t draw = random_.next();
    const uint32_t word = model.noise[static_cast<uint32_t>((draw >> 16) % NoiseTable::size)];
    return word != 0 ? word : static_cast<uint32_t>(draw % (model.vocabulary->size() - 1)) + 1;
  }

 private:
  Lcg random_;
};

// Of one word of the corpus: each draw is a function of (seed, epoch, position of the word, number of the draw), so
// that it does not matter who draws it, nor when.
class PositionDraws {
 public:
  PositionDraws(uint64_t epoch_key, uint64_t position) : random_(epoch_key + position * 0xd1342543de82ef95) {}
  static uint64_t epoch_key(uint64_t seed, uint64_t epoch) {
    return SplitMix(seed * 0x9fb21c651e98df25 + epoch).next();
  }

  bool keep(float probability) { return static_cast<float>(random_.next() >> 40) * 0x1p-24f < probability; }
  uint32_t below(uint32_t n) { return scale(random_.next() >> 32, n); }
  uint32_t negative(const Model& model) { return model.shared_noise.draw(random_.next()); }

 private:
  // 32 random bits to 0 … n − 1.
  static uint32_t scale(uint64_t bits, uint32_t n) { return static_cast<uint32_t>(bits * n >> 32); }
  SplitMix random_;
};

}  // namespace w2v
