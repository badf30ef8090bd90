#include "train/hot_rows.h"

#include <doctest/doctest.h>

#include <string>

#include "test/ready_model.h"

using namespace w2v;

namespace {

Model model_of(size_t words, unsigned threads, bool hierarchical_softmax) {
  Vocabulary vocabulary;
  for (size_t w = 0; w < words; ++w) {
    vocabulary.words.insert("w" + std::to_string(w));
    vocabulary.counts.push_back(words - w);
  }
  TrainingOptions options;
  options.vector_size = 3;
  options.threads = threads;
  options.hierarchical_softmax = hierarchical_softmax;
  return ready_model(std::move(vocabulary), options);
}

}  // namespace

TEST_CASE("the rows nearest to the root are hot, with several threads") {
  const Model model = model_of(100, 2, true);
  CHECK(model.targets.rows() == 199);
  CHECK(model.first_hot_target == 199 - 64);
  // Every path begins at the root, the last row, and the hot rows are those on most paths.
  std::vector<uint64_t> occurrences(199);
  for (uint32_t w = 0; w < 100; ++w) {
    CHECK(model.huffman.path(w)[0] == 198);
    for (const uint32_t node : model.huffman.path(w)) occurrences[node] += model.vocabulary->counts[w];
  }
  for (uint32_t node = 101; node < 199; ++node) CHECK(occurrences[node] >= occurrences[node - 1]);

  CHECK(model_of(100, 1, true).first_hot_target == 199);
  CHECK(model_of(100, 2, false).first_hot_target == 100);
  CHECK(model_of(10, 2, true).first_hot_target == 10);
}

TEST_CASE("merging gives the mean of what the threads have learned, and goes on from there") {
  Model model = model_of(3, 2, true);
  REQUIRE(model.first_hot_target == 3);
  float* shared = model.targets.row(3);
  shared[0] = 10;
  shared[1] = 20;
  std::mutex mutex;
  HotRows first(model, 2, mutex), second(model, 2, mutex);
  CHECK(first.copies()[0] == 10);
  first.copies()[0] += 4;
  second.copies()[0] += 8;
  second.copies()[1] -= 6;
  first.merge();
  CHECK(shared[0] == 12);
  CHECK(first.copies()[0] == 12);
  CHECK(second.copies()[0] == 18);
  second.merge();
  CHECK(shared[0] == 16);
  CHECK(shared[1] == 17);
  CHECK(second.copies()[0] == 16);
  first.merge();
  CHECK(shared[0] == 16);
  CHECK(first.copies()[0] == 16);
  CHECK(first.copies()[1] == 17);
}
