#include "tasks/crf.h"

#include <algorithm>
#include <cmath>

namespace w2v {

Crf::Crf(size_t tags) : tags_(tags), scores_(tags + 2, tags, "transitions") {}

double Crf::learn(float* emissions, size_t stride, const uint32_t* right, size_t n, Workspace& workspace) const {
  const size_t k = tags_;
  const float* const first = scores_.row(k);
  const float* const last = scores_.row(k + 1);
  auto& [forward, backward, exponentials, weights, best, gradient] = workspace;
  forward.resize(n * k);
  backward.resize(n * k);
  exponentials.resize(n * k);
  weights.resize(k * k);
  gradient.assign((k + 2) * k, 0.0);

  // Exponentials relative to the best of each token and each step; forward and backward sums are scaled at each token
  // (Rabiner 1989): the products of a long sentence stay within double.
  double log_z = 0;
  for (size_t t = 0; t < n; ++t) {
    const float* e = emissions + t * stride;
    const float most = *std::max_element(e, e + k);
    log_z += most;
    for (size_t j = 0; j < k; ++j) exponentials[t * k + j] = std::exp(static_cast<double>(e[j]) - most);
  }
  double most_step = scores_.row(0)[0];
  for (size_t i = 0; i < k; ++i)
    most_step = std::max<double>(most_step, *std::max_element(scores_.row(i), scores_.row(i) + k));
  for (size_t i = 0; i < k; ++i)
    for (size_t j = 0; j < k; ++j) weights[i * k + j] = std::exp(scores_.row(i)[j] - most_step);
  log_z += most_step * static_cast<double>(n - 1);

  const auto scale = [k](double* row) {
    double sum = 0;
    for (size_t j = 0; j < k; ++j) sum += row[j];
    for (size_t j = 0; j < k; ++j) row[j] /= sum;
    return std::log(sum);
  };
  for (size_t j = 0; j < k; ++j) forward[j] = std::exp(static_cast<double>(first[j])) * exponentials[j];
  log_z += scale(forward.data());
  for (size_t t = 1; t < n; ++t) {
    const double* before = &forward[(t - 1) * k];
    double* now = &forward[t * k];
    std::fill(now, now + k, 0.0);
    for (size_t i = 0; i < k; ++i)
      for (size_t j = 0; j < k; ++j) now[j] += before[i] * weights[i * k + j];
    for (size_t j = 0; j < k; ++j) now[j] *= exponentials[t * k + j];
    log_z += scale(now);
  }
  double end = 0;
  for (size_t j = 0; j < k; ++j) {
    const double weight = std::exp(static_cast<double>(last[j]));
    end += forward[(n - 1) * k + j] * weight;
    backward[(n - 1) * k + j] = weight;
  }
  log_z += std::log(end);
  scale(&backward[(n - 1) * k]);
  for (size_t t = n - 1; t-- > 0;) {
    double* after = &exponentials[(t + 1) * k];  // from here on: with what follows
    for (size_t j = 0; j < k; ++j) after[j] *= backward[(t + 1) * k + j];
    double* now = &backward[t * k];
    for (size_t i = 0; i < k; ++i) {
      double sum = 0;
      for (size_t j = 0; j < k; ++j) sum += weights[i * k + j] * after[j];
      now[i] = sum;
    }
    scale(now);
  }

  // Gradient: what is right less what is expected.
  double log_right = 0;
  for (size_t t = 0; t < n; ++t) {
    float* e = emissions + t * stride;
    log_right += e[right[t]] + (t == 0 ? first[right[0]] : scores_.row(right[t - 1])[right[t]]);
    double total = 0;
    for (size_t j = 0; j < k; ++j) total += forward[t * k + j] * backward[t * k + j];
    for (size_t j = 0; j < k; ++j) {
      const double expected = forward[t * k + j] * backward[t * k + j] / total;
      const double difference = (j == right[t] ? 1.0 : 0.0) - expected;
      e[j] = static_cast<float>(difference);
      if (t == 0) gradient[k * k + j] = difference;
      if (t == n - 1) gradient[(k + 1) * k + j] = difference;
    }
    if (t == 0) continue;
    const double* before = &forward[(t - 1) * k];
    const double* after = &exponentials[t * k];
    double all = 0;
    for (size_t i = 0; i < k; ++i) {
      double sum = 0;
      for (size_t j = 0; j < k; ++j) sum += weights[i * k + j] * after[j];
      all += before[i] * sum;
    }
    for (size_t i = 0; i < k; ++i) {
      const double share = before[i] / all;
      for (size_t j = 0; j < k; ++j) gradient[i * k + j] -= share * weights[i * k + j] * after[j];
    }
    gradient[right[t - 1] * k + right[t]] += 1;
  }
  return log_right + last[right[n - 1]] - log_z;
}

void Crf::step(const Workspace& workspace, float rate) {
  for (size_t i = 0; i < tags_ + 2; ++i)
    for (size_t j = 0; j < tags_; ++j)
      scores_.row(i)[j] += rate * static_cast<float>(workspace.gradient[i * tags_ + j]);
}

void Crf::decode(const float* emissions, size_t stride, size_t n, uint32_t* tags, Workspace& workspace) const {
  if (n == 0) return;
  const size_t k = tags_;
  std::vector<float>& best = workspace.best;
  best.resize(n * k);
  for (size_t j = 0; j < k; ++j) best[j] = scores_.row(k)[j] + emissions[j];
  for (size_t t = 1; t < n; ++t) {
    const float* before = &best[(t - 1) * k];
    float* now = &best[t * k];
    for (size_t j = 0; j < k; ++j) now[j] = before[0] + scores_.row(0)[j];
    for (size_t i = 1; i < k; ++i) {
      const float* step = scores_.row(i);
      const float from = before[i];
      for (size_t j = 0; j < k; ++j) {
        const float score = from + step[j];
        now[j] = now[j] < score ? score : now[j];
      }
    }
    for (size_t j = 0; j < k; ++j) now[j] += emissions[t * stride + j];
  }
  // Which step was the best is asked of the tags on the path only.
  const auto best_of = [k](auto&& score) {
    size_t found = 0;
    for (size_t i = 1; i < k; ++i)
      if (score(found) < score(i)) found = i;
    return static_cast<uint32_t>(found);
  };
  tags[n - 1] = best_of([&](size_t j) { return best[(n - 1) * k + j] + scores_.row(k + 1)[j]; });
  for (size_t t = n - 1; t-- > 0;)
    tags[t] = best_of([&](size_t i) { return best[t * k + i] + scores_.row(i)[tags[t + 1]]; });
}

}  // namespace w2v
