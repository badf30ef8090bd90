#include "train/adapt.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace w2v {

namespace {

void copy_rows(Matrix& to, size_t first, const Matrix& from, size_t from_first, size_t rows) {
  if (rows > 0) std::memcpy(to.row(first), from.row(from_first), rows * from.stride() * sizeof(float));
}

bool same_tree(const HuffmanTree& a, const HuffmanTree& b) {
  return a.offsets == b.offsets && a.nodes == b.nodes && a.labels == b.labels;
}

}  // namespace

uint32_t add_words(Model& model, const std::vector<WordCount>& counted, uint64_t sentences,
                   const TrainingOptions& options) {
  const Vocabulary& before = *model.vocabulary;
  auto vocabulary = std::make_shared<Vocabulary>(before);
  vocabulary->counts[0] += sentences;
  for (const WordCount& word : counted) {
    const uint32_t id = vocabulary->words.insert(word.word);
    if (id == vocabulary->counts.size()) vocabulary->counts.push_back(0);
    vocabulary->counts[id] += word.count;
  }
  const size_t old_words = before.size(), words = vocabulary->size(), dims = model.input.dims();
  const uint32_t old_outputs = model.target_rows.outputs, old_nodes = model.target_rows.nodes;

  Matrix input(words, dims, "input matrix");
  copy_rows(input, 0, model.input, 0, old_words);
  initialize_rows(input, old_words, options.seed, options.threads);
  TargetRows rows;
  if (old_outputs > 0) rows.outputs = static_cast<uint32_t>(words);
  if (old_nodes > 0) rows.nodes = static_cast<uint32_t>(words - 1);
  Matrix targets(rows.outputs + size_t{rows.nodes}, dims, "target matrix");
  copy_rows(targets, 0, model.targets, 0, old_outputs);
  if (old_nodes > 0 && words == old_words &&
      same_tree(build_huffman_tree(before.counts), build_huffman_tree(vocabulary->counts)))
    copy_rows(targets, rows.outputs, model.targets, old_outputs, old_nodes);

  if (!model.rate_factors.empty()) model.rate_factors.resize(words, 1.0f);
  model.input = std::move(input);
  model.targets = std::move(targets);
  model.target_rows = rows;
  model.vocabulary = std::move(vocabulary);
  return static_cast<uint32_t>(words - old_words);
}

uint32_t take_vectors(Model& model, const VectorStore& vectors, float rate_factor, TaskControl& control) {
  if (vectors.dims() != model.input.dims())
    throw Error(code::argument, "Expected vectors of " + std::to_string(model.input.dims()) +
                                    " dimensions, as the model has, but received vectors of " +
                                    std::to_string(vectors.dims()));
  control.begin(Phase::loading, model.vocabulary->size());
  std::vector<uint32_t> taken;
  for (uint32_t w = 0; w < model.vocabulary->size(); ++w) {
    if (w % 4096 == 0) {
      control.check_cancelled();
      vectors.check_unchanged();
      control.done = w;
    }
    const uint32_t found = vectors.find(model.vocabulary->words.word(w));
    if (found == no_word) continue;
    vectors.copy_row(found, model.input.row(w));
    taken.push_back(w);
  }
  if (rate_factor != 1) set_rate_factor(model, taken, rate_factor);
  return static_cast<uint32_t>(taken.size());
}

Model model_of(const VectorStore& vectors, const TrainingOptions& options, TaskControl& control) {
  auto vocabulary = std::make_shared<Vocabulary>();
  vocabulary->words = WordIndex(vectors.size() + 1);
  vocabulary->words.insert(sentence_end);
  vocabulary->counts.push_back(0);
  uint64_t rank = 0;
  for (size_t i = 0; i < vectors.size(); ++i) {
    if (i % 4096 == 0) vectors.check_unchanged();
    const std::string_view word = vectors.word(i);
    if (word == sentence_end) {
      vocabulary->counts[0] = vectors.count(i);
      continue;
    }
    vocabulary->words.insert(word);
    vocabulary->counts.push_back(vectors.has_counts() ? vectors.count(i) : vectors.size() / ++rank);
  }
  if (vocabulary->size() < 2) throw Error(code::vocabulary_empty, "Expected vectors of words but received none");
  if (vocabulary->counts[0] == 0) vocabulary->counts[0] = 1;
  Model model = make_model(std::move(vocabulary), options);
  take_vectors(model, vectors, 1, control);
  return model;
}

void set_rate_factor(Model& model, const std::vector<uint32_t>& words, float factor) {
  if (model.rate_factors.empty()) model.rate_factors.assign(model.vocabulary->size(), 1.0f);
  for (const uint32_t word : words) model.rate_factors[word] = factor;
  if (std::all_of(model.rate_factors.begin(), model.rate_factors.end(), [](float f) { return f == 1; }))
    model.rate_factors.clear();
}

}  // namespace w2v
