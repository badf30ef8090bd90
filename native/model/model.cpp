#include "model/model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/rng.h"
#include "base/threads.h"

namespace w2v {

namespace {

// Mikolov et al. 2013 (arXiv:1310.4546), in the form that word2vec.c computes and in its precision: the result is
// compared with multiples of 1 / 65536.
std::vector<float> keep_probabilities(const Vocabulary& vocabulary, double sample) {
  std::vector<float> keep(vocabulary.size());
  const float threshold = static_cast<float>(sample) * static_cast<float>(vocabulary.total());
  for (size_t w = 0; w < keep.size(); ++w) {
    const float count = static_cast<float>(vocabulary.counts[w]);
    keep[w] = static_cast<float>((std::sqrt(static_cast<double>(count / threshold)) + 1) * threshold / count);
  }
  return keep;
}

}  // namespace

// word2vec.c draws one number per element, row by row, from a generator that starts at the seed. Each thread skips
// to its first row, so the numbers are the same for any number of threads.
void initialize_rows(Matrix& input, size_t first, uint64_t seed, unsigned threads) {
  const size_t rows = input.rows() - first, dims = input.dims();
  run_threads(threads, [&](unsigned t) {
    const size_t begin = first + rows * t / threads, end = first + rows * (t + 1) / threads;
    Lcg rng(seed);
    rng.skip(static_cast<uint64_t>(begin) * dims);
    for (size_t i = begin; i < end; ++i)
      for (size_t d = 0; d < dims; ++d)
        input.row(i)[d] = (static_cast<float>(rng.next() & 0xFFFF) / 65536.0f - 0.5f) / static_cast<float>(dims);
  });
}

Model make_model(std::shared_ptr<const Vocabulary> vocabulary, const TrainingOptions& options) {
  Model model;
  model.vocabulary = std::move(vocabulary);
  const size_t words = model.vocabulary->size(), dims = options.vector_size;
  if (options.negative > 0) model.target_rows.outputs = static_cast<uint32_t>(words);
  if (options.hierarchical_softmax) model.target_rows.nodes = static_cast<uint32_t>(words - 1);
  model.input = Matrix(words, dims, "input matrix");
  model.targets = Matrix(model.target_rows.outputs + size_t{model.target_rows.nodes}, dims, "target matrix");
  initialize_rows(model.input, 0, options.seed, options.threads);
  return model;
}

void make_tables(Model& model, const TrainingOptions& options) {
  // Nodes are numbered as Huffman's algorithm makes them: the root is the last, and the rarer ones come before.
  constexpr uint32_t hot_nodes = 64;
  const uint32_t targets = model.target_rows.outputs + model.target_rows.nodes;
  model.first_hot_target = targets - (options.threads > 1 ? std::min(hot_nodes, model.target_rows.nodes) : 0);

  const std::vector<uint64_t>& counts = model.vocabulary->counts;
  model.noise = {};
  model.shared_noise = {};
  model.huffman = {};
  model.keep_probability.clear();
  if (options.negative > 0 && options.negatives == Negatives::per_pair)
    model.noise = NoiseTable(counts, options.ns_exponent);
  if (options.negative > 0 && options.negatives == Negatives::shared)
    model.shared_noise = AliasTable(counts, options.ns_exponent);
  if (options.hierarchical_softmax) {
    model.huffman = build_huffman_tree(counts);
    for (uint32_t& node : model.huffman.nodes) node += model.target_rows.outputs;
  }
  if (options.sample > 0) model.keep_probability = keep_probabilities(*model.vocabulary, options.sample);
}

}  // namespace w2v
