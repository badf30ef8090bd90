#include "search/nearest.h"

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
// So do its scores, which a panel has many of. Multiples of the kernels' tiles.
constexpr size_t most_panel_rows = 240, most_rows = 2040;
constexpr size_t tile_rows = 12;

size_t rows_in_block(size_t row_bytes, size_t most = most_rows) {
  return std::clamp(block_bytes / row_bytes / tile_rows * tile_rows, tile_rows, most);
}

// Room for a block of rows as floats, for a store that has none, or of another precision than the store's own.
class WidenedRows {
 public:
  WidenedRows(const VectorStore& store, const QuantizedRows* from, size_t rows)
      : store_(store), from_(from), addresses_(rows) {
    if (from_ != nullptr || !store.has(Precision::float32)) values_.resize(rows * store.dims());
  }

  // Addresses of the rows of row_id(0) … row_id(n − 1); where they lie, if they are floats there.
  template <class RowId>
  const char* const* rows(size_t n, RowId&& row_id) {
    for (size_t r = 0; r < n; ++r) {
      if (values_.empty()) {
        addresses_[r] = store_.row(row_id(r));
        continue;
      }
      float* values = values_.data() + r * store_.dims();
      if (from_ != nullptr)
        from_->widen(row_id(r), store_.dims(), values);
      else
        store_.copy_row(row_id(r), values);
      addresses_[r] = reinterpret_cast<const char*>(values);
    }
    return addresses_.data();
  }

 private:
  const VectorStore& store_;
  const QuantizedRows* from_;
  std::vector<const char*> addresses_;
  std::vector<float> values_;
};

// Room for a query that every kernel accepts.
size_t padded_query(size_t dims) { return (dims + 31) / 32 * 32; }

// The queries that go over the rows together, in the shapes the kernels want. Queries have unit length.
struct Group {
  size_t first, n;
  std::vector<float> padded;  // n × padded_query(dims)
  std::vector<float> panels;  // panels × dims × panel_queries; empty where each goes over the rows by itself
  std::vector<char> int8;     // n × the pitch of int8 rows, for such rows
  std::vector<float> int8_scales;

  bool in_panels() const { return !panels.empty(); }
  size_t n_panels() const { return (n + panel_queries - 1) / panel_queries; }
};

Group prepare_group(size_t dims, std::span<const float> queries, size_t first, size_t n, bool in_panels, bool int8) {
  Group group{first, n, {}, {}, {}, {}};
  group.padded.resize(n * padded_query(dims));
  for (size_t q = 0; q < n; ++q) {
    const float* query = queries.data() + (first + q) * dims;
    const double length = norm(query, dims);
    const double scale = length == 0 ? 0 : 1 / length;
    float* to = group.padded.data() + q * padded_query(dims);
    for (size_t d = 0; d < dims; ++d) to[d] = static_cast<float>(query[d] * scale);
  }
  if (in_panels) {
    group.panels.resize(group.n_panels() * dims * panel_queries);
    for (size_t q = 0; q < n; ++q) {
      float* to = group.panels.data() + q / panel_queries * dims * panel_queries + q % panel_queries;
      for (size_t d = 0; d < dims; ++d) to[d * panel_queries] = group.padded[q * padded_query(dims) + d];
    }
  }
  if (int8) {
    const size_t pitch = quantized_pitch(Precision::int8, dims);
    group.int8.resize(n * pitch);
    for (size_t q = 0; q < n; ++q)
      group.int8_scales.push_back(
          quantize(Precision::int8, group.padded.data() + q * padded_query(dims), dims, group.int8.data() + q * pitch));
  }
  return group;
}

// For a row whose inverse norm is NaN.
float cosine_in_double(const VectorStore& store, std::span<const float> query, size_t row) {
  std::vector<float> values(store.dims());
  store.copy_row(row, values.data());
  const double lengths = norm(query.data(), query.size()) * norm(values.data(), values.size());
  if (lengths == 0) return 0;
  double dot = 0;
  for (size_t d = 0; d < values.size(); ++d) dot += static_cast<double>(query[d]) * values[d];
  return static_cast<float>(dot / lengths);
}

// Searches a group of queries: several threads take blocks of rows, each keeps its own best answers.
class GroupSearch {
 public:
  // `quantized` are the rows of request.precision, nullptr for the store's own.
  GroupSearch(const VectorStore& store, const SearchRequest& request, const QuantizedRows* quantized,
              const std::vector<uint32_t>& sorted_exclusions, size_t top_n, Group group)
      : store_(store),
        request_(request),
        quantized_(quantized),
        exclusions_(sorted_exclusions),
        inverse_norms_(store.inverse_norms()),
        top_n_(top_n),
        candidates_(quantized == nullptr ? top_n : std::min(candidates_for(top_n), request.to - request.from)),
        group_(std::move(group)),
        block_rows_(rows_in_block(quantized == nullptr ? store.dims() * sizeof(float) : quantized->pitch,
                                  group_.in_panels() ? most_panel_rows : most_rows)) {}

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
    for_each_block(group_.n, static_cast<unsigned>(workers.size()), [&](size_t q, unsigned) {
      std::vector<Answer> answers = merged(workers, q);
      if (quantized_ != nullptr)
        compare_exactly(store_, request_.queries.subspan((group_.first + q) * store_.dims(), store_.dims()), answers);
      const size_t found = std::min(answers.size(), top_n_), at = (group_.first + q) * request_.top_n;
      for (size_t i = 0; i < found; ++i) {
        result.ids[at + i] = answers[i].id;
        result.scores[at + i] = answers[i].score;
      }
    });
  }

 private:
  // What one thread keeps. Blocks come by ascending row, as TopAnswers::threshold() needs.
  struct Worker {
    explicit Worker(const GroupSearch& search)
        : of(search),
          best(search.group_.n, TopAnswers(search.candidates_)),
          thresholds(search.group_.n_panels() * panel_queries, std::numeric_limits<float>::infinity()),
          widened(search.store_, search.group_.in_panels() ? search.quantized_ : nullptr, search.block_rows_),
          rows(search.block_rows_),
          dots(search.block_rows_),
          scores(search.block_rows_ * (search.group_.in_panels() ? panel_queries : 1)) {
      std::fill_n(thresholds.begin(), search.group_.n, -std::numeric_limits<float>::infinity());
    }

    void search(size_t begin, size_t n) {
      const auto row_id = [begin](size_t r) { return begin + r; };
      if (of.quantized_ != nullptr && !of.group_.in_panels()) {
        for (size_t r = 0; r < n; ++r) rows[r] = of.quantized_->row(begin + r);
        for (size_t q = 0; q < of.group_.n; ++q) {
          if (of.quantized_->precision == Precision::int8)
            score_int8(q, begin, n);
          else
            kernels().scan_bfloat16(of.query(q), rows.data(), n, of.quantized_->pitch / sizeof(uint16_t),
                                    scores.data());
          consider_all(q, begin, n);
        }
        return;
      }
      const char* const* addresses = widened.rows(n, row_id);
      for (size_t panel = 0; panel < of.group_.n_panels() && of.group_.in_panels(); ++panel)
        search_panel(panel, addresses, begin, n);
      for (size_t q = 0; q < of.group_.n && !of.group_.in_panels(); ++q) {
        kernels().scan(of.query(q), addresses, n, of.store_.dims(), scores.data());
        consider_all(q, begin, n);
      }
    }

    void score_int8(size_t q, size_t begin, size_t n) {
      const size_t pitch = of.quantized_->pitch;
      kernels().scan_int8(reinterpret_cast<const int8_t*>(of.group_.int8.data() + q * pitch), rows.data(), n, pitch,
                          dots.data());
      const float scale = of.group_.int8_scales[q];
      const float* row_scales = of.quantized_->scales.data() + begin;
      for (size_t r = 0; r < n; ++r) scores[r] = static_cast<float>(dots[r]) * scale * row_scales[r];
    }

    void consider_all(size_t q, size_t begin, size_t n) {
      for (size_t r = 0; r < n; ++r) {
        const float score = scores[r] * of.inverse_norms_[begin + r];
        if (!(score <= thresholds[q])) consider(q, begin + r, score);
      }
    }

    void search_panel(size_t panel, const char* const* addresses, size_t begin, size_t n) {
      const size_t dims = of.store_.dims();
      kernels().scan_panel(of.group_.panels.data() + panel * dims * panel_queries, addresses, n, dims, scores.data());
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
    // Of a block:
    WidenedRows widened;
    std::vector<const char*> rows;
    std::vector<int32_t> dots;
    std::vector<float> scores;
  };

  const float* query(size_t q) const { return group_.padded.data() + q * padded_query(store_.dims()); }

  bool excluded(size_t q, uint32_t row) const {
    if (!request_.filter.empty() && request_.filter[row] == 0) return true;
    const uint32_t* offsets = request_.exclude_offsets.data() + group_.first + q;
    return std::binary_search(exclusions_.begin() + offsets[0], exclusions_.begin() + offsets[1], row);
  }

  float cosine_in_double(size_t q, size_t row) const {
    const size_t dims = store_.dims();
    return w2v::cosine_in_double(store_, request_.queries.subspan((group_.first + q) * dims, dims), row);
  }

  std::vector<Answer> merged(const std::vector<Worker>& workers, size_t q) const {
    std::vector<Answer> answers;
    for (const Worker& worker : workers)
      answers.insert(answers.end(), worker.best[q].unsorted().begin(), worker.best[q].unsorted().end());
    std::sort(answers.begin(), answers.end(), better);
    answers.resize(std::min(answers.size(), candidates_));
    return answers;
  }

  const VectorStore& store_;
  const SearchRequest& request_;
  const QuantizedRows* const quantized_;
  const std::vector<uint32_t>& exclusions_;
  const std::span<const float> inverse_norms_;
  const size_t top_n_, candidates_;
  const Group group_;
  const size_t block_rows_;
};

// The cosines of a query at unit length, padded, with n rows from `begin` on.
void scan_cosines(const VectorStore& store, const float* query, size_t begin, size_t n, WidenedRows& widened,
                  float* scores) {
  kernels().scan(query, widened.rows(n, [begin](size_t r) { return begin + r; }), n, store.dims(), scores);
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

void check_finite_queries(std::span<const float> queries, size_t dims) {
  for (size_t i = 0; i < queries.size(); ++i)
    if (!std::isfinite(queries[i]))
      throw Error(code::argument, "Expected finite numbers but query " + std::to_string(i / dims) + " has others");
}

SearchResult search_nearest(const VectorStore& store, const SearchRequest& request, TaskControl& control) {
  const size_t n_queries = store.dims() == 0 ? 0 : request.queries.size() / store.dims();
  const size_t rows = request.to - request.from;
  store.check_unchanged();
  check_finite_queries(request.queries.first(n_queries * store.dims()), store.dims());  // all of them, before any work
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
  // int8 rows are as fast one query at a time as floats are in panels.
  const bool int8 = request.precision == Precision::int8;
  const bool in_panels = n_queries >= panel_worthwhile && !int8;
  const QuantizedRows* quantized =
      request.precision == Precision::float32 ? nullptr : &store.quantized(request.precision, control);
  control.begin(Phase::searching, rows * ((n_queries + group_queries - 1) / group_queries));
  const std::vector<uint32_t> exclusions = sort_exclusions(request, n_queries);
  for (size_t first = 0; first < n_queries; first += group_queries) {
    const size_t n = std::min(group_queries, n_queries - first);
    GroupSearch search(store, request, quantized, exclusions, top_n,
                       prepare_group(store.dims(), request.queries, first, n, in_panels, int8));
    search.run(control, result);
  }
  return result;
}

void compare_exactly(const VectorStore& store, std::span<const float> query, std::vector<Answer>& answers) {
  const Group group = prepare_group(store.dims(), query, 0, 1, false, false);
  WidenedRows widened(store, nullptr, answers.size());
  std::vector<float> scores(answers.size());
  const char* const* rows = widened.rows(answers.size(), [&](size_t i) { return answers[i].id; });
  kernels().scan(group.padded.data(), rows, answers.size(), store.dims(), scores.data());
  for (size_t i = 0; i < answers.size(); ++i) {
    answers[i].score = scores[i] * store.inverse_norms()[answers[i].id];
    if (std::isnan(answers[i].score)) answers[i].score = cosine_in_double(store, query, answers[i].id);
  }
  std::sort(answers.begin(), answers.end(), better);
}

SearchResult search_cosmul(const VectorStore& store, const SearchRequest& request, size_t positives,
                           TaskControl& control) {
  store.check_unchanged();
  const size_t dims = store.dims(), n_queries = dims == 0 ? 0 : request.queries.size() / dims;
  check_finite_queries(request.queries, dims);
  SearchResult result;
  result.ids.assign(request.top_n, no_answer);
  result.scores.assign(request.top_n, 0.0f);
  const size_t rows = request.to - request.from, top_n = std::min(request.top_n, rows);
  if (n_queries == 0 || top_n == 0) return result;

  const Group group = prepare_group(dims, request.queries, 0, n_queries, false, false);
  const std::vector<uint32_t> exclusions = sort_exclusions(request, n_queries);
  store.inverse_norms();
  control.begin(Phase::searching, rows);
  const size_t block_rows = rows_in_block(dims * sizeof(float)), blocks = (rows + block_rows - 1) / block_rows;
  const unsigned threads = static_cast<unsigned>(std::min<size_t>(request.threads, blocks));
  std::vector<TopAnswers> best(threads, TopAnswers(top_n));
  for_each_block(blocks, threads, [&](size_t block, unsigned thread) {
    control.check_cancelled();
    const size_t begin = request.from + block * block_rows, n = std::min(block_rows, request.to - begin);
    WidenedRows widened(store, nullptr, n);
    std::vector<float> cosine(n), dividend(n, 1.0f), divisor(n, 1.0f);
    for (size_t q = 0; q < n_queries; ++q) {
      scan_cosines(store, group.padded.data() + q * padded_query(dims), begin, n, widened, cosine.data());
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
  check_finite_queries(query, store.dims());
  const Group group = prepare_group(store.dims(), query, 0, 1, false, false);
  store.inverse_norms();
  control.begin(Phase::searching, to - from);
  std::vector<float> scores(to - from);
  const size_t block_rows = rows_in_block(store.dims() * sizeof(float));
  for_each_block((to - from + block_rows - 1) / block_rows, threads, [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t begin = from + block * block_rows, n = std::min(block_rows, to - begin);
    WidenedRows widened(store, nullptr, n);
    scan_cosines(store, group.padded.data(), begin, n, widened, scores.data() + (begin - from));
    control.done.fetch_add(n, std::memory_order_relaxed);
  });
  return scores;
}

}  // namespace w2v
