#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "tasks/text_classifier_file.h"
#include "tasks/text_classifier_training.h"

using namespace w2v;

namespace {

LabelledText read(const std::string& lines) {
  LabelledText text("__label__");
  text.append(lines, Framing::lines, "test.txt");
  text.end_source();
  return text;
}

// Documents of four labels; words of a label come with it alone, others with all.
std::string made_lines(unsigned documents, unsigned seed) {
  std::mt19937 random(seed);
  std::string lines;
  for (unsigned i = 0; i < documents; ++i) {
    const unsigned label = random() % 4;
    lines += "__label__" + std::string(1, static_cast<char>('a' + label));
    for (int word = 0; word < 8; ++word)
      lines += random() % 2 ? " of" + std::to_string(label) + "x" + std::to_string(random() % 20)
                            : " any" + std::to_string(random() % 50);
    lines += '\n';
  }
  return lines;
}

TrainedClassifier train(const LabelledText& text, const ClassifierOptions& options,
                        const LabelledText* validation = nullptr, const VectorStore* vectors = nullptr) {
  TaskControl control;
  return train_classifier(text, validation, vectors, options, control);
}

ClassifierEvaluation score(const TextClassifier& classifier, const LabelledText& text, PredictionRules rules = {}) {
  TaskControl control;
  std::vector<uint32_t> all(text.documents().size());
  for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  return evaluate(classifier, encode(classifier, text.documents(), all, 2, control), rules, 2, control);
}

using Rows = std::vector<std::vector<double>>;
Rows rows_of(const Matrix& m) {
  Rows rows;
  for (size_t i = 0; i < m.rows(); ++i) rows.emplace_back(m.row(i), m.row(i) + m.dims());
  return rows;
}

void fill(Matrix& matrix, std::mt19937& random, float scale) {
  std::uniform_real_distribution<float> value(-scale, scale);
  for (size_t i = 0; i < matrix.rows(); ++i)
    for (size_t d = 0; d < matrix.dims(); ++d) matrix.row(i)[d] = value(random);
}

constexpr ClassifierLoss all_losses[] = {ClassifierLoss::softmax, ClassifierLoss::one_vs_all,
                                         ClassifierLoss::hierarchical_softmax};

}  // namespace

TEST_CASE("kernels of documents: every ISA computes what they say") {
  std::mt19937 random(1);
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k)
    for (const size_t dims : {1, 15, 16, 17, 100, 300, 515})
      for (const size_t n : {1, 2, 5, 6, 7, 13, 40}) {
        CAPTURE((*k)->isa);
        CAPTURE(dims);
        CAPTURE(n);
        Matrix rows(n + 3, dims, "test"), input(1, dims, "test"), sum(1, dims, "test"), scores(1, n, "test");
        fill(rows, random, 1);
        fill(input, random, 1);
        const Rows before = rows_of(rows), x = rows_of(input);
        std::vector<WeightedRow> terms;
        std::vector<uint32_t> targets;
        for (uint32_t i = 0; i < n; ++i) {
          targets.push_back((i * 7 + 1) % static_cast<uint32_t>(n + 3));
          terms.push_back({i + 1, 0.25f * static_cast<float>(i + 1)});
        }
        (*k)->sum_rows(rows.row(0), terms.data(), n, rows.stride(), sum.row(0));
        for (size_t d = 0; d < dims; ++d) {
          double expected = 0;
          for (const WeightedRow& term : terms) expected += double{term.weight} * before[term.row][d];
          CHECK(sum.row(0)[d] == doctest::Approx(expected).epsilon(1e-4).scale(n));
        }
        (*k)->score_targets(input.row(0), rows.row(0), targets.data(), n, rows.stride(), scores.row(0));
        for (size_t t = 0; t < n; ++t) {
          double expected = 0;
          for (size_t d = 0; d < dims; ++d) expected += x[0][d] * before[targets[t]][d];
          CHECK(scores.row(0)[t] == doctest::Approx(expected).epsilon(1e-4).scale(10));
        }
        (*k)->add_to_rows(rows.row(0), terms.data(), n, rows.stride(), 0.5f, input.row(0));
        double worst = 0;
        for (size_t i = 0; i < n; ++i)
          for (size_t d = 0; d < dims; ++d)
            worst = std::max(worst, std::abs(rows.row(terms[i].row)[d] -
                                             (before[terms[i].row][d] + 0.5 * double{terms[i].weight} * x[0][d])));
        CHECK(worst < 1e-5);
        CHECK(rows.row(0)[0] == static_cast<float>(before[0][0]));

        // Different targets: repeats get every update, but the gradient may see the later state.
        for (uint32_t t = 0; t < n; ++t) targets[t] = t;
        const Rows now = rows_of(rows);
        Matrix gradient(1, dims, "test");
        std::vector<float> errors;
        for (size_t t = 0; t < n; ++t) errors.push_back(static_cast<float>(t % 5) / 10 - 0.2f);
        (*k)->update_targets(input.row(0), gradient.row(0), rows.row(0), targets.data(), n, rows.stride(),
                             errors.data());
        worst = 0;
        for (size_t d = 0; d < dims; ++d) {
          double expected = 0;
          for (size_t t = 0; t < n; ++t) {
            expected += double{errors[t]} * now[t][d];
            worst = std::max(worst, std::abs(rows.row(t)[d] - (now[t][d] + double{errors[t]} * x[0][d])));
          }
          worst = std::max(worst, std::abs(gradient.row(0)[d] - expected));
        }
        CHECK(worst < 2e-5);
        for (const Matrix* m : {&rows, &sum, &gradient})
          for (size_t i = 0; i < m->rows(); ++i)
            for (size_t d = dims; d < m->stride(); ++d) CHECK(m->row(i)[d] == 0);

        Matrix p(1, n, "test");
        for (const float scale : {1.0f, 30.0f, 1000.0f}) {
          fill(p, random, scale);
          const Rows raw = rows_of(p);
          (*k)->to_logistic(p.row(0), n);
          for (size_t t = 0; t < n; ++t)
            CHECK(p.row(0)[t] == doctest::Approx(1 / (1 + std::exp(-raw[0][t]))).epsilon(1e-5));
          for (size_t t = 0; t < n; ++t) p.row(0)[t] = static_cast<float>(raw[0][t]);
          (*k)->to_softmax(p.row(0), n);
          double total = 0;
          const double most = *std::max_element(raw[0].begin(), raw[0].end());
          for (size_t t = 0; t < n; ++t) total += std::exp(raw[0][t] - most);
          for (size_t t = 0; t < n; ++t)
            CHECK(p.row(0)[t] == doctest::Approx(std::exp(raw[0][t] - most) / total).epsilon(1e-4));
        }
      }
}

// The step climbs −loss: the head, each vector of the document and its end, checked by central differences in double.
TEST_CASE("gradient check of the head and of the vectors against finite differences") {
  for (const ClassifierLoss loss : all_losses)
    for (const bool weighted : {false, true})
      for (const bool several : {false, true}) {
        CAPTURE(static_cast<int>(loss));
        CAPTURE(weighted);
        CAPTURE(several);
        std::mt19937 random(5);
        TextClassifier classifier;
        classifier.loss = loss;
        for (const char* word : {"u", "v", "w"}) classifier.words.insert(word);
        for (const char* label : {"a", "b", "c", "d", "e"}) classifier.labels.insert(label);
        classifier.label_counts = {9, 5, 3, 2, 1};
        const bool tree = loss == ClassifierLoss::hierarchical_softmax;
        if (tree) classifier.tree = build_huffman_tree(classifier.label_counts);
        classifier.features = Matrix(4, 7, "test");
        classifier.head = Matrix(tree ? 4 : 5, 7, "test");
        fill(classifier.features, random, 1);
        fill(classifier.head, random, 1);
        const std::vector<WeightedRow> features{{0, 0.25f}, {1, 0.5f}, {3, 0.25f}};
        const std::vector<uint32_t> labels = several ? std::vector<uint32_t>{1, 4} : std::vector<uint32_t>{2};
        const std::vector<float> weights = weighted ? std::vector<float>{1, 2, 0.5f, 1, 3} : std::vector<float>{};
        const auto weight = [&](uint32_t label) { return weights.empty() ? 1.0 : double{weights[label]}; };
        const auto objective = [&](const Rows& vectors, const Rows& head) {
          std::vector<double> x(7, 0.0), scores(head.size(), 0.0);
          for (const WeightedRow& term : features)
            for (size_t d = 0; d < 7; ++d) x[d] += double{term.weight} * vectors[term.row][d];
          for (size_t t = 0; t < head.size(); ++t)
            for (size_t d = 0; d < 7; ++d) scores[t] += x[d] * head[t][d];
          const auto log_sigma = [](double s) { return -std::log1p(std::exp(-s)); };
          double sum = 0;
          if (loss == ClassifierLoss::one_vs_all) {
            for (uint32_t t = 0; t < head.size(); ++t) {
              const bool has = std::find(labels.begin(), labels.end(), t) != labels.end();
              sum += has ? weight(t) * log_sigma(scores[t]) : log_sigma(-scores[t]);
            }
            return sum;
          }
          const double share = 1.0 / static_cast<double>(labels.size());
          for (const uint32_t label : labels) {
            if (tree) {
              const auto path = classifier.tree.path(label);
              const auto turns = classifier.tree.path_labels(label);
              for (size_t i = 0; i < path.size(); ++i)
                sum += share * weight(label) * log_sigma(turns[i] == 1 ? scores[path[i]] : -scores[path[i]]);
            } else {
              double total = 0;
              for (const double s : scores) total += std::exp(s);
              sum += share * weight(label) * (scores[label] - std::log(total));
            }
          }
          return sum;
        };
        const Rows vectors = rows_of(classifier.features), head = rows_of(classifier.head);
        // Several paths share nodes, and the second sees the first's update: a difference of second order in the rate.
        const float rate = several && tree ? 1e-3f : 1e-2f;
        ClassifierStep step(classifier, classifier.head, weights);
        const double told = step(features, labels, rate, rate / 2, true);
        if (!weighted) CHECK(told == doctest::Approx(-objective(vectors, head)).epsilon(1e-4));
        const double h = 1e-5;
        const auto slope = [&](bool of_head, size_t row, size_t d) {
          Rows up_v = vectors, down_v = vectors, up_h = head, down_h = head;
          (of_head ? up_h : up_v)[row][d] += h;
          (of_head ? down_h : down_v)[row][d] -= h;
          return (objective(up_v, up_h) - objective(down_v, down_h)) / (2 * h);
        };
        double worst = 0;
        for (size_t d = 0; d < 7; ++d) {
          for (size_t t = 0; t < head.size(); ++t)
            worst =
                std::max(worst, std::abs((classifier.head.row(t)[d] - head[t][d]) / double{rate} - slope(true, t, d)));
          for (const size_t row : {0, 1, 2, 3}) {
            const double own_rate = double{rate} * (row == 0 ? 1 : 0.5);
            worst = std::max(
                worst, std::abs((classifier.features.row(row)[d] - vectors[row][d]) / own_rate - slope(false, row, d)));
          }
        }
        CHECK(worst < (several && tree ? 2e-3 : 5e-4));
      }
}

TEST_CASE("a classifier learns labels that words tell apart, with every loss, on one thread and on three") {
  const LabelledText training = read(made_lines(800, 1)), held_out = read(made_lines(400, 2));
  for (const ClassifierLoss loss : all_losses)
    for (const uint32_t threads : {1u, 3u}) {
      CAPTURE(static_cast<int>(loss));
      CAPTURE(threads);
      ClassifierOptions options;
      options.loss = loss;
      options.vector_size = 20;
      options.epochs = 10;
      options.alpha = options.vector_alpha = 0.5f;
      options.threads = threads;
      const TrainedClassifier trained = train(training, options);
      CHECK(trained.report.epochs.back().loss < trained.report.epochs.front().loss / 2);
      CHECK(trained.report.trained_words == 800u * 8u * 10u);
      CHECK(score(*trained.classifier, held_out).micro_f1() > 0.95);
    }
}

TEST_CASE("probabilities add up to one but for one-vs-all") {
  const LabelledText training = read(made_lines(300, 1));
  for (const ClassifierLoss loss : all_losses) {
    ClassifierOptions options;
    options.loss = loss;
    options.word_ngrams = 2;
    const TrainedClassifier trained = train(training, options);
    ClassifierScorer scorer(*trained.classifier);
    const std::vector<WeightedRow> features{{0, 0.5f}, {1, 0.5f}};
    double sum = 0;
    for (const float p : scorer.probabilities(features)) sum += double{p};
    if (loss != ClassifierLoss::one_vs_all) CHECK(sum == doctest::Approx(1).epsilon(1e-5));
  }
}

TEST_CASE("one thread and one seed give the same bytes, another seed others") {
  const LabelledText training = read(made_lines(300, 1));
  ClassifierOptions options;
  options.word_ngrams = 2;
  const auto bytes = [&](uint64_t seed) {
    options.seed = seed;
    const TrainedClassifier trained = train(training, options);
    const Matrix &features = trained.classifier->features, &head = trained.classifier->head;
    return std::string(reinterpret_cast<const char*>(features.row(0)), features.bytes()) +
           std::string(reinterpret_cast<const char*>(head.row(0)), head.bytes());
  };
  CHECK(bytes(1) == bytes(1));
  CHECK(bytes(1) != bytes(2));
}

TEST_CASE("n-grams tell apart what words do not") {
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += i % 2 ? "__label__ab x a b y\n" : "__label__ba x b a y\n";
  const LabelledText training = read(lines);
  ClassifierOptions options;
  options.vector_size = 10;
  options.epochs = 20;
  options.alpha = options.vector_alpha = 0.5f;
  CHECK(score(*train(training, options).classifier, training).micro_f1() == 0.5);
  options.word_ngrams = 2;
  CHECK(score(*train(training, options).classifier, training).micro_f1() == 1);
  options.buckets = 3;  // so few that n-grams share them: no crash, and no more rows than buckets
  CHECK(train(training, options).classifier->features.rows() <= 1 + 4 + 3);
}

TEST_CASE(
    "given vectors: frozen ones stay, words without one are left out, and fine-tuned ones move at their own rate") {
  WordIndex words;
  for (const char* word : {"good", "bad", "elsewhere"}) words.insert(word);
  Matrix rows(3, 2, "test");
  rows.row(0)[0] = 1;
  rows.row(1)[0] = -1;
  rows.row(2)[1] = 5;
  const VectorStore vectors(std::move(words), std::move(rows), {});
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += i % 2 ? "__label__p good film\n" : "__label__n bad film\n";
  const LabelledText training = read(lines);
  ClassifierOptions options;
  options.vector_size = 2;
  options.vector_alpha = 0;
  TrainedClassifier trained = train(training, options, nullptr, &vectors);
  CHECK(trained.report.pretrained_words == 2);
  CHECK(trained.classifier->words.find("film") == no_word);
  CHECK(trained.classifier->features.row(1 + trained.classifier->words.find("good"))[0] == 1);
  CHECK(trained.classifier->features.row(1 + trained.classifier->words.find("elsewhere"))[1] == 5);
  CHECK(score(*trained.classifier, training).micro_f1() == 1);
  options.vector_alpha = 0.1f;
  trained = train(training, options, nullptr, &vectors);
  CHECK(trained.classifier->words.find("film") != no_word);
  CHECK(trained.classifier->features.row(1 + trained.classifier->words.find("good"))[0] > 1);
  CHECK(trained.classifier->features.row(1 + trained.classifier->words.find("elsewhere"))[1] == 5);
}

TEST_CASE(
    "validation by a share: a label keeps a document, the best epoch's weights are kept, refit has all documents") {
  std::string lines = made_lines(300, 1) + "__label__once of9x1 any1\n";
  const LabelledText training = read(lines);
  ClassifierOptions options;
  options.loss = ClassifierLoss::one_vs_all;
  options.alpha = options.vector_alpha = 0.5f;
  options.epochs = 30;
  options.validation = 0.3;
  options.patience = 2;
  TrainedClassifier trained = train(training, options);
  CHECK(trained.report.documents == 301 - 90);
  CHECK(trained.report.validation_documents == 90);
  CHECK(trained.report.unseen_labels == 0);
  CHECK(trained.report.single_labels == 1);
  CHECK(trained.classifier->labels.find("once") != no_word);
  CHECK(trained.report.epochs.size() < 30);
  CHECK(trained.report.best_epoch == trained.report.epochs.size() - 2);
  options.refit = true;
  trained = train(training, options);
  CHECK(trained.report.documents == 301);
  CHECK(trained.report.epochs.size() == trained.report.best_epoch);
}

TEST_CASE("tuned thresholds are those with the best micro F1 on validation") {
  // The right label has but a small probability: at 0.5 nothing is predicted.
  std::string lines;
  for (int i = 0; i < 300; ++i)
    lines +=
        (i % 3 == 0 ? "__label__rare " : "") + std::string(i % 3 == 0 || i % 4 == 0 ? "sign" : "other") + " word\n";
  const LabelledText training = read(lines);
  ClassifierOptions options;
  options.loss = ClassifierLoss::one_vs_all;
  options.vector_size = 5;
  options.epochs = 2;
  options.alpha = options.vector_alpha = 0.1f;
  const TrainedClassifier untuned = train(training, options), tuned = train(training, options, &training);
  CHECK(tuned.classifier->thresholds[0] != 0.5f);
  const double best = score(*tuned.classifier, training).micro_f1();
  CHECK(best >= score(*untuned.classifier, training).micro_f1());
  for (float threshold = 0.02f; threshold < 1; threshold += 0.01f) {
    PredictionRules rules;
    rules.threshold = threshold;
    CHECK(best >= score(*tuned.classifier, training, rules).micro_f1() - 1e-12);
  }
}

TEST_CASE("class weights: of a label that is rare but weighs much, more is predicted") {
  std::string lines;
  for (int i = 0; i < 200; ++i)
    lines += (i % 10 == 0 ? "__label__rare " : "__label__often ") + std::string("same words\n");
  const LabelledText training = read(lines);
  for (const ClassifierLoss loss : all_losses) {
    ClassifierOptions options;
    options.loss = loss;
    options.vector_size = 5;
    options.epochs = 10;
    const auto rare = [&] {
      const TrainedClassifier trained = train(training, options);
      ClassifierScorer scorer(*trained.classifier);
      const std::vector<WeightedRow> features{{0, 0.34f}, {1, 0.33f}, {2, 0.33f}};
      return scorer.probabilities(features)[trained.classifier->labels.find("rare")];
    };
    const float plain = rare();
    options.class_weights = {{"rare", 20.0}};
    CHECK(rare() > plain + 0.2f);
    options.class_weights = {{"none", 2.0}};
    CHECK_CODE(train(training, options), code::option, "'none'");
  }
}

TEST_CASE("documents: what is wrong has its line") {
  CHECK_CODE(read("__label__a x\n__label__b y\n__label__a caf\xe9 z\n"), code::text_encoding,
             "'test.txt', line 3: expected UTF-8 but received the word 'caf\xef\xbf\xbd'");
  CHECK_CODE(read("__label__a x\n\n__label__ y\n"), code::labelled_text,
             "'test.txt', line 3: expected the name of a label after '__label__'");
  CHECK_CODE(train(read("__label__a x\n\nno label here\n__label__b y\n"), {}), code::labelled_text,
             "'test.txt', line 3: expected a label");
  CHECK_CODE(train(read("__label__a x\n__label__a y\n"), {}), code::labelled_text, "one: 'a'");
  CHECK_CODE(train(read("\n \n"), {}), code::corpus_empty, "there is none");
  ClassifierOptions options;
  options.loss = ClassifierLoss::one_vs_all;
  options.epochs = 30;
  options.alpha = options.vector_alpha = 100;
  CHECK_CODE(train(read(made_lines(300, 1)), options), code::option, "Expected a smaller alpha");
}

TEST_CASE("documents come in pieces, and whole ones can be taken in between") {
  const std::string lines = made_lines(50, 3) + "__label__a\n\n   \n__label__b __label__b __label__c x x";
  const LabelledText whole = read(lines);
  CHECK(whole.documents().size() == 52);
  CHECK(whole.documents().document_words[50].empty());
  CHECK(whole.documents().document_labels[51].size() == 2);
  CHECK(whole.documents().lines[51] == 54);
  LabelledText pieces("__label__");
  std::vector<std::string> seen;
  const auto take = [&] {
    const Documents taken = pieces.take();
    for (size_t i = 0; i < taken.size(); ++i) {
      std::string document;
      for (const uint32_t label : taken.document_labels[i]) document += "+" + std::string(taken.labels.word(label));
      for (const uint32_t word : taken.document_words[i]) document += " " + std::string(taken.words.word(word));
      seen.push_back(document);
    }
  };
  for (size_t at = 0; at < lines.size(); at += 7) {
    pieces.append(lines.substr(at, 7), Framing::lines, "test.txt");
    if (at % 3 == 0) take();
  }
  pieces.end_source();
  take();
  CHECK(seen.size() == 52);
  CHECK(seen[51] == "+b+c x x");
  for (size_t i = 0; i < seen.size(); ++i) {
    std::string document;
    for (const uint32_t label : whole.documents().document_labels[i])
      document += "+" + std::string(whole.documents().labels.word(label));
    for (const uint32_t word : whole.documents().document_words[i])
      document += " " + std::string(whole.documents().words.word(word));
    CHECK(seen[i] == document);
  }
}

TEST_CASE(
    "labels that training did not have count as missed, and documents without known words get the frequent ones") {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += i % 4 ? "__label__often a b\n" : "__label__rare c d\n";
  const TrainedClassifier trained = train(read(lines), {});
  const ClassifierEvaluation evaluation = score(*trained.classifier, read("__label__new a b\n__label__often zzz\n"));
  CHECK(evaluation.labels.size() == 3);
  CHECK(evaluation.labels[2].missed == 1);
  CHECK(evaluation.labels[0].right == 1);
  CHECK(evaluation.labels[0].wrong == 1);
  CHECK(evaluation.exact == 1);
  ClassifierScorer scorer(*trained.classifier);
  const std::vector<WeightedRow> nothing{{0, 1.0f}};
  CHECK(scorer.probabilities(nothing)[0] == 0.75f);
  CHECK(scorer.probabilities(nothing)[1] == 0.25f);
}

TEST_CASE("documents without a known word are counted, and not learned from") {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += i % 4 ? "__label__often a b\n" : "__label__rare c d\n";
  const TrainedClassifier trained = train(read(lines + "__label__rare\n__label__rare\n"), {});
  CHECK(trained.report.empty_documents == 2);
  CHECK(trained.classifier->label_counts[1] == 27);
  CHECK(trained.report.trained_words == 5 * 200);
  const TrainedClassifier nothing = train(read("__label__a\n__label__b\n"), {});
  CHECK(nothing.report.trained_words == 0);
}

TEST_CASE("files: what is saved is loaded, at every precision, and damage is noticed") {
  const LabelledText training = read(made_lines(300, 1));
  const test::TemporaryFolder folder;
  const std::string path = folder.file("classifier");
  TaskControl control;
  for (const ClassifierLoss loss : all_losses) {
    ClassifierOptions options;
    options.loss = loss;
    options.word_ngrams = 2;
    options.alpha = options.vector_alpha = 0.5f;
    const TrainedClassifier trained = train(training, options);
    const double f1 = score(*trained.classifier, training).micro_f1();
    for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::int8}) {
      save_classifier(*trained.classifier, path, precision, "notes", control);
      const LoadedClassifier loaded = load_classifier(path, control);
      CHECK(loaded.notes == "notes");
      CHECK(loaded.classifier->loss == loss);
      CHECK(loaded.classifier->ngram_rows.size() == trained.classifier->ngram_rows.size());
      CHECK(score(*loaded.classifier, training).micro_f1() == doctest::Approx(f1).epsilon(0.01));
      if (precision == Precision::float32)
        CHECK(std::memcmp(loaded.classifier->features.row(0), trained.classifier->features.row(0),
                          trained.classifier->features.bytes()) == 0);
    }
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  CHECK_CODE(load_classifier(folder.write("short", bytes.substr(0, bytes.size() / 2)), control), code::vector_truncated,
             "truncated");
  bytes[bytes.size() / 2] ^= 1;
  CHECK_CODE(load_classifier(folder.write("damaged", bytes), control), code::vector_checksum, "corrupt");
}

TEST_CASE("a training that is cancelled throws, one that is stopped keeps what it has") {
  const LabelledText training = read(made_lines(300, 1));
  TaskControl control;
  control.stop_early = true;
  CHECK(train_classifier(training, nullptr, nullptr, {}, control).report.stopped);
  control.cancelled = true;
  CHECK_CODE(train_classifier(training, nullptr, nullptr, {}, control), code::cancelled, "cancelled");
}
