// Vectors for words that no one has seen: fastText's (Bojanowski et al. 2017, arXiv:1607.04606).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace w2v {

// A word is made of its character n-grams, each with a row of its own by hash: a view of the rows. Immutable.
class SubwordVectors {
 public:
  // `buckets` rows of `dims` floats, of any alignment, from `rows` on, which `owner` keeps there.
  SubwordVectors(std::shared_ptr<const void> owner, const char* rows, uint64_t buckets, size_t dims, int shortest,
                 int longest)
      : owner_(std::move(owner)), rows_(rows), buckets_(buckets), dims_(dims), shortest_(shortest), longest_(longest) {}

  // Adds the rows of the word's n-grams to `sum` and returns how many they are; 0 for `</s>` and words too short for
  // any.
  size_t add_rows(std::string_view word, std::vector<double>& sum) const;

  // The mean of its n-grams; false where it has none.
  bool vector_of(std::string_view word, float* to) const;

 private:
  std::shared_ptr<const void> owner_;
  const char* rows_;
  uint64_t buckets_;
  size_t dims_;
  int shortest_, longest_;  // in characters
};

}  // namespace w2v
