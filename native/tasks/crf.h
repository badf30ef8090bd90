// The sentence level of a tagger: a linear chain of tags. Collobert et al. 2011 (Natural Language Processing (Almost)
// from Scratch, JMLR 12, section 3.3.2); as a conditional random field, Lafferty, McCallum, Pereira 2001.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/matrix.h"

namespace w2v {

// The score of a sequence of tags is the sum of what each token says of its tag (emissions) and of each step from tag
// to tag (transitions), of the first tag and of the last.
class Crf {
 public:
  Crf() = default;
  // All zeros. Throws ERR_W2V_MEMORY.
  explicit Crf(size_t tags);

  size_t tags() const { return tags_; }
  // tags + 2 rows of `tags` floats: row a, column b: the step from a to b; then the scores of first and of last tags.
  Matrix& scores() { return scores_; }
  const Matrix& scores() const { return scores_; }

  // What a call needs to compute in; reused from call to call, by one thread.
  struct Workspace {
    std::vector<double> forward, backward, exponentials, weights;
    std::vector<float> best;
    // The gradient of the log-likelihood, laid out as `scores` (but rows are `tags` apart).
    std::vector<double> gradient;
  };

  // log p of the right tags of n > 0 tokens; its gradient over the emissions replaces them (n rows, `stride` floats
  // apart), that over the scores goes to workspace.gradient. Not finite where scores are beyond what double holds.
  double learn(float* emissions, size_t stride, const uint32_t* right, size_t n, Workspace& workspace) const;

  // scores += rate · gradient.
  void step(const Workspace& workspace, float rate);

  // The likeliest tags (Viterbi); of equal ones those of lower numbers. Any numbers will do, NaN too.
  void decode(const float* emissions, size_t stride, size_t n, uint32_t* tags, Workspace& workspace) const;

 private:
  size_t tags_ = 0;
  Matrix scores_;
};

}  // namespace w2v
