#include "train/model_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "test/check.h"
#include "test/ready_model.h"
#include "train/views.h"
#include "vectors/vector_file.h"

using namespace w2v;
using test::TemporaryFolder;

namespace {

Model model_of_words(size_t words, bool negative, bool hierarchical_softmax) {
  auto vocabulary = std::make_shared<Vocabulary>();
  for (size_t w = 0; w < words; ++w) {
    vocabulary->words.insert(w == 0 ? "</s>" : "w" + std::to_string(w));
    vocabulary->counts.push_back(words - w);
  }
  TrainingOptions options;
  options.vector_size = 21;
  options.negative = negative ? 5 : 0;
  options.hierarchical_softmax = hierarchical_softmax;
  Model model = make_model(std::move(vocabulary), options);
  for (size_t i = 0; i < model.targets.rows(); ++i)
    for (size_t d = 0; d < 21; ++d) model.targets.row(i)[d] = static_cast<float>(i * 21 + d);
  return model;
}

std::string bytes_of(const Matrix& matrix) { return {reinterpret_cast<const char*>(matrix.row(0)), matrix.bytes()}; }

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("a model is read as it was written, and its vectors as vectors") {
  const TemporaryFolder folder;
  TaskControl control;
  for (const auto& [negative, hierarchical_softmax] : {std::pair{true, false}, {false, true}, {true, true}}) {
    Model model = model_of_words(300, negative, hierarchical_softmax);
    model.rate_factors.assign(300, 0.5f);
    SavedTraining training;
    training.state.threads = {{.epochs = 2, .words = 17, .published_words = 5, .draws = 99, .learning_rate = 0.0125},
                              {}};
    training.state.words = 1234;
    training.state.losses = {{3.5, 2}, {}};
    training.total_words = 5000;
    training.corpus_size = 700;
    training.corpus_fingerprint = 0xfedcba9876543210;
    save_model(model, folder.file("model"), "{notes}", &training, control);

    const ModelFile file(folder.file("model"), control);
    CHECK(file.notes() == "{notes}");
    CHECK(file.vectors()->is_mapped());
    CHECK(file.vectors()->find("w7") == 7);
    CHECK(file.vectors()->count(7) == 293);
    CHECK((file.output_vectors() != nullptr) == negative);
    if (negative) {
      std::vector<float> row(21);
      file.output_vectors()->copy_row(3, row.data());
      CHECK(std::equal(row.begin(), row.end(), model.targets.row(3)));
      CHECK(file.output_vectors()->word(3) == "w3");
    }
    const Model read = file.read(control);
    CHECK(bytes_of(read.input) == bytes_of(model.input));
    CHECK(bytes_of(read.targets) == bytes_of(model.targets));
    CHECK(read.vocabulary->counts == model.vocabulary->counts);
    CHECK(read.vocabulary->words.word(299) == "w299");
    CHECK(read.rate_factors == model.rate_factors);
    CHECK(read.target_rows.outputs == model.target_rows.outputs);
    CHECK(read.target_rows.nodes == model.target_rows.nodes);
    const auto saved = file.training();
    REQUIRE(saved);
    CHECK(saved->state.threads.size() == 2);
    CHECK(saved->state.threads[0].draws == 99);
    CHECK(saved->state.threads[0].learning_rate == 0.0125);
    CHECK(saved->state.words == 1234);
    CHECK(saved->state.losses[0].predictions == 2);
    CHECK(saved->total_words == 5000);
    CHECK(saved->corpus_fingerprint == training.corpus_fingerprint);

    const LoadedVectors vectors = load_vectors(folder.file("model"), {}, control);
    CHECK(vectors.format == VectorFormat::w2v);
    CHECK(vectors.store->size() == 300);
    verify_checksums(*vectors.store, "model", control);
    save_model(model, folder.file("rest"), "", nullptr, control);
    CHECK(!ModelFile(folder.file("rest"), control).training());
  }
}

TEST_CASE("models that are cut or damaged anywhere, and other files, are refused") {
  const TemporaryFolder folder;
  TaskControl control;
  const Model model = model_of_words(40, true, true);
  SavedTraining training;
  training.state.threads.resize(1);
  training.state.losses.resize(1);
  save_model(model, folder.file("model"), "notes", &training, control);
  const std::string bytes = content(folder.file("model"));
  const auto read_all = [&](const std::string& changed) {
    const ModelFile file(folder.write("changed", changed), control);
    (void)file.notes();
    (void)file.training();
    return file.read(control);
  };
  CHECK(bytes_of(read_all(bytes).input) == bytes_of(model.input));
  const size_t end = bytes.find_last_not_of('\0');  // zeros fill up the last page
  for (size_t size = 0; size < end; size += 777) {
    CAPTURE(size);
    bool refused = false;
    try {
      read_all(bytes.substr(0, size));
    } catch (const Error& error) {
      refused = error.is(code::vector_truncated) || error.is(code::vector_format);
    }
    CHECK(refused);
  }
  // A flipped bit is noticed, or lies where nothing is: between sections, or in what is computed anew (norms, index).
  size_t noticed = 0, places = 0;
  for (size_t at = 0; at < bytes.size(); at += 61) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    ++places;
    bool same = true;
    try {
      same = bytes_of(read_all(changed).targets) == bytes_of(model.targets);
    } catch (const Error&) {
      ++noticed;
    }
    CHECK(same);
  }
  CHECK(noticed > places / 10);
  CHECK_CODE(ModelFile(folder.write("text", "no model"), control), code::vector_format, "another format");
  CHECK_CODE(ModelFile(folder.file("none"), control), code::file_not_found, "none");
  save_vectors(*input_vectors(model), folder.file("vectors.w2v"), VectorFormat::w2v, control);
  CHECK_CODE(ModelFile(folder.file("vectors.w2v"), control), code::vector_format, "vectors only");
}

TEST_CASE("a save that is cancelled or fails leaves what was there") {
  const TemporaryFolder folder;
  const Model model = model_of_words(40, true, false);
  TaskControl control;
  save_model(model, folder.file("model"), "", nullptr, control);
  const std::string before = content(folder.file("model"));
  control.cancelled = true;
  CHECK_CODE(save_model(model, folder.file("model"), "", nullptr, control), code::cancelled, "cancelled");
  CHECK(content(folder.file("model")) == before);
  TaskControl other;
  CHECK_CODE(save_model(model, folder.file("no/such"), "", nullptr, other), code::file_write, "no/such");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}
