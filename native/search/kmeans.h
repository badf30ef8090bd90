// Classes of words by k-means.
#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.h"
#include "base/task_control.h"
#include "vectors/vector_store.h"

namespace w2v {

struct KMeansOptions {
  uint32_t classes = 0;  // at least 1, at most as many as words
  // word2vec.c's: word i begins in class i mod classes, vectors count with their lengths, and it always goes through
  // all iterations. Else k-means++ (Arthur, Vassilvitskii 2007), vectors at unit length, to where nothing changes.
  bool as_word2vec = false;
  uint32_t iterations = 100;  // at most; word2vec.c: 10
  uint64_t seed = 1;
  unsigned threads = 1;
};

struct KMeansResult {
  std::vector<uint32_t> classes;  // [V]
  Matrix centroids;               // [classes × D], at unit length
  std::vector<uint32_t> sizes;    // [classes]
  double mean_cosine = 0;         // of words with their centroids; 0 rows and rows that are not finite left out
  uint32_t iterations = 0;
};

// Each word belongs to the centroid with the highest cosine. Rows that are not finite are taken as zeros, which belong
// to class 0. The result does not depend on the number of threads. Throws ERR_W2V_CANCELLED, ERR_W2V_MEMORY. Progress:
// iterations.
KMeansResult cluster(const VectorStore& store, const KMeansOptions& options, TaskControl& control);

}  // namespace w2v
