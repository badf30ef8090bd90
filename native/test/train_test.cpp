#include "train/train.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include "test/check.h"
#include "test/ready_model.h"
#include "train/loss.h"
#include "train/plan.h"
#include "train/views.h"

using namespace w2v;

namespace {

// Sentences of words that keep company: w0 … w9 with each other, w10 … w19 with each other, and so on.
std::string grouped_text(size_t sentences, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  for (size_t s = 0; s < sentences; ++s) {
    const unsigned group = static_cast<unsigned>(random() % 4);
    for (int i = 0; i < 12; ++i) text += "w" + std::to_string(group * 10 + random() % 10) + " ";
    text += "\n";
  }
  return text;
}

Training training_of(const std::string& text, const TrainingOptions& options, TaskControl& control,
                     uint64_t min_count = 5, std::optional<TrainingState> state = std::nullopt) {
  Corpus corpus;
  corpus.append(text, Framing::lines, "test");
  corpus.end_source();
  PreparedCorpus prepared = corpus.prepare({{min_count, 0}}, options.threads, control);
  auto vocabulary = std::make_shared<const Vocabulary>(std::move(prepared.vocabulary));
  return Training(std::make_shared<Model>(make_model(std::move(vocabulary), options)),
                  std::make_shared<const EncodedCorpus>(std::move(prepared.encoded)), options, 0, std::move(state));
}

Training train_text(const std::string& text, const TrainingOptions& options, TaskControl& control,
                    uint64_t min_count = 5) {
  Training training = training_of(text, options, control, min_count);
  training.run(options.epochs, control);
  return training;
}

double cosine(const VectorStore& store, const std::string& a, const std::string& b) {
  std::vector<float> x(store.dims()), y(store.dims());
  store.copy_row(store.find(a), x.data());
  store.copy_row(store.find(b), y.data());
  double xy = 0, xx = 0, yy = 0;
  for (size_t d = 0; d < store.dims(); ++d) {
    xy += double{x[d]} * y[d];
    xx += double{x[d]} * x[d];
    yy += double{y[d]} * y[d];
  }
  return xy / std::sqrt(xx * yy);
}

// How much nearer words of a group are to each other than to those of other groups, on average.
double company_margin(const VectorStore& store) {
  double sum[2] = {}, pairs[2] = {};
  for (int a = 0; a < 40; ++a)
    for (int b = 0; b < a; ++b) {
      const bool together = a / 10 == b / 10;
      sum[together] += cosine(store, "w" + std::to_string(a), "w" + std::to_string(b));
      pairs[together] += 1;
    }
  return sum[1] / pairs[1] - sum[0] / pairs[0];
}

std::string bytes_of(const Matrix& matrix) { return {reinterpret_cast<const char*>(matrix.row(0)), matrix.bytes()}; }

TrainingOptions small_options(bool skip_gram, bool hierarchical_softmax, uint32_t negative) {
  TrainingOptions options;
  options.vector_size = 20;
  options.skip_gram = skip_gram;
  options.hierarchical_softmax = hierarchical_softmax;
  options.negative = negative;
  options.epochs = 10;
  options.sample = 0;
  return options;
}

void check_learns(const std::string& text, const TrainingOptions& options) {
  TaskControl control;
  const Training result = train_text(text, options, control);
  CHECK(result.model()->vocabulary->size() == 41);
  CHECK(result.state().words ==
        13u * options.epochs * static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')));
  CHECK(control.done == control.total);
  CHECK(company_margin(*input_vectors(*result.model())) > 0.1);
}

enum class Architecture { skip_gram, cbow_mean, cbow_sum };

void check_every_mode_learns(Negatives negatives) {
  const std::string text = grouped_text(2000, 1);
  for (const Architecture architecture : {Architecture::skip_gram, Architecture::cbow_mean, Architecture::cbow_sum})
    for (const auto& [hierarchical_softmax, negative] : {std::pair{false, 5u}, {true, 0u}, {true, 5u}}) {
      TrainingOptions options = small_options(architecture == Architecture::skip_gram, hierarchical_softmax, negative);
      options.negatives = negatives;
      options.cbow_mean = architecture == Architecture::cbow_mean;
      CAPTURE(static_cast<int>(architecture));
      CAPTURE(options.hierarchical_softmax);
      check_learns(text, options);
    }
}

}  // namespace

TEST_CASE("every mode learns which words keep company, with negatives for each pair") {
  check_every_mode_learns(Negatives::per_pair);
}
TEST_CASE("every mode learns which words keep company, with shared negatives") {
  check_every_mode_learns(Negatives::shared);
}

// Fewer modes and less text: under ThreadSanitizer each intended race costs a look at the suppressions.
TEST_CASE("several threads learn which words keep company") {
  const std::string text = grouped_text(200, 1);
  for (const Negatives negatives : {Negatives::per_pair, Negatives::shared})
    for (const bool skip_gram : {false, true}) {
      TrainingOptions options = small_options(skip_gram, !skip_gram, 5);
      options.negatives = negatives;
      options.threads = 4;
      options.alpha = 0.1f;
      CAPTURE(static_cast<int>(negatives));
      CAPTURE(skip_gram);
      check_learns(text, options);
    }
}

TEST_CASE("one thread and one seed give the same bytes, another seed gives others") {
  const std::string text = grouped_text(300, 2);
  const auto vectors = [&](uint64_t seed) {
    TrainingOptions options = small_options(true, true, 5);
    options.seed = seed;
    options.sample = 1e-2;
    TaskControl control;
    return input_vectors(*train_text(text, options, control).model());
  };
  const auto a = vectors(1), b = vectors(1), c = vectors(2);
  size_t differences = 0, differences_to_other_seed = 0;
  for (size_t i = 0; i < a->size(); ++i) {
    std::vector<float> rows[3];
    for (const auto& [store, row] : {std::pair(a, &rows[0]), std::pair(b, &rows[1]), std::pair(c, &rows[2])}) {
      row->resize(store->dims());
      store->copy_row(i, row->data());
    }
    for (size_t d = 0; d < a->dims(); ++d) {
      differences += rows[0][d] != rows[1][d];
      differences_to_other_seed += rows[0][d] != rows[2][d];
    }
  }
  CHECK(differences == 0);
  CHECK(differences_to_other_seed > 100);
}

TEST_CASE("the plan emits the pairs of each window and goes through every epoch") {
  Corpus corpus;
  corpus.append("a b c d e\n\na\nb c\n", Framing::lines, "test");
  corpus.end_source();
  TrainingOptions options = small_options(true, false, 3);
  options.negatives = Negatives::per_pair;
  options.window = 2;
  options.shrink_windows = false;
  options.epochs = 2;
  TaskControl control;
  Vocabulary vocabulary = corpus.vocabulary({1, 0});
  const EncodedCorpus encoded = corpus.encode(vocabulary, 1, control);
  const Model model = ready_model(std::move(vocabulary), options);
  Schedule schedule(options, encoded.size * 2, control);
  Plan plan(model, encoded, options, schedule, TrainingState::before(options), 0, options.epochs);
  Window window(options, 0);
  std::string pairs;
  size_t windows = 0;
  while (plan.next(window)) {
    ++windows;
    for (const Step& step : window.steps) {
      REQUIRE(step.n_inputs == 1);
      REQUIRE(step.n_targets >= 1);
      CHECK(step.labels[0] == 1);
      pairs += std::string(model.vocabulary->words.word(step.targets[0])) +
               std::string(model.vocabulary->words.word(step.inputs[0])) + " ";
      for (size_t t = 1; t < step.n_targets; ++t) {
        CHECK(step.labels[t] == 0);
        CHECK(step.targets[t] != step.targets[0]);
        CHECK(step.targets[t] != 0);  // </s> is never a negative sample
        CHECK(step.targets[t] < model.vocabulary->size());
      }
    }
  }
  const std::string once = "ab ac ba bc bd ca cb cd ce db dc de ec ed bc cb ";
  CHECK(pairs == once + once);
  CHECK(windows == 2 * (5 + 1 + 1 + 2));  // an empty sentence draws a window too
  CHECK(schedule.words() == 2 * encoded.size);
}

TEST_CASE("threads share the corpus without gap or overlap") {
  Corpus corpus;
  corpus.append(grouped_text(50, 3), Framing::lines, "test");
  corpus.end_source();
  TaskControl control;
  Vocabulary vocabulary = corpus.vocabulary({1, 0});
  const EncodedCorpus encoded = corpus.encode(vocabulary, 1, control);
  std::vector<uint32_t> whole, parts;
  uint32_t id;
  for (IdRange range(encoded, 0, encoded.size); range.next(id);) whole.push_back(id);
  CHECK(whole.size() == encoded.size);
  for (uint64_t t = 0; t < 7; ++t)
    for (IdRange range(encoded, encoded.size * t / 7, encoded.size * (t + 1) / 7); range.next(id);) parts.push_back(id);
  CHECK(parts == whole);
}

TEST_CASE("more threads than words train all the same") {
  TrainingOptions options = small_options(true, false, 2);
  options.threads = 16;
  TaskControl control;
  CHECK(train_text("a b c\n", options, control, 1).state().words == 40);
}

TEST_CASE("cancelling throws, stopping early keeps what is learned") {
  const std::string text = grouped_text(2000, 4);
  TrainingOptions options = small_options(true, false, 5);
  options.epochs = 1000000;
  options.threads = 2;
  {
    TaskControl control;
    std::thread canceller([&] {
      while (control.done == 0) std::this_thread::yield();
      control.cancelled = true;
    });
    CHECK_CODE(train_text(text, options, control), code::cancelled, "cancelled");
    canceller.join();
  }
  TaskControl control;
  std::thread stopper([&] {
    while (control.done < 20000) std::this_thread::yield();
    control.stop_early = true;
  });
  const Training result = train_text(text, options, control);
  stopper.join();
  CHECK(result.state().epochs() < options.epochs);
  CHECK(result.state().words >= 20000);
  CHECK(result.state().words < control.total);
  CHECK(result.learning_rate() > 0);
  CHECK(std::isfinite(cosine(*input_vectors(*result.model()), "w1", "w2")));
}

TEST_CASE("a training with ends in between is one without, with one thread") {
  const std::string text = grouped_text(400, 5);
  for (const Negatives negatives : {Negatives::per_pair, Negatives::shared})
    for (const bool hierarchical_softmax : {false, true}) {
      TrainingOptions options = small_options(hierarchical_softmax, hierarchical_softmax, 3);
      options.negatives = negatives;
      options.sample = 1e-2;
      TaskControl control;
      const Training whole = train_text(text, options, control);
      // Ended after some single sentences, at the end of the epoch, or some time later; each part begins from the
      // state.
      Training parts = training_of(text, options, control);
      std::mt19937 random(3);
      while (parts.state().epochs() < options.epochs) {
        TaskControl part;
        part.stop_early = random() % 8 != 0;
        std::thread stopper([&part] { part.stop_early = true; });
        parts.run(std::min<uint64_t>(options.epochs, parts.state().epochs() + 1 + random() % 2), part);
        stopper.join();
      }
      CHECK(parts.state().words == whole.state().words);
      CHECK(parts.learning_rate() == whole.learning_rate());
      CHECK(bytes_of(parts.model()->input) == bytes_of(whole.model()->input));
      CHECK(bytes_of(parts.model()->targets) == bytes_of(whole.model()->targets));
      // Epoch by epoch.
      Training by_epochs = training_of(text, options, control);
      for (uint64_t epoch = 1; epoch <= options.epochs; ++epoch) {
        by_epochs.run(epoch, control);
        CHECK(by_epochs.state().epochs() == epoch);
      }
      CHECK(bytes_of(by_epochs.model()->input) == bytes_of(whole.model()->input));
    }
}

TEST_CASE("several threads end between sentences and go on where they were") {
  const std::string text = grouped_text(500, 6);
  TrainingOptions options = small_options(true, true, 3);
  options.threads = 3;
  options.epochs = 4;
  TaskControl control;
  Training training = training_of(text, options, control);
  while (training.state().epochs() < options.epochs) {
    TaskControl part;
    part.stop_early = true;  // each thread goes through one sentence
    training.run(options.epochs, part);
  }
  CHECK(training.state().words == 4 * 13 * 500);
  CHECK(company_margin(*input_vectors(*training.model())) > 0.02);
}

TEST_CASE("the loss is that of the model's probabilities, measured before it learns") {
  // Training measures one window in 256: enough text for a mean of hundreds of them an epoch.
  const std::string text = grouped_text(10'000, 7);
  for (const bool skip_gram : {true, false})
    for (const bool hierarchical_softmax : {true, false}) {
      TrainingOptions options = small_options(skip_gram, hierarchical_softmax, hierarchical_softmax ? 0 : 4);
      options.threads = 2;
      options.epochs = 3;
      TaskControl control;
      Training training = train_text(text, options, control);
      const auto& losses = training.state().losses;
      REQUIRE(losses.size() == options.epochs);
      CHECK(losses.back().mean() < losses.front().mean());
      CHECK(control.loss == doctest::Approx(losses.back().mean()));
      const EpochLoss first = validate(*training.model(), training.corpus(), options, control);
      options.threads = 1;
      const EpochLoss second = validate(*training.model(), training.corpus(), options, control);
      CHECK(first.predictions == second.predictions);
      CHECK(first.mean() == doctest::Approx(second.mean()));
      CHECK(first.mean() == doctest::Approx(losses.back().mean()).epsilon(0.15));
      options.compute_loss = false;
      CHECK(train_text(grouped_text(10, 7), options, control).state().losses[0].predictions == 0);
    }
}

TEST_CASE("the loss of one step, by hand") {
  Matrix input(3, 2, "test"), target(4, 2, "test");
  const float rows[3][2] = {{1, 2}, {-1, 0.5f}, {3, 0}}, targets[4][2] = {{0.5f, 1}, {-2, 1}, {1, 1}, {100, 0}};
  for (size_t d = 0; d < 2; ++d) {
    for (size_t i = 0; i < 3; ++i) input.row(i)[d] = rows[i][d];
    for (size_t i = 0; i < 4; ++i) target.row(i)[d] = targets[i][d];
  }
  Matrix own(1, 2, "test");
  std::copy_n(targets[3], 2, own.row(0));
  target.row(3)[0] = -7;  // not looked at: the thread has a copy
  UpdateTables tables{.input = input.row(0),
                      .target = target.row(0),
                      .own_target = own.row(0),
                      .first_own = 3,
                      .stride = input.stride(),
                      .combine = Combine::none,
                      .rate_factors = nullptr,
                      .logistic = nullptr,
                      .scratch = nullptr,
                      .row_pointers = nullptr};
  const std::vector<uint32_t> inputs{0, 2}, ids{1, 2, 3};
  const std::vector<float> labels{1, 0, 1};
  const Step step{inputs.data(), ids.data(), labels.data(), 2, 3, 0, 0.1f};
  const auto loss = [](double x, double y) {  // of an input, over the three targets
    const auto cost = [](double score) { return std::log1p(std::exp(-score)); };
    return cost(-2 * x + y) + cost(-(x + y)) + cost(100 * x);
  };
  CHECK(LossMeter(tables).loss(step) == doctest::Approx(loss(1, 2) + loss(3, 0)));
  tables.combine = Combine::mean;
  CHECK(LossMeter(tables).loss(step) == doctest::Approx(loss(2, 1)));
  tables.combine = Combine::sum;
  CHECK(LossMeter(tables).loss(step) == doctest::Approx(loss(4, 2)));
}

TEST_CASE("an empty corpus and a vocabulary without words are refused") {
  TaskControl control;
  const TrainingOptions options = small_options(true, false, 5);
  CHECK_CODE(train_text("\n\n", options, control), code::corpus_empty, "words");
  CHECK_CODE(train_text("a b c\n", options, control, 100), code::vocabulary_empty, "100");
}
