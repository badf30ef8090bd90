#include "search/exact.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "search/top_answers.h"

namespace w2v {

namespace {

constexpr uint32_t no_answer = 0xffffffff;
// Below this the rows are read once per query: a panel's empty lanes would cost more than the second look at
// rows that are in the cache.
constexpr size_t panel_worthwhile = 8;
constexpr size_t block_bytes = 512 * 1024;  // a block of rows stays in the second-level cache for all panels
constexpr size_t block_rows_limit = 240;    // so do its scores; both are multiples of the kernels' tiles
constexpr size_t tile_rows = 12;

size_t rows_in_block(const VectorStore& store) {
  return std::clamp(block_bytes / (store.dims() * sizeof(float)) / tile_rows * tile_rows, tile_rows, block_rows_limit);
}

// The queries that go over the rows together, in the shape the kernels want. Queries have unit length.
struct Group {
  size_t first, n;
  bool in_panels;
  std::vector<float> queries;  // in panels: panels × dims × panel_queries; else n × padded_row(dims)

  size_t panels() const { return (n + panel_queries - 1) / panel_queries; }
};

void check_finite(std::span<const float> queries, size_t dims) {
  for (size_t i = 0; i < queries.size(); ++i)
    if (!std::isfinite(queries[i]))
      throw Error(code::argument, "Expected finite numbers but query " + std::to_string(i / dims) + " has others");
}

Group prepare_group(const VectorStore& store, std::span<const float> queries, size_t first, size_t n, bool in_panels) {
  const size_t dims = store.dims();
  Group group{first, n, in_panels, {}};
  group.queries.resize(in_panels ? group.panels() * dims * panel_queries : n * padded_row(dims));
  for (size_t q = 0; q < n; ++q) {
    const float* query = queries.data() + (first + q) * dims;
    const double length = norm(query, dims);
    const double scale = length == 0 ? 0 : 1 / length;
    float* to = in_panels ? group.queries.data() + q / panel_queries * dims * panel_queries + q % panel_queries
                          : group.queries.data() + q * padded_row(dims);
    for (size_t d = 0; d < dims; ++d) to[in_panels ? d * panel_queries : d] = static_cast<float>(query[d] * scale);
  }
  return group;
}

// Searches a group of queries: several threads take blocks of rows, each keeps its own best answers.
class GroupSearch {
 public:
  GroupSearch(const VectorStore& store, const SearchRequest& request, const std::vector<uint32_t>& sorted_exclusions,
              size_t top_n, Group group)
      : store_(store),
        request_(request),
        exclusions_(sorted_exclusions),
        inverse_norms_(store.inverse_norms()),
        top_n_(top_n),
        group_(std::move(group)) {
    block_rows_ = rows_in_block(store);
  }

  void run(TaskControl& control, SearchResult& result) {
    const size_t rows = request_.to - request_.from;
    const size_t blocks = (rows + block_rows_ - 1) / block_rows_;
    std::vector<Worker> workers(std::min<size_t>(request_.threads, blocks), Worker{*this});
    for_each_block(blocks, static_cast<unsigned>(workers.size()), [&](size_t block, unsigned thread) {
      control.check_cancelled();
      const size_t begin = request_.from + block * block_rows_;
      const size_t n = std::min(block_rows_, request_.to - begin);
      workers[thread].search(begin, n);
      control.done.fetch_add(n, std::memory_order_relaxed);
    });
    merge(workers, result);
  }

 private:
  // What one thread keeps. Blocks come by ascending row, as TopAnswers::threshold() needs.
  struct Worker {
    explicit Worker(const GroupSearch& search)
        : of(search),
          best(search.group_.n, TopAnswers(search.top_n_)),
          thresholds(search.group_.panels() * panel_queries, std::numeric_limits<float>::infinity()),
          rows(search.block_rows_),
          scores(search.block_rows_ * panel_queries) {
      std::fill_n(thresholds.begin(), search.group_.n, -std::numeric_limits<float>::infinity());
    }

    void search(size_t begin, size_t n) {
      for (size_t r = 0; r < n; ++r) rows[r] = of.store_.row(begin + r);
      if (of.group_.in_panels)
        for (size_t panel = 0; panel < of.group_.panels(); ++panel) search_panel(panel, begin, n);
      else
        for (size_t q = 0; q < of.group_.n; ++q) search_query(q, begin, n);
    }

    void search_query(size_t q, size_t begin, size_t n) {
      const size_t dims = of.store_.dims();
      kernels().scan(of.group_.queries.data() + q * padded_row(dims), rows.data(), n, dims, scores.data());
      for (size_t r = 0; r < n; ++r) {
        const float score = scores[r] * of.inverse_norms_[begin + r];
        if (!(score <= thresholds[q])) consider(q, begin + r, score);
      }
    }

    void search_panel(size_t panel, size_t begin, size_t n) {
      const size_t dims = of.store_.dims();
      kernels().scan_panel(of.group_.queries.data() + panel * dims * panel_queries, rows.data(), n, dims,
                           scores.data());
      const size_t first = panel * panel_queries, used = std::min(panel_queries, of.group_.n - first);
      const float* threshold = thresholds.data() + first;
      for (size_t r = 0; r < n; ++r) {
        const float* row_scores = scores.data() + r * panel_queries;
        const float inverse_norm = of.inverse_norms_[begin + r];
        int candidates = 0;  // counted without branches: nearly always there are none
        for (size_t q = 0; q < panel_queries; ++q) candidates += !(row_scores[q] * inverse_norm <= threshold[q]);
        if (candidates == 0) continue;
        for (size_t q = 0; q < used; ++q)
          if (!(row_scores[q] * inverse_norm <= threshold[q]))
            consider(first + q, begin + r, row_scores[q] * inverse_norm);
      }
    }

    void consider(size_t q, size_t row, float score) {
      if (of.excluded(q, static_cast<uint32_t>(row))) return;
      if (std::isnan(score)) score = of.cosine_in_double(q, row);
      if (std::isnan(score)) return;  // the row is not finite: NaN has no place in the order
      best[q].offer({score, static_cast<uint32_t>(row)});
      thresholds[q] = best[q].threshold();
    }

    const GroupSearch& of;
    std::vector<TopAnswers> best;   // per query of the group
    std::vector<float> thresholds;  // per query, padded to whole panels with +infinity
    std::vector<const char*> rows;  // of a block
    std::vector<float> scores;      // of it
  };

  bool excluded(size_t q, uint32_t row) const {
    if (!request_.filter.empty() && request_.filter[row] == 0) return true;
    const uint32_t* offsets = request_.exclude_offsets.data() + group_.first + q;
    return std::binary_search(exclusions_.begin() + offsets[0], exclusions_.begin() + offsets[1], row);
  }

  // For a row whose inverse norm is NaN.
  float cosine_in_double(size_t q, size_t row) const {
    const size_t dims = store_.dims();
    const float* query = request_.queries.data() + (group_.first + q) * dims;
    const double lengths = norm(query, dims) * norm(store_.row(row), dims);
    if (lengths == 0) return 0;
    double dot = 0;
    std::vector<float> values(dims);
    store_.copy_row(row, values.data());
    for (size_t d = 0; d < dims; ++d) dot += static_cast<double>(query[d]) * values[d];
    return static_cast<float>(dot / lengths);
  }

  void merge(const std::vector<Worker>& workers, SearchResult& result) const {
    std::vector<Answer> answers;
    for (size_t q = 0; q < group_.n; ++q) {
      answers.clear();
      for (const Worker& worker : workers)
        answers.insert(answers.end(), worker.best[q].unsorted().begin(), worker.best[q].unsorted().end());
      std::sort(answers.begin(), answers.end(), better);
      const size_t found = std::min(answers.size(), top_n_), at = (group_.first + q) * request_.top_n;
      for (size_t i = 0; i < found; ++i) {
        result.ids[at + i] = answers[i].id;
        result.scores[at + i] = answers[i].score;
      }
    }
  }

  const VectorStore& store_;
  const SearchRequest& request_;
  const std::vector<uint32_t>& exclusions_;
  const std::span<const float> inverse_norms_;
  const size_t top_n_;
  const Group group_;
  size_t block_rows_;
};

// The cosines of a query at unit length, padded, with n rows from `begin` on; `rows` is room for n addresses.
void scan_cosines(const VectorStore& store, const float* query, size_t begin, size_t n, const char** rows,
                  float* scores) {
  for (size_t r = 0; r < n; ++r) rows[r] = store.row(begin + r);
  kernels().scan(query, rows, n, store.dims(), scores);
  const std::span<const float> inverse_norms = store.inverse_norms();
  for (size_t r = 0; r < n; ++r) {
    scores[r] *= inverse_norms[begin + r];
    if (!std::isnan(scores[r])) continue;
    std::vector<float> row(store.dims());  // of extreme length, or not finite
    store.copy_row(begin + r, row.data());
    double dot = 0;
    for (size_t d = 0; d < row.size(); ++d) dot += static_cast<double>(query[d]) * row[d];
    scores[r] = static_cast<float>(dot / norm(row.data(), row.size()));
  }
}

std::vector<uint32_t> sort_exclusions(const SearchRequest& request, size_t n_queries) {
  std::vector<uint32_t> ids(request.exclude_ids.begin(), request.exclude_ids.end());
  for (size_t q = 0; q < n_queries; ++q)
    std::sort(ids.begin() + request.exclude_offsets[q], ids.begin() + request.exclude_offsets[q + 1]);
  return ids;
}

}  // namespace

SearchResult search_exact(const VectorStore& store, const SearchRequest& request, TaskControl& control) {
  const size_t n_queries = store.dims() == 0 ? 0 : request.queries.size() / store.dims();
  const size_t rows = request.to - request.from;
  store.check_unchanged();
  check_finite(request.queries.first(n_queries * store.dims()), store.dims());  // all of them, before any work
  SearchResult result;
  if (request.top_n > 0 && n_queries > result.ids.max_size() / request.top_n)
    throw Error(code::memory, "Not enough memory for " + std::to_string(request.top_n) + " answers to each of " +
                                  std::to_string(n_queries) + " queries");
  result.ids.assign(n_queries * request.top_n, no_answer);
  result.scores.assign(n_queries * request.top_n, 0.0f);
  const size_t top_n = std::min(request.top_n, rows);
  if (n_queries == 0 || top_n == 0) return result;

  // Few enough queries at a time that the answers in hand stay small: a million per thread, or one panel.
  const size_t group_queries = std::clamp<size_t>((size_t{1} << 20) / top_n, panel_queries, 1024);
  const bool in_panels = n_queries >= panel_worthwhile;
  control.begin(Phase::searching, rows * ((n_queries + group_queries - 1) / group_queries));
  const std::vector<uint32_t> exclusions = sort_exclusions(request, n_queries);
  for (size_t first = 0; first < n_queries; first += group_queries) {
    const size_t n = std::min(group_queries, n_queries - first);
    GroupSearch search(store, request, exclusions, top_n, prepare_group(store, request.queries, first, n, in_panels));
    search.run(control, result);
  }
  return result;
}

SearchResult search_cosmul(const VectorStore& store, const SearchRequest& request, size_t positives,
                           TaskControl& control) {
  store.check_unchanged();
  const size_t dims = store.dims(), n_queries = dims == 0 ? 0 : request.queries.size() / dims;
  check_finite(request.queries, dims);
  SearchResult result;
  result.ids.assign(request.top_n, no_answer);
  result.scores.assign(request.top_n, 0.0f);
  const size_t rows = request.to - request.from, top_n = std::min(request.top_n, rows);
  if (n_queries == 0 || top_n == 0) return result;

  const Group group = prepare_group(store, request.queries, 0, n_queries, false);
  const std::vector<uint32_t> exclusions = sort_exclusions(request, n_queries);
  store.inverse_norms();
  control.begin(Phase::searching, rows);
  const size_t block_rows = rows_in_block(store), blocks = (rows + block_rows - 1) / block_rows;
  const unsigned threads = static_cast<unsigned>(std::min<size_t>(request.threads, blocks));
  std::vector<TopAnswers> best(threads, TopAnswers(top_n));
  for_each_block(blocks, threads, [&](size_t block, unsigned thread) {
    control.check_cancelled();
    const size_t begin = request.from + block * block_rows, n = std::min(block_rows, request.to - begin);
    std::vector<const char*> addresses(n);
    std::vector<float> cosine(n), dividend(n, 1.0f), divisor(n, 1.0f);
    for (size_t q = 0; q < n_queries; ++q) {
      scan_cosines(store, group.queries.data() + q * padded_row(dims), begin, n, addresses.data(), cosine.data());
      std::vector<float>& product = q < positives ? dividend : divisor;
      for (size_t r = 0; r < n; ++r) product[r] *= (1 + cosine[r]) / 2;
    }
    for (size_t r = 0; r < n; ++r) {
      const uint32_t row = static_cast<uint32_t>(begin + r);
      const float score = dividend[r] / (divisor[r] + 1e-6f);
      if (std::isnan(score) || score <= best[thread].threshold()) continue;
      if (!request.filter.empty() && request.filter[row] == 0) continue;
      if (std::binary_search(exclusions.begin(), exclusions.end(), row)) continue;
      best[thread].offer({score, row});
    }
    control.done.fetch_add(n, std::memory_order_relaxed);
  });
  std::vector<Answer> answers;
  for (const TopAnswers& own : best) answers.insert(answers.end(), own.unsorted().begin(), own.unsorted().end());
  std::sort(answers.begin(), answers.end(), better);
  for (size_t i = 0; i < std::min(answers.size(), top_n); ++i) {
    result.ids[i] = answers[i].id;
    result.scores[i] = answers[i].score;
  }
  return result;
}

std::vector<float> cosines(const VectorStore& store, std::span<const float> query, size_t from, size_t to,
                           unsigned threads, TaskControl& control) {
  store.check_unchanged();
  check_finite(query, store.dims());
  const Group group = prepare_group(store, query, 0, 1, false);
  store.inverse_norms();
  control.begin(Phase::searching, to - from);
  std::vector<float> scores(to - from);
  const size_t block_rows = rows_in_block(store);
  for_each_block((to - from + block_rows - 1) / block_rows, threads, [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t begin = from + block * block_rows, n = std::min(block_rows, to - begin);
    std::vector<const char*> addresses(n);
    scan_cosines(store, group.queries.data(), begin, n, addresses.data(), scores.data() + (begin - from));
    control.done.fetch_add(n, std::memory_order_relaxed);
  });
  return scores;
}

}  // namespace w2v
