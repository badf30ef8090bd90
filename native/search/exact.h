// Exact nearest neighbours by cosine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/task_control.h"
#include "vectors/vector_store.h"

namespace w2v {

struct SearchRequest {
  std::span<const float> queries;  // n × dims, row-major, any length: normalised inside
  size_t top_n;
  std::span<const uint32_t> exclude_offsets;  // n + 1 offsets into exclude_ids
  std::span<const uint32_t> exclude_ids;      // rows that must not answer the query
  size_t from, to;                            // rows searched: [from, to)
  unsigned threads;
};

struct SearchResult {
  std::vector<uint32_t> ids;  // n × top_n, best first, ties by index; 0xffffffff where there are fewer answers
  std::vector<float> scores;  // cosine; 0 beside 0xffffffff, for a zero row and for a zero query
};

// Reads the rows once for a block of queries. The result is the same for any number of threads; a query's scores
// may differ in the last bits between a small and a large batch, which sum in different orders. A row that is not
// finite (a training that diverged) answers no query.
// Progress counts rows read. Throws ERR_W2V_ARGUMENT for a query that is not finite, ERR_W2V_MEMORY, ERR_W2V_CANCELLED.
SearchResult search_exact(const VectorStore& store, const SearchRequest& request, TaskControl& control);

}  // namespace w2v
