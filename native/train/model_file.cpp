#include "train/model_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/threads.h"
#include "train/views.h"
#include "vectors/format.h"

namespace w2v {

namespace {

// What the numbers of the header are, after those of the vectors.
enum Number : size_t { n_words, n_dims, row_pitch, n_outputs = 4, n_nodes };

// The section "training": words, total words, ids of the corpus, their fingerprint.
using TrainingNumbers = std::array<uint64_t, 4>;

static_assert(sizeof(ThreadProgress) == 40 && sizeof(EpochLoss) == 16, "sections hold them as they are");

std::shared_ptr<const MappedFile> open_model(const std::string& path) {
  auto file = MappedFile::open(path);
  const std::string_view bytes(file->data(), file->size());
  const std::string kind = SectionFile::kind_of(bytes);
  if (kind != model_kind)
    throw Error(
        code::vector_format,
        "'" + path + "': expected a model, as Word2Vec's save() writes it, but " +
            (kind == vectors_kind ? "it holds vectors only: they can be loaded as KeyedVectors, and "
                                    "Word2Vec.fromVectors() makes a model of them"
                                  : "it is " + (kind.empty() ? "another format" : "of the kind '" + kind + "'")));
  return file;
}

std::string_view bytes_of(const MappedFile& file) { return {file.data(), file.size()}; }

}  // namespace

ModelFile::ModelFile(const std::string& path, TaskControl& control)
    : path_(path), mapped_(open_model(path)), sections_(bytes_of(*mapped_), path, model_kind, w2v_version) {
  const LoadOptions options;
  vectors_ = read_w2v_file({path, bytes_of(*mapped_), mapped_, mapped_, options}, control).store;
  const uint64_t words = sections_.numbers()[n_words], outputs = sections_.numbers()[n_outputs],
                 nodes = sections_.numbers()[n_nodes];
  if (words < 2 || (outputs != 0 && outputs != words) || (nodes != 0 && nodes != words - 1) || outputs + nodes == 0)
    throw sections_.format_error("expected targets for all of " + std::to_string(words) + " words, but there are " +
                                 std::to_string(outputs) + " outputs and " + std::to_string(nodes) + " nodes");
  target_rows_ = {static_cast<uint32_t>(outputs), static_cast<uint32_t>(nodes)};
  sections_.exactly<char>("rows", words * sections_.numbers()[row_pitch]);
  sections_.exactly<char>("targets", (outputs + nodes) * sections_.numbers()[row_pitch]);
  sections_.exactly<uint64_t>("counts", words);
  if (sections_.has("rate factors")) sections_.exactly<float>("rate factors", words);
  if (sections_.numbers()[row_pitch] != padded_row(vectors_->dims()) * sizeof(float))
    throw sections_.format_error("expected rows of " + std::to_string(padded_row(vectors_->dims()) * sizeof(float)) +
                                 " bytes but they have " + std::to_string(sections_.numbers()[row_pitch]));
}

std::shared_ptr<const VectorStore> ModelFile::output_vectors() const {
  if (target_rows_.outputs == 0) return nullptr;
  const auto ends = sections_.all<uint64_t>("word ends");
  VectorStore::Parts parts;
  parts.owner = mapped_;
  parts.file = mapped_;
  parts.size = vectors_->size();
  parts.dims = vectors_->dims();
  parts.rows = sections_.section("targets").bytes.data();
  parts.row_pitch = sections_.numbers()[row_pitch];
  parts.words = sections_.section("words").bytes.data();
  parts.word_ends = ends;
  parts.slots = sections_.all<WordSlot>("word index");
  parts.counts = sections_.all<uint64_t>("counts");
  return std::make_shared<const VectorStore>(std::move(parts));
}

std::string_view ModelFile::notes() const { return sections_.section("notes").bytes; }

std::optional<SavedTraining> ModelFile::training() const {
  if (!sections_.has("training")) return std::nullopt;
  SavedTraining saved;
  TrainingNumbers numbers;
  std::memcpy(numbers.data(), sections_.exactly<uint64_t>("training", numbers.size()).data(), sizeof numbers);
  saved.state.words = numbers[0];
  saved.total_words = numbers[1];
  saved.corpus_size = numbers[2];
  saved.corpus_fingerprint = numbers[3];
  TaskControl control;
  for (const char* name : {"training", "threads", "losses"}) sections_.section(name).verify(path_, control);
  const auto threads = sections_.all<ThreadProgress>("threads");
  const auto losses = sections_.all<EpochLoss>("losses");
  saved.state.threads.assign(threads.begin(), threads.end());
  saved.state.losses.assign(losses.begin(), losses.end());
  return saved;
}

Model ModelFile::read(TaskControl& control) const {
  mapped_->check_unchanged();
  for (const char* name : {"word ends", "words", "counts"}) sections_.section(name).verify(path_, control);
  Model model;
  auto vocabulary = std::make_shared<Vocabulary>();
  vocabulary->words = WordIndex(vectors_->size());
  for (size_t i = 0; i < vectors_->size(); ++i)
    if (vocabulary->words.insert(vectors_->word(i)) != i)
      throw sections_.format_error("expected each word once but " + quoted(vectors_->word(i)) + " comes twice");
  if (vocabulary->words.word(0) != sentence_end)
    throw sections_.format_error("expected the first word to be '</s>' but it is " + quoted(vocabulary->words.word(0)));
  const auto counts = sections_.all<uint64_t>("counts");
  vocabulary->counts.assign(counts.begin(), counts.end());
  model.vocabulary = std::move(vocabulary);
  model.target_rows = target_rows_;
  model.input = Matrix(vectors_->size(), vectors_->dims(), "input matrix");
  model.targets = Matrix(target_rows_.outputs + size_t{target_rows_.nodes}, vectors_->dims(), "target matrix");
  const SectionFile::Section& rows = sections_.section("rows");
  const SectionFile::Section& targets = sections_.section("targets");
  control.begin(Phase::loading, rows.bytes.size() + targets.bytes.size());
  run_threads(2, [&](unsigned thread) {
    (thread == 0 ? rows : targets).copy_to((thread == 0 ? model.input : model.targets).row(0), path_, control);
  });
  if (sections_.has("rate factors")) {
    sections_.section("rate factors").verify(path_, control);
    const auto factors = sections_.all<float>("rate factors");
    model.rate_factors.assign(factors.begin(), factors.end());
  }
  mapped_->check_unchanged();
  return model;
}

void save_model(const Model& model, const std::string& path, std::string_view notes, const SavedTraining* training,
                TaskControl& control) {
  control.begin(Phase::saving, model.input.bytes() + model.targets.bytes());
  const auto vectors = input_vectors(model);
  AtomicFile file(path);
  SectionFileWriter writer(file, model_kind, w2v_version);
  SectionNumbers numbers = write_w2v_sections(*vectors, only_float32, writer, control);
  numbers[n_outputs] = model.target_rows.outputs;
  numbers[n_nodes] = model.target_rows.nodes;

  writer.begin("targets");
  const char* targets = reinterpret_cast<const char*>(model.targets.row(0));
  constexpr size_t piece_bytes = 16 << 20;
  for (size_t at = 0; at < model.targets.bytes(); at += piece_bytes) {
    control.check_cancelled();
    const size_t bytes = std::min(piece_bytes, model.targets.bytes() - at);
    writer.write(targets + at, bytes);
    control.done += bytes;
  }
  if (!model.rate_factors.empty()) {
    writer.begin("rate factors");
    writer.write(model.rate_factors.data(), model.rate_factors.size() * sizeof(float));
  }
  writer.begin("notes");
  writer.write(notes.data(), notes.size());
  if (training != nullptr) {
    const TrainingState& state = training->state;
    const TrainingNumbers training_numbers{state.words, training->total_words, training->corpus_size,
                                           training->corpus_fingerprint};
    writer.begin("training");
    writer.write(training_numbers.data(), sizeof training_numbers);
    writer.begin("threads");
    writer.write(state.threads.data(), state.threads.size() * sizeof(ThreadProgress));
    writer.begin("losses");
    writer.write(state.losses.data(), state.losses.size() * sizeof(EpochLoss));
  }
  writer.finish(numbers);
  file.commit();
}

}  // namespace w2v
