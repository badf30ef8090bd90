// The distance between two texts.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/task_control.h"
#include "vectors/vector_store.h"

namespace w2v {

// A row of a store, and how often its word occurs in a text.
struct TextWord {
  uint32_t row;
  uint32_t count;
};

// A text's different words, by ascending row.
std::vector<TextWord> count_words(std::span<const uint32_t> text);

// A text for Word Mover's Distance: its words and a copy of their vectors, at length 1 with `unit_length`.
struct WordBag {
  WordBag(const VectorStore& store, std::span<const TextWord> words, bool unit_length);

  std::vector<TextWord> words;
  std::vector<float> rows;  // one after the other
  uint64_t length = 0;      // occurrences of all
};

// Word Mover's Distance (Kusner et al. 2015, proceedings.mlr.press/v37/kusnerb15): the least sum of Euclidean distances
// that the words of one text must travel to become those of the other, where each text weighs 1 in all. Infinity where
// one text is empty; NaN where a row is not finite. Above `limit` it may be infinity: where the relaxed distance, for
// which each word travels to the nearest one of the other text, is above it already. Throws ERR_W2V_CANCELLED.
double word_movers_distance(const WordBag& a, const WordBag& b, const TaskControl& control,
                            double limit = std::numeric_limits<double>::infinity());

// The same of texts that are row numbers, repeated as the words are.
double word_movers_distance(const VectorStore& store, std::span<const uint32_t> a, std::span<const uint32_t> b,
                            bool unit_length, const TaskControl& control);

}  // namespace w2v
