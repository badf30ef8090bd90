#include "vectors/vector_store.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/threads.h"

namespace w2v {

namespace {

float inverse_norm(double norm) {
  if (norm == 0) return 0;
  if (!(norm > 0x1p-60 && norm < 0x1p60)) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>(1 / norm);
}

}  // namespace

VectorStore::VectorStore(WordIndex words, Matrix rows, std::vector<uint64_t> counts)
    : words_(std::move(words)), rows_(std::move(rows)), counts_(std::move(counts)) {
  if (rows_.rows() < words_.size() || (!counts_.empty() && counts_.size() != words_.size()))
    throw Error(code::internal, "A vector store of " + std::to_string(words_.size()) + " words was given " +
                                    std::to_string(rows_.rows()) + " rows and " + std::to_string(counts_.size()) +
                                    " counts");
}

const std::vector<float>& VectorStore::inverse_norms() const {
  std::call_once(norms_once_, [this] {
    constexpr size_t block_rows = 1024;
    std::vector<float> inverse(size());
    for_each_block((size() + block_rows - 1) / block_rows, processors(), [&](size_t block, unsigned) {
      const size_t end = std::min(size(), (block + 1) * block_rows);
      for (size_t i = block * block_rows; i < end; ++i) inverse[i] = inverse_norm(norm(row(i), dims()));
    });
    inverse_norms_ = std::move(inverse);
  });
  return inverse_norms_;
}

double norm(const float* row, size_t dims) {
  double sums[8] = {};  // eight, so that the additions do not wait for each other
  for (size_t d = 0; d < dims; ++d) sums[d % 8] += static_cast<double>(row[d]) * row[d];
  return std::sqrt(((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])));
}

}  // namespace w2v
