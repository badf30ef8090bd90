#include "search/word_movers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "search/transport.h"

namespace w2v {

namespace {

// A text's different words, how often each occurs times the length of the other text, and their vectors.
struct Bag {
  std::vector<uint32_t> ids;
  std::vector<uint64_t> weights;
  std::vector<float> rows;

  Bag(const VectorStore& store, std::span<const uint32_t> text, size_t other_length, bool unit_length)
      : ids(text.begin(), text.end()) {
    std::sort(ids.begin(), ids.end());
    for (size_t begin = 0; begin < ids.size();) {
      const size_t end = static_cast<size_t>(
          std::upper_bound(ids.begin() + static_cast<ptrdiff_t>(begin), ids.end(), ids[begin]) - ids.begin());
      weights.push_back((end - begin) * other_length);
      begin = end;
    }
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    rows.resize(ids.size() * store.dims());
    for (size_t i = 0; i < ids.size(); ++i) {
      float* row = rows.data() + i * store.dims();
      store.copy_row(ids[i], row);
      const double length = unit_length ? norm(row, store.dims()) : 1;
      if (length != 0)
        for (size_t d = 0; d < store.dims(); ++d) row[d] = static_cast<float>(row[d] / length);
    }
  }
};

}  // namespace

double word_movers_distance(const VectorStore& store, std::span<const uint32_t> a, std::span<const uint32_t> b,
                            bool unit_length, const TaskControl& control) {
  if (a.empty() || b.empty()) return std::numeric_limits<double>::infinity();
  store.check_unchanged();
  const Bag from(store, a, b.size(), unit_length), to(store, b, a.size(), unit_length);
  std::vector<double> cost;
  for (size_t i = 0; i < from.ids.size(); ++i) {
    control.check_cancelled();
    for (size_t j = 0; j < to.ids.size(); ++j) {
      double squares = 0;
      for (size_t d = 0; d < store.dims(); ++d) {
        const double difference = static_cast<double>(from.rows[i * store.dims() + d]) - to.rows[j * store.dims() + d];
        squares += difference * difference;
      }
      if (!std::isfinite(squares)) return std::numeric_limits<double>::quiet_NaN();
      cost.push_back(std::sqrt(squares));
    }
  }
  return transport_cost(from.weights, to.weights, cost, control) /
         (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

}  // namespace w2v
