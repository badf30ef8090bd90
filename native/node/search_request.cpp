#include "node/search_request.h"

#include <algorithm>

#include "base/error.h"
#include "node/convert.h"

namespace w2v::node {

OwnedRequest to_search_request(const Napi::Object& js, const VectorStore& store) {
  const auto whole = [&](const char* name) {
    return static_cast<size_t>(js.Get(name).As<Napi::Number>().Int64Value());
  };
  OwnedRequest request;
  request.top_n = whole("topN");
  request.from = whole("from");
  request.to = whole("to");
  request.threads = static_cast<unsigned>(whole("threads"));
  if (js.Get("precision").IsString()) request.precision = to_precision(js.Get("precision"));
  request.queries = to_floats(js.Get("queries"));
  request.exclude_offsets = to_ids(js.Get("excludeOffsets"));
  request.exclude_ids = to_ids(js.Get("excludeIds"));
  if (js.Get("filter").IsTypedArray()) {
    const Napi::Uint8Array mask = js.Get("filter").As<Napi::Uint8Array>();
    request.filter.assign(mask.Data(), mask.Data() + mask.ElementLength());
  }
  const size_t n = store.dims() == 0 ? 0 : request.queries.size() / store.dims();
  const std::vector<uint32_t>& offsets = request.exclude_offsets;
  if (request.queries.size() != n * store.dims() || offsets.size() != n + 1 ||
      offsets.back() != request.exclude_ids.size() || !std::is_sorted(offsets.begin(), offsets.end()) ||
      request.from > request.to || request.to > store.size() || request.threads == 0 ||
      (!request.filter.empty() && request.filter.size() != store.size()))
    throw Error(code::argument, "search: the sizes of queries, exclusions, filter and range do not fit together");
  return request;
}

Napi::Value to_js(Napi::Env env, const SearchResult& found) {
  Napi::Object result = Napi::Object::New(env);
  result["ids"] = to_typed_array<Napi::Uint32Array>(env, std::span(found.ids));
  result["scores"] = to_typed_array<Napi::Float32Array>(env, std::span(found.scores));
  return result;
}

}  // namespace w2v::node
