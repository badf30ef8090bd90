// The SearchRequest and SearchResult of binding.d.ts.
#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "search/nearest.h"

namespace w2v::node {

// A request with its own memory.
struct OwnedRequest {
  std::vector<float> queries;
  std::vector<uint32_t> exclude_offsets, exclude_ids;
  std::vector<uint8_t> filter;
  size_t top_n = 0, from = 0, to = 0;
  unsigned threads = 1;
  Precision precision = Precision::float32;

  SearchRequest view() const {
    return {queries, top_n, exclude_offsets, exclude_ids, filter, from, to, threads, precision};
  }
};

// Throws ERR_W2V_ARGUMENT where its sizes do not fit together, or not to the store.
OwnedRequest to_search_request(const Napi::Object& js, const VectorStore& store);
Napi::Value to_js(Napi::Env env, const SearchResult& found);

}  // namespace w2v::node
