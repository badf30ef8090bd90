// Changes of a model between trainings: more words, vectors from elsewhere. None of them keeps tables.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/task_control.h"
#include "corpus/vocabulary.h"
#include "model/model.h"
#include "vectors/vector_store.h"

namespace w2v {

// The words of `counted` come to the model's: counts of those that are there already are added up, the others follow
// them, at the end, with the input row that they would have had from the start and a target row of zeros. Rows of old
// words stay as they are; tree nodes start anew where the tree has changed, whose nodes have other words below them
// then. Views of the model are of what was before. Returns how many words are new. Throws ERR_W2V_MEMORY.
uint32_t add_words(Model& model, const std::vector<WordCount>& counted, uint64_t sentences,
                   const TrainingOptions& options);

// Takes over the rows of the words that both have, and sets their rate factor. Returns how many they are. Throws
// ERR_W2V_ARGUMENT for another number of dimensions.
uint32_t take_vectors(Model& model, const VectorStore& vectors, float rate_factor, TaskControl& control);

// A model whose input rows are these vectors, its words theirs, after "</s>". Counts are theirs; where they have none,
// by Zipf's law from the order of the words: word r of V occurs V / r times. Targets are zeros. Throws ERR_W2V_MEMORY.
Model model_of(const VectorStore& vectors, const TrainingOptions& options, TaskControl& control);

// Multiplies the learning rate of input rows; 0 keeps them as they are.
void set_rate_factor(Model& model, const std::vector<uint32_t>& words, float factor);

}  // namespace w2v
