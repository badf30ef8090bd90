#include "search/kmeans.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "test/check.h"

using namespace w2v;

namespace {

// Points around `groups` directions, of any length.
VectorStore grouped(size_t n, size_t groups, size_t dims, float noise) {
  std::mt19937 random(7);
  std::normal_distribution<float> value;
  std::vector<std::vector<float>> centers(groups, std::vector<float>(dims));
  for (auto& center : centers)
    for (float& x : center) x = value(random);
  WordIndex words;
  Matrix rows(n, dims, "test");
  for (size_t i = 0; i < n; ++i) {
    words.insert("w" + std::to_string(i));
    const float length = std::exp(value(random));
    for (size_t d = 0; d < dims; ++d) rows.row(i)[d] = length * (centers[i % groups][d] + noise * value(random));
  }
  return VectorStore(std::move(words), std::move(rows), {});
}

KMeansResult run(const VectorStore& store, KMeansOptions options) {
  TaskControl control;
  return cluster(store, options, control);
}

}  // namespace

TEST_CASE("k-means++ finds the groups that are there, whatever the threads") {
  const VectorStore store = grouped(5000, 40, 30, 0.2f);  // more classes than a panel
  const KMeansResult one = run(store, {.classes = 40, .threads = 1}), four = run(store, {.classes = 40, .threads = 4});
  CHECK(one.classes == four.classes);
  CHECK(one.iterations == four.iterations);
  CHECK(one.iterations < 100);
  // Two in one class are nearly always of one group.
  size_t together = 0, pairs = 0;
  for (size_t i = 0; i < 1000; ++i)
    for (size_t j = 0; j < i; ++j)
      if (one.classes[i] == one.classes[j]) {
        ++pairs;
        together += i % 40 == j % 40;
      }
  CHECK(static_cast<double>(together) > 0.7 * static_cast<double>(pairs));
  CHECK(one.mean_cosine > 0.8);
  size_t words = 0;
  for (const uint32_t size : one.sizes) words += size;
  CHECK(words == 5000);
  CHECK(run(store, {.classes = 40, .seed = 2}).classes != one.classes);
}

TEST_CASE("word2vec.c's classes, to the letter") {
  const VectorStore store = grouped(700, 9, 12, 0.8f);
  const uint32_t classes = 13;
  // Its lines, walked: floats, sums word after word, the divisor one too large.
  std::vector<std::vector<float>> rows(700, std::vector<float>(12));
  for (size_t i = 0; i < 700; ++i) store.copy_row(i, rows[i].data());
  std::vector<uint32_t> expected(700);
  for (uint32_t i = 0; i < 700; ++i) expected[i] = i % classes;
  for (int iteration = 0; iteration < 10; ++iteration) {
    std::vector<std::vector<float>> centers(classes, std::vector<float>(12, 0.0f));
    std::vector<int> members(classes, 1);
    for (size_t i = 0; i < 700; ++i) {
      for (size_t d = 0; d < 12; ++d) centers[expected[i]][d] += rows[i][d];
      ++members[expected[i]];
    }
    for (uint32_t c = 0; c < classes; ++c) {
      float squares = 0;
      for (float& x : centers[c]) {
        x /= static_cast<float>(members[c]);
        squares += x * x;
      }
      for (float& x : centers[c]) x /= std::sqrt(squares);
    }
    for (size_t i = 0; i < 700; ++i) {
      float best = -10;
      uint32_t best_class = 0;
      for (uint32_t c = 0; c < classes; ++c) {
        float score = 0;
        for (size_t d = 0; d < 12; ++d) score += centers[c][d] * rows[i][d];
        if (score > best) {
          best = score;
          best_class = c;
        }
      }
      expected[i] = best_class;
    }
  }
  const KMeansResult result = run(store, {.classes = classes, .as_word2vec = true, .iterations = 10, .threads = 3});
  CHECK(result.classes == expected);
  CHECK(result.iterations == 10);
}

TEST_CASE("zeros, rows that are not finite, as many classes as words, and cancelling") {
  WordIndex words;
  Matrix rows(4, 2, "test");
  for (const char* word : {"zero", "nan", "a", "b"}) words.insert(word);
  rows.row(1)[0] = std::numeric_limits<float>::quiet_NaN();
  rows.row(2)[0] = 2;
  rows.row(3)[1] = 3;
  const VectorStore store(std::move(words), std::move(rows), {});
  for (const bool as_word2vec : {false, true})
    for (const uint32_t classes : {1u, 2u, 4u}) {
      const KMeansResult result = run(store, {.classes = classes, .as_word2vec = as_word2vec, .iterations = 20});
      for (const uint32_t c : result.classes) CHECK(c < classes);
      CHECK(std::isfinite(result.mean_cosine));
      for (size_t c = 0; c < classes; ++c)
        for (size_t d = 0; d < 2; ++d) CHECK(std::isfinite(result.centroids.row(c)[d]));
    }
  CHECK(run(store, {.classes = 2}).mean_cosine == doctest::Approx(1).epsilon(1e-5));
  TaskControl control;
  control.cancelled = true;
  CHECK_CODE(cluster(store, {.classes = 2}, control), code::cancelled, "cancelled");
}
