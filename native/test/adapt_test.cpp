#include "train/adapt.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "test/check.h"
#include "test/ready_model.h"
#include "train/predict.h"
#include "train/views.h"

using namespace w2v;

namespace {

TrainingOptions options_of(bool hierarchical_softmax, uint32_t negative = 5) {
  TrainingOptions options;
  options.vector_size = 5;
  options.hierarchical_softmax = hierarchical_softmax;
  options.negative = negative;
  return options;
}

Model small_model(const TrainingOptions& options) {
  auto vocabulary = std::make_shared<Vocabulary>();
  for (const char* word : {"</s>", "a", "b", "c"}) vocabulary->words.insert(word);
  vocabulary->counts = {10, 8, 6, 4};
  Model model = make_model(std::move(vocabulary), options);
  for (size_t i = 0; i < model.targets.rows(); ++i) std::fill_n(model.targets.row(i), 5, static_cast<float>(i + 1));
  return model;
}

std::vector<float> row_of(const Matrix& matrix, size_t i) { return {matrix.row(i), matrix.row(i) + matrix.dims()}; }

}  // namespace

TEST_CASE("new words follow the old ones, which stay as they are") {
  const TrainingOptions options = options_of(true);
  Model model = small_model(options);
  model.rate_factors = {1, 0, 1, 1};
  const auto before = input_vectors(model);
  const std::vector<float> b = row_of(model.input, 2);
  CHECK(add_words(model, {{"x", 7, 0}, {"b", 2, 1}, {"y", 9, 2}}, 3, options) == 2);
  CHECK(model.vocabulary->size() == 6);
  CHECK(model.vocabulary->counts == std::vector<uint64_t>{13, 8, 8, 4, 7, 9});
  CHECK(model.vocabulary->words.word(4) == "x");
  CHECK(row_of(model.input, 2) == b);
  CHECK(row_of(model.targets, 2) == std::vector<float>(5, 3));  // output row of b
  CHECK(row_of(model.targets, 4) == std::vector<float>(5, 0));
  CHECK(model.target_rows.outputs == 6);
  CHECK(model.target_rows.nodes == 5);
  for (size_t node = 0; node < 5; ++node) CHECK(row_of(model.targets, 6 + node) == std::vector<float>(5, 0));
  CHECK(model.rate_factors == std::vector<float>{1, 0, 1, 1, 1, 1});
  // As if they had been there from the start.
  TrainingOptions same = options;
  Model fresh = make_model(model.vocabulary, same);
  CHECK(row_of(model.input, 4) == row_of(fresh.input, 4));
  CHECK(row_of(model.input, 5) == row_of(fresh.input, 5));
  CHECK(before->size() == 4);  // a view of what was before
  CHECK(before->find("x") == no_word);
  make_tables(model, options);
  CHECK(model.huffman.path(5).size() <= model.huffman.path(3).size());
}

TEST_CASE("counts alone leave the tree's nodes where the tree is the same") {
  const TrainingOptions options = options_of(true, 0);
  Model model = small_model(options);
  CHECK(add_words(model, {{"a", 1, 0}}, 0, options) == 0);
  CHECK(row_of(model.targets, 1) == std::vector<float>(5, 2));
  CHECK(add_words(model, {{"c", 100, 0}}, 0, options) == 0);
  CHECK(row_of(model.targets, 1) == std::vector<float>(5, 0));
}

TEST_CASE("vectors are taken over by word, with their factor") {
  const TrainingOptions options = options_of(false);
  Model model = small_model(options);
  WordIndex words;
  Matrix rows(2, 5, "test");
  for (const char* word : {"c", "z"}) words.insert(word);
  std::fill_n(rows.row(0), 5, 42.0f);
  const VectorStore store(std::move(words), std::move(rows), {});
  TaskControl control;
  CHECK(take_vectors(model, store, 0, control) == 1);
  CHECK(row_of(model.input, 3) == std::vector<float>(5, 42));
  CHECK(model.rate_factors == std::vector<float>{1, 1, 1, 0});
  set_rate_factor(model, {3}, 1);
  CHECK(model.rate_factors.empty());
  const VectorStore other(WordIndex(), Matrix(0, 4, "test"), {});
  CHECK_CODE(take_vectors(model, other, 1, control), code::argument, "5 dimensions");
}

TEST_CASE("a model of vectors: their rows, the sentence end first, counts by Zipf where there are none") {
  WordIndex words;
  for (const char* word : {"x", "y", "</s>", "z"}) words.insert(word);
  Matrix rows(4, 5, "test");
  for (size_t i = 0; i < 4; ++i) std::fill_n(rows.row(i), 5, static_cast<float>(i + 1));
  const VectorStore store(std::move(words), std::move(rows), {});
  TaskControl control;
  const Model model = model_of(store, options_of(false), control);
  CHECK(model.vocabulary->words.word(0) == "</s>");
  CHECK(model.vocabulary->words.word(1) == "x");
  CHECK(model.vocabulary->counts == std::vector<uint64_t>{1, 4, 2, 1});
  CHECK(row_of(model.input, 0) == std::vector<float>(5, 3));
  CHECK(row_of(model.input, 3) == std::vector<float>(5, 4));
  const VectorStore none(WordIndex(), Matrix(0, 5, "test"), {});
  CHECK_CODE(model_of(none, options_of(false), control), code::vocabulary_empty, "none");
}

TEST_CASE("predictions are probabilities: of the softmax, and along the tree") {
  TaskControl control;
  for (const bool hierarchical_softmax : {false, true}) {
    const TrainingOptions options = options_of(hierarchical_softmax, hierarchical_softmax ? 0 : 5);
    Model model = small_model(options);
    make_tables(model, options);
    for (size_t i = 0; i < model.targets.rows(); ++i)
      for (size_t d = 0; d < 5; ++d) model.targets.row(i)[d] = static_cast<float>((i * 7 + d * 3) % 5) - 2;
    const std::vector<uint32_t> context{1, 2};
    const auto all = predict_center(model, context, options, 100, control);
    REQUIRE(all.size() == 3);  // </s> is no center
    CHECK(all[0].probability >= all[1].probability);
    std::vector<double> x(5), expected(4);
    for (size_t d = 0; d < 5; ++d) x[d] = (model.input.row(1)[d] + double{model.input.row(2)[d]}) / 2;
    const auto score = [&](size_t target) {
      return std::inner_product(x.begin(), x.end(), model.targets.row(target), 0.0);
    };
    if (!hierarchical_softmax) {
      const double total = std::exp(score(1)) + std::exp(score(2)) + std::exp(score(3));
      for (size_t w = 1; w < 4; ++w) expected[w] = std::exp(score(w)) / total;
    } else {
      for (uint32_t w = 1; w < 4; ++w) {
        expected[w] = 1;
        for (size_t n = 0; n < model.huffman.path(w).size(); ++n) {
          const double p = 1 / (1 + std::exp(-score(model.huffman.path(w)[n])));
          expected[w] *= model.huffman.path_labels(w)[n] > 0.5f ? p : 1 - p;
        }
      }
    }
    for (const PredictedWord& answer : all)
      CHECK(answer.probability == doctest::Approx(expected[answer.word]).epsilon(1e-5));
    CHECK(predict_center(model, context, options, 1, control).size() == 1);
  }
}

TEST_CASE("the score of a sentence is the sum over its predictions with whole windows") {
  TaskControl control;
  for (const bool skip_gram : {true, false}) {
    TrainingOptions options = options_of(true, 0);
    options.skip_gram = skip_gram;
    options.window = 1;
    Model model = small_model(options);
    make_tables(model, options);
    const std::vector<uint32_t> ids{1, 2, 3, 0, 0, 2, 0};
    // Cut where segments may end: anywhere.
    EncodedCorpus text;
    text.segments = {std::span(ids).first(2), std::span(ids).subspan(2)};
    text.size = ids.size();
    const std::vector<double> scores = score_sentences(model, text, options, control);
    REQUIRE(scores.size() == 3);
    const auto log_p = [&](const std::vector<uint32_t>& context, uint32_t center) {
      double sum = 0;
      for (size_t n = 0; n < model.huffman.path(center).size(); ++n) {
        double score = 0;
        for (const uint32_t word : context)
          for (size_t d = 0; d < 5; ++d)
            score += double{model.input.row(word)[d]} * model.targets.row(model.huffman.path(center)[n])[d] /
                     static_cast<double>(context.size());
        sum += -std::log1p(std::exp(model.huffman.path_labels(center)[n] > 0.5f ? -score : score));
      }
      return sum;
    };
    const double expected = skip_gram ? log_p({2}, 1) + log_p({1}, 2) + log_p({3}, 2) + log_p({2}, 3)
                                      : log_p({2}, 1) + log_p({1, 3}, 2) + log_p({2}, 3);
    CHECK(scores[0] == doctest::Approx(expected).epsilon(1e-5));
    CHECK(scores[1] == 0);
    CHECK(scores[2] == 0);
  }
}
