#include "tasks/text_classifier.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/threads.h"

namespace w2v {

namespace {

// Blocks of documents that threads take: enough work for each, and a look at the flags in between.
constexpr size_t block_documents = 256;

// f(begin, end, thread) for blocks of `n` documents, on several threads.
template <class F>
void for_each_document_block(size_t n, unsigned threads, TaskControl& control, F&& f) {
  for_each_block((n + block_documents - 1) / block_documents, threads, [&](size_t b, unsigned thread) {
    control.check_cancelled();
    const size_t begin = b * block_documents, end = std::min(n, begin + block_documents);
    f(begin, end, thread);
    control.done += end - begin;
  });
}

template <class T>
void append(Lists<T>& to, const Lists<T>& from) {
  const uint64_t before = to.values.size();
  to.values.insert(to.values.end(), from.values.begin(), from.values.end());
  for (const uint64_t end : from.ends) to.ends.push_back(before + end);
}

// The likeliest first; of equals, the more frequent label.
bool likelier(const Prediction& a, const Prediction& b) {
  return a.probability != b.probability ? a.probability > b.probability : a.label < b.label;
}

uint32_t likeliest(std::span<const float> probabilities) {
  return static_cast<uint32_t>(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin());
}

void choose(const TextClassifier& classifier, std::span<const float> probabilities, const PredictionRules& rules,
            std::vector<Prediction>& chosen) {
  const bool any_number = classifier.loss == ClassifierLoss::one_vs_all, given = !std::isnan(rules.threshold);
  chosen.clear();
  for (uint32_t label = 0; label < probabilities.size(); ++label) {
    const float least = given ? rules.threshold : any_number ? classifier.thresholds[label] : 0.0f;
    if (probabilities[label] >= least) chosen.push_back({label, probabilities[label]});
  }
  if (chosen.empty() && !given && classifier.always_labelled) {
    const uint32_t best = likeliest(probabilities);
    chosen.push_back({best, probabilities[best]});
  }
  const size_t most = rules.top_n != 0 ? rules.top_n : any_number ? chosen.size() : 1;
  const size_t n = std::min(most, chosen.size());
  std::partial_sort(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(n), chosen.end(), likelier);
  chosen.resize(n);
}

}  // namespace

uint64_t EncodedDocuments::total_words() const { return std::accumulate(words.begin(), words.end(), uint64_t{0}); }

void NgramRows::insert(uint32_t bucket, uint32_t row) {
  if (2 * (size_ + 1) > slots_.size()) {
    const std::vector<Slot> before =
        std::exchange(slots_, std::vector<Slot>(std::max<size_t>(16, 2 * slots_.size()), Slot{0, no_word}));
    for (const Slot& slot : before)
      if (slot.row != no_word) slots_[slot_of(slot.bucket)] = slot;
  }
  slots_[slot_of(bucket)] = {bucket, row};
  ++size_;
}

// ---- documents ----

EncodedDocuments encode(const TextClassifier& classifier, const Documents& documents, std::span<const uint32_t> which,
                        unsigned threads, TaskControl& control) {
  EncodedDocuments encoded;
  std::vector<uint32_t> row_of(documents.words.size()), label_of(documents.labels.size());
  std::vector<uint64_t> hash_of(classifier.buckets == 0 ? 0 : documents.words.size());
  for (uint32_t id = 0; id < row_of.size(); ++id) {
    const uint32_t found = classifier.words.find(documents.words.word(id));
    row_of[id] = found == no_word ? no_word : found + 1;
    if (!hash_of.empty()) hash_of[id] = hash_word(documents.words.word(id));
  }
  for (uint32_t id = 0; id < label_of.size(); ++id) {
    const std::string_view label = documents.labels.word(id);
    label_of[id] = classifier.labels.find(label);
    if (label_of[id] == no_word)
      label_of[id] = static_cast<uint32_t>(classifier.labels.size()) + encoded.unseen.insert(label);
  }

  std::vector<Lists<WeightedRow>> blocks((which.size() + block_documents - 1) / block_documents);
  for_each_document_block(which.size(), threads, control, [&](size_t begin, size_t end, unsigned) {
    Lists<WeightedRow>& features = blocks[begin / block_documents];
    std::vector<uint32_t> rows;
    std::vector<uint64_t> hashes;
    for (size_t i = begin; i < end; ++i) {
      const std::span<const uint32_t> words = documents.document_words[which[i]];
      rows.assign(1, 0);
      for (const uint32_t word : words)
        if (row_of[word] != no_word) rows.push_back(row_of[word]);
      if (!hash_of.empty()) {
        hashes.clear();
        for (const uint32_t word : words) hashes.push_back(hash_of[word]);
        for_each_ngram(hashes, classifier.word_ngrams, [&](uint64_t hash) {
          const uint32_t row = classifier.ngram_rows.find(static_cast<uint32_t>(hash % classifier.buckets));
          if (row != no_word) rows.push_back(row);
        });
      }
      std::sort(rows.begin(), rows.end());
      const float share = 1.0f / static_cast<float>(rows.size());
      for (size_t r = 0; r < rows.size();) {
        const size_t first = r;
        while (r < rows.size() && rows[r] == rows[first]) ++r;
        features.values.push_back({rows[first], static_cast<float>(r - first) * share});
      }
      features.end_list();
    }
  });
  for (const Lists<WeightedRow>& block : blocks) append(encoded.features, block);
  for (const uint32_t document : which) {
    for (const uint32_t label : documents.document_labels[document]) encoded.labels.values.push_back(label_of[label]);
    encoded.labels.end_list();
    encoded.words.push_back(static_cast<uint32_t>(documents.document_words[document].size()));
  }
  return encoded;
}

// ---- probabilities ----

ClassifierScorer::ClassifierScorer(const TextClassifier& classifier)
    : classifier_(classifier),
      targets_(classifier.head.rows()),
      document_(1, classifier.dims(), "document"),
      scores_(1, classifier.head.rows(), "scores") {
  std::iota(targets_.begin(), targets_.end(), 0);
  if (classifier.loss == ClassifierLoss::hierarchical_softmax) path_products_.resize(classifier.labels.size());
  const uint64_t all =
      classifier.loss == ClassifierLoss::one_vs_all
          ? classifier.documents
          : std::accumulate(classifier.label_counts.begin(), classifier.label_counts.end(), uint64_t{0});
  for (const uint64_t count : classifier.label_counts)
    shares_.push_back(static_cast<float>(static_cast<double>(count) / static_cast<double>(std::max<uint64_t>(1, all))));
}

std::span<const float> ClassifierScorer::probabilities(std::span<const WeightedRow> features) {
  if (features.size() == 1) return shares_;
  const Kernels& k = kernels();
  const size_t stride = classifier_.features.stride();
  float* const scores = scores_.row(0);
  k.sum_rows(classifier_.features.row(0), features.data(), features.size(), stride, document_.row(0));
  k.score_targets(document_.row(0), classifier_.head.row(0), targets_.data(), targets_.size(), stride, scores);
  if (classifier_.loss == ClassifierLoss::softmax) {
    k.to_softmax(scores, targets_.size());
    return {scores, targets_.size()};
  }
  k.to_logistic(scores, targets_.size());
  if (classifier_.loss == ClassifierLoss::one_vs_all) return {scores, targets_.size()};
  for (uint32_t label = 0; label < path_products_.size(); ++label) {
    const std::span<const uint32_t> path = classifier_.tree.path(label);
    const std::span<const float> turns = classifier_.tree.path_labels(label);
    float product = 1;
    for (size_t i = 0; i < path.size(); ++i) product *= turns[i] == 1 ? scores[path[i]] : 1 - scores[path[i]];
    path_products_[label] = product;
  }
  return path_products_;
}

Lists<Prediction> predict(const TextClassifier& classifier, const EncodedDocuments& documents,
                          const PredictionRules& rules, unsigned threads, TaskControl& control) {
  std::vector<Lists<Prediction>> blocks((documents.size() + block_documents - 1) / block_documents);
  std::vector<std::optional<ClassifierScorer>> scorers(threads);
  for_each_document_block(documents.size(), threads, control, [&](size_t begin, size_t end, unsigned thread) {
    if (!scorers[thread]) scorers[thread].emplace(classifier);
    Lists<Prediction>& block = blocks[begin / block_documents];
    std::vector<Prediction> chosen;
    for (size_t i = begin; i < end; ++i) {
      choose(classifier, scorers[thread]->probabilities(documents.features[i]), rules, chosen);
      block.values.insert(block.values.end(), chosen.begin(), chosen.end());
      block.end_list();
    }
  });
  Lists<Prediction> all;
  for (const Lists<Prediction>& block : blocks) append(all, block);
  return all;
}

// ---- evaluation ----

double ClassifierEvaluation::micro_f1() const {
  uint64_t right = 0, errors = 0;
  for (const Label& label : labels) {
    right += label.right;
    errors += label.wrong + label.missed;
  }
  return right == 0 ? 0 : 2.0 * static_cast<double>(right) / static_cast<double>(2 * right + errors);
}

ClassifierEvaluation evaluate(const TextClassifier& classifier, const EncodedDocuments& documents,
                              const PredictionRules& rules, unsigned threads, TaskControl& control) {
  struct Part {
    std::optional<ClassifierScorer> scorer;
    std::vector<ClassifierEvaluation::Label> labels;
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> confusion;
    uint64_t exact = 0;
    std::vector<Prediction> chosen;
  };
  const size_t n_labels = classifier.labels.size() + documents.unseen.size();
  std::vector<Part> parts(threads);
  for_each_document_block(documents.size(), threads, control, [&](size_t begin, size_t end, unsigned thread) {
    Part& part = parts[thread];
    if (!part.scorer) part.scorer.emplace(classifier);
    part.labels.resize(n_labels);
    for (size_t i = begin; i < end; ++i) {
      const std::span<const uint32_t> actual = documents.labels[i];
      const std::span<const float> probabilities = part.scorer->probabilities(documents.features[i]);
      choose(classifier, probabilities, rules, part.chosen);
      size_t right = 0;
      for (const Prediction& prediction : part.chosen) {
        const bool is = std::find(actual.begin(), actual.end(), prediction.label) != actual.end();
        right += is;
        ++(is ? part.labels[prediction.label].right : part.labels[prediction.label].wrong);
      }
      for (const uint32_t label : actual) {
        const auto is = [label](const Prediction& prediction) { return prediction.label == label; };
        part.labels[label].missed += std::none_of(part.chosen.begin(), part.chosen.end(), is);
      }
      part.exact += right == actual.size() && right == part.chosen.size();
      if (actual.size() == 1) ++part.confusion[{actual[0], likeliest(probabilities)}];
    }
  });
  ClassifierEvaluation all;
  all.documents = documents.size();
  all.labels.resize(n_labels);
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> confusion;
  for (const Part& part : parts) {
    all.exact += part.exact;
    for (size_t label = 0; label < part.labels.size(); ++label) {
      all.labels[label].right += part.labels[label].right;
      all.labels[label].wrong += part.labels[label].wrong;
      all.labels[label].missed += part.labels[label].missed;
    }
    for (const auto& [pair, n] : part.confusion) confusion[pair] += n;
  }
  for (const auto& [pair, n] : confusion) all.confusion.push_back({pair.first, pair.second, n});
  return all;
}

// ---- thresholds ----

void tune_thresholds(TextClassifier& classifier, const EncodedDocuments& validation, unsigned threads,
                     TaskControl& control) {
  // Candidates: probabilities below this would hardly be right.
  constexpr float least = 0.01f;
  // Labels of fewer documents stay at the common threshold: what they show is chance.
  constexpr uint64_t enough_documents = 30;
  struct Candidate {
    float probability;
    bool right;
  };
  const size_t n_labels = classifier.labels.size();
  std::vector<std::vector<std::pair<uint32_t, Candidate>>> blocks((validation.size() + block_documents - 1) /
                                                                  block_documents);
  std::vector<std::optional<ClassifierScorer>> scorers(threads);
  std::atomic<uint64_t> certain_right{0}, certain{0};
  control.begin(Phase::searching, validation.size());
  for_each_document_block(validation.size(), threads, control, [&](size_t begin, size_t end, unsigned thread) {
    if (!scorers[thread]) scorers[thread].emplace(classifier);
    for (size_t i = begin; i < end; ++i) {
      const std::span<const uint32_t> actual = validation.labels[i];
      const std::span<const float> probabilities = scorers[thread]->probabilities(validation.features[i]);
      const uint32_t best = classifier.always_labelled ? likeliest(probabilities) : no_word;
      for (uint32_t label = 0; label < n_labels; ++label) {
        const bool right = std::find(actual.begin(), actual.end(), label) != actual.end();
        if (label == best) {  // whatever the thresholds
          certain_right += right;
          ++certain;
        } else if (probabilities[label] >= least) {
          blocks[begin / block_documents].push_back({label, {probabilities[label], right}});
        }
      }
    }
  });
  std::vector<std::vector<Candidate>> of_label(n_labels);
  std::vector<uint64_t> rights(n_labels);
  std::vector<Candidate> all;
  for (const auto& block : blocks)
    for (const auto& [label, candidate] : block) {
      of_label[label].push_back(candidate);
      rights[label] += candidate.right;
      all.push_back(candidate);
    }
  const auto by_probability = [](const Candidate& a, const Candidate& b) { return a.probability > b.probability; };
  const uint64_t actual_labels = validation.labels.values.size();

  // The threshold with the best micro F1 over these candidates, given what all others give: halfway between the last
  // that is in and the first that is out.
  struct Chosen {
    float threshold;
    uint64_t right, predicted;
  };
  const auto best_threshold = [&](std::vector<Candidate>& candidates, uint64_t other_right, uint64_t other_predicted) {
    std::stable_sort(candidates.begin(), candidates.end(), by_probability);
    Chosen best{1.0f, 0, 0};
    double best_f1 = -1;
    uint64_t right = 0;
    for (size_t n = 0;; ++n) {
      if (n == 0 || n == candidates.size() || candidates[n - 1].probability != candidates[n].probability) {
        const double f1 = 2.0 * static_cast<double>(other_right + right) /
                          static_cast<double>(std::max<uint64_t>(1, other_predicted + n + actual_labels));
        if (f1 > best_f1) {
          best_f1 = f1;
          const float in = n == 0 ? 1.0f : candidates[n - 1].probability;
          const float out = n == candidates.size() ? least : candidates[n].probability;
          best = {(in + out) / 2, right, n};
        }
      }
      if (n == candidates.size()) return best;
      right += candidates[n].right;
    }
  };
  const Chosen common = best_threshold(all, certain_right, certain);
  classifier.thresholds.assign(n_labels, common.threshold);

  // Each label in turn, the others as they are, until nothing changes any more.
  const auto count_from = [](const std::vector<Candidate>& candidates, float threshold) {
    Chosen counts{threshold, 0, 0};
    for (const Candidate& candidate : candidates)
      if (candidate.probability >= threshold) {
        ++counts.predicted;
        counts.right += candidate.right;
      }
    return counts;
  };
  uint64_t right = certain_right + common.right, predicted = certain + common.predicted;
  for (int round = 0; round < 10; ++round) {
    bool changed = false;
    for (size_t label = 0; label < n_labels; ++label) {
      if (rights[label] < enough_documents) continue;
      control.check_cancelled();
      const Chosen now = count_from(of_label[label], classifier.thresholds[label]);
      const Chosen better = best_threshold(of_label[label], right - now.right, predicted - now.predicted);
      if (better.right == now.right && better.predicted == now.predicted) continue;
      classifier.thresholds[label] = better.threshold;
      right += better.right - now.right;
      predicted += better.predicted - now.predicted;
      changed = true;
    }
    if (!changed) return;
  }
}

// ---- vectors ----

std::shared_ptr<const VectorStore> word_vectors(std::shared_ptr<const TextClassifier> classifier) {
  VectorStore::Parts parts;
  parts.size = classifier->words.size();
  parts.dims = classifier->dims();
  parts.rows = reinterpret_cast<const char*>(classifier->features.row(0) + classifier->features.stride());
  parts.row_pitch = classifier->features.stride() * sizeof(float);
  parts.words = classifier->words.bytes();
  parts.word_ends = classifier->words.ends();
  parts.slots = classifier->words.slots();
  parts.counts = classifier->word_counts;
  parts.owner = std::move(classifier);
  return std::make_shared<const VectorStore>(std::move(parts));
}

}  // namespace w2v
