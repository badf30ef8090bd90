#include "train/predict.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/kernels.h"
#include "train/loss.h"

namespace w2v {

namespace {

constexpr size_t block_words = 4096;

double log_sigmoid(double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x))); }

// The dot product of `query` with each row of [first, first + n) of the targets.
std::vector<float> target_scores(const Model& model, const float* query, size_t first, size_t n,
                                 const TrainingOptions& options, TaskControl& control) {
  std::vector<float> scores(n);
  for_each_block((n + block_words - 1) / block_words, options.threads, [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t begin = block * block_words, end = std::min(n, begin + block_words);
    std::vector<const char*> rows;
    for (size_t i = begin; i < end; ++i) rows.push_back(reinterpret_cast<const char*>(model.targets.row(first + i)));
    kernels().scan(query, rows.data(), rows.size(), model.targets.stride(), scores.data() + begin);
  });
  return scores;
}

}  // namespace

std::vector<PredictedWord> predict_center(const Model& model, std::span<const uint32_t> context,
                                          const TrainingOptions& options, size_t top_n, TaskControl& control) {
  const size_t words = model.vocabulary->size(), stride = model.input.stride();
  Matrix query(1, model.input.dims(), "query");
  for (const uint32_t word : context)
    for (size_t d = 0; d < stride; ++d) query.row(0)[d] += model.input.row(word)[d];
  if (options.cbow_mean)
    for (size_t d = 0; d < stride; ++d) query.row(0)[d] /= static_cast<float>(std::max<size_t>(1, context.size()));

  std::vector<double> log_probability(words);
  if (model.target_rows.outputs > 0) {
    const std::vector<float> scores = target_scores(model, query.row(0), 0, words, options, control);
    const double highest = *std::max_element(scores.begin() + 1, scores.end());
    double total = 0;
    for (size_t w = 1; w < words; ++w) total += std::exp(scores[w] - highest);
    for (size_t w = 0; w < words; ++w) log_probability[w] = scores[w] - highest - std::log(total);
  } else {
    const std::vector<float> scores = target_scores(model, query.row(0), 0, model.target_rows.nodes, options, control);
    for (uint32_t w = 0; w < words; ++w) {
      const auto path = model.huffman.path(w);
      const auto labels = model.huffman.path_labels(w);
      for (size_t n = 0; n < path.size(); ++n)
        log_probability[w] += log_sigmoid(labels[n] > 0.5f ? scores[path[n]] : -double{scores[path[n]]});
    }
  }

  std::vector<uint32_t> order(words - 1);
  for (uint32_t w = 1; w < words; ++w) order[w - 1] = w;
  top_n = std::min(top_n, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top_n), order.end(),
                    [&](uint32_t a, uint32_t b) {
                      return log_probability[a] != log_probability[b] ? log_probability[a] > log_probability[b] : a < b;
                    });
  std::vector<PredictedWord> answers;
  for (size_t i = 0; i < top_n; ++i) answers.push_back({order[i], std::exp(log_probability[order[i]])});
  return answers;
}

std::vector<double> score_sentences(const Model& model, const EncodedCorpus& text, const TrainingOptions& options,
                                    TaskControl& control) {
  // Sentences may go on from segment to segment.
  std::vector<uint32_t> ids;
  std::vector<size_t> ends;
  for (const auto segment : text.segments)
    for (const uint32_t id : segment) {
      if (id != 0)
        ids.push_back(id);
      else
        ends.push_back(ids.size());
    }
  control.begin(Phase::training, text.size);
  std::vector<double> scores(ends.size());
  const UpdateTables tables = tables_of(model, options);
  constexpr size_t block_sentences = 64;
  for_each_block((ends.size() + block_sentences - 1) / block_sentences, options.threads, [&](size_t block, unsigned) {
    control.check_cancelled();
    LossMeter meter(tables);
    std::vector<uint32_t> context;
    for (size_t s = block * block_sentences; s < std::min(ends.size(), (block + 1) * block_sentences); ++s) {
      const size_t first = s == 0 ? 0 : ends[s - 1];
      const std::span<const uint32_t> sentence(ids.data() + first, ends[s] - first);
      for (size_t at = 0; at < sentence.size(); ++at) {
        const size_t begin = at - std::min<size_t>(at, options.window);
        const size_t end = std::min(sentence.size(), at + options.window + 1);
        context.clear();
        for (size_t c = begin; c < end; ++c)
          if (c != at) context.push_back(sentence[c]);
        if (context.empty()) continue;
        const auto path = model.huffman.path(sentence[at]);
        const auto labels = model.huffman.path_labels(sentence[at]);
        const auto nodes = static_cast<uint32_t>(path.size());
        scores[s] -= meter.loss(
            {context.data(), path.data(), labels.data(), static_cast<uint32_t>(context.size()), nodes, nodes, 0});
      }
      control.done += sentence.size() + 1;
    }
  });
  return scores;
}

}  // namespace w2v
