#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/matrix.h"
#include "kernels/kernels.h"

using namespace w2v;

namespace {

// Small matrices and one step on them.
struct Bench {
  Matrix input, target, scratch;
  std::vector<uint32_t> inputs, targets;
  std::vector<float> labels;
  uint32_t n_nodes;
  float rate = 0.1f;
  std::vector<float*> row_pointers;
  std::vector<float> rate_factors;  // of the input rows; empty: none

  Bench(size_t dims, size_t n_inputs, size_t n_targets, uint32_t nodes, unsigned seed, float scale = 1)
      : input(12, dims, "test"),
        target(40, dims, "test"),
        scratch(1, scratch_floats(n_inputs, n_targets, padded_row(dims)), "test"),
        n_nodes(nodes),
        row_pointers(2 * n_inputs) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> value(-scale, scale);
    for (Matrix* m : {&input, &target})
      for (size_t i = 0; i < m->rows(); ++i)
        for (size_t d = 0; d < dims; ++d) m->row(i)[d] = value(random) / std::sqrt(static_cast<float>(dims));
    for (size_t i = 0; i < n_inputs; ++i) inputs.push_back(static_cast<uint32_t>((5 * i + 2) % 12));
    for (size_t t = 0; t < n_targets; ++t) {
      targets.push_back(static_cast<uint32_t>((7 * t + 3) % 40));
      labels.push_back(random() % 2 == 0 ? 1.0f : 0.0f);
    }
  }

  void run(const Kernels& kernels, Combine combine, const float* logistic) {
    const Step step{inputs.data(),
                    targets.data(),
                    labels.data(),
                    static_cast<uint32_t>(inputs.size()),
                    static_cast<uint32_t>(targets.size()),
                    n_nodes,
                    rate};
    // The last rows lie elsewhere, as a thread's own copies do.
    constexpr uint32_t first_own = 25;
    const size_t bytes = (target.rows() - first_own) * target.stride() * sizeof(float);
    Matrix own(target.rows() - first_own, target.dims(), "test");
    std::memcpy(own.row(0), target.row(first_own), bytes);
    kernels.update(&step, 1,
                   {.input = input.row(0),
                    .target = target.row(0),
                    .own_target = own.row(0),
                    .first_own = first_own,
                    .stride = input.stride(),
                    .combine = combine,
                    .rate_factors = rate_factors.empty() ? nullptr : rate_factors.data(),
                    .logistic = logistic,
                    .scratch = scratch.row(0),
                    .row_pointers = row_pointers.data()});
    std::memcpy(target.row(first_own), own.row(0), bytes);
  }
};

using Rows = std::vector<std::vector<double>>;
Rows rows_of(const Matrix& m) {
  Rows rows;
  for (size_t i = 0; i < m.rows(); ++i) rows.emplace_back(m.row(i), m.row(i) + m.dims());
  return rows;
}

// What the step is to the letter of step.h, in double. `sigma` maps a score and "is a node" to σ, NaN to skip.
template <class Sigma>
void reference_step(const Bench& b, Combine combine, Sigma sigma, Rows& input, Rows& target) {
  const size_t dims = b.input.dims(), contexts = b.inputs.size();
  Rows sources;
  if (combine == Combine::none) {
    for (const uint32_t row : b.inputs) sources.push_back(input[row]);
  } else {
    sources.emplace_back(dims, 0.0);
    for (const uint32_t row : b.inputs)
      for (size_t d = 0; d < dims; ++d)
        sources[0][d] += input[row][d] / (combine == Combine::mean ? static_cast<double>(contexts) : 1.0);
  }
  const Rows before = target;
  for (size_t m = 0; m < sources.size(); ++m) {
    std::vector<double> gradient(dims, 0.0);
    for (size_t t = 0; t < b.targets.size(); ++t) {
      double score = 0;
      for (size_t d = 0; d < dims; ++d) score += sources[m][d] * before[b.targets[t]][d];
      const double s = sigma(score, t < b.n_nodes);
      if (std::isnan(s)) continue;
      const double g = (b.labels[t] - s) * b.rate;
      for (size_t d = 0; d < dims; ++d) {
        gradient[d] += g * before[b.targets[t]][d];
        target[b.targets[t]][d] += g * sources[m][d];
      }
    }
    const auto factor = [&](uint32_t row) { return b.rate_factors.empty() ? 1.0 : double{b.rate_factors[row]}; };
    if (combine == Combine::none) {
      for (size_t d = 0; d < dims; ++d) input[b.inputs[m]][d] += factor(b.inputs[m]) * gradient[d];
    } else {
      for (const uint32_t row : b.inputs)
        for (size_t d = 0; d < dims; ++d)
          input[row][d] += factor(row) * gradient[d] / (combine == Combine::sum ? static_cast<double>(contexts) : 1.0);
    }
  }
}

double exact_sigma(double score, bool) { return 1 / (1 + std::exp(-score)); }

double largest_difference(const Matrix& m, const Rows& expected) {
  double worst = 0;
  for (size_t i = 0; i < m.rows(); ++i)
    for (size_t d = 0; d < m.dims(); ++d) worst = std::max(worst, std::abs(m.row(i)[d] - expected[i][d]));
  return worst;
}

bool padding_is_zero(const Matrix& m) {
  for (size_t i = 0; i < m.rows(); ++i)
    for (size_t d = m.dims(); d < m.stride(); ++d)
      if (m.row(i)[d] != 0) return false;
  return true;
}

}  // namespace

TEST_CASE("every ISA computes the step of step.h") {
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    for (const Combine combine : {Combine::none, Combine::mean, Combine::sum})
      for (const size_t dims : {1, 15, 16, 17, 100, 300})
        for (const size_t n_inputs : {1, 2, 5, 10})
          for (const size_t n_targets : {1, 2, 3, 4, 5, 6, 7, 12, 23}) {
            Bench b(dims, n_inputs, n_targets, 0, static_cast<unsigned>(dims + n_inputs * n_targets), 3);
            Rows input = rows_of(b.input), target = rows_of(b.target);
            reference_step(b, combine, exact_sigma, input, target);
            b.run(**k, combine, nullptr);
            CAPTURE((*k)->isa);
            CAPTURE(static_cast<int>(combine));
            CAPTURE(dims);
            CAPTURE(n_inputs);
            CAPTURE(n_targets);
            CHECK(largest_difference(b.input, input) < 2e-6);
            CHECK(largest_difference(b.target, target) < 2e-6);
            CHECK(padding_is_zero(b.input));
            CHECK(padding_is_zero(b.target));
          }
}

TEST_CASE("rate factors scale the change of input rows, and of them alone") {
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    for (const Combine combine : {Combine::none, Combine::mean, Combine::sum})
      for (const size_t n_inputs : {1, 3, 10})
        for (const size_t n_targets : {1, 6, 23}) {
          Bench b(33, n_inputs, n_targets, 0, static_cast<unsigned>(n_inputs + n_targets), 3);
          for (size_t row = 0; row < b.input.rows(); ++row) b.rate_factors.push_back(static_cast<float>(row % 4) / 2);
          Rows input = rows_of(b.input), target = rows_of(b.target);
          reference_step(b, combine, exact_sigma, input, target);
          b.run(**k, combine, nullptr);
          CAPTURE((*k)->isa);
          CAPTURE(n_inputs);
          CAPTURE(n_targets);
          CHECK(largest_difference(b.input, input) < 2e-6);
          CHECK(largest_difference(b.target, target) < 2e-6);
        }
}

TEST_CASE("rows that repeat within a step get every update") {
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    for (const size_t n_inputs : {1, 3}) {
      Bench b(100, n_inputs, 6, 0, 5);
      b.rate = 0.01f;  // an update moves elements by some 5e-4
      b.targets = {3, 7, 3, 3, 9, 7};
      b.labels = {1, 0, 0, 0, 0, 0};
      if (n_inputs == 3) b.inputs = {4, 4, 2};
      Rows input = rows_of(b.input), target = rows_of(b.target);
      reference_step(b, Combine::none, exact_sigma, input, target);
      b.run(**k, Combine::none, nullptr);
      CAPTURE((*k)->isa);
      // The kernel may see a row after the first of its updates: second order in the rate.
      CHECK(largest_difference(b.target, target) < 5e-5);
      CHECK(largest_difference(b.input, input) < 5e-5);
    }
}

TEST_CASE("the table and its limits: hierarchical softmax skips sure steps, negative sampling saturates") {
  std::vector<float> table(logistic_table_size);
  for (size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<float>(1 / (1 + std::exp(-6 * (2 * static_cast<double>(i) / 1000 - 1))));
  const auto sigma = [&table](double score, bool node) -> double {
    if (score >= 6) return node ? NAN : 1.0;
    if (score <= -6) return node ? NAN : 0.0;
    return table[static_cast<size_t>((static_cast<float>(score) + 6) * 83)];
  };
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    for (unsigned seed = 0; seed < 20; ++seed) {
      Bench b(24, 1, 20, 11, seed, 12);  // scores well beyond ±6 among them
      Rows input = rows_of(b.input), target = rows_of(b.target);
      reference_step(b, Combine::none, sigma, input, target);
      b.run(**k, Combine::none, table.data());
      CAPTURE((*k)->isa);
      CAPTURE(seed);
      // A score at the border of two table entries may fall on either side: one entry is 0.003 apart.
      CHECK(largest_difference(b.input, input) < 0.003 * b.rate * 4);
      CHECK(largest_difference(b.target, target) < 0.003 * b.rate * 4);
    }
}

// The step climbs the gradient of Σ log σ(±score) over its predictions: checked by central differences in double.
TEST_CASE("gradient check of the step against finite differences") {
  struct Mode {
    const char* name;
    Combine combine;
    uint32_t nodes;
    uint32_t targets;
  };
  const Mode modes[] = {
      {"skip-gram, negative sampling", Combine::none, 0, 6},  {"skip-gram, hierarchical softmax", Combine::none, 9, 9},
      {"CBOW, negative sampling", Combine::mean, 0, 6},       {"CBOW, hierarchical softmax", Combine::mean, 9, 9},
      {"CBOW of sums, both objectives", Combine::sum, 9, 15}, {"skip-gram, both objectives", Combine::none, 9, 15}};
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    for (const Mode& mode : modes) {
      CAPTURE((*k)->isa);
      CAPTURE(mode.name);
      const size_t dims = 19, contexts = mode.combine == Combine::none ? 1 : 4;
      Bench b(dims, contexts, mode.targets, mode.nodes, 11);
      const Rows input = rows_of(b.input), target = rows_of(b.target);
      // The objective as a function of the step's input (CBOW: the combined vector) and its target rows.
      std::vector<double> x(dims, 0.0);
      for (const uint32_t row : b.inputs)
        for (size_t d = 0; d < dims; ++d)
          x[d] += input[row][d] / (mode.combine == Combine::mean ? static_cast<double>(contexts) : 1.0);
      const auto objective = [&](const std::vector<double>& source, const Rows& rows) {
        double sum = 0;
        for (size_t t = 0; t < b.targets.size(); ++t) {
          double score = 0;
          for (size_t d = 0; d < dims; ++d) score += source[d] * rows[b.targets[t]][d];
          sum += -std::log1p(std::exp(b.labels[t] == 1.0f ? -score : score));
        }
        return sum;
      };
      b.run(**k, mode.combine, nullptr);
      const double h = 1e-5;
      for (size_t d = 0; d < dims; ++d) {
        std::vector<double> up = x, down = x;
        up[d] += h;
        down[d] -= h;
        const double slope = (objective(up, target) - objective(down, target)) / (2 * h);
        const double scatter = mode.combine == Combine::sum ? static_cast<double>(contexts) : 1.0;
        for (const uint32_t row : b.inputs)  // each context word gets the whole gradient (or its share of it)
          CHECK((b.input.row(row)[d] - input[row][d]) * scatter / b.rate == doctest::Approx(slope).epsilon(2e-4));
        for (const uint32_t row : b.targets) {
          Rows up_rows = target, down_rows = target;
          up_rows[row][d] += h;
          down_rows[row][d] -= h;
          const double target_slope = (objective(x, up_rows) - objective(x, down_rows)) / (2 * h);
          CHECK((b.target.row(row)[d] - target[row][d]) / b.rate == doctest::Approx(target_slope).epsilon(2e-4));
        }
      }
    }
}

TEST_CASE("CBOW scatters its gradient to every context word, twice to a word that is there twice") {
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    for (const Combine combine : {Combine::mean, Combine::sum}) {
      Bench b(40, 4, 6, 0, 21);
      b.inputs = {1, 8, 1, 3};
      const Rows before = rows_of(b.input);
      b.run(**k, combine, nullptr);
      const auto change = [&](size_t row, size_t d) { return b.input.row(row)[d] - before[row][d]; };
      for (size_t d = 0; d < 40; ++d) {
        CHECK(change(3, d) == doctest::Approx(change(8, d)).epsilon(1e-3));
        CHECK(change(1, d) == doctest::Approx(2 * change(8, d)).epsilon(1e-3));
        CHECK(change(8, d) != 0);
        CHECK(change(0, d) == 0);
      }
    }
}

TEST_CASE("separators are found on every ISA") {
  std::mt19937 random(1);
  std::vector<char> bytes(64 * 50);
  for (char& c : bytes) c = static_cast<char>(random() % 3 == 0 ? " \n\t\r"[random() % 4] : random() % 256);
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k) {
    std::vector<uint64_t> masks(50);
    (*k)->find_separators(bytes.data(), 50, masks.data());
    size_t wrong = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const bool expected = bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\t' || bytes[i] == '\r';
      wrong += (masks[i / 64] >> (i % 64) & 1) != expected;
    }
    CAPTURE((*k)->isa);
    CHECK(wrong == 0);
  }
}
