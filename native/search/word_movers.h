// The distance between two texts.
#pragma once

#include <cstdint>
#include <span>

#include "base/task_control.h"
#include "vectors/vector_store.h"

namespace w2v {

// Word Mover's Distance (Kusner et al. 2015): the least sum of Euclidean distances that the words of one text must
// travel to become those of the other, where each text weighs 1 in all. Texts are row numbers, repeated as the words
// are. With `unit_length` rows are brought to length 1 before. Infinity where one text is empty; NaN where a row is not
// finite. Throws ERR_W2V_CANCELLED.
double word_movers_distance(const VectorStore& store, std::span<const uint32_t> a, std::span<const uint32_t> b,
                            bool unit_length, const TaskControl& control);

}  // namespace w2v
