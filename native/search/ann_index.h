// Approximate nearest neighbours: an HNSW graph (Malkov and Yashunin 2018, arXiv:1603.09320) over rows of int8.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/task_control.h"
#include "search/nearest.h"
#include "vectors/vector_store.h"

namespace w2v {

struct AnnOptions {
  size_t connectivity = 16;  // neighbours of a word in the graph; twice as many in its lowest level
  size_t expansion = 128;    // candidates looked at while a word finds its place
  unsigned threads = 1;
};

// The graph of one store, which it keeps. It chooses candidates by the cosine of int8 rows; they are compared with the
// store's own rows then. Immutable; searches from several threads at once share a few places and wait for a free one.
class AnnIndex {
 public:
  // Several threads: the graph differs a little from time to time. Rows that are zeros or not finite are left out.
  // Progress counts words. Throws ERR_W2V_MEMORY, ERR_W2V_CANCELLED, ERR_W2V_INDEX where this build has no graphs.
  static std::shared_ptr<const AnnIndex> build(std::shared_ptr<const VectorStore> store, const AnnOptions& options,
                                               TaskControl& control);

  // Maps what save() wrote (docs/format.md). Throws ERR_W2V_FILE_*, ERR_W2V_VECTOR_FORMAT and ERR_W2V_VECTOR_TRUNCATED
  // for other or damaged files, ERR_W2V_INDEX for the index of other vectors.
  static std::shared_ptr<const AnnIndex> open(const std::string& path, std::shared_ptr<const VectorStore> store,
                                              TaskControl& control);

  // Atomic. Throws ERR_W2V_FILE_WRITE, ERR_W2V_CANCELLED.
  void save(const std::string& path, TaskControl& control) const;

  // As search_nearest(), but for neighbours that the graph does not lead to. `expansion` candidates are looked at for
  // each query, or as many as the answers need. Progress counts queries.
  SearchResult search(const SearchRequest& request, size_t expansion, TaskControl& control) const;

  ~AnnIndex();
  AnnIndex(const AnnIndex&) = delete;
  AnnIndex& operator=(const AnnIndex&) = delete;
  size_t size() const;  // words in the graph

 private:
  struct Graph;
  explicit AnnIndex(std::unique_ptr<Graph> graph);
  std::unique_ptr<Graph> graph_;
};

}  // namespace w2v
