#include "cuda/proofs.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string_view>
#include <vector>

#include "corpus/corpus.h"
#include "cuda/tables.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "train/cpu_trainer.h"
#include "train/draws.h"
#include "train/gpu_trainer.h"

namespace w2v::cuda {

namespace {

struct Text {
  const char* name;
  std::string text;
  double limit;
  bool many = false;  // of a thousand sentences
};

// Words w0, w1 … by falling frequency.
std::string random_text(size_t sentences, size_t shortest, size_t longest, size_t words, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  for (size_t s = 0; s < sentences; ++s) {
    const size_t n = shortest + random() % (longest - shortest + 1);
    for (size_t i = 0; i < n; ++i) {
      const double u = static_cast<double>(random()) / 4294967296.0;
      text += "w" + std::to_string(static_cast<size_t>(u * u * static_cast<double>(words))) + " ";
    }
    text += "\n";
  }
  return text;
}

std::vector<Text> texts() {
  // Where the processor's blocks of targets are larger than the device's, rows that repeat learn in another order: a
  // difference of second order in the rate (kernels/step.h).
  const std::string_view isa = kernels().isa;
  const bool same_order = isa == "avx2" || isa == "scalar";
  const double alone = same_order ? 1e-5 : 2e-2, thousand = same_order ? 1e-3 : 2e-2;
  return {{"1 word", "a\n", alone},
          {"2 words", "a b\n", alone},
          {"fewer than window", "a b c d\n", alone},
          {"ring wraps", random_text(1, 150, 150, 400, 1), alone},
          {"repeated words", "a a b a c a a a b c c b a b b a a c d a a a a\n", alone},
          {"few words, negative = target", random_text(1, 60, 60, 3, 2), alone},
          {"empty sentences", "\n\na b c\n\nb\n\n", alone},
          {"1000 sentences", random_text(1000, 1, 15, 500, 3), thousand, true}};
}

double distance(const Matrix& a, const Matrix& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < a.rows(); ++i)
    for (size_t d = 0; d < a.dims(); ++d) {
      difference += std::pow(double{a.row(i)[d]} - b.row(i)[d], 2);
      norm += std::pow(double{b.row(i)[d]}, 2);
    }
  return std::sqrt(difference / norm);
}

// Trained already, as it were: with targets that are not zeros.
Model model_for(const Vocabulary& vocabulary, const TrainingOptions& options, bool with_factors) {
  auto shared = std::make_shared<Vocabulary>();
  shared->counts = vocabulary.counts;
  for (size_t w = 0; w < vocabulary.size(); ++w) shared->words.insert(vocabulary.words.word(static_cast<uint32_t>(w)));
  Model model = make_model(std::move(shared), options);
  std::mt19937 random(11);
  for (Matrix* matrix : {&model.input, &model.targets})
    for (size_t i = 0; i < matrix->rows(); ++i)
      for (size_t d = 0; d < matrix->dims(); ++d)
        matrix->row(i)[d] =
            (static_cast<float>(random() % 65536) / 65536.0f - 0.5f) / std::sqrt(static_cast<float>(matrix->dims()));
  if (with_factors)
    for (size_t w = 0; w < model.words(); ++w) model.rate_factors.push_back(static_cast<float>(random() % 3) * 0.5f);
  make_tables(model, options);
  return model;
}

std::string name_of(const Text& text, const TrainingOptions& options, bool with_factors) {
  return std::string(options.skip_gram   ? "skip-gram"
                     : options.cbow_mean ? "CBOW"
                                         : "CBOW sum") +
         (options.negatives == Negatives::shared ? " shared" : " per-pair") +
         (options.hierarchical_softmax ? " hs" : "") +
         (options.negative > 0 ? " ns" + std::to_string(options.negative) : "") + (with_factors ? " factors" : "") +
         (options.sample > 0 ? " sampled" : "") + ", " + std::to_string(options.vector_size) + " floats: " + text.name;
}

// The error.
double compare(const GpuLibrary& library, const Text& text, const TrainingOptions& options, bool with_factors) {
  Corpus corpus;
  corpus.append(text.text, Framing::lines, "proof");
  corpus.end_source();
  TaskControl control;
  const Vocabulary vocabulary = corpus.vocabulary({1, 0});
  const EncodedCorpus encoded = corpus.encode(vocabulary, 1, control);

  Model on_cpu = model_for(vocabulary, options, with_factors), on_gpu = model_for(vocabulary, options, with_factors);
  TrainingState state = TrainingState::before(options);
  state.threads[0].draws = sequence_start(PositionDraws::epoch_key(options.seed, 0), 0);
  Schedule cpu_schedule(options, encoded.size, control), gpu_schedule(options, encoded.size, control);
  CpuTrainer(on_cpu, encoded, options).run(state, cpu_schedule, 1, control);

  GpuTuning one;
  one.workers = 1;
  one.chunk_words = static_cast<uint32_t>(encoded.size);
  TrainingState gpu_state = TrainingState::before(options);
  GpuTrainer(on_gpu, encoded, options, encoded.size, library, one).run(gpu_state, gpu_schedule, 1, control);

  return std::max(distance(on_gpu.input, on_cpu.input), distance(on_gpu.targets, on_cpu.targets));
}

}  // namespace

void prove_equal(const GpuLibrary& library, bool few, const std::function<void(const Proof&)>& tell,
                 const std::function<void(const std::string&)>& begin) {
  TrainingOptions options;
  options.epochs = 1;
  options.alpha = 0.025f;
  options.min_alpha = options.alpha;  // the processor renews the rate at other words than the chunks' first
  options.window = 5;
  const auto prove = [&](const Text& text, bool with_factors) {
    const std::string name = name_of(text, options, with_factors);
    begin(name);
    tell({name, compare(library, text, options, with_factors), text.limit});
  };
  const std::vector<Text> all = texts();
  const auto left_out = [&](const Text& text) { return few && &text != &all[4]; };
  // Every mode with every text.
  options.vector_size = 40;
  for (const bool skip_gram : {true, false})
    for (const Negatives negatives : {Negatives::shared, Negatives::per_pair})
      for (const auto& [hierarchical_softmax, negative] : {std::pair{false, 5u}, {true, 0u}, {true, 3u}})
        for (const bool mean : {true, false}) {
          if (skip_gram && !mean) continue;
          options.skip_gram = skip_gram;
          options.negatives = negatives;
          options.hierarchical_softmax = hierarchical_softmax;
          options.negative = negative;
          options.cbow_mean = mean;
          for (const Text& text : all) {
            if (left_out(text)) continue;
            if (text.many && (!mean || (hierarchical_softmax && negative > 0))) continue;
            options.sample = text.many ? 1e-2 : 0;
            prove(text, false);
          }
        }
  options.cbow_mean = true;
  // Every kind of row, with subsampling, rate factors, many negatives, whole and large windows.
  for (const uint32_t size : {1u, 7u, 33u, 100u, 128u, 129u, 300u, 320u, 500u})
    for (const bool skip_gram : {true, false})
      for (const bool variant : {true, false}) {
        options.vector_size = size;
        options.skip_gram = skip_gram;
        options.negatives = Negatives::shared;
        options.hierarchical_softmax = variant;
        options.negative = variant ? 40 : 5;
        options.window = variant ? 60 : 3;
        options.shrink_windows = !variant;
        options.sample = 0;
        // A target's change is the sum over 120 context words: at the usual rate it would overshoot, and rounding grow.
        options.alpha = options.min_alpha = variant ? 0.0025f : 0.025f;
        for (const Text* text : {&all[3], &all[4]})
          if (!left_out(*text)) prove(*text, variant);
      }
}

}  // namespace w2v::cuda
