#include "search/word_movers.h"

#include <algorithm>
#include <cmath>

#include "search/transport.h"

namespace w2v {

namespace {

// In four sums, which the processor adds up side by side.
double squared_distance(const float* a, const float* b, size_t dims) {
  double sums[4] = {0, 0, 0, 0};
  size_t d = 0;
  for (; d + 4 <= dims; d += 4) {
    for (size_t k = 0; k < 4; ++k) {
      const double difference = static_cast<double>(a[d + k]) - b[d + k];
      sums[k] += difference * difference;
    }
  }
  for (; d < dims; ++d) {
    const double difference = static_cast<double>(a[d]) - b[d];
    sums[0] += difference * difference;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// What is left to move once the words that both texts have stay where they are: as distances are a metric, no cheaper
// way moves them. Amounts are occurrences times the length of the other text, so that both sums are equal.
struct Remainder {
  std::vector<size_t> words;  // places in the bag
  std::vector<uint64_t> amounts;
};

void split_remainders(const WordBag& a, const WordBag& b, Remainder& from, Remainder& to) {
  const auto keep = [](Remainder& rest, size_t word, uint64_t amount) {
    if (amount == 0) return;
    rest.words.push_back(word);
    rest.amounts.push_back(amount);
  };
  size_t i = 0, j = 0;
  while (i < a.words.size() || j < b.words.size()) {
    const bool in_a = i < a.words.size() && (j == b.words.size() || a.words[i].row <= b.words[j].row);
    const bool in_b = j < b.words.size() && (i == a.words.size() || b.words[j].row <= a.words[i].row);
    const uint64_t supply = in_a ? a.words[i].count * b.length : 0, demand = in_b ? b.words[j].count * a.length : 0;
    const uint64_t both = std::min(supply, demand);
    if (in_a) keep(from, i++, supply - both);
    if (in_b) keep(to, j++, demand - both);
  }
}

// Each word goes to the nearest of the other text: the least cost when the other text's amounts do not matter. The
// greater of both ways.
double relaxed_cost(const Remainder& from, const Remainder& to, std::span<const double> cost) {
  const size_t m = to.words.size();
  std::vector<double> nearest(m, std::numeric_limits<double>::infinity());
  double forth = 0, back = 0;
  for (size_t i = 0; i < from.words.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (size_t j = 0; j < m; ++j) {
      least = std::min(least, cost[i * m + j]);
      nearest[j] = std::min(nearest[j], cost[i * m + j]);
    }
    forth += static_cast<double>(from.amounts[i]) * least;
  }
  for (size_t j = 0; j < m; ++j) back += static_cast<double>(to.amounts[j]) * nearest[j];
  return std::max(forth, back);
}

}  // namespace

std::vector<TextWord> count_words(std::span<const uint32_t> text) {
  std::vector<uint32_t> rows(text.begin(), text.end());
  std::sort(rows.begin(), rows.end());
  std::vector<TextWord> words;
  for (const uint32_t row : rows) {
    if (words.empty() || words.back().row != row) words.push_back({row, 0});
    ++words.back().count;
  }
  return words;
}

WordBag::WordBag(const VectorStore& store, std::span<const TextWord> text, bool unit_length)
    : words(text.begin(), text.end()), rows(text.size() * store.dims()) {
  for (size_t i = 0; i < words.size(); ++i) {
    length += words[i].count;
    float* row = rows.data() + i * store.dims();
    store.copy_row(words[i].row, row);
    const double scale = unit_length ? norm(row, store.dims()) : 1;
    if (scale != 0)
      for (size_t d = 0; d < store.dims(); ++d) row[d] = static_cast<float>(row[d] / scale);
  }
}

double word_movers_distance(const WordBag& a, const WordBag& b, const TaskControl& control, double limit) {
  if (a.words.empty() || b.words.empty()) return std::numeric_limits<double>::infinity();
  const auto finite = [](float x) { return std::isfinite(x); };
  if (!std::all_of(a.rows.begin(), a.rows.end(), finite) || !std::all_of(b.rows.begin(), b.rows.end(), finite))
    return std::numeric_limits<double>::quiet_NaN();
  const size_t dims = a.rows.size() / a.words.size();
  Remainder from, to;
  split_remainders(a, b, from, to);
  std::vector<double> cost(from.words.size() * to.words.size());
  for (size_t i = 0; i < from.words.size(); ++i) {
    control.check_cancelled();
    for (size_t j = 0; j < to.words.size(); ++j)
      cost[i * to.words.size() + j] =
          std::sqrt(squared_distance(a.rows.data() + from.words[i] * dims, b.rows.data() + to.words[j] * dims, dims));
  }
  const double lengths = static_cast<double>(a.length) * static_cast<double>(b.length);
  // The relaxed sums may be rounded up where the exact one is not.
  if (std::isfinite(limit) && relaxed_cost(from, to, cost) * (1 - 1e-12) > limit * lengths)
    return std::numeric_limits<double>::infinity();
  return transport_cost(from.amounts, to.amounts, cost, control) / lengths;
}

double word_movers_distance(const VectorStore& store, std::span<const uint32_t> a, std::span<const uint32_t> b,
                            bool unit_length, const TaskControl& control) {
  store.check_unchanged();
  return word_movers_distance(WordBag(store, count_words(a), unit_length), WordBag(store, count_words(b), unit_length),
                              control);
}

}  // namespace w2v
