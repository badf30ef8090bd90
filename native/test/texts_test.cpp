#include "search/texts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "search/metric.h"
#include "test/check.h"

using namespace w2v;

namespace {

std::shared_ptr<const VectorStore> random_store(size_t words, size_t dims, std::mt19937& random,
                                                std::vector<uint64_t> counts = {}) {
  WordIndex index;
  Matrix rows(words, dims, "vectors");
  std::normal_distribution<float> value(0.3f, 1);
  for (size_t i = 0; i < words; ++i) {
    index.insert("w" + std::to_string(i));
    for (size_t d = 0; d < dims; ++d) rows.row(i)[d] = value(random);
  }
  return std::make_shared<const VectorStore>(std::move(index), std::move(rows), std::move(counts));
}

std::string random_text(size_t words, std::mt19937& random) {
  std::string text;
  for (size_t n = random() % 12; n > 0; --n) text += "w" + std::to_string(random() % words) + (n > 1 ? " " : "");
  return text + "\n";
}

Texts read_texts(const std::shared_ptr<const VectorStore>& store, const std::string& bytes) {
  Texts texts(store);
  texts.append(bytes, Framing::lines, "test");
  texts.end_source();
  return texts;
}

std::vector<uint32_t> ids_of(const Texts& texts, size_t t) {
  std::vector<uint32_t> ids;
  for (const TextWord& word : texts.words(t)) ids.insert(ids.end(), word.count, word.row);
  return ids;
}

double cosine(const VectorStore& store, uint32_t a, uint32_t b) {
  std::vector<float> x(store.dims()), y(store.dims());
  store.copy_row(a, x.data());
  store.copy_row(b, y.data());
  double dot = 0;
  for (size_t d = 0; d < x.size(); ++d) dot += static_cast<double>(x[d]) * y[d];
  return dot / norm(x.data(), x.size()) / norm(y.data(), y.size());
}

double soft_product(const Texts& a, size_t s, const Texts& b, size_t t, const std::vector<float>& weights) {
  double sum = 0;
  for (const TextWord& x : a.words(s))
    for (const TextWord& y : b.words(t)) {
      const double similarity = x.row == y.row ? 1 : std::max(0.0, cosine(a.store(), x.row, y.row));
      sum += similarity * similarity * x.count * weights[x.row] * y.count * weights[y.row];
    }
  return sum;
}

std::vector<float> vectors_of(const Texts& texts, const std::vector<float>& weights, bool by_weight,
                              const std::vector<float>& components, unsigned threads) {
  TaskControl control;
  std::vector<float> rows(texts.size() * texts.store().dims(), -1.0f);
  text_vectors(texts, weights, by_weight, components, threads, rows, control);
  return rows;
}

}  // namespace

TEST_CASE("texts are bags of the words that the store has, however they come") {
  std::mt19937 random(1);
  const auto store = random_store(5, 3, random);
  const std::string bytes = "w1 w0 w1 unknown\n\nnothing known\nw4";
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    Texts texts(store);
    for (size_t from = 0; from < bytes.size(); from += piece)
      texts.append(bytes.substr(from, piece), Framing::lines, "test");
    texts.end_source();
    REQUIRE(texts.size() == 4);
    CHECK(ids_of(texts, 0) == std::vector<uint32_t>{0, 1, 1});
    CHECK(texts.words(1).empty());
    CHECK(texts.words(2).empty());
    CHECK(ids_of(texts, 3) == std::vector<uint32_t>{4});
    CHECK(texts.words_read() == 7);
  }
  Texts tokens(store);
  tokens.append(std::string_view("w1\0w 2\0\n\nw3\0", 13), Framing::tokens, "test");
  tokens.end_source();
  REQUIRE(tokens.size() == 3);
  CHECK(ids_of(tokens, 2) == std::vector<uint32_t>{3});
}

TEST_CASE("weights of words are those of the formulas") {
  std::mt19937 random(2);
  const auto counted = random_store(3, 2, random, {60, 30, 10}), uncounted = random_store(3, 2, random);
  const std::string bytes = "w0 w0 w1\nw0\nw2\n";
  const auto check = [](const std::vector<float>& weights, std::vector<double> expected) {
    for (size_t i = 0; i < expected.size(); ++i) CHECK(weights[i] == doctest::Approx(expected[i]));
  };
  check(word_weights(read_texts(counted, bytes), TextWeighting::mean, 0), {1, 1, 1});
  check(word_weights(read_texts(counted, bytes), TextWeighting::idf, 0),
        {std::log(4 / 3.0) + 1, std::log(4 / 2.0) + 1, std::log(4 / 2.0) + 1});
  check(word_weights(read_texts(counted, bytes), TextWeighting::sif, 0.1), {0.1 / 0.7, 0.1 / 0.4, 0.1 / 0.2});
  check(word_weights(read_texts(uncounted, bytes), TextWeighting::sif, 0.1), {0.1 / 0.7, 0.1 / 0.3, 0.1 / 0.3});
}

TEST_CASE("vectors of texts are the sums of the formulas, less the components, with any number of threads") {
  std::mt19937 random(3);
  const size_t dims = 7;
  const auto store = random_store(40, dims, random);
  std::string bytes;
  for (int i = 0; i < 500; ++i) bytes += random_text(40, random);
  const Texts texts = read_texts(store, bytes);
  const std::vector<float> weights = word_weights(texts, TextWeighting::idf, 0);
  TaskControl control;
  for (const bool by_weight : {false, true}) {
    const std::vector<float> vectors = vectors_of(texts, weights, by_weight, {}, 3);
    CHECK(vectors == vectors_of(texts, weights, by_weight, {}, 1));
    for (size_t t = 0; t < texts.size(); ++t) {
      std::vector<double> sum(dims, 0.0);
      double divisor = 0;
      std::vector<float> row(dims);
      for (const uint32_t id : ids_of(texts, t)) {
        store->copy_row(id, row.data());
        divisor += by_weight ? weights[id] : 1;
        for (size_t d = 0; d < dims; ++d) sum[d] += weights[id] * row[d];
      }
      for (size_t d = 0; d < dims; ++d)
        CHECK(vectors[t * dims + d] == doctest::Approx(divisor == 0 ? 0 : sum[d] / divisor).epsilon(1e-4));
    }
    const std::vector<float> components = common_components(vectors, dims, 2, 2, control);
    REQUIRE(components.size() == 2 * dims);
    CHECK(components == common_components(vectors, dims, 2, 1, control));
    const std::vector<float> rest = vectors_of(texts, weights, by_weight, components, 2);
    double before = 0, after = 0, along = 0;
    for (size_t t = 0; t < texts.size(); ++t)
      for (size_t c = 0; c < 2; ++c) {
        double x = 0, y = 0;
        for (size_t d = 0; d < dims; ++d) {
          x += static_cast<double>(vectors[t * dims + d]) * components[c * dims + d];
          y += static_cast<double>(rest[t * dims + d]) * components[c * dims + d];
        }
        before += x * x;
        along += y * y;
      }
    for (const float x : rest) after += static_cast<double>(x) * x;
    CHECK(along < 1e-9 * before);
    CHECK(after > 0);
  }
}

TEST_CASE("common components are the singular vectors") {
  // Rows along three orthonormal directions, with lengths 5, 3 and 1.
  const size_t dims = 4;
  const double h = 0.5;
  const double directions[3][4] = {{h, h, h, h}, {h, -h, h, -h}, {h, h, -h, -h}};
  const double lengths[3] = {5, 3, 1};
  std::vector<float> rows;
  for (int r = 0; r < 60; ++r)
    for (size_t d = 0; d < dims; ++d)
      rows.push_back(static_cast<float>((r % 2 == 0 ? 1 : -1) * lengths[r % 3] * directions[r % 3][d]));
  TaskControl control;
  const std::vector<float> components = common_components(rows, dims, 10, 2, control);
  REQUIRE(components.size() == 3 * dims);  // the rows span no more
  for (size_t c = 0; c < 3; ++c) {
    double along = 0;
    for (size_t d = 0; d < dims; ++d) along += components[c * dims + d] * directions[c][d];
    CHECK(std::abs(along) == doctest::Approx(1).epsilon(1e-5));
  }
  CHECK(common_components(std::vector<float>(8, 0.0f), dims, 1, 1, control).empty());
}

TEST_CASE("word movers search finds what comparing all texts finds") {
  std::mt19937 random(4);
  for (const bool unit_length : {true, false}) {
    const auto store = random_store(60, 9, random);
    std::string bytes;
    for (int i = 0; i < 300; ++i) bytes += random_text(60, random);
    bytes += bytes.substr(0, bytes.size() / 3);  // some texts twice: ties
    const Texts texts = read_texts(store, bytes);
    const Texts queries = read_texts(store, "w1 w2 w3 w3\n\n" + random_text(60, random) + "w7\n" + bytes.substr(0, 80));
    std::vector<uint8_t> filter(texts.size(), 1);
    for (size_t t = 0; t < texts.size(); t += 7) filter[t] = 0;
    TaskControl control;
    for (const size_t top_n : {1, 5, 2000}) {
      const SearchResult found = search_word_movers(texts, queries, unit_length, {top_n, filter, 3}, control);
      for (size_t q = 0; q < queries.size(); ++q) {
        std::vector<std::pair<double, uint32_t>> expected;
        const std::vector<uint32_t> query = ids_of(queries, q);
        for (size_t t = 0; t < texts.size() && !query.empty(); ++t)
          if (filter[t] != 0 && !texts.words(t).empty())
            expected.emplace_back(word_movers_distance(*store, query, ids_of(texts, t), unit_length, control), t);
        std::sort(expected.begin(), expected.end());
        for (size_t i = 0; i < top_n; ++i) {
          const size_t at = q * top_n + i;
          if (i >= expected.size()) {
            CHECK(found.ids[at] == 0xffffffff);
            continue;
          }
          CHECK(found.ids[at] == expected[i].second);
          CHECK(found.scores[at] == doctest::Approx(expected[i].first));
        }
      }
    }
  }
}

TEST_CASE("word movers distance gives up only above the limit") {
  std::mt19937 random(5);
  const auto store = random_store(30, 5, random);
  TaskControl control;
  int given_up = 0;
  for (int round = 0; round < 200; ++round) {
    const Texts texts = read_texts(store, "w1 " + random_text(30, random) + "w2 " + random_text(30, random));
    const WordBag a(*store, texts.words(0), true), b(*store, texts.words(1), true);
    const double distance = word_movers_distance(a, b, control);
    CHECK(word_movers_distance(a, b, control, distance) == distance);
    const double limited = word_movers_distance(a, b, control, 0.9 * distance);
    CHECK((limited == distance || limited == std::numeric_limits<double>::infinity()));
    given_up += limited != distance;
  }
  CHECK(given_up > 50);
}

TEST_CASE("soft cosine search is the formula") {
  std::mt19937 random(6);
  const auto store = random_store(40, 6, random);
  std::string bytes;
  for (int i = 0; i < 150; ++i) bytes += random_text(40, random);
  const Texts texts = read_texts(store, bytes), queries = read_texts(store, "w1 w2 w2\n\n" + random_text(40, random));
  const std::vector<float> weights = word_weights(texts, TextWeighting::idf, 0);
  TaskControl control;
  const std::vector<double> lengths = soft_lengths(texts, weights, 2, control);
  for (size_t t = 0; t < texts.size(); ++t)
    CHECK(lengths[t] == doctest::Approx(std::sqrt(soft_product(texts, t, texts, t, weights))).epsilon(1e-5));
  const SearchResult found = search_soft_cosine(texts, lengths, queries, weights, {20, {}, 2}, control);
  for (size_t q = 0; q < queries.size(); ++q) {
    std::vector<double> expected;
    for (size_t t = 0; t < texts.size(); ++t)
      if (lengths[t] > 0 && !queries.words(q).empty())
        expected.push_back(soft_product(queries, q, texts, t, weights) /
                           (lengths[t] * std::sqrt(soft_product(queries, q, queries, q, weights))));
    std::sort(expected.rbegin(), expected.rend());
    for (size_t i = 0; i < 20; ++i) {
      const size_t at = q * 20 + i;
      if (i >= expected.size()) {
        CHECK(found.ids[at] == 0xffffffff);
        continue;
      }
      CHECK(found.scores[at] == doctest::Approx(expected[i]).epsilon(1e-5));
      CHECK(found.scores[at] ==
            doctest::Approx(soft_product(queries, q, texts, found.ids[at], weights) /
                            (lengths[found.ids[at]] * std::sqrt(soft_product(queries, q, queries, q, weights))))
                .epsilon(1e-5));
    }
  }
}

TEST_CASE("search by dot product and by distance finds what comparing all rows finds") {
  std::mt19937 random(7);
  std::normal_distribution<float> value(0, 1);
  for (const size_t dims : {1, 7, 50}) {
    const size_t words = 1500, top_n = 9;
    const auto store = random_store(words, dims, random);
    std::vector<float> queries(70 * dims);
    for (float& x : queries) x = value(random);
    store->copy_row(3, queries.data());
    std::vector<uint32_t> offsets(71, 0), excluded{5, 3};
    for (size_t q = 2; q < offsets.size(); ++q) offsets[q] = 2;  // query 1 excludes them
    std::vector<uint8_t> filter(words, 1);
    filter[17] = 0;
    TaskControl control;
    for (const Metric metric : {Metric::dot, Metric::euclidean}) {
      const SearchRequest request{queries, top_n, offsets, excluded, filter, 2, words - 1, 2};
      const SearchResult found = search_by_metric(*store, request, metric, control);
      for (size_t q = 0; q < 70; ++q) {
        std::vector<std::pair<double, uint32_t>> expected;
        std::vector<float> row(dims);
        for (uint32_t r = 2; r + 1 < words; ++r) {
          if (r == 17 || (q == 1 && (r == 3 || r == 5))) continue;
          store->copy_row(r, row.data());
          double dot = 0, squares = 0;
          for (size_t d = 0; d < dims; ++d) {
            const double x = queries[q * dims + d], y = row[d];
            dot += x * y;
            squares += (x - y) * (x - y);
          }
          expected.emplace_back(metric == Metric::dot ? -dot : std::sqrt(squares), r);
        }
        std::sort(expected.begin(), expected.end());
        for (size_t i = 0; i < top_n; ++i) {
          const double score = found.scores[q * top_n + i];
          CHECK(found.ids[q * top_n + i] == expected[i].second);
          CHECK((metric == Metric::dot ? -score : score) == doctest::Approx(expected[i].first).epsilon(1e-5));
        }
      }
    }
  }
}
