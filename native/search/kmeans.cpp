#include "search/kmeans.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/rng.h"
#include "base/threads.h"
#include "kernels/kernels.h"

namespace w2v {

namespace {

constexpr size_t block_rows = 1024;

// Panels of centroids for the kernels: element d of centroid q of panel p is panels.row(p)[d · panel_queries + q].
Matrix make_panels(const Matrix& centroids) {
  const size_t dims = centroids.dims(), n = (centroids.rows() + panel_queries - 1) / panel_queries;
  Matrix panels(n, dims * panel_queries, "centroids");
  for (size_t c = 0; c < centroids.rows(); ++c)
    for (size_t d = 0; d < dims; ++d)
      panels.row(c / panel_queries)[d * panel_queries + c % panel_queries] = centroids.row(c)[d];
  return panels;
}

class Clustering {
 public:
  Clustering(const VectorStore& store, const KMeansOptions& options, TaskControl& control)
      : store_(store), options_(options), control_(control), rows_(store.size(), store.dims(), "vectors to cluster") {
    result_.classes.resize(store.size());
    result_.centroids = Matrix(options.classes, store.dims(), "centroids");
    result_.sizes.resize(options.classes);
    best_.resize(store.size());
  }

  KMeansResult run() {
    copy_rows();
    if (options_.as_word2vec)
      for (uint32_t i = 0; i < store_.size(); ++i) result_.classes[i] = i % options_.classes;
    else
      plus_plus();
    control_.begin(Phase::searching, options_.iterations);
    for (uint32_t i = 0; i < options_.iterations; ++i) {
      if (options_.as_word2vec || i > 0) move_centroids();
      const bool changed = assign();
      control_.done = ++result_.iterations;
      if (!changed && !options_.as_word2vec) break;
    }
    finish();
    return std::move(result_);
  }

 private:
  template <class F>
  void for_each_row_block(F&& f) {
    for_each_block((store_.size() + block_rows - 1) / block_rows, options_.threads, [&](size_t block, unsigned) {
      control_.check_cancelled();
      f(block * block_rows, std::min(store_.size(), (block + 1) * block_rows));
    });
  }

  void copy_rows() {
    store_.check_unchanged();
    for_each_row_block([&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        float* row = rows_.row(i);
        store_.copy_row(i, row);
        const double length = norm(row, store_.dims());
        const bool finite = std::isfinite(length);
        for (size_t d = 0; d < store_.dims(); ++d) {
          if (!finite)
            row[d] = 0;
          else if (!options_.as_word2vec && length > 0)
            row[d] = static_cast<float>(row[d] / length);
        }
      }
    });
  }

  // word2vec.c's sums are of floats, word after word; so are these, so that its classes come out.
  void move_centroids() {
    const size_t dims = store_.dims();
    Matrix& centroids = result_.centroids;
    std::vector<uint32_t> members(options_.classes, 0);
    for (const uint32_t c : result_.classes) ++members[c];
    for_each_block(options_.classes, options_.threads,
                   [&](size_t c, unsigned) { std::fill_n(centroids.row(c), dims, 0.0f); });
    // Each thread adds up classes of its own.
    run_threads(options_.threads, [&](unsigned thread) {
      for (size_t i = 0; i < store_.size(); ++i) {
        const uint32_t c = result_.classes[i];
        if (c % options_.threads != thread) continue;
        float* centroid = centroids.row(c);
        const float* row = rows_.row(i);
        for (size_t d = 0; d < dims; ++d) centroid[d] += row[d];
      }
    });
    for (uint32_t c = 0; c < options_.classes; ++c) {
      float* centroid = centroids.row(c);
      if (members[c] == 0 && !options_.as_word2vec) {
        std::copy_n(rows_.row(farthest()), dims, centroid);
        continue;
      }
      float squares = 0;
      const float share = options_.as_word2vec ? static_cast<float>(members[c] + 1) : 1.0f;
      for (size_t d = 0; d < dims; ++d) {
        centroid[d] /= share;
        squares += centroid[d] * centroid[d];
      }
      const float length = std::sqrt(squares);
      if (length > 0)
        for (size_t d = 0; d < dims; ++d) centroid[d] /= length;
    }
  }

  // The row that is least like its centroid, for a class that has become empty; another one each time.
  size_t farthest() {
    const size_t row = static_cast<size_t>(std::min_element(best_.begin(), best_.end()) - best_.begin());
    best_[row] = 1;
    return row;
  }

  // Whether a row has another class than before.
  bool assign() {
    const Matrix panels = make_panels(result_.centroids);
    std::atomic<bool> changed{false};
    for_each_row_block([&](size_t begin, size_t end) {
      std::vector<const char*> pointers;
      for (size_t i = begin; i < end; ++i) pointers.push_back(reinterpret_cast<const char*>(rows_.row(i)));
      std::vector<float> scores((end - begin) * panel_queries), best(end - begin);
      std::vector<uint32_t> classes(end - begin);
      for (size_t p = 0; p < panels.rows(); ++p) {
        kernels().scan_panel(panels.row(p), pointers.data(), pointers.size(), store_.dims(), scores.data());
        const size_t first = p * panel_queries, n = std::min<size_t>(panel_queries, options_.classes - first);
        for (size_t r = 0; r < pointers.size(); ++r)
          for (size_t q = 0; q < n; ++q)
            if (first + q == 0 || scores[r * panel_queries + q] > best[r]) {
              best[r] = scores[r * panel_queries + q];
              classes[r] = static_cast<uint32_t>(first + q);
            }
      }
      bool other = false;
      for (size_t r = 0; r < pointers.size(); ++r) {
        other |= result_.classes[begin + r] != classes[r];
        result_.classes[begin + r] = classes[r];
        best_[begin + r] = best[r];
      }
      if (other) changed = true;
    });
    return changed;
  }

  // Each centroid is a row, drawn in proportion to its squared distance, 2 − 2 cos, from the nearest one before.
  void plus_plus() {
    const size_t words = store_.size(), dims = store_.dims();
    SplitMix random(options_.seed);
    std::vector<float> distance(words, 2.0f);
    control_.begin(Phase::searching, options_.classes);
    for (uint32_t c = 0; c < options_.classes; ++c) {
      double total = 0;
      for (const float each : distance) total += each;
      double left = static_cast<double>(random.next() >> 11) * 0x1p-53 * total;
      size_t chosen = 0;
      while (chosen + 1 < words && (left -= distance[chosen]) >= 0) ++chosen;
      std::copy_n(rows_.row(chosen), dims, result_.centroids.row(c));
      const float* centroid = result_.centroids.row(c);
      for_each_row_block([&](size_t begin, size_t end) {
        std::vector<const char*> pointers;
        for (size_t i = begin; i < end; ++i) pointers.push_back(reinterpret_cast<const char*>(rows_.row(i)));
        std::vector<float> scores(pointers.size());
        kernels().scan(centroid, pointers.data(), pointers.size(), dims, scores.data());
        for (size_t i = begin; i < end; ++i)
          distance[i] = std::min(distance[i], std::max(0.0f, 2 - 2 * scores[i - begin]));
      });
      distance[chosen] = 0;
      control_.done = c + 1;
    }
  }

  void finish() {
    double cosines = 0;
    uint64_t counted = 0;
    for (size_t i = 0; i < store_.size(); ++i) {
      ++result_.sizes[result_.classes[i]];
      const double length = norm(rows_.row(i), store_.dims());
      if (length == 0) continue;
      cosines += best_[i] / length;
      ++counted;
    }
    result_.mean_cosine = counted == 0 ? 0 : cosines / static_cast<double>(counted);
  }

  const VectorStore& store_;
  const KMeansOptions& options_;
  TaskControl& control_;
  Matrix rows_;
  std::vector<float> best_;  // [V] with the centroid of its class
  KMeansResult result_;
};

}  // namespace

KMeansResult cluster(const VectorStore& store, const KMeansOptions& options, TaskControl& control) {
  return Clustering(store, options, control).run();
}

}  // namespace w2v
