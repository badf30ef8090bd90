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

// Each word of one text goes to the nearest of the other: what is left of the distance when the other text's weights do
// not matter. The greater of both ways.
double relaxed_distance(const WordBag& a, const WordBag& b, std::span<const double> cost) {
  const size_t m = b.words.size();
  std::vector<double> nearest(m, std::numeric_limits<double>::infinity());
  double forth = 0, back = 0;
  for (size_t i = 0; i < a.words.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (size_t j = 0; j < m; ++j) {
      least = std::min(least, cost[i * m + j]);
      nearest[j] = std::min(nearest[j], cost[i * m + j]);
    }
    forth += a.words[i].count * least;
  }
  for (size_t j = 0; j < m; ++j) back += b.words[j].count * nearest[j];
  return std::max(forth / static_cast<double>(a.length), back / static_cast<double>(b.length));
}

std::vector<uint64_t> weights(const WordBag& bag, uint64_t other_length) {
  std::vector<uint64_t> amounts;
  for (const TextWord& word : bag.words) amounts.push_back(word.count * other_length);
  return amounts;
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
  const size_t n = a.words.size(), m = b.words.size(), dims = a.rows.size() / n;
  std::vector<double> cost(n * m);
  for (size_t i = 0; i < n; ++i) {
    control.check_cancelled();
    for (size_t j = 0; j < m; ++j) {
      const double squares = squared_distance(a.rows.data() + i * dims, b.rows.data() + j * dims, dims);
      if (!std::isfinite(squares)) return std::numeric_limits<double>::quiet_NaN();
      cost[i * m + j] = std::sqrt(squares);
    }
  }
  // The relaxed sums may be rounded up where the exact one is not.
  if (std::isfinite(limit) && relaxed_distance(a, b, cost) * (1 - 1e-12) > limit)
    return std::numeric_limits<double>::infinity();
  return transport_cost(weights(a, b.length), weights(b, a.length), cost, control) /
         (static_cast<double>(a.length) * static_cast<double>(b.length));
}

double word_movers_distance(const VectorStore& store, std::span<const uint32_t> a, std::span<const uint32_t> b,
                            bool unit_length, const TaskControl& control) {
  store.check_unchanged();
  return word_movers_distance(WordBag(store, count_words(a), unit_length), WordBag(store, count_words(b), unit_length),
                              control);
}

}  // namespace w2v
