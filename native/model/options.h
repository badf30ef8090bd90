// What a training computes.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace w2v {

// Which predictions share negative samples.
enum class Negatives : uint8_t {
  per_pair,  // none: the original loop, to the letter
  shared,    // those of a window (Ji, Satish, Li, Dubey 2016, arXiv:1604.04661)
};

// What trains: the processor, CUDA devices, or these where there are any that can.
enum class Backend : uint8_t { automatic, cpu, cuda };

// Names and meanings follow gensim 4; lib/options.ts holds ranges, defaults and help, and validates.
struct TrainingOptions {
  uint32_t vector_size = 100;
  uint32_t window = 5;     // one-sided radius in tokens
  bool skip_gram = false;  // else CBOW
  bool hierarchical_softmax = false;
  uint32_t negative = 5;  // negative samples per prediction; 0: no negative sampling
  Negatives negatives = Negatives::shared;
  double ns_exponent = 0.75;
  bool cbow_mean = true;  // else the sum of the context vectors, its gradient divided by their number
  double sample = 1e-3;   // subsampling threshold; 0: keep every word
  uint32_t epochs = 5;
  uint64_t epochs_before = 0;  // that the model went through in other trainings: their draws are not repeated
  float alpha = 0.05f;         // initial learning rate
  // NaN: word2vec.c's schedule, falling towards 0 with a floor of alpha · 1e-4. A number: the rate falls linearly
  // from alpha to it (gensim).
  float min_alpha = std::numeric_limits<float>::quiet_NaN();
  uint32_t threads = 1;
  uint64_t seed = 1;
  uint32_t max_sentence_length = 1000;  // longer sentences are split, counted in words that subsampling kept
  bool shrink_windows = true;           // draw each window's radius from 1 … window
  bool compute_loss = true;             // by samples (loss.h)
  Backend backend = Backend::cpu;
  std::vector<int32_t> devices = {};  // by number; empty: the first that is usable
};

}  // namespace w2v
