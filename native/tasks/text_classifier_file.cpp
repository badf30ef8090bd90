#include "tasks/text_classifier_file.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/section_file.h"
#include "corpus/word_index_file.h"

namespace w2v {

namespace {

constexpr const char* kind = "classifier";
constexpr uint32_t version = 1;

// What the numbers of the header are; `rules`: the loss, and 256 where predictions always have a label.
enum Number : size_t { n_words, n_labels, n_dims, n_ngrams, n_buckets, longest_ngram, rules, row_precision };
constexpr uint64_t always_labelled = 256;

struct RowSections {
  const char *rows, *scales;
};
constexpr RowSections feature_sections{"features", "feature scales"}, head_sections{"head", "head scales"};

size_t pitch_of(Precision precision, const Matrix& matrix) {
  return precision == Precision::float32 ? matrix.stride() * sizeof(float) : quantized_pitch(precision, matrix.dims());
}

void write_rows(const Matrix& matrix, Precision precision, RowSections names, SectionFileWriter& writer,
                TaskControl& control) {
  std::vector<char> row(pitch_of(precision, matrix));
  std::vector<float> scales;
  writer.begin(names.rows);
  for (size_t i = 0; i < matrix.rows(); ++i) {
    if (i % 4096 == 0) control.check_cancelled();
    if (precision == Precision::float32)
      std::memcpy(row.data(), matrix.row(i), row.size());
    else
      scales.push_back(quantize(precision, matrix.row(i), matrix.dims(), row.data()));
    writer.write(row.data(), row.size());
    ++control.done;
  }
  if (precision != Precision::int8) return;
  writer.begin(names.scales);
  writer.write(scales.data(), scales.size() * sizeof(float));
}

void read_rows(const SectionFile& file, Precision precision, RowSections names, Matrix& matrix) {
  QuantizedRows rows;
  rows.precision = precision;
  rows.pitch = pitch_of(precision, matrix);
  rows.rows = file.exactly<char>(names.rows, matrix.rows() * rows.pitch).data();
  if (precision == Precision::int8) rows.scales = file.exactly<float>(names.scales, matrix.rows());
  for (size_t i = 0; i < matrix.rows(); ++i) {
    if (precision == Precision::float32)
      std::memcpy(matrix.row(i), rows.row(i), matrix.dims() * sizeof(float));
    else
      rows.widen(i, matrix.dims(), matrix.row(i));
  }
}

template <class T>
void write_values(SectionFileWriter& writer, const char* name, const std::vector<T>& values) {
  writer.begin(name);
  writer.write(values.data(), values.size() * sizeof(T));
}

template <class T>
std::vector<T> read_values(const SectionFile& file, const char* name, uint64_t n) {
  const std::span<const T> values = file.exactly<T>(name, n);
  return {values.begin(), values.end()};
}

}  // namespace

void save_classifier(const TextClassifier& classifier, const std::string& path, Precision precision,
                     std::string_view notes, TaskControl& control) {
  control.begin(Phase::saving, classifier.features.rows() + classifier.head.rows());
  AtomicFile file(path);
  SectionFileWriter writer(file, kind, version);
  write_words(classifier.words, "word ends", "words", writer);
  write_values(writer, "counts", classifier.word_counts);
  write_words(classifier.labels, "label ends", "labels", writer);
  write_values(writer, "label counts", classifier.label_counts);
  write_values(writer, "documents", std::vector<uint64_t>{classifier.documents});
  write_values(writer, "thresholds", classifier.thresholds);
  std::vector<uint32_t> buckets(classifier.ngram_rows.size());
  classifier.ngram_rows.for_each(
      [&](uint32_t bucket, uint32_t row) { buckets[row - 1 - classifier.words.size()] = bucket; });
  write_values(writer, "n-gram buckets", buckets);
  write_rows(classifier.features, precision, feature_sections, writer, control);
  write_rows(classifier.head, precision, head_sections, writer, control);
  writer.begin("notes");
  writer.write(notes.data(), notes.size());
  SectionNumbers numbers{};
  numbers[n_words] = classifier.words.size();
  numbers[n_labels] = classifier.labels.size();
  numbers[n_dims] = classifier.dims();
  numbers[n_ngrams] = buckets.size();
  numbers[n_buckets] = classifier.buckets;
  numbers[longest_ngram] = classifier.word_ngrams;
  numbers[rules] = static_cast<uint64_t>(classifier.loss) | (classifier.always_labelled ? always_labelled : 0);
  numbers[row_precision] = static_cast<uint64_t>(precision);
  writer.finish(numbers);
  file.commit();
}

LoadedClassifier load_classifier(const std::string& path, TaskControl& control) {
  const auto mapped = MappedFile::open(path);
  const SectionFile file({mapped->data(), mapped->size()}, path, kind, version);
  const SectionNumbers& numbers = file.numbers();
  const uint64_t size = mapped->size(), loss = numbers[rules] % always_labelled, labels = numbers[n_labels];
  // Sizes beyond the file's are not worth a look, and must not be asked of the memory; the sections decide.
  constexpr uint64_t most_dims = 65536, most_buckets = 0xffffffff, longest = 64;
  if (numbers[n_words] > size || labels > size || numbers[n_ngrams] > size || numbers[n_dims] == 0 ||
      numbers[n_dims] > most_dims || numbers[n_buckets] > most_buckets || numbers[longest_ngram] == 0 ||
      numbers[longest_ngram] > longest || numbers[rules] >= 2 * always_labelled ||
      loss > static_cast<uint64_t>(ClassifierLoss::hierarchical_softmax) ||
      labels < (loss == static_cast<uint64_t>(ClassifierLoss::one_vs_all) ? 1u : 2u) ||
      numbers[row_precision] > static_cast<uint64_t>(Precision::int8))
    throw file.format_error("expected the sizes of a classifier but the header says " +
                            std::to_string(numbers[n_words]) + " words, " + std::to_string(labels) + " labels, " +
                            std::to_string(numbers[n_dims]) + " dimensions, " + std::to_string(numbers[n_ngrams]) +
                            " n-grams in " + std::to_string(numbers[n_buckets]) + " buckets");
  control.begin(Phase::loading, size);
  for (const SectionFile::Section& section : file.sections()) section.verify(path, control);

  auto classifier = std::make_shared<TextClassifier>();
  classifier->loss = static_cast<ClassifierLoss>(loss);
  classifier->always_labelled = numbers[rules] >= always_labelled;
  classifier->word_ngrams = static_cast<uint32_t>(numbers[longest_ngram]);
  classifier->words = read_words(file, "word ends", "words", numbers[n_words]);
  classifier->word_counts = read_values<uint64_t>(file, "counts", numbers[n_words]);
  classifier->labels = read_words(file, "label ends", "labels", labels);
  classifier->label_counts = read_values<uint64_t>(file, "label counts", labels);
  classifier->documents = file.exactly<uint64_t>("documents", 1)[0];
  const bool one_vs_all = classifier->loss == ClassifierLoss::one_vs_all;
  classifier->thresholds = read_values<float>(file, "thresholds", one_vs_all ? labels : 0);

  const auto buckets = file.exactly<uint32_t>("n-gram buckets", numbers[n_ngrams]);
  classifier->buckets = numbers[n_buckets];
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i] >= numbers[n_buckets] || classifier->ngram_rows.find(buckets[i]) != no_word)
      throw file.format_error("expected each n-gram in a bucket of its own below " +
                              std::to_string(numbers[n_buckets]) + " but n-gram " + std::to_string(i) + " is in " +
                              std::to_string(buckets[i]));
    classifier->ngram_rows.insert(buckets[i], static_cast<uint32_t>(1 + numbers[n_words] + i));
  }
  if (classifier->loss == ClassifierLoss::hierarchical_softmax) {
    for (size_t i = 0; i < labels; ++i) {
      const uint64_t count = classifier->label_counts[i];
      if (count >= 1ull << 32 || (i > 0 && count > classifier->label_counts[i - 1]))
        throw file.format_error("expected labels by falling count but label " + std::to_string(i) + " has " +
                                std::to_string(count));
    }
    classifier->tree = build_huffman_tree(classifier->label_counts);
  }
  const Precision precision = static_cast<Precision>(numbers[row_precision]);
  const uint64_t rows = 1 + numbers[n_words] + numbers[n_ngrams];
  const uint64_t head_rows = labels - (classifier->loss == ClassifierLoss::hierarchical_softmax);
  // Before so much memory is asked for.
  if (file.section(feature_sections.rows).bytes.size() < rows * numbers[n_dims] ||
      file.section(head_sections.rows).bytes.size() < head_rows * numbers[n_dims])
    throw file.format_error("expected " + std::to_string(rows) + " and " + std::to_string(head_rows) + " rows of " +
                            std::to_string(numbers[n_dims]) + " numbers but the sections have fewer bytes");
  classifier->features = Matrix(rows, numbers[n_dims], "vectors of words and n-grams");
  classifier->head = Matrix(head_rows, numbers[n_dims], "head");
  read_rows(file, precision, feature_sections, classifier->features);
  read_rows(file, precision, head_sections, classifier->head);
  mapped->check_unchanged();
  return {std::move(classifier), std::string(file.section("notes").bytes)};
}

}  // namespace w2v
