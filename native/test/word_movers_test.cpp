#include "search/word_movers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "search/transport.h"
#include "test/check.h"

using namespace w2v;

namespace {

// Every way to pair single units of supply and demand.
double cheapest_pairing(const std::vector<uint64_t>& supply, const std::vector<uint64_t>& demand,
                        const std::vector<double>& cost) {
  std::vector<size_t> from, to;
  for (size_t i = 0; i < supply.size(); ++i) from.insert(from.end(), supply[i], i);
  for (size_t j = 0; j < demand.size(); ++j) to.insert(to.end(), demand[j], j);
  double best = std::numeric_limits<double>::infinity();
  do {
    double total = 0;
    for (size_t k = 0; k < from.size(); ++k) total += cost[from[k] * demand.size() + to[k]];
    best = std::min(best, total);
  } while (std::next_permutation(to.begin(), to.end()));
  return best;
}

std::vector<uint64_t> units_in(size_t parts, size_t units, std::mt19937& random) {
  std::vector<uint64_t> amounts(parts, 0);
  for (size_t u = 0; u < units; ++u) ++amounts[random() % parts];
  return amounts;
}

}  // namespace

TEST_CASE("transport costs what the cheapest of all pairings costs") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> price(0, 1);
  TaskControl control;
  for (int round = 0; round < 400; ++round) {
    const size_t units = 1 + random() % 8, n = 1 + random() % 4, m = 1 + random() % 4;
    const auto supply = units_in(n, units, random), demand = units_in(m, units, random);
    std::vector<double> cost(n * m);
    // Ties and zeros too.
    for (double& c : cost) c = round % 3 == 0 ? static_cast<double>(random() % 3) : price(random);
    CHECK(transport_cost(supply, demand, cost, control) == doctest::Approx(cheapest_pairing(supply, demand, cost)));
  }
}

// On a line the cost is the area between the two cumulative distributions.
TEST_CASE("transport of many goods along a line") {
  std::mt19937 random(2);
  TaskControl control;
  for (const size_t n : {50, 200}) {
    const size_t m = n + 13, units = 40 * n;
    const auto supply = units_in(n, units, random), demand = units_in(m, units, random);
    std::vector<double> x(n + m);
    std::uniform_real_distribution<double> place(0, 100);
    for (double& p : x) p = place(random);
    std::vector<double> cost(n * m);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < m; ++j) cost[i * m + j] = std::abs(x[i] - x[n + j]);
    std::vector<size_t> order(n + m);
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
    double area = 0, surplus = 0;
    for (size_t k = 0; k + 1 < order.size(); ++k) {
      const size_t i = order[k];
      surplus += i < n ? static_cast<double>(supply[i]) : -static_cast<double>(demand[i - n]);
      area += std::abs(surplus) * (x[order[k + 1]] - x[i]);
    }
    CHECK(transport_cost(supply, demand, cost, control) == doctest::Approx(area).epsilon(1e-9));
  }
}

TEST_CASE("word mover's distance of small texts by hand") {
  WordIndex words;
  Matrix rows(4, 2, "test");
  const float values[4][2] = {{0, 0}, {3, 4}, {6, 8}, {std::numeric_limits<float>::quiet_NaN(), 0}};
  for (uint32_t i = 0; i < 4; ++i) {
    words.insert("w" + std::to_string(i));
    std::copy_n(values[i], 2, rows.row(i));
  }
  const VectorStore store(std::move(words), std::move(rows), {});
  TaskControl control;
  using Text = std::vector<uint32_t>;
  const auto distance = [&](const Text& a, const Text& b, bool unit = false) {
    return word_movers_distance(store, a, b, unit, control);
  };
  CHECK(distance({0}, {1}) == doctest::Approx(5));
  CHECK(distance({0, 1}, {1, 2}) == doctest::Approx(5));
  CHECK(distance({0, 0, 1}, {1}) == doctest::Approx(10.0 / 3));
  CHECK(distance({1, 2}, {2, 1, 1, 2}) == doctest::Approx(0));
  CHECK(distance({1}, {2}, true) == doctest::Approx(0));
  CHECK(distance({0}, {2}, true) == doctest::Approx(1));
  CHECK(std::isinf(distance({}, {1})));
  CHECK(std::isnan(distance({3}, {1})));
  control.cancelled = true;
  CHECK_CODE(distance({0}, {1}), code::cancelled, "cancelled");
}
