#include "search/texts.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include "base/error.h"
#include "base/threads.h"
#include "kernels/kernels.h"

namespace w2v {

namespace {

constexpr uint32_t no_answer = 0xffffffff;
constexpr size_t texts_at_a_time = 64;
constexpr size_t rows_at_a_time = 240;  // a multiple of the kernels' tiles; some 300 KB

size_t padded_query(size_t dims) { return (dims + 31) / 32 * 32; }

// fn(first, last) for ranges of texts, by several threads; progress: texts.
template <class F>
void for_each_range(size_t n, unsigned threads, TaskControl& control, F&& fn) {
  const size_t blocks = (n + texts_at_a_time - 1) / texts_at_a_time;
  for_each_block(blocks, static_cast<unsigned>(std::min<size_t>(threads, std::max<size_t>(1, blocks))),
                 [&](size_t block, unsigned) {
                   control.check_cancelled();
                   const size_t first = block * texts_at_a_time, last = std::min(n, first + texts_at_a_time);
                   fn(first, last);
                   control.done.fetch_add(last - first, std::memory_order_relaxed);
                 });
}

// Copies of rows of a store, at unit length or as they are, each padded as the kernels want a query.
class GatheredRows {
 public:
  GatheredRows(const VectorStore& store, size_t most)
      : store_(store), pitch_(padded_query(store.dims())), values_(most * pitch_), addresses_(most), squares_(most) {}

  template <class RowId>
  void gather(size_t n, bool unit_length, RowId&& row_id) {
    for (size_t r = 0; r < n; ++r) {
      float* row = values_.data() + r * pitch_;
      store_.copy_row(row_id(r), row);
      const double length = norm(row, store_.dims());
      const double scale = unit_length && length != 0 ? 1 / length : 1;
      for (size_t d = 0; d < store_.dims(); ++d) row[d] = static_cast<float>(row[d] * scale);
      squares_[r] = length * length * scale * scale;
      addresses_[r] = reinterpret_cast<const char*>(row);
    }
  }

  const float* row(size_t r) const { return values_.data() + r * pitch_; }
  double squared_length(size_t r) const { return squares_[r]; }
  // Its product with each of the first n rows.
  void scan(const float* query, size_t n, float* dots) const {
    kernels().scan(query, addresses_.data(), n, store_.dims(), dots);
  }

 private:
  const VectorStore& store_;
  size_t pitch_;
  std::vector<float> values_;
  std::vector<const char*> addresses_;
  std::vector<double> squares_;
};

// The product of two words in soft cosine; 0 for what is not finite.
double soft_product(float cosine) { return cosine > 0 ? static_cast<double>(cosine) * cosine : 0; }

// The rows that texts have, ascending, and where each is among them.
struct UsedRows {
  std::vector<uint32_t> rows;
  std::vector<uint32_t> places;  // by row of the store; meaningless for the others

  explicit UsedRows(const Texts& texts) : places(texts.store().size(), 0) {
    for (size_t t = 0; t < texts.size(); ++t)
      for (const TextWord& word : texts.words(t)) places[word.row] = 1;
    for (size_t row = 0; row < places.size(); ++row) {
      if (places[row] == 0) continue;
      places[row] = static_cast<uint32_t>(rows.size());
      rows.push_back(static_cast<uint32_t>(row));
    }
  }
};

// For each word of a query and each of the rows: fn (called by several threads, for different rows) gets the word, the
// place of the row, their product and both squared lengths.
template <class F>
void for_each_product(const VectorStore& store, const GatheredRows& query, size_t query_words,
                      std::span<const uint32_t> rows, bool unit_length, unsigned threads, TaskControl& control,
                      F&& fn) {
  const size_t blocks = (rows.size() + rows_at_a_time - 1) / rows_at_a_time;
  if (blocks == 0) return;
  for_each_block(blocks, static_cast<unsigned>(std::min<size_t>(threads, blocks)), [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t first = block * rows_at_a_time, n = std::min(rows_at_a_time, rows.size() - first);
    GatheredRows some(store, n);
    some.gather(n, unit_length, [&](size_t r) { return rows[first + r]; });
    std::vector<float> dots(n);
    for (size_t i = 0; i < query_words; ++i) {
      some.scan(query.row(i), n, dots.data());
      for (size_t r = 0; r < n; ++r) fn(i, first + r, dots[r], query.squared_length(i), some.squared_length(r));
    }
  });
}

// The relaxed distance of each text and a query, from below: the greater of the ways from the text's words to the
// nearest of the query and from the query's to the nearest of the text. The distances of the query's words to all rows
// are computed once, some words of the query at a time; a text only looks them up.
std::vector<double> relaxed_distances(const Texts& texts, const UsedRows& used, std::span<const TextWord> words,
                                      bool unit_length, unsigned threads, TaskControl& control) {
  constexpr size_t words_at_a_time = 16;
  constexpr float far = std::numeric_limits<float>::max();
  const VectorStore& store = texts.store();
  // Products of floats are off by so much at most, in relation to the lengths: bounds must not be above the distance.
  const double error = 2.0 * static_cast<double>(store.dims()) * std::numeric_limits<float>::epsilon();
  std::vector<float> distances(used.rows.size() * words_at_a_time, far);  // of each row to those words of the query
  std::vector<float> nearest(used.rows.size(), far);                      // of each row to all of them
  std::vector<double> from_query(texts.size(), 0.0), bounds(texts.size());
  uint64_t query_length = 0;
  for (size_t begin = 0; begin < words.size(); begin += words_at_a_time) {
    const std::span<const TextWord> some = words.subspan(begin, std::min(words_at_a_time, words.size() - begin));
    GatheredRows query(store, some.size());
    query.gather(some.size(), unit_length, [&](size_t i) { return some[i].row; });
    for_each_product(store, query, some.size(), used.rows, unit_length, threads, control,
                     [&](size_t i, size_t place, float dot, double a, double b) {
                       const double square = used.rows[place] == some[i].row ? 0 : (a + b) * (1 - error) - 2.0 * dot;
                       const auto distance = static_cast<float>(std::sqrt(std::max(0.0, square)) * (1 - 1e-6));
                       distances[place * words_at_a_time + i] = distance;
                       nearest[place] = std::min(nearest[place], distance);
                     });
    for_each_range(texts.size(), threads, control, [&](size_t first, size_t last) {
      for (size_t t = first; t < last; ++t) {
        float least[words_at_a_time];
        std::fill_n(least, words_at_a_time, far);
        for (const TextWord& word : texts.words(t)) {
          const float* of_row = distances.data() + used.places[word.row] * words_at_a_time;
          for (size_t i = 0; i < words_at_a_time; ++i) least[i] = std::min(least[i], of_row[i]);
        }
        for (size_t i = 0; i < some.size(); ++i) from_query[t] += static_cast<double>(some[i].count) * least[i];
      }
    });
    for (const TextWord& word : some) query_length += word.count;
  }
  for (size_t t = 0; t < texts.size(); ++t) {
    double to_query = 0;
    uint64_t length = 0;
    for (const TextWord& word : texts.words(t)) {
      to_query += static_cast<double>(word.count) * nearest[used.places[word.row]];
      length += word.count;
    }
    bounds[t] = std::max(from_query[t] / static_cast<double>(query_length),
                         length == 0 ? 0 : to_query / static_cast<double>(length));
  }
  return bounds;
}

bool can_answer(const Texts& texts, const TextSearchRequest& request, size_t text) {
  return !texts.words(text).empty() && (request.filter.empty() || request.filter[text] != 0);
}

SearchResult no_answers(const Texts& texts, const Texts& queries, const TextSearchRequest& request,
                        TaskControl& control) {
  texts.store().check_unchanged();
  control.begin(Phase::searching, queries.size() * texts.size());
  SearchResult result;
  result.ids.assign(queries.size() * request.top_n, no_answer);
  result.scores.assign(queries.size() * request.top_n, 0.0f);
  return result;
}

// A distance found, and of which text.
struct Found {
  double distance;
  uint32_t text;
};
bool nearer(const Found& a, const Found& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.text < b.text;
}

// The nearest so far, of several threads.
class NearestTexts {
 public:
  explicit NearestTexts(size_t n) : n_(n) {}

  // No greater distance gets in.
  double limit() const { return limit_.load(std::memory_order_relaxed); }

  void offer(const Found& found) {
    const std::lock_guard lock(mutex_);
    if (heap_.size() == n_) {
      if (!nearer(found, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), nearer);
      heap_.pop_back();
    }
    heap_.push_back(found);
    std::push_heap(heap_.begin(), heap_.end(), nearer);
    if (heap_.size() == n_) limit_ = heap_.front().distance;
  }

  std::vector<Found> sorted() {
    std::sort(heap_.begin(), heap_.end(), nearer);
    return heap_;
  }

 private:
  const size_t n_;
  std::mutex mutex_;
  std::vector<Found> heap_;  // the worst on top
  std::atomic<double> limit_{std::numeric_limits<double>::infinity()};
};

}  // namespace

void Texts::read(std::string_view bytes, Framing framing, const Place& place) {
  for_each_word(
      bytes, framing, place,
      [&](std::string_view word, uint64_t) {
        ++words_read_;
        is_open_ = true;
        const uint32_t row = store_->find(word);
        if (row != WordIndex::none) open_.push_back(row);
      },
      [&] { end_text(); });
}

void Texts::end_text() {
  const std::vector<TextWord> words = count_words(open_);
  words_.insert(words_.end(), words.begin(), words.end());
  ends_.push_back(words_.size());
  open_.clear();
  is_open_ = false;
}

void Texts::append(std::string_view bytes, Framing framing, const std::string& name) {
  store_->check_unchanged();
  pieces_.append(bytes, framing, name, [this](std::string_view part, Framing part_framing, const Place& place) {
    read(part, part_framing, place);
  });
}

void Texts::end_source() {
  pieces_.end([this](std::string_view part, Framing framing, const Place& place) { read(part, framing, place); });
  if (is_open_) end_text();
}

std::vector<float> word_weights(const Texts& texts, TextWeighting weighting, double a) {
  const VectorStore& store = texts.store();
  std::vector<float> weights(store.size(), 1.0f);
  if (weighting == TextWeighting::mean) return weights;
  std::vector<uint64_t> counts(store.size(), 0);
  const bool of_store = weighting == TextWeighting::sif && store.has_counts();
  for (size_t row = 0; row < store.size() && of_store; ++row) counts[row] = store.count(row);
  for (size_t t = 0; t < texts.size() && !of_store; ++t)
    for (const TextWord& word : texts.words(t)) counts[word.row] += weighting == TextWeighting::idf ? 1 : word.count;
  const double n = static_cast<double>(texts.size());
  const double all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
  for (size_t row = 0; row < store.size(); ++row) {
    const double count = static_cast<double>(counts[row]);
    weights[row] = static_cast<float>(weighting == TextWeighting::idf ? std::log((1 + n) / (1 + count)) + 1
                                      : all == 0                      ? 1
                                                                      : a / (a + count / all));
  }
  return weights;
}

void text_vectors(const Texts& texts, std::span<const float> weights, bool by_weight, std::span<const float> components,
                  unsigned threads, std::span<float> rows, TaskControl& control) {
  const VectorStore& store = texts.store();
  const size_t dims = store.dims();
  store.check_unchanged();
  control.begin(Phase::searching, texts.size());
  for_each_range(texts.size(), threads, control, [&](size_t first, size_t last) {
    std::vector<float> row(dims);
    std::vector<double> sum(dims);
    for (size_t t = first; t < last; ++t) {
      std::fill(sum.begin(), sum.end(), 0.0);
      double divisor = 0;
      for (const TextWord& word : texts.words(t)) {
        store.copy_row(word.row, row.data());
        const double weight = static_cast<double>(word.count) * weights[word.row];
        divisor += by_weight ? weight : word.count;
        for (size_t d = 0; d < dims; ++d) sum[d] += weight * row[d];
      }
      float* vector = rows.data() + t * dims;
      std::fill_n(vector, dims, 0.0f);
      if (divisor == 0) continue;
      for (size_t c = 0; c + dims <= components.size(); c += dims) {
        double along = 0;
        for (size_t d = 0; d < dims; ++d) along += sum[d] * components[c + d];
        for (size_t d = 0; d < dims; ++d) sum[d] -= along * components[c + d];
      }
      for (size_t d = 0; d < dims; ++d) vector[d] = static_cast<float>(sum[d] / divisor);
    }
  });
}

std::vector<float> common_components(std::span<const float> rows, size_t dims, size_t count, unsigned threads,
                                     TaskControl& control) {
  const size_t n = rows.size() / dims;
  control.begin(Phase::searching, dims);
  // products(i, j) = Σ row[i] · row[j]: threads share the i, so that each sum has one order.
  std::vector<double> products(dims * dims, 0.0);
  constexpr size_t columns = 8;
  for_each_block((dims + columns - 1) / columns, threads, [&](size_t block, unsigned) {
    const size_t begin = block * columns, end = std::min(dims, begin + columns);
    for (size_t r = 0; r < n; ++r) {
      if (r % 4096 == 0) control.check_cancelled();
      const float* row = rows.data() + r * dims;
      for (size_t i = begin; i < end; ++i) {
        const double factor = row[i];
        double* sums = products.data() + i * dims;
        for (size_t j = 0; j < dims; ++j) sums[j] += factor * row[j];
      }
    }
    control.done.fetch_add(end - begin, std::memory_order_relaxed);
  });

  std::vector<float> components;
  double greatest = 0;
  for (size_t c = 0; c < std::min(count, dims); ++c) {
    size_t start = 0;
    for (size_t d = 1; d < dims; ++d)
      if (products[d * dims + d] > products[start * dims + start]) start = d;
    std::vector<double> direction(products.begin() + static_cast<ptrdiff_t>(start * dims),
                                  products.begin() + static_cast<ptrdiff_t>((start + 1) * dims));
    std::vector<double> next(dims);
    double value = 0;
    for (int iteration = 0; iteration < 10'000; ++iteration) {
      control.check_cancelled();
      const double length = std::sqrt(std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0));
      if (!(length > 0)) break;
      for (double& x : direction) x /= length;
      double change = 0;
      for (size_t i = 0; i < dims; ++i)
        next[i] = std::inner_product(direction.begin(), direction.end(),
                                     products.begin() + static_cast<ptrdiff_t>(i * dims), 0.0);
      value = std::inner_product(direction.begin(), direction.end(), next.begin(), 0.0);
      for (size_t i = 0; i < dims; ++i) change = std::max(change, std::abs(next[i] - value * direction[i]));
      if (change <= 1e-12 * value) break;
      direction.swap(next);
    }
    greatest = std::max(greatest, value);
    if (!(value > 1e-12 * greatest)) break;
    const double length = std::sqrt(std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0));
    for (double& x : direction) x /= length;
    for (const double x : direction) components.push_back(static_cast<float>(x));
    for (size_t i = 0; i < dims; ++i)
      for (size_t j = 0; j < dims; ++j) products[i * dims + j] -= value * direction[i] * direction[j];
  }
  return components;
}

std::vector<double> soft_lengths(const Texts& texts, std::span<const float> weights, unsigned threads,
                                 TaskControl& control) {
  texts.store().check_unchanged();
  control.begin(Phase::searching, texts.size());
  std::vector<double> lengths(texts.size(), 0.0);
  for_each_range(texts.size(), threads, control, [&](size_t first, size_t last) {
    for (size_t t = first; t < last; ++t) {
      control.check_cancelled();
      const std::span<const TextWord> words = texts.words(t);
      if (words.empty()) continue;
      GatheredRows rows(texts.store(), words.size());
      rows.gather(words.size(), true, [&](size_t i) { return words[i].row; });
      std::vector<float> cosines(words.size());
      double square = 0;
      for (size_t i = 0; i < words.size(); ++i) {
        rows.scan(rows.row(i), words.size(), cosines.data());
        const double weight = static_cast<double>(words[i].count) * weights[words[i].row];
        square += weight * weight;
        for (size_t j = 0; j < words.size(); ++j)
          if (j != i) square += weight * words[j].count * weights[words[j].row] * soft_product(cosines[j]);
      }
      lengths[t] = std::sqrt(square);
    }
  });
  return lengths;
}

SearchResult search_soft_cosine(const Texts& texts, std::span<const double> lengths, const Texts& queries,
                                std::span<const float> weights, const TextSearchRequest& request,
                                TaskControl& control) {
  const std::vector<double> query_lengths = soft_lengths(queries, weights, request.threads, control);
  SearchResult result = no_answers(texts, queries, request, control);
  if (request.top_n == 0) return result;
  const VectorStore& store = texts.store();
  const UsedRows used(texts);
  std::vector<double> products(used.rows.size());  // of the whole query with a word
  for (size_t q = 0; q < queries.size(); ++q) {
    const std::span<const TextWord> words = queries.words(q);
    if (query_lengths[q] == 0) continue;
    GatheredRows query(store, words.size());
    query.gather(words.size(), true, [&](size_t i) { return words[i].row; });
    std::fill(products.begin(), products.end(), 0.0);
    for_each_product(store, query, words.size(), used.rows, true, request.threads, control,
                     [&](size_t i, size_t place, float dot, double, double) {
                       const double weight = static_cast<double>(words[i].count) * weights[words[i].row];
                       products[place] += weight * (used.rows[place] == words[i].row ? 1 : soft_product(dot));
                     });
    TopAnswers best(request.top_n);
    for (size_t t = 0; t < texts.size(); ++t) {
      if (!can_answer(texts, request, t) || lengths[t] == 0) continue;
      double product = 0;
      for (const TextWord& word : texts.words(t))
        product += static_cast<double>(word.count) * weights[word.row] * products[used.places[word.row]];
      best.offer({static_cast<float>(product / (lengths[t] * query_lengths[q])), static_cast<uint32_t>(t)});
    }
    control.done.fetch_add(texts.size(), std::memory_order_relaxed);
    std::vector<Answer> answers = best.unsorted();
    std::sort(answers.begin(), answers.end(), better);
    for (size_t i = 0; i < answers.size(); ++i) {
      result.ids[q * request.top_n + i] = answers[i].id;
      result.scores[q * request.top_n + i] = answers[i].score;
    }
  }
  return result;
}

SearchResult search_word_movers(const Texts& texts, const Texts& queries, bool unit_length,
                                const TextSearchRequest& request, TaskControl& control) {
  SearchResult result = no_answers(texts, queries, request, control);
  if (request.top_n == 0) return result;
  const VectorStore& store = texts.store();
  const UsedRows used(texts);
  for (size_t q = 0; q < queries.size(); ++q) {
    const std::span<const TextWord> words = queries.words(q);
    if (words.empty()) continue;
    const std::vector<double> bounds = relaxed_distances(texts, used, words, unit_length, request.threads, control);
    std::vector<Found> candidates;
    for (size_t t = 0; t < texts.size(); ++t)
      if (can_answer(texts, request, t)) candidates.push_back({bounds[t], static_cast<uint32_t>(t)});
    std::sort(candidates.begin(), candidates.end(), nearer);

    const WordBag query_bag(store, words, unit_length);
    NearestTexts best(request.top_n);
    std::atomic<size_t> next{0};
    run_threads(request.threads, [&](unsigned) {
      for (;;) {
        const size_t c = next.fetch_add(1, std::memory_order_relaxed);
        if (c >= candidates.size() || candidates[c].distance > best.limit()) return;
        const WordBag bag(store, texts.words(candidates[c].text), unit_length);
        const double distance = word_movers_distance(query_bag, bag, control, best.limit());
        if (std::isfinite(distance)) best.offer({distance, candidates[c].text});
      }
    });
    control.done.fetch_add(texts.size(), std::memory_order_relaxed);
    const std::vector<Found> found = best.sorted();
    for (size_t i = 0; i < found.size(); ++i) {
      result.ids[q * request.top_n + i] = found[i].text;
      result.scores[q * request.top_n + i] = static_cast<float>(found[i].distance);
    }
  }
  return result;
}

}  // namespace w2v
