#include "model/model.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>

#include "test/ready_model.h"
#include "train/schedule.h"

using namespace w2v;

namespace {

std::vector<uint64_t> zipf_counts(size_t n, uint64_t first) {
  std::vector<uint64_t> counts(n);
  for (size_t i = 0; i < n; ++i) counts[i] = std::max<uint64_t>(first / (i + 1), 5);
  return counts;
}

}  // namespace

TEST_CASE("the noise table answers as word2vec.c's table of 100 million entries, index for index") {
  for (const double exponent : {0.75, 0.0, 1.0, -0.5}) {
    std::vector<uint64_t> counts = zipf_counts(50000, 1000000);
    counts[0] = 3141;  // </s> is not sorted in
    const NoiseTable table(counts, exponent);
    // InitUnigramTable() of word2vec.c, walked instead of stored.
    double total = 0;
    for (const uint64_t count : counts) total += std::pow(static_cast<double>(count), exponent);
    size_t word = 0;
    double share = std::pow(static_cast<double>(counts[0]), exponent) / total;
    uint32_t differences = 0;
    for (uint32_t entry = 0; entry < NoiseTable::size; ++entry) {
      differences += table[entry] != word;
      if (entry / static_cast<double>(NoiseTable::size) > share) {
        ++word;
        if (word < counts.size()) share += std::pow(static_cast<double>(counts[word]), exponent) / total;
      }
      if (word >= counts.size()) word = counts.size() - 1;
    }
    CAPTURE(exponent);
    CHECK(differences == 0);
  }
}

TEST_CASE("the noise table of two words") {
  const std::vector<uint64_t> counts{1, 1};
  const NoiseTable table(counts, 0.75);
  CHECK(table[0] == 0);
  CHECK(table[NoiseTable::size - 1] == 1);
}

TEST_CASE("Huffman paths are prefix-free and as short as can be") {
  // With </s> in its place by count; where it is not, word2vec.c's tree is as ours, and a little longer.
  const std::vector<uint64_t> counts = zipf_counts(1000, 100000);
  const HuffmanTree tree = build_huffman_tree(counts);
  std::set<std::string> codes;
  double kraft = 0;
  uint64_t bits = 0;
  for (uint32_t w = 0; w < counts.size(); ++w) {
    const auto path = tree.path(w);
    const auto labels = tree.path_labels(w);
    REQUIRE(path.size() == labels.size());
    CHECK(path[0] == counts.size() - 2);  // the root
    std::string code;
    for (const float label : labels) code += label == 1.0f ? '1' : '0';
    codes.insert(code);
    kraft += std::pow(0.5, static_cast<double>(code.size()));
    bits += counts[w] * code.size();
  }
  CHECK(kraft == doctest::Approx(1.0));
  CHECK(codes.size() == counts.size());
  std::string previous = "x";
  for (const std::string& code : codes) {  // sorted: a prefix would stand right before
    CHECK(code.compare(0, previous.size(), previous) != 0);
    previous = code;
  }
  // The optimal cost, by the textbook's queue of weights.
  std::multiset<uint64_t> weights(counts.begin(), counts.end());
  uint64_t optimal = 0;
  while (weights.size() > 1) {
    const uint64_t sum = *weights.begin() + *std::next(weights.begin());
    weights.erase(weights.begin());
    weights.erase(weights.begin());
    weights.insert(sum);
    optimal += sum;
  }
  CHECK(bits == optimal);
}

TEST_CASE("the initial vectors do not depend on the number of threads and lie in ±1 / (2D)") {
  const auto make = [](unsigned threads, uint64_t seed) {
    Vocabulary vocabulary;
    for (int i = 0; i < 101; ++i) {
      vocabulary.words.insert("w" + std::to_string(i));
      vocabulary.counts.push_back(200 - static_cast<uint64_t>(i));
    }
    TrainingOptions options;
    options.vector_size = 33;
    options.hierarchical_softmax = true;
    options.threads = threads;
    options.seed = seed;
    return ready_model(std::move(vocabulary), options);
  };
  const Model one = make(1, 1), four = make(4, 1), other = make(1, 2);
  size_t same_as_other = 0;
  for (size_t i = 0; i < 101; ++i)
    for (size_t d = 0; d < 33; ++d) {
      CHECK(one.input.row(i)[d] == four.input.row(i)[d]);
      CHECK(std::abs(one.input.row(i)[d]) <= 0.5f / 33);
      same_as_other += one.input.row(i)[d] == other.input.row(i)[d];
    }
  CHECK(same_as_other < 5);
  CHECK(one.targets.rows() == 201);  // 101 outputs and 100 nodes
}

TEST_CASE("the tree of counts in any order is that of the counts in order") {
  const std::vector<uint64_t> sorted{7, 90, 50, 30, 20, 10, 5};
  const std::vector<uint32_t> place{0, 4, 1, 6, 3, 2, 5};  // of each word among the unsorted ones
  std::vector<uint64_t> unsorted(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) unsorted[place[i]] = sorted[i];
  const HuffmanTree a = build_huffman_tree(sorted), b = build_huffman_tree(unsorted);
  for (uint32_t w = 0; w < sorted.size(); ++w) {
    CHECK(std::vector<uint32_t>(a.path(w).begin(), a.path(w).end()) ==
          std::vector<uint32_t>(b.path(place[w]).begin(), b.path(place[w]).end()));
    CHECK(std::vector<float>(a.path_labels(w).begin(), a.path_labels(w).end()) ==
          std::vector<float>(b.path_labels(place[w]).begin(), b.path_labels(place[w]).end()));
  }
}

TEST_CASE("subsampling keeps rare words always and frequent ones by the original's formula") {
  Vocabulary vocabulary;
  for (const char* word : {"</s>", "the", "of", "rare"}) vocabulary.words.insert(word);
  vocabulary.counts = {10, 900, 85, 5};
  TrainingOptions options;
  options.sample = 1e-2;
  const Model model = ready_model(std::move(vocabulary), options);
  const double threshold = 1e-2 * 1000;
  CHECK(model.keep_probability[1] == doctest::Approx((std::sqrt(900 / threshold) + 1) * threshold / 900));
  CHECK(model.keep_probability[3] > 1);
}

TEST_CASE("learning rates: word2vec.c's schedule with its floor, gensim's linear interpolation") {
  TrainingOptions options;
  options.alpha = 0.05f;
  TaskControl control;
  Schedule google(options, 1000, control);
  CHECK(google.rate() == doctest::Approx(0.05));
  CHECK(google.advance(250) == doctest::Approx(0.05 * (1 - 250 / 1001.0)));
  CHECK(control.done == 250);
  CHECK(google.advance(750) == doctest::Approx(0.05 * (1 - 1000 / 1001.0)));
  CHECK(google.advance(500) == doctest::Approx(0.05 * 1e-4));
  options.min_alpha = 0.01f;
  Schedule linear(options, 1000, control);
  CHECK(linear.advance(500) == doctest::Approx(0.03));
  CHECK(linear.advance(500) == doctest::Approx(0.01));
  CHECK(linear.advance(500) == doctest::Approx(0.01));
}
