// The tables of a device change by what its workers add, and by nothing else.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "cuda/emulated_warp.h"
#include "cuda/layout.h"
#include "cuda/worker.h"
#include "test/ready_model.h"
#include "train/plan.h"

using namespace w2v;
using namespace w2v::cuda;

namespace {

// A matrix, and in double the sum of all that was added to it.
struct Audited {
  const float* rows;
  std::vector<double> sums;
};
std::vector<Audited>* audited;
uint64_t additions;

struct AuditingWarp : EmulatedWarp {
  template <int N>
  static void add(float* to, const float* change) {
    EmulatedWarp::add<N>(to, change);
    for (Audited& matrix : *audited)
      if (to >= matrix.rows && to < matrix.rows + matrix.sums.size())
        for (int i = 0; i < N; ++i) matrix.sums[static_cast<size_t>(to - matrix.rows + i)] += double{change[i]};
    ++additions;
  }
};

template <int floats, bool whole_row>
void check_sums(uint32_t dims, bool skip_gram) {
  TrainingOptions options;
  options.vector_size = dims;
  options.skip_gram = skip_gram;
  options.hierarchical_softmax = true;
  options.negative = 4;
  options.window = 3;
  Vocabulary vocabulary;
  for (uint32_t w = 0; w < 30; ++w) {
    vocabulary.words.insert(w == 0 ? "</s>" : "w" + std::to_string(w));
    vocabulary.counts.push_back(100 - w);
  }
  Model model = ready_model(std::move(vocabulary), options);
  for (size_t i = 0; i < model.targets.rows(); ++i)
    for (size_t d = 0; d < dims; ++d) model.targets.row(i)[d] = model.input.row(i % 30)[dims - 1 - d];
  REQUIRE(model.input.stride() % cuda::row_padding == 0);

  Tables tables{};
  tables.input = model.input.row(0);
  tables.target = model.targets.row(0);
  tables.shared_noise = model.shared_noise.slots();
  tables.path_offsets = model.huffman.offsets.data();
  tables.path_nodes = model.huffman.nodes.data();
  tables.path_labels = model.huffman.labels.data();
  tables.n_words = 30;
  tables.stride = static_cast<uint32_t>(model.input.stride());
  tables.window = options.window;
  tables.negative = options.negative;
  tables.max_sentence_length = 50;
  tables.skip_gram = skip_gram;
  tables.hierarchical_softmax = tables.shared_negatives = tables.cbow_mean = tables.shrink_windows = true;

  std::vector<uint32_t> ids;
  for (uint32_t i = 0; i < 2000; ++i) ids.push_back(i * 2654435761u % 31 % 30);  // sentence ends among them
  const std::vector<Chunk> chunks{{0, 700, 0.05f}, {700, 1, 0.05f}, {701, 1299, 0.04f}};
  uint32_t next = 0, stop = 0;
  uint64_t words = 0, predictions = 0;
  double loss = 0;
  const Launch launch{ids.data(), 0,     chunks.data(), 3,    PositionDraws::epoch_key(1, 0), &next,
                      &words,     &loss, &predictions,  &stop};
  const Layout layout = layout_of(tables, static_cast<uint32_t>(longest_path(model.huffman)), 1300, false);
  const auto memory = [](uint64_t bytes) {
    return std::unique_ptr<char, decltype(&std::free)>(static_cast<char*>(std::aligned_alloc(128, bytes)), std::free);
  };
  const auto fast = memory(layout.fast_bytes), slow = memory(layout.slow_bytes);

  std::vector<Audited> matrices;
  std::vector<std::vector<float>> before;
  for (const Matrix* matrix : {&model.input, &model.targets}) {
    const size_t floats_in_all = matrix->rows() * matrix->stride();
    matrices.push_back({matrix->row(0), std::vector<double>(floats_in_all)});
    before.emplace_back(matrix->row(0), matrix->row(0) + floats_in_all);
  }
  audited = &matrices;
  additions = 0;
  uint64_t fast_bytes, slow_bytes;
  Worker<AuditingWarp, floats, target_block, whole_row>(
      tables, layout, launch, Workspace::of(tables, layout, fast.get(), slow.get(), &fast_bytes, &slow_bytes))
      .run();
  CHECK(words == 2000);
  CHECK(additions > 10'000);
  for (size_t m = 0; m < 2; ++m) {
    double difference = 0, change = 0;
    for (size_t i = 0; i < matrices[m].sums.size(); ++i) {
      const double moved = double{matrices[m].rows[i]} - double{before[m][i]};
      difference += std::pow(moved - matrices[m].sums[i], 2);
      change += std::pow(moved, 2);
    }
    CHECK(change > 0);
    CHECK(std::sqrt(difference / change) < 1e-5);
  }
}

}  // namespace

TEST_CASE("the sum of all that the workers add is the change of the tables") {
  for (const bool skip_gram : {true, false}) {
    check_sums<4, true>(128, skip_gram);
    check_sums<10, true>(320, skip_gram);
    check_sums<4, false>(96, skip_gram);
    check_sums<4, false>(150, skip_gram);
  }
}
