#include "search/metric.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/threads.h"
#include "kernels/kernels.h"

namespace w2v {

namespace {

constexpr uint32_t no_answer = 0xffffffff;
constexpr size_t rows_at_a_time = 480;    // a multiple of the kernels' tiles
constexpr size_t queries_at_a_time = 64;  // each thread holds the answers of so many

// The measure in double; higher is better.
double exact_score(std::span<const float> query, const float* row, Metric metric) {
  double sum = 0;
  for (size_t d = 0; d < query.size(); ++d) {
    const double difference = static_cast<double>(query[d]) - row[d];
    sum += metric == Metric::dot ? static_cast<double>(query[d]) * row[d] : -difference * difference;
  }
  return sum;
}

// Of a few queries.
class MetricSearch {
 public:
  MetricSearch(const VectorStore& store, const SearchRequest& request, Metric metric, size_t first, size_t n,
               size_t top_n)
      : store_(store),
        request_(request),
        metric_(metric),
        first_(first),
        n_(n),
        top_n_(top_n),
        candidates_(std::min(candidates_for(top_n), request.to - request.from)),
        pitch_((store.dims() + 31) / 32 * 32),
        padded_(n * pitch_) {
    for (size_t q = 0; q < n; ++q)
      std::copy_n(request.queries.data() + (first + q) * store.dims(), store.dims(), padded_.data() + q * pitch_);
  }

  void run(TaskControl& control, SearchResult& result) {
    const size_t rows = request_.to - request_.from, blocks = (rows + rows_at_a_time - 1) / rows_at_a_time;
    const auto threads = static_cast<unsigned>(std::min<size_t>(request_.threads, blocks));
    std::vector<std::vector<TopAnswers>> best(threads, std::vector<TopAnswers>(n_, TopAnswers(candidates_)));
    for_each_block(blocks, threads, [&](size_t block, unsigned thread) {
      control.check_cancelled();
      const size_t begin = request_.from + block * rows_at_a_time, n = std::min(rows_at_a_time, request_.to - begin);
      consider(begin, n, best[thread]);
      control.done.fetch_add(n, std::memory_order_relaxed);
    });
    for_each_block(n_, threads, [&](size_t q, unsigned) { answer(q, best, result); });
  }

 private:
  void consider(size_t begin, size_t n, std::vector<TopAnswers>& best) const {
    const size_t dims = store_.dims();
    std::vector<float> copies(store_.has(Precision::float32) ? 0 : n * dims), dots(n), squares(n);
    std::vector<const char*> addresses(n);
    for (size_t r = 0; r < n; ++r) {
      if (!copies.empty()) store_.copy_row(begin + r, copies.data() + r * dims);
      addresses[r] = copies.empty() ? store_.row(begin + r) : reinterpret_cast<const char*>(copies.data() + r * dims);
      const double length = metric_ == Metric::dot ? 0 : norm(addresses[r], dims);
      squares[r] = static_cast<float>(length * length);
    }
    for (size_t q = 0; q < n_; ++q) {
      kernels().scan(padded_.data() + q * pitch_, addresses.data(), n, dims, dots.data());
      for (size_t r = 0; r < n; ++r) {
        const float score = metric_ == Metric::dot ? dots[r] : 2 * dots[r] - squares[r];
        if (!std::isfinite(score) || (score < best[q].threshold())) continue;
        if (!excluded(q, static_cast<uint32_t>(begin + r))) best[q].offer({score, static_cast<uint32_t>(begin + r)});
      }
    }
  }

  bool excluded(size_t q, uint32_t row) const {
    if (!request_.filter.empty() && request_.filter[row] == 0) return true;
    const auto begin = request_.exclude_ids.begin();
    return std::find(begin + request_.exclude_offsets[first_ + q], begin + request_.exclude_offsets[first_ + q + 1],
                     row) != begin + request_.exclude_offsets[first_ + q + 1];
  }

  void answer(size_t q, const std::vector<std::vector<TopAnswers>>& best, SearchResult& result) const {
    struct Exact {
      double score;
      uint32_t id;
    };
    std::vector<Answer> found;
    for (const auto& of_thread : best)
      found.insert(found.end(), of_thread[q].unsorted().begin(), of_thread[q].unsorted().end());
    std::sort(found.begin(), found.end(), better);
    found.resize(std::min(found.size(), candidates_));
    std::vector<Exact> answers;
    std::vector<float> row(store_.dims());
    for (const Answer& candidate : found) {
      store_.copy_row(candidate.id, row.data());
      const std::span<const float> query = request_.queries.subspan((first_ + q) * row.size(), row.size());
      answers.push_back({exact_score(query, row.data(), metric_), candidate.id});
    }
    std::sort(answers.begin(), answers.end(),
              [](const Exact& a, const Exact& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; });
    for (size_t i = 0; i < std::min(top_n_, answers.size()); ++i) {
      const size_t at = (first_ + q) * request_.top_n + i;
      result.ids[at] = answers[i].id;
      const double score = answers[i].score;
      result.scores[at] = static_cast<float>(metric_ == Metric::dot ? score : std::sqrt(-score));
    }
  }

  const VectorStore& store_;
  const SearchRequest& request_;
  const Metric metric_;
  const size_t first_, n_, top_n_, candidates_, pitch_;
  std::vector<float> padded_;
};

}  // namespace

SearchResult search_by_metric(const VectorStore& store, const SearchRequest& request, Metric metric,
                              TaskControl& control) {
  const size_t n = store.dims() == 0 ? 0 : request.queries.size() / store.dims(), rows = request.to - request.from;
  store.check_unchanged();
  check_finite_queries(request.queries, store.dims());
  if (request.precision != Precision::float32)
    throw Error(code::argument, "Expected rows as they are for a search by dot product or distance");
  SearchResult result;
  if (request.top_n > 0 && n > result.ids.max_size() / request.top_n)
    throw Error(code::memory, "Not enough memory for " + std::to_string(request.top_n) + " answers to each of " +
                                  std::to_string(n) + " queries");
  result.ids.assign(n * request.top_n, no_answer);
  result.scores.assign(n * request.top_n, 0.0f);
  const size_t top_n = std::min(request.top_n, rows);
  if (top_n == 0) return result;
  const size_t at_a_time = std::clamp<size_t>((size_t{1} << 20) / top_n, 1, queries_at_a_time);
  control.begin(Phase::searching, (n + at_a_time - 1) / at_a_time * rows);
  for (size_t first = 0; first < n; first += at_a_time)
    MetricSearch(store, request, metric, first, std::min(at_a_time, n - first), top_n).run(control, result);
  return result;
}

}  // namespace w2v
