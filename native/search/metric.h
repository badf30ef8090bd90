// Nearest neighbours by other measures than the cosine.
#pragma once

#include "search/nearest.h"

namespace w2v {

enum class Metric { dot, euclidean };

// The rows with the highest inner product with each query, as it is, or at the least Euclidean distance: scores are
// those, the best first, ties by index. All rows are looked at as floats; the best of them, and some more, are compared
// again in double. A row that is not finite answers no query. Precision of the request: float32 only. Result, progress
// and errors as search_nearest().
SearchResult search_by_metric(const VectorStore& store, const SearchRequest& request, Metric metric,
                              TaskControl& control);

}  // namespace w2v
