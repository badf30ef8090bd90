#include "tasks/text_classifier_training.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/error.h"
#include "base/prefetch.h"
#include "base/rng.h"
#include "base/threads.h"
#include "model/model.h"

namespace w2v {

namespace {

constexpr uint64_t documents_between_losses = 16;
// Documents after which a thread tells its progress, looks at the flags, and takes its rate from the schedule.
constexpr uint64_t documents_between_looks = 32;
// Documents after which threads exchange what they changed of the head: every step writes to all of it, and with one
// head for all the caches of the processors would do nothing but hand it to and fro.
constexpr uint64_t documents_between_exchanges = 64;
constexpr size_t rows_ahead = 32;  // of the next document, that are asked for while this one is computed

struct Losses {
  double sum = 0;
  uint64_t samples = 0;
};

double negative_log(float p) { return -std::log(std::max(static_cast<double>(p), 1e-30)); }

void shuffle(std::vector<uint32_t>& order, uint64_t seed) {
  SplitMix random(seed);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[(random.next() >> 32) * i >> 32]);
}

// ---- which documents, words and labels there are ----

struct Split {
  std::vector<uint32_t> training, validation;
};

// Draws the documents for validation; a label keeps one for training at least.
Split split(const Documents& documents, const ClassifierOptions& options) {
  Split parts;
  std::vector<uint32_t> order(documents.size());
  std::iota(order.begin(), order.end(), 0);
  size_t wanted = static_cast<size_t>(options.validation * static_cast<double>(order.size()));
  if (wanted == 0) return {std::move(order), {}};
  shuffle(order, options.seed);
  std::vector<uint64_t> left = documents.label_counts;
  for (const uint32_t document : order) {
    const std::span<const uint32_t> labels = documents.document_labels[document];
    const bool spare = std::all_of(labels.begin(), labels.end(), [&](uint32_t label) { return left[label] > 1; });
    if (parts.validation.size() == wanted || !spare) {
      parts.training.push_back(document);
    } else {
      parts.validation.push_back(document);
      for (const uint32_t label : labels) --left[label];
    }
  }
  std::sort(parts.training.begin(), parts.training.end());
  std::sort(parts.validation.begin(), parts.validation.end());
  return parts;
}

// Ids with a count of at least `least`, the most frequent first, ties as they came.
std::vector<uint32_t> by_count(const std::vector<uint64_t>& counts, uint64_t least) {
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; id < counts.size(); ++id)
    if (counts[id] >= std::max<uint64_t>(1, least)) ids.push_back(id);
  std::stable_sort(ids.begin(), ids.end(), [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
  return ids;
}

void check_documents(const LabelledText& text, const std::vector<uint32_t>& which, ClassifierLoss loss) {
  const Documents& documents = text.documents();
  if (which.empty()) throw Error(code::corpus_empty, "Expected documents to learn from but there is none");
  if (loss != ClassifierLoss::one_vs_all)
    for (const uint32_t document : which)
      if (documents.document_labels[document].empty())
        throw Error(code::labelled_text,
                    text.place_of(document) +
                        ": expected a label but there is none (with the loss 'ova', documents need "
                        "none)");
  const size_t labels = documents.labels.size(), needed = loss == ClassifierLoss::one_vs_all ? 1 : 2;
  if (labels < needed)
    throw Error(code::labelled_text,
                "Expected " + std::string(needed == 1 ? "a label" : "two labels") +
                    " at least but all documents together have " +
                    (labels == 0 ? "none" : "one: '" + std::string(documents.labels.word(0)) + "'"));
}

TextClassifier make_classifier(const Documents& documents, const std::vector<uint32_t>& which,
                               const VectorStore* vectors, const ClassifierOptions& options, ClassifierReport& report,
                               TaskControl& control) {
  TextClassifier classifier;
  classifier.loss = options.loss;
  classifier.word_ngrams = options.word_ngrams;

  std::vector<uint64_t> word_counts(documents.words.size()), label_counts(documents.labels.size());
  for (const uint32_t document : which) {
    for (const uint32_t word : documents.document_words[document]) ++word_counts[word];
    for (const uint32_t label : documents.document_labels[document]) ++label_counts[label];
    if (documents.document_labels[document].empty()) classifier.always_labelled = false;
  }
  classifier.documents = which.size();
  report.single_labels = 0;
  for (const uint32_t id : by_count(label_counts, 1)) {
    classifier.labels.insert(documents.labels.word(id));
    classifier.label_counts.push_back(label_counts[id]);
    report.single_labels += label_counts[id] == 1;
  }

  // Words of the text, then all others that have a vector.
  const bool frozen = options.vector_alpha == 0;
  std::vector<uint32_t> given;  // of each word, its row of `vectors` or no_word
  for (const uint32_t id : by_count(word_counts, vectors != nullptr ? 1 : options.min_count)) {
    const std::string_view word = documents.words.word(id);
    const uint32_t row = vectors != nullptr ? vectors->find(word) : no_word;
    if (row == no_word && (frozen || word_counts[id] < options.min_count)) continue;
    classifier.words.insert(word);
    classifier.word_counts.push_back(word_counts[id]);
    given.push_back(row);
  }
  report.pretrained_words = given.size() - static_cast<size_t>(std::count(given.begin(), given.end(), no_word));
  for (uint32_t row = 0; vectors != nullptr && row < vectors->size(); ++row) {
    if (classifier.words.insert(vectors->word(row)) < given.size()) continue;
    classifier.word_counts.push_back(0);
    given.push_back(row);
  }

  size_t rows = 1 + classifier.words.size();
  if (options.word_ngrams > 1 && !frozen) {
    classifier.buckets = options.buckets;
    std::vector<uint64_t> hash_of(documents.words.size()), hashes;
    for (uint32_t id = 0; id < hash_of.size(); ++id) hash_of[id] = hash_word(documents.words.word(id));
    for (const uint32_t document : which) {
      control.check_cancelled();
      hashes.clear();
      for (const uint32_t word : documents.document_words[document]) hashes.push_back(hash_of[word]);
      for_each_ngram(hashes, options.word_ngrams, [&](uint64_t hash) {
        const uint32_t bucket = static_cast<uint32_t>(hash % options.buckets);
        if (classifier.ngram_rows.find(bucket) == no_word)
          classifier.ngram_rows.insert(bucket, static_cast<uint32_t>(rows++));
      });
    }
  }

  classifier.features = Matrix(rows, options.vector_size, "vectors of words and n-grams");
  initialize_rows(classifier.features, 0, options.seed, options.threads);
  // fastText's range, ± 1 / dims, twice that of word2vec.c: the head begins at zeros, and learns by what the vectors
  // are.
  for (size_t i = 0; i < rows; ++i)
    for (size_t d = 0; d < options.vector_size; ++d) classifier.features.row(i)[d] *= 2;
  for (uint32_t word = 0; word < given.size(); ++word)
    if (given[word] != no_word) vectors->copy_row(given[word], classifier.features.row(1 + word));
  const size_t labels = classifier.labels.size();
  if (options.loss == ClassifierLoss::hierarchical_softmax)
    classifier.tree = build_huffman_tree(classifier.label_counts);
  classifier.head =
      Matrix(labels - (options.loss == ClassifierLoss::hierarchical_softmax), options.vector_size, "head");
  classifier.thresholds.assign(options.loss == ClassifierLoss::one_vs_all ? labels : 0, 0.5f);
  return classifier;
}

std::vector<float> class_weights(const TextClassifier& classifier, uint64_t documents,
                                 const ClassifierOptions& options) {
  if (!options.balanced && options.class_weights.empty()) return {};
  std::vector<float> weights(classifier.labels.size(), 1.0f);
  for (size_t label = 0; options.balanced && label < weights.size(); ++label)
    weights[label] = static_cast<float>(static_cast<double>(documents) / static_cast<double>(weights.size()) /
                                        static_cast<double>(classifier.label_counts[label]));
  for (const auto& [name, weight] : options.class_weights) {
    const uint32_t label = classifier.labels.find(name);
    if (label == no_word)
      throw Error(code::option, "Expected classWeights of labels that the documents have but received '" + name + "'");
    weights[label] = static_cast<float>(weight);
  }
  return weights;
}

// ---- several threads and one head ----

// A thread's own head, whose changes are added to the common one now and then.
class OwnHead {
 public:
  OwnHead(Matrix& common, std::mutex& mutex)
      : common_(common),
        mutex_(mutex),
        own_(common.rows(), common.dims(), "head"),
        before_(common.rows(), common.dims(), "head") {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::copy_n(common_.row(0), floats(), own_.row(0));
    std::copy_n(common_.row(0), floats(), before_.row(0));
  }
  Matrix& matrix() { return own_; }
  void exchange() {
    const std::lock_guard<std::mutex> lock(mutex_);
    float *const common = common_.row(0), *const own = own_.row(0), *const before = before_.row(0);
    for (size_t i = 0; i < floats(); ++i) common[i] = own[i] = before[i] = common[i] + (own[i] - before[i]);
  }

 private:
  size_t floats() const { return common_.rows() * common_.stride(); }
  Matrix& common_;
  std::mutex& mutex_;
  Matrix own_, before_;
};

}  // namespace

// ---- one step ----

ClassifierStep::ClassifierStep(TextClassifier& classifier, Matrix& head, std::span<const float> weights)
    : classifier_(classifier),
      head_(head),
      weights_(weights),
      targets_(head.rows()),
      document_(1, classifier.dims(), "document"),
      gradient_(1, classifier.dims(), "gradient"),
      errors_(1, std::max<size_t>(1, head.rows()), "errors") {
  std::iota(targets_.begin(), targets_.end(), 0);
}

double ClassifierStep::operator()(std::span<const WeightedRow> features, std::span<const uint32_t> labels, float rate,
                                  float vector_rate, bool measure) {
  const Kernels& k = kernels();
  const size_t stride = head_.stride();
  float *const vectors = classifier_.features.row(0), *const document = document_.row(0),
               *const gradient = gradient_.row(0);
  k.sum_rows(vectors, features.data(), features.size(), stride, document);
  std::fill_n(gradient, stride, 0.0f);
  double loss;
  if (classifier_.loss == ClassifierLoss::hierarchical_softmax) {
    loss = path_step(labels, rate, measure);
  } else {
    float* const errors = errors_.row(0);
    k.score_targets(document, head_.row(0), targets_.data(), targets_.size(), stride, errors);
    loss = classifier_.loss == ClassifierLoss::softmax ? softmax_errors(labels, rate, measure)
                                                       : one_vs_all_errors(labels, rate, measure);
    k.update_targets(document, gradient, head_.row(0), targets_.data(), targets_.size(), stride, errors);
  }
  // The document's end is first, and part of the head in that it always learns.
  k.add_to_rows(vectors, features.data(), 1, stride, 1.0f, gradient);
  if (vector_rate != 0)
    k.add_to_rows(vectors, features.data() + 1, features.size() - 1, stride, vector_rate / rate, gradient);
  return loss;
}

// Σ over the labels of a document, each with the same share, of −weight · log p.
double ClassifierStep::softmax_errors(std::span<const uint32_t> labels, float rate, bool measure) {
  float* const p = errors_.row(0);
  kernels().to_softmax(p, targets_.size());
  const float share = 1.0f / static_cast<float>(labels.size());
  double loss = 0;
  float total = 0;
  for (const uint32_t label : labels) {
    if (measure) loss += static_cast<double>(share) * negative_log(p[label]);
    total += share * weight(label);
  }
  const float minus = -rate * total;
  for (size_t i = 0; i < targets_.size(); ++i) p[i] *= minus;
  for (const uint32_t label : labels) p[label] += rate * share * weight(label);
  return loss;
}

// Σ over all labels: −weight · log p of those that the document has, −log(1 − p) of the others.
double ClassifierStep::one_vs_all_errors(std::span<const uint32_t> labels, float rate, bool measure) {
  float* const p = errors_.row(0);
  kernels().to_logistic(p, targets_.size());
  double loss = 0;
  if (measure) {
    for (size_t i = 0; i < targets_.size(); ++i) loss += negative_log(1 - p[i]);
    for (const uint32_t label : labels) loss += negative_log(p[label]) - negative_log(1 - p[label]);
  }
  for (const uint32_t label : labels) p[label] = weight(label) * (p[label] - 1);
  for (size_t i = 0; i < targets_.size(); ++i) p[i] *= -rate;
  return loss;
}

// The softmax over the leaves of the tree: only the nodes on the paths are touched.
double ClassifierStep::path_step(std::span<const uint32_t> labels, float rate, bool measure) {
  const Kernels& k = kernels();
  const float share = 1.0f / static_cast<float>(labels.size());
  float* const p = errors_.row(0);
  double loss = 0;
  for (const uint32_t label : labels) {
    const std::span<const uint32_t> path = classifier_.tree.path(label);
    const std::span<const float> turns = classifier_.tree.path_labels(label);
    k.score_targets(document_.row(0), head_.row(0), path.data(), path.size(), head_.stride(), p);
    k.to_logistic(p, path.size());
    const float rate_here = rate * share * weight(label);
    for (size_t i = 0; i < path.size(); ++i) {
      if (measure) loss += static_cast<double>(share) * negative_log(turns[i] == 1 ? p[i] : 1 - p[i]);
      p[i] = rate_here * (turns[i] - p[i]);
    }
    k.update_targets(document_.row(0), gradient_.row(0), head_.row(0), path.data(), path.size(), head_.stride(), p);
  }
  return loss;
}

// ---- training ----

namespace {

Matrix copy_of(const Matrix& from) {
  Matrix to(from.rows(), from.dims(), "the best weights so far");
  std::copy_n(from.row(0), from.rows() * from.stride(), to.row(0));
  return to;
}

// Epochs of training, each measured on what is held out; ends at `until` of options.epochs, or early.
class Run {
 public:
  Run(TextClassifier& classifier, const EncodedDocuments& documents, const EncodedDocuments& held_out,
      const ClassifierOptions& options, ClassifierReport& report, TaskControl& control)
      : classifier_(classifier),
        documents_(documents),
        held_out_(held_out),
        options_(options),
        report_(report),
        control_(control),
        weights_(class_weights(classifier, documents.size(), options)),
        total_(documents.total_words() * options.epochs),
        threads_(static_cast<unsigned>(std::min<size_t>(options.threads, documents.size()))) {
    for (uint32_t i = 0; i < documents.size(); ++i)
      if (documents.features[i].size() > 1) order_.push_back(i);
  }

  void epochs(uint32_t until) {
    control_.begin(Phase::training, total_);
    report_.epochs.clear();
    Matrix best_features, best_head;
    for (uint32_t epoch = 0; epoch < until && !control_.stop_early; ++epoch) {
      shuffle(order_, options_.seed + 0x9e3779b97f4a7c15 * (epoch + 1));
      control_.epoch = epoch;
      report_.epochs.push_back({one_epoch(), std::numeric_limits<double>::quiet_NaN()});
      control_.loss = report_.epochs.back().loss;
      report_.best_epoch = epoch + 1;
      if (held_out_.size() == 0) continue;
      report_.epochs.back().micro_f1 = evaluate(classifier_, held_out_, {}, options_.threads, control_).micro_f1();
      control_.done = done_.load();
      if (options_.patience == 0) continue;
      const auto best = std::max_element(report_.epochs.begin(), report_.epochs.end(),
                                         [](const auto& a, const auto& b) { return a.micro_f1 < b.micro_f1; });
      report_.best_epoch = static_cast<uint32_t>(best - report_.epochs.begin()) + 1;
      if (report_.best_epoch == report_.epochs.size()) {
        best_features = copy_of(classifier_.features);
        best_head = copy_of(classifier_.head);
      }
      if (report_.epochs.size() - report_.best_epoch >= options_.patience) break;
    }
    if (best_head.rows() == 0) return;
    classifier_.features = std::move(best_features);
    classifier_.head = std::move(best_head);
  }

 private:
  // The mean loss.
  double one_epoch() {
    const double start = wall_seconds();
    Losses losses;
    run_threads(threads_, [&](unsigned thread) { part_of_epoch(thread, losses); });
    control_.check_cancelled();
    report_.seconds += wall_seconds() - start;
    if (losses.samples == 0) return std::numeric_limits<double>::quiet_NaN();
    const double loss = losses.sum / static_cast<double>(losses.samples);
    // So sure of what is wrong is but what has lost its way; a sum over the labels of one-vs-all.
    const double most =
        30.0 * (classifier_.loss == ClassifierLoss::one_vs_all ? static_cast<double>(classifier_.labels.size()) : 1);
    if (!(loss <= most))
      throw Error(code::option, "Expected a smaller alpha: with " + std::to_string(options_.alpha) +
                                    " the training diverges (the loss is " + std::to_string(loss) + ")");
    return loss;
  }

  void part_of_epoch(unsigned thread, Losses& losses) {
    const double cpu_before = thread_cpu_seconds();
    std::optional<OwnHead> own;
    if (threads_ > 1) own.emplace(classifier_.head, mutex_);
    ClassifierStep step(classifier_, own ? own->matrix() : classifier_.head, weights_);
    const size_t begin = order_.size() * thread / threads_, end = order_.size() * (thread + 1) / threads_;
    const float vector_factor = options_.vector_alpha / options_.alpha;
    Losses own_losses;
    uint64_t words = 0, untold = 0;
    float rate = 0;
    for (size_t i = begin; i < end; ++i) {
      const size_t n = i - begin;
      if (n % documents_between_looks == 0) {
        if (control_.cancelled.load(std::memory_order_relaxed) || control_.stop_early.load(std::memory_order_relaxed))
          break;
        rate = tell(std::exchange(untold, 0));
      }
      if (i + 1 < end) {
        const std::span<const WeightedRow> next = documents_.features[order_[i + 1]];
        for (const WeightedRow& term : next.first(std::min(rows_ahead, next.size())))
          prefetch(classifier_.features.row(term.row), classifier_.dims() * sizeof(float));
      }
      const bool measure = n % documents_between_losses == 0;
      const double loss =
          step(documents_.features[order_[i]], documents_.labels[order_[i]], rate, rate * vector_factor, measure);
      if (measure) {
        own_losses.sum += loss;
        ++own_losses.samples;
      }
      words += documents_.words[order_[i]];
      untold += documents_.words[order_[i]];
      if (own && n % documents_between_exchanges == documents_between_exchanges - 1) own->exchange();
    }
    if (own) own->exchange();
    tell(untold);
    const std::lock_guard<std::mutex> lock(mutex_);
    report_.cpu_seconds += thread_cpu_seconds() - cpu_before;
    report_.trained_words += words;
    losses.sum += own_losses.sum;
    losses.samples += own_losses.samples;
  }

  // Adds to what is done; the rate to go on with.
  float tell(uint64_t done) {
    const uint64_t all = done_.fetch_add(done, std::memory_order_relaxed) + done;
    const float rate =
        options_.alpha *
        (1 - static_cast<float>(static_cast<double>(all) / static_cast<double>(std::max<uint64_t>(1, total_))));
    control_.done.store(all, std::memory_order_relaxed);
    control_.learning_rate.store(rate, std::memory_order_relaxed);
    return rate;
  }

  TextClassifier& classifier_;
  const EncodedDocuments &documents_, &held_out_;
  const ClassifierOptions& options_;
  ClassifierReport& report_;
  TaskControl& control_;
  const std::vector<float> weights_;
  const uint64_t total_;
  const unsigned threads_;
  std::vector<uint32_t> order_;
  std::atomic<uint64_t> done_{0};
  std::mutex mutex_;
};

std::vector<uint32_t> all_of(const Documents& documents) {
  std::vector<uint32_t> all(documents.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

TrainedClassifier train_classifier(const LabelledText& training, const LabelledText* validation,
                                   const VectorStore* vectors, const ClassifierOptions& options, TaskControl& control) {
  ClassifierReport report;
  const Documents& documents = training.documents();
  const auto fit = [&](const std::vector<uint32_t>& which, const Documents& held_out_text,
                       const std::vector<uint32_t>& held_out_which, uint32_t until) {
    auto classifier =
        std::make_shared<TextClassifier>(make_classifier(documents, which, vectors, options, report, control));
    const EncodedDocuments encoded = encode(*classifier, documents, which, options.threads, control);
    const EncodedDocuments held_out = encode(*classifier, held_out_text, held_out_which, options.threads, control);
    report.documents = encoded.size();
    report.words = encoded.total_words();
    report.empty_documents = 0;
    for (size_t i = 0; i < encoded.size(); ++i) report.empty_documents += encoded.features[i].size() == 1;
    if (held_out.size() > 0) {
      report.validation_documents = held_out.size();
      report.unseen_labels = held_out.unseen.size();
    }
    Run(*classifier, encoded, held_out, options, report, control).epochs(until);
    if (options.loss == ClassifierLoss::one_vs_all && held_out.size() > 0)
      tune_thresholds(*classifier, held_out, options.threads, control);
    return classifier;
  };

  const Split parts = split(documents, options);
  check_documents(training, parts.training, options.loss);
  auto classifier = validation != nullptr
                        ? fit(parts.training, validation->documents(), all_of(validation->documents()), options.epochs)
                        : fit(parts.training, documents, parts.validation, options.epochs);
  if (options.refit && !parts.validation.empty() && !control.stop_early) {
    const std::vector<ClassifierEpoch> measured = report.epochs;
    const auto again = fit(all_of(documents), documents, {}, report.best_epoch);
    for (uint32_t label = 0; label < again->thresholds.size(); ++label) {
      const uint32_t before = classifier->labels.find(again->labels.word(label));
      again->thresholds[label] = classifier->thresholds[before];
    }
    for (size_t i = 0; i < report.epochs.size(); ++i) report.epochs[i].micro_f1 = measured[i].micro_f1;
    classifier = again;
  }
  report.stopped = control.stop_early;
  return {std::move(classifier), std::move(report)};
}

}  // namespace w2v
