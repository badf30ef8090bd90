// Many texts as bags of words that have vectors: their vectors, and the nearest of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/task_control.h"
#include "corpus/text.h"
#include "search/nearest.h"
#include "search/word_movers.h"
#include "vectors/vector_store.h"

namespace w2v {

// Texts are read once, one after the other; afterwards they are immutable and safe to use from several threads. Words
// that the store does not have are left out: a text may be empty.
class Texts {
 public:
  explicit Texts(std::shared_ptr<const VectorStore> store) : store_(std::move(store)) {}

  // The next bytes of a source: a sentence of it is a text. Throws as TextPieces.
  void append(std::string_view bytes, Framing framing, const std::string& name);
  void end_source();

  const VectorStore& store() const { return *store_; }
  size_t size() const { return ends_.size(); }
  // By ascending row.
  std::span<const TextWord> words(size_t text) const {
    const size_t begin = text == 0 ? 0 : ends_[text - 1];
    return std::span(words_).subspan(begin, ends_[text] - begin);
  }
  // Words read, those without a vector included.
  uint64_t words_read() const { return words_read_; }

 private:
  void read(std::string_view bytes, Framing framing, const Place& place);
  void end_text();

  std::shared_ptr<const VectorStore> store_;
  TextPieces pieces_;
  std::vector<uint32_t> open_;  // rows of the text that is being read
  bool is_open_ = false;
  std::vector<TextWord> words_;
  std::vector<size_t> ends_;
  uint64_t words_read_ = 0;
};

// What a word counts in a text's vector.
enum class TextWeighting {
  mean,  // 1
  idf,   // ln((1 + n) / (1 + df)) + 1, for a word that df of the n texts have
  sif,   // a / (a + p), for a word that is p of all words: those that the store has counted, else those of the texts
};

// One for each row of the store. Smooth inverse frequency: Arora, Liang, Ma 2017 (openreview.net/forum?id=SyK00v5xx).
std::vector<float> word_weights(const Texts& texts, TextWeighting weighting, double a);

// Σ count · weight · vector of the words of each text, divided by its number of words, or by the sum of count · weight
// with `by_weight`; less its part along each of the components, which are orthonormal rows. Into `rows`, texts.size() ×
// dims; zeros for an empty text. Progress: texts. Throws ERR_W2V_CANCELLED.
void text_vectors(const Texts& texts, std::span<const float> weights, bool by_weight, std::span<const float> components,
                  unsigned threads, std::span<float> rows, TaskControl& control);

// The first `count` right singular vectors of the rows, uncentred: the directions that they have most in common. By
// power iteration on the matrix of products of columns, in double; the same for any number of threads. Fewer where the
// rows span fewer dimensions. Throws ERR_W2V_CANCELLED.
std::vector<float> common_components(std::span<const float> rows, size_t dims, size_t count, unsigned threads,
                                     TaskControl& control);

// Soft cosine (Sidorov, Gelbukh, Gómez-Adorno, Pinto 2014): the cosine of two bags of words, count · weight each, where
// words that are not the same have a product too, max(0, cosine of their vectors)²: as gensim's. The length of each
// text: √(b' S b). Progress: texts. Throws ERR_W2V_CANCELLED.
std::vector<double> soft_lengths(const Texts& texts, std::span<const float> weights, unsigned threads,
                                 TaskControl& control);

struct TextSearchRequest {
  size_t top_n;
  std::span<const uint8_t> filter;  // one per text, 0: never an answer; empty: no filter
  unsigned threads;
};

// The texts nearest to each of the queries by soft cosine, the highest first. Empty texts are no answers, and get none.
SearchResult search_soft_cosine(const Texts& texts, std::span<const double> lengths, const Texts& queries,
                                std::span<const float> weights, const TextSearchRequest& request, TaskControl& control);

// The texts nearest to each of the queries by Word Mover's Distance, the least first, exactly. Kusner et al. 2015,
// prefetch and prune: in the order of a lower bound, exact distances are computed only until the bound is above the
// worst answer so far. The bound is not the distance of centroids but the relaxed distance, which is nearer to the
// exact one: for all texts at once it takes one look at each of their words (Atasu et al. 2017, arXiv:1711.07227).
SearchResult search_word_movers(const Texts& texts, const Texts& queries, bool unit_length,
                                const TextSearchRequest& request, TaskControl& control);

}  // namespace w2v
