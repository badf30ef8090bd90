// Nearest neighbours by cosine: all rows are looked at.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/task_control.h"
#include "search/top_answers.h"
#include "vectors/vector_store.h"

namespace w2v {

struct SearchRequest {
  std::span<const float> queries;  // n × dims, row-major, any length: normalised inside
  size_t top_n;
  std::span<const uint32_t> exclude_offsets;  // n + 1 offsets into exclude_ids
  std::span<const uint32_t> exclude_ids;      // rows that must not answer the query
  std::span<const uint8_t> filter;            // one per row of the store, 0: never an answer; empty: no filter
  size_t from, to;                            // rows searched: [from, to)
  unsigned threads;
  // The rows that are looked at. With fewer bits than the store has, they choose candidates, which are then compared as
  // with the store's own precision.
  Precision precision = Precision::float32;
};

struct SearchResult {
  std::vector<uint32_t> ids;  // n × top_n, best first, ties by index; 0xffffffff where there are fewer answers
  std::vector<float> scores;  // cosine; 0 beside 0xffffffff, for a zero row and for a zero query
};

// How many candidates int8 or bfloat16 rows choose for so many answers.
inline constexpr size_t candidates_for(size_t answers) { return 2 * answers + 30; }

// Reads the rows once for a block of queries. The result is the same for any number of threads; a query's scores
// may differ in the last bits between a small and a large batch, which sum in different orders. A row that is not
// finite (a training that diverged) answers no query.
// Progress counts rows read. Throws ERR_W2V_ARGUMENT for a query that is not finite, ERR_W2V_MEMORY, ERR_W2V_CANCELLED.
SearchResult search_nearest(const VectorStore& store, const SearchRequest& request, TaskControl& control);

// Throws ERR_W2V_ARGUMENT for a query that is not finite.
void check_finite_queries(std::span<const float> queries, size_t dims);

// Gives answers the scores that search_nearest() with the store's own rows gives them, and sorts them. `query` has dims
// values of any length.
void compare_exactly(const VectorStore& store, std::span<const float> query, std::vector<Answer>& answers);

// The best rows by 3CosMul (Levy and Goldberg 2014, aclanthology.org/W14-1618) in gensim's form: with similarities (1 +
// cosine) / 2, the product over the first `positives` queries divided by the product over the others plus 10⁻⁶. The
// request's queries are one question: its exclusions are those of the first query. Result, progress and errors as
// search_nearest().
SearchResult search_cosmul(const VectorStore& store, const SearchRequest& request, size_t positives,
                           TaskControl& control);

// The cosine of one query with each row of [from, to); 0 for a zero row or query, NaN for a row that is not finite.
// Throws as search_nearest().
std::vector<float> cosines(const VectorStore& store, std::span<const float> query, size_t from, size_t to,
                           unsigned threads, TaskControl& control);

}  // namespace w2v
