#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "search/nearest.h"
#include "test/check.h"

using namespace w2v;

namespace {

constexpr uint32_t no_answer = 0xffffffff;
constexpr float infinite = std::numeric_limits<float>::infinity(),
                not_a_number = std::numeric_limits<float>::quiet_NaN();

using Rows = std::vector<std::vector<float>>;

Rows random_rows(size_t n, size_t dims, unsigned seed, float scale = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-scale, scale);
  Rows rows(n, std::vector<float>(dims));
  for (auto& row : rows)
    for (float& x : row) x = value(random);
  return rows;
}

VectorStore store_of(const Rows& rows, size_t dims) {
  WordIndex words;
  Matrix matrix(rows.size(), dims, "test");
  for (size_t i = 0; i < rows.size(); ++i) {
    words.insert("w" + std::to_string(i));
    std::copy(rows[i].begin(), rows[i].end(), matrix.row(i));
  }
  return {std::move(words), std::move(matrix), {}};
}

// A search and all it is asked with; by default over all rows, without exclusions.
struct Search {
  Rows rows, queries;
  size_t top_n;
  size_t dims = rows.empty() ? queries[0].size() : rows[0].size();
  size_t from = 0, to = rows.size();
  std::vector<std::vector<uint32_t>> exclusions = std::vector<std::vector<uint32_t>>(queries.size());
  std::vector<uint8_t> filter = {};
  Precision precision = Precision::float32;

  SearchResult run(unsigned threads, TaskControl& control) const {
    const VectorStore store = store_of(rows, dims);
    std::vector<float> all_queries;
    for (const auto& query : queries) all_queries.insert(all_queries.end(), query.begin(), query.end());
    std::vector<uint32_t> offsets{0}, ids;
    for (const auto& excluded : exclusions) {
      ids.insert(ids.end(), excluded.begin(), excluded.end());
      offsets.push_back(static_cast<uint32_t>(ids.size()));
    }
    return search_nearest(store, {all_queries, top_n, offsets, ids, filter, from, to, threads, precision}, control);
  }
  SearchResult run(unsigned threads = 1) const {
    TaskControl control;
    return run(threads, control);
  }
};

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t d = 0; d < a.size(); ++d) {
    ab += static_cast<double>(a[d]) * b[d];
    aa += static_cast<double>(a[d]) * a[d];
    bb += static_cast<double>(b[d]) * b[d];
  }
  return aa == 0 || bb == 0 ? 0 : ab / (std::sqrt(aa) * std::sqrt(bb));
}

// Brute force: what is wrong with a result, or "". Scores may be off by the rounding of float sums, so rows whose
// cosines are nearer than that may change places.
std::string fault_of(const Search& search, const SearchResult& result) {
  if (result.ids.size() != search.queries.size() * search.top_n || result.scores.size() != result.ids.size())
    return "the result has the wrong size";
  const double tolerance = static_cast<double>(search.dims + 4) * 0x1p-24;
  for (size_t q = 0; q < search.queries.size(); ++q) {
    const std::string query = "query " + std::to_string(q) + ": ";
    const uint32_t* ids = result.ids.data() + q * search.top_n;
    const float* scores = result.scores.data() + q * search.top_n;
    std::set<uint32_t> candidates;
    for (size_t r = search.from; r < search.to; ++r) candidates.insert(static_cast<uint32_t>(r));
    for (const uint32_t excluded : search.exclusions[q]) candidates.erase(excluded);
    const size_t found = std::min(search.top_n, candidates.size());
    double worst = 1;
    for (size_t i = 0; i < found; ++i) {
      const std::string answer = query + "answer " + std::to_string(i) + " ";
      if (candidates.erase(ids[i]) == 0) return answer + "is excluded, out of range or there twice";
      const double exact = cosine(search.queries[q], search.rows[ids[i]]);
      if (!(std::abs(scores[i] - exact) <= tolerance)) return answer + "has a wrong score";
      if (i > 0 && !(scores[i] < scores[i - 1] || (scores[i] == scores[i - 1] && ids[i] > ids[i - 1])))
        return answer + "is out of order";
      worst = std::min(worst, exact);
    }
    for (const uint32_t left_out : candidates)
      if (found > 0 && found == search.top_n &&
          cosine(search.queries[q], search.rows[left_out]) > worst + 2 * tolerance)
        return query + "row " + std::to_string(left_out) + " is missing";
    for (size_t i = found; i < search.top_n; ++i)
      if (ids[i] != no_answer || scores[i] != 0) return query + "places without an answer are not marked";
  }
  return "";
}

bool same(const SearchResult& a, const SearchResult& b) { return a.ids == b.ids && a.scores == b.scores; }

// One query, the most that are searched one by one, the least that share panels, and panels that are not full.
constexpr size_t batch_sizes[] = {1, 7, 8, 33, 100};

}  // namespace

TEST_CASE("answers are those of brute force in double, for single queries and for batches") {
  for (const size_t n_queries : batch_sizes)
    for (const size_t dims : {1, 3, 16, 50, 300})
      for (const size_t n_rows : {1, 5, 240, 241, 1003})
        for (const size_t top_n : {1, 10, 300}) {
          const Search search{random_rows(n_rows, dims, 1), random_rows(n_queries, dims, 2, 5), top_n};
          CAPTURE(n_queries);
          CAPTURE(dims);
          CAPTURE(n_rows);
          CAPTURE(top_n);
          CHECK(fault_of(search, search.run()) == "");
        }
}

TEST_CASE("rows so wide that a block holds few of them") {
  for (const size_t n_queries : {1, 9}) {
    const Search search{random_rows(31, 12000, 3), random_rows(n_queries, 12000, 4), 5};
    CHECK(fault_of(search, search.run(2)) == "");
  }
}

TEST_CASE("the result is the same for any number of threads") {
  for (const size_t n_queries : batch_sizes) {
    Search search{random_rows(2500, 20, 5), random_rows(n_queries, 20, 6), 40};
    for (size_t r = 0; r < 2500; r += 3) search.rows[r] = search.rows[r % 7];  // ties across blocks
    const SearchResult one = search.run(1);
    CAPTURE(n_queries);
    CHECK(fault_of(search, one) == "");
    for (const unsigned threads : {2u, 5u, 64u}) {
      CAPTURE(threads);
      CHECK(same(search.run(threads), one));
    }
  }
}

TEST_CASE("where all rows are candidates, rows of fewer bits give the answers of the exact search, bit by bit") {
  constexpr size_t dims = 37, n = 50, top_n = 10;
  static_assert(candidates_for(top_n) >= n);
  Rows rows = random_rows(n, dims, 3);
  rows[4].assign(dims, 0.0f);
  rows[7][3] = not_a_number;
  rows[8][3] = infinite;
  for (float& x : rows[11]) x *= 1e-38f;
  for (float& x : rows[12]) x *= 1e37f;
  for (float& x : rows[13]) x *= 1e-44f;  // most values vanish
  rows[20] = rows[21];
  for (const size_t n_queries : {1, 3, 40}) {  // one by one, and in panels
    Search exact{rows, random_rows(n_queries, dims, 4), top_n};
    for (auto& excluded : exact.exclusions) excluded = {2, 30};
    exact.filter.assign(n, 1);
    exact.filter[40] = 0;
    Search few_bits = exact;
    for (const Precision precision : {Precision::bfloat16, Precision::int8}) {
      few_bits.precision = precision;
      for (const unsigned threads : {1, 3}) {
        // In panels, exact scores are summed in another order than those of candidates.
        const SearchResult expected = exact.run(), found = few_bits.run(threads);
        CHECK(found.ids == expected.ids);
        for (size_t i = 0; i < found.scores.size(); ++i)
          CHECK(std::abs(found.scores[i] - expected.scores[i]) <= (n_queries < 8 ? 0 : 1e-6f));
      }
    }
  }
}

TEST_CASE("rows of fewer bits find nearly all of the best of many, the same ones for any number of threads") {
  constexpr size_t dims = 60, n = 6000, n_queries = 20, top_n = 10;
  // Clusters: rows that are hard to tell apart.
  const Rows centers = random_rows(40, dims, 1), noise = random_rows(n, dims, 2, 0.3f);
  Rows rows = noise;
  for (size_t i = 0; i < n; ++i)
    for (size_t d = 0; d < dims; ++d) rows[i][d] += centers[i % centers.size()][d];
  const Search exact{rows, Rows(rows.begin(), rows.begin() + n_queries), top_n};
  const SearchResult expected = exact.run();
  for (const Precision precision : {Precision::bfloat16, Precision::int8}) {
    Search search = exact;
    search.precision = precision;
    const SearchResult found = search.run();
    CHECK(search.run(3).ids == found.ids);
    size_t hits = 0;
    for (size_t q = 0; q < n_queries; ++q) {
      const auto begin = expected.ids.begin() + static_cast<ptrdiff_t>(q * top_n);
      const std::set<uint32_t> best(begin, begin + static_cast<ptrdiff_t>(top_n));
      for (size_t i = 0; i < top_n; ++i) hits += best.count(found.ids[q * top_n + i]);
    }
    CHECK(hits >= 0.98 * n_queries * top_n);
  }
}

TEST_CASE("rows of equal direction are tied and answer by ascending index, wherever they are") {
  // Scaling by a power of two changes no bit of a cosine.
  const float scales[] = {1, 4, 0.5f, 1024};
  const Rows kinds = random_rows(5, 30, 7);
  for (const size_t n_queries : batch_sizes) {
    Search search{Rows(1500), random_rows(n_queries, 30, 8), 1500};
    search.dims = 30;
    std::mt19937 random(9);
    std::vector<size_t> kind_of(1500);
    for (size_t r = 0; r < 1500; ++r) {
      kind_of[r] = random() % 5;
      search.rows[r] = kinds[kind_of[r]];
      for (float& x : search.rows[r]) x *= scales[r % 4];
    }
    const SearchResult all = search.run(2);
    search.top_n = 17;
    const SearchResult best = search.run(2);
    size_t wrong = 0;
    for (size_t q = 0; q < n_queries; ++q) {
      std::vector<uint32_t> expected(1500);
      std::iota(expected.begin(), expected.end(), 0u);
      std::stable_sort(expected.begin(), expected.end(), [&](uint32_t a, uint32_t b) {
        return cosine(search.queries[q], kinds[kind_of[a]]) > cosine(search.queries[q], kinds[kind_of[b]]);
      });
      wrong += !std::equal(expected.begin(), expected.end(), all.ids.begin() + static_cast<std::ptrdiff_t>(q * 1500));
      wrong +=
          !std::equal(expected.begin(), expected.begin() + 17, best.ids.begin() + static_cast<std::ptrdiff_t>(q * 17));
    }
    CAPTURE(n_queries);
    CHECK(wrong == 0);
  }
}

TEST_CASE("excluded rows do not answer the query that excludes them, and answer the others") {
  for (const size_t n_queries : batch_sizes) {
    Search search{random_rows(500, 12, 10), random_rows(n_queries, 12, 11), 8};
    const SearchResult unrestricted = search.run();
    for (size_t q = 0; q < n_queries; ++q) {
      if (q % 3 == 1) continue;  // none excluded
      const uint32_t* best = unrestricted.ids.data() + q * 8;
      search.exclusions[q] = {best[5], best[0], best[1], best[0], 499, static_cast<uint32_t>(q % 500)};  // any order
    }
    CAPTURE(n_queries);
    CHECK(fault_of(search, search.run(2)) == "");

    search.exclusions[n_queries - 1].resize(500);  // every row
    std::iota(search.exclusions[n_queries - 1].rbegin(), search.exclusions[n_queries - 1].rend(), 0u);
    const SearchResult result = search.run(2);
    CHECK(fault_of(search, result) == "");
    CHECK(result.ids.back() == no_answer);
    search.exclusions[n_queries - 1].pop_back();  // every row but the first
    CHECK(search.run(2).ids[(n_queries - 1) * 8] == 0);
  }
}

TEST_CASE("only rows of the range answer") {
  for (const size_t n_queries : {1, 33})
    for (const auto& [from, to] : std::vector<std::pair<size_t, size_t>>{
             {0, 1}, {0, 239}, {1, 242}, {239, 241}, {100, 700}, {699, 700}, {0, 0}, {350, 350}, {700, 700}}) {
      Search search{random_rows(700, 10, 12), random_rows(n_queries, 10, 13), 6};
      search.from = from;
      search.to = to;
      search.exclusions[0] = {static_cast<uint32_t>(from), 0, 699, 240};  // some in the range, some out of it
      CAPTURE(n_queries);
      CAPTURE(search.from);  // what CAPTURE captures may not be a structured binding: clang 14
      CAPTURE(search.to);
      CHECK(fault_of(search, search.run(2)) == "");
    }
}

TEST_CASE("more answers wanted than there are rows, none wanted, and no rows at all") {
  for (const size_t n_queries : batch_sizes) {
    const Rows queries = random_rows(n_queries, 6, 14);
    CAPTURE(n_queries);
    const Search too_many{random_rows(20, 6, 15), queries, 50};
    CHECK(fault_of(too_many, too_many.run(3)) == "");
    const Search none_wanted{random_rows(20, 6, 15), queries, 0};
    CHECK(none_wanted.run().ids.empty());
    CHECK(none_wanted.run().scores.empty());
    const Search no_rows{{}, queries, 3};
    CHECK(no_rows.run().ids == std::vector<uint32_t>(3 * n_queries, no_answer));
    CHECK(no_rows.run().scores == std::vector<float>(3 * n_queries, 0.0f));
  }
  Search no_queries{random_rows(20, 6, 15), {}, 5};
  CHECK(no_queries.run().ids.empty());
}

// So many answers in all that the batch is searched in several groups, whose last one is small.
TEST_CASE("batches of several groups of queries") {
  for (const auto& [n_queries, n_rows, top_n] : {std::array<size_t, 3>{1030, 50, 3}, {40, 30010, 30000}}) {
    Search search{random_rows(n_rows, 4, 16), random_rows(n_queries, 4, 17), top_n};
    for (size_t q = 0; q < n_queries; ++q) search.exclusions[q] = {static_cast<uint32_t>(q)};
    TaskControl control;
    CAPTURE(search.exclusions.size());
    CHECK(fault_of(search, search.run(2, control)) == "");
    CHECK(control.total == 2 * n_rows);
    CHECK(control.done == control.total);
  }
}

TEST_CASE("a zero row and a zero query have the score 0 with everything") {
  for (const size_t n_queries : batch_sizes) {
    Search search{random_rows(300, 9, 18), random_rows(n_queries, 9, 19), 300};
    for (const size_t zero : {0, 5, 299}) search.rows[zero].assign(9, zero == 5 ? -0.0f : 0.0f);
    search.queries[n_queries - 1].assign(9, 0);
    const SearchResult result = search.run(2);
    CAPTURE(n_queries);
    CHECK(fault_of(search, result) == "");
    size_t not_plain_zero = 0, out_of_order = 0;
    for (size_t i = 0; i < result.ids.size(); ++i) {
      const bool zero_row = result.ids[i] == 0 || result.ids[i] == 5 || result.ids[i] == 299;
      const bool zero_query = i / 300 == n_queries - 1;
      if (zero_row || zero_query) not_plain_zero += result.scores[i] != 0 || std::signbit(result.scores[i]);
      if (zero_query) out_of_order += result.ids[i] != i % 300;  // all tied
    }
    CHECK(not_plain_zero == 0);
    CHECK(out_of_order == 0);
  }
}

// Products of floats of these sizes overflow, or vanish.
TEST_CASE("rows and queries of any length, from the shortest float to the longest, have their cosine") {
  const float lengths[] = {1e30f, 1e-30f, 3e38f, 1e-44f, 0x1p59f, 0x1p60f, 0x1p61f, 0x1p-59f, 0x1p-60f, 0x1p-61f, 1};
  constexpr size_t n_lengths = std::size(lengths);
  for (const size_t n_queries : {7, 33})
    for (const size_t dims : {2, 17, 300}) {
      Search search{random_rows(300, dims, 20), random_rows(n_queries, dims, 21), 300};
      for (size_t r = 0; r < 300; ++r)
        for (float& x : search.rows[r]) x *= lengths[r % n_lengths];
      for (size_t q = 0; q < n_queries; ++q)
        for (float& x : search.queries[q]) x *= lengths[q % n_lengths];
      for (const size_t r : {7, 100}) {  // all lengths in one row
        for (size_t d = 0; d < dims; ++d) search.rows[r][d] = lengths[(r + d) % n_lengths];
      }
      search.rows[200].assign(dims, std::numeric_limits<float>::max());
      search.rows[201].assign(dims, std::numeric_limits<float>::denorm_min());
      search.rows[202].assign(dims, 0);
      search.queries[1].assign(dims, std::numeric_limits<float>::max());
      search.queries[2].assign(dims, std::numeric_limits<float>::denorm_min());
      search.queries[3].assign(dims, 0);
      const SearchResult result = search.run(2);
      CAPTURE(n_queries);
      CAPTURE(dims);
      CHECK(fault_of(search, result) == "");
      CHECK(same(search.run(1), result));
      search.top_n = 5;
      CHECK(fault_of(search, search.run(2)) == "");
    }
}

// A training that diverges leaves such rows.
TEST_CASE("a row that is not finite answers no query and disturbs no other row") {
  for (const size_t n_queries : batch_sizes)
    for (const size_t top_n : {3, 400}) {
      Search search{random_rows(400, 10, 22), random_rows(n_queries, 10, 23), top_n};
      Search finite_only = search;
      const float values[] = {not_a_number, infinite, -infinite};
      for (uint32_t r = 0; r < 400; r += 2) {
        search.rows[r][r % 10] = values[r % 3];
        for (auto& excluded : finite_only.exclusions) excluded.push_back(r);
      }
      const SearchResult result = search.run(2);
      CAPTURE(n_queries);
      CAPTURE(top_n);
      CHECK(same(result, finite_only.run(1)));
      CHECK(fault_of(finite_only, result) == "");
    }
}

TEST_CASE("a query that is not finite is refused, whichever it is") {
  for (const float value : {not_a_number, infinite, -infinite})
    for (const auto& [n_queries, bad] : {std::pair<size_t, size_t>{1, 0}, {7, 6}, {40, 0}, {40, 39}, {1030, 1029}})
      for (const size_t n_rows : {0, 300})
        for (const size_t top_n : {0, 2}) {
          Search search{random_rows(n_rows, 5, 24), random_rows(n_queries, 5, 25), top_n};
          search.queries[bad][4] = value;
          TaskControl control;
          CAPTURE(value);
          CAPTURE(n_rows);
          CAPTURE(top_n);
          CHECK_CODE(search.run(2, control), code::argument, "query " + std::to_string(bad) + " ");
          CHECK(control.done == 0);  // refused before the work, not after
        }
}

TEST_CASE("a cancelled search throws") {
  for (const size_t n_queries : batch_sizes)
    for (const unsigned threads : {1u, 2u}) {
      const Search search{random_rows(600, 5, 26), random_rows(n_queries, 5, 27), 3};
      TaskControl control;
      control.cancelled = true;
      CHECK_CODE(search.run(threads, control), code::cancelled, "cancelled");
      CHECK(control.done == 0);
    }
}

TEST_CASE("progress counts the rows read") {
  for (const size_t n_queries : batch_sizes) {
    Search search{random_rows(1000, 5, 28), random_rows(n_queries, 5, 29), 3};
    search.from = 10;
    search.to = 777;
    TaskControl control;
    search.run(2, control);
    CHECK(control.phase == Phase::searching);
    CHECK(control.total == 767);
    CHECK(control.done == 767);
  }
}

TEST_CASE("cosines of a query with every row: extreme rows too, NaN for rows that are not finite") {
  Rows rows = random_rows(700, 9, 31);
  for (float& x : rows[3]) x *= 1e-25f;
  for (float& x : rows[4]) x *= 1e25f;
  std::fill(rows[5].begin(), rows[5].end(), 0.0f);
  rows[6][2] = infinite;
  const VectorStore store = store_of(rows, 9);
  const std::vector<float> query = random_rows(1, 9, 32)[0];
  for (const unsigned threads : {1u, 3u})
    for (const auto& [from, to] : {std::pair<size_t, size_t>{0, 700}, {3, 7}, {50, 50}}) {
      TaskControl control;
      const std::vector<float> scores = cosines(store, query, from, to, threads, control);
      REQUIRE(scores.size() == to - from);
      size_t wrong = 0;
      for (size_t i = from; i < to; ++i)
        wrong += i == 6 ? !std::isnan(scores[i - from]) : !(std::abs(scores[i - from] - cosine(query, rows[i])) < 1e-6);
      CHECK(wrong == 0);
      CHECK(control.done == to - from);
    }
  TaskControl control;
  CHECK_CODE(cosines(store, std::vector<float>(9, not_a_number), 0, 700, 1, control), code::argument, "finite");
  control.cancelled = true;
  CHECK_CODE(cosines(store, query, 0, 700, 1, control), code::cancelled, "cancelled");
}

TEST_CASE("rows that the filter leaves out are no answers") {
  Search search{random_rows(900, 6, 33), random_rows(40, 6, 34), 900};
  search.filter.resize(900);
  for (size_t i = 0; i < 900; i += 3) search.filter[i] = 1;
  const SearchResult found = search.run(2);
  for (size_t q = 0; q < 40; ++q) {
    std::set<uint32_t> ids;
    for (size_t i = 0; i < 300; ++i) ids.insert(found.ids[q * 900 + i]);
    CHECK(ids.size() == 300);
    CHECK(std::all_of(ids.begin(), ids.end(), [](uint32_t id) { return id < 900 && id % 3 == 0; }));
    CHECK(found.ids[q * 900 + 300] == no_answer);
  }
}
