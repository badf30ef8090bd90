// Checks and measures the CUDA backend on a machine with a GPU (scripts/gpu-check.sh). Exit code 77: there is none,
// with the reason.
//
//   w2v_cuda_check devices
//   w2v_cuda_check prove [few]             comparisons with the processor; a line each that does not hold
//   w2v_cuda_check limits <stride> <rows>  what bounds a training, measured
//   w2v_cuda_check bench <name> [key=value …]
//   w2v_cuda_check train <text> <vectors> [cpu] [key=value …]
// Keys, of bench and train: text words size window negative hs sg pair sample epochs threads seed alpha vocabulary
// workers hot-inputs hot-targets. A corpus is `text`, repeated to `words` ids; without a text, ids by Zipf's law of
// `vocabulary` words. Of train alone: bits, that vectors are rounded to, so that they pack well.
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "cuda/limits.h"
#include "cuda/proofs.h"
#include "cuda/tables.h"
#include "train/cpu_trainer.h"
#include "train/gpu_trainer.h"
#include "train/plan.h"
#include "train/views.h"
#include "vectors/vector_file.h"

namespace w2v::cuda {

namespace {

using Keys = std::map<std::string, std::string>;

Keys keys_of(int argc, char** argv, int first) {
  Keys keys;
  for (int i = first; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    keys[argument.substr(0, equals)] = equals == std::string::npos ? "1" : argument.substr(equals + 1);
  }
  return keys;
}

double number(const Keys& keys, const char* name, double otherwise) {
  const auto found = keys.find(name);
  return found == keys.end() ? otherwise : std::atof(found->second.c_str());
}

TrainingOptions options_of(const Keys& keys) {
  const auto whole = [&](const char* name, double otherwise) {
    return static_cast<uint32_t>(number(keys, name, otherwise));
  };
  TrainingOptions options;
  options.vector_size = whole("size", 128);
  options.window = whole("window", 5);
  options.negative = whole("negative", 5);
  options.hierarchical_softmax = whole("hs", 0) != 0;
  options.skip_gram = whole("sg", 1) != 0;
  options.negatives = whole("pair", 0) != 0 ? Negatives::per_pair : Negatives::shared;
  options.sample = number(keys, "sample", 1e-4);
  options.epochs = whole("epochs", 1);
  options.threads = whole("threads", processors());
  options.seed = whole("seed", 1);
  options.alpha = static_cast<float>(number(keys, "alpha", options.skip_gram ? 0.025 : 0.05));
  return options;
}

GpuTuning tuning_of(const Keys& keys) {
  GpuTuning tuning;
  tuning.workers = static_cast<uint32_t>(number(keys, "workers", 0));
  tuning.hot_inputs = static_cast<uint32_t>(number(keys, "hot-inputs", 0));
  tuning.hot_targets = static_cast<uint32_t>(number(keys, "hot-targets", 0));
  return tuning;
}

struct Corpora {
  std::shared_ptr<const Vocabulary> vocabulary;
  std::shared_ptr<EncodedCorpus> encoded;
};

// By Zipf's law: a rank r with probability ~ 1 / r, sentences of about 20 words.
Corpora generated(uint64_t words, uint32_t vocabulary_size) {
  auto vocabulary = std::make_shared<Vocabulary>();
  vocabulary->words.insert(sentence_end);
  vocabulary->counts.push_back(words / 20);
  const double harmonic = std::log(static_cast<double>(vocabulary_size)) + 0.5772;
  for (uint32_t w = 1; w <= vocabulary_size; ++w) {
    vocabulary->words.insert("w" + std::to_string(w));
    vocabulary->counts.push_back(1 + static_cast<uint64_t>(static_cast<double>(words) / harmonic / w));
  }
  auto ids = std::make_shared<std::vector<uint32_t>>(words);
  run_threads(processors(), [&](unsigned thread) {
    SplitMix random(thread + 1);
    const uint64_t end = words * (thread + 1) / processors();
    for (uint64_t i = words * thread / processors(); i < end; ++i) {
      const double u = static_cast<double>(random.next() >> 11) * 0x1p-53;
      const double rank = std::pow(static_cast<double>(vocabulary_size) + 1, u);  // the inverse of its distribution
      (*ids)[i] = i % 21 == 20 ? 0 : std::min(vocabulary_size, static_cast<uint32_t>(rank));
    }
  });
  auto encoded = std::make_shared<EncodedCorpus>();
  encoded->segments.push_back(*ids);
  encoded->size = words;
  encoded->storage = ids;
  return {vocabulary, encoded};
}

Corpora corpus_of(const Keys& keys) {
  const uint64_t words = static_cast<uint64_t>(number(keys, "words", 0));
  if (!keys.contains("text")) return generated(words, static_cast<uint32_t>(number(keys, "vocabulary", 1e6)));
  TaskControl control;
  Corpus corpus;
  corpus.append_files({keys.at("text")}, processors(), control);
  PreparedCorpus prepared = corpus.prepare({{5, 0}}, processors(), control);
  auto once = std::make_shared<EncodedCorpus>(std::move(prepared.encoded));
  auto encoded = std::make_shared<EncodedCorpus>(*once);
  while (encoded->size < words) {
    encoded->segments.insert(encoded->segments.end(), once->segments.begin(), once->segments.end());
    encoded->size += once->size;
  }
  encoded->storage = once;
  for (uint64_t& count : prepared.vocabulary.counts) count *= encoded->size / once->size;
  return {std::make_shared<const Vocabulary>(std::move(prepared.vocabulary)), encoded};
}

// What an id of the corpus costs on average, by the steps of a sample.
struct Work {
  double multiply_adds, bytes_read, bytes_added;  // for rows of `stride` floats
};

Work work_of(const Model& model, const EncodedCorpus& corpus, const TrainingOptions& given, uint32_t stride) {
  TrainingOptions options = given;
  options.threads = 1;
  EncodedCorpus sample = corpus;
  sample.segments = {corpus.segments[0].subspan(0, std::min<size_t>(corpus.segments[0].size(), 200'000))};
  sample.size = sample.segments[0].size();
  TaskControl control;
  Schedule schedule(options, sample.size, control);
  Plan plan(model, sample, options, schedule, TrainingState::before(options), 0, 1);
  Window window(options, longest_path(model.huffman));
  double pairs = 0, rows_read = 0, rows_added = 0;
  while (plan.next(window)) {
    if (window.steps.empty()) continue;
    for (const Step& step : window.steps) {
      pairs += (options.skip_gram ? step.n_inputs : 1.0) * step.n_targets;
      rows_read += step.n_targets;
      rows_added += step.n_targets;
    }
    rows_read += 1;  // of the ring
    rows_added += 1;
  }
  const double words = static_cast<double>(sample.size), row = stride * sizeof(float);
  return {3 * pairs * stride / words, rows_read * row / words, rows_added * row / words};
}

[[noreturn]] void no_gpu(const std::string& why) {
  std::printf("w2v_cuda_check: no GPU to check on: %s\n", why.c_str());
  std::exit(77);
}

int list_devices(const GpuDevices& found) {
  for (const w2v_gpu_device& device : found.devices)
    std::printf("| %s | compute capability %d.%d | %d multiprocessors | %.1f of %.1f GB free |\n", device.name,
                device.capability_major, device.capability_minor, device.multiprocessors,
                static_cast<double>(device.free_memory) * 1e-9, static_cast<double>(device.memory) * 1e-9);
  return 0;
}

int prove(bool few) {
  size_t n = 0, failed = 0;
  double worst = 0;
  prove_equal(
      cuda_library(), few,
      [&](const Proof& proof) {
        ++n;
        worst = std::max(worst, proof.error / proof.limit);
        if (proof.holds()) return;
        ++failed;
        std::printf("FAILED %s: %.3g, expected at most %.3g\n", proof.name.c_str(), proof.error, proof.limit);
      },
      [](const std::string& name) { std::fprintf(stderr, "%s\n", name.c_str()); });
  std::printf("| proofs | %zu of %zu hold | the nearest to its limit: %.2g of it |\n", n - failed, n, worst);
  return failed == 0 ? 0 : 1;
}

int show_limits(uint32_t stride, uint64_t rows) {
  const Limits limits = measure_limits(choose_devices(cuda_library(), {}).front(), rows, stride);
  std::printf(
      "| limits, %llu rows of %u floats | %.1f T multiply-adds/s | copy %.0f GB/s | rows read %.0f GB/s | rows "
      "added %.0f GB/s |\n",
      static_cast<unsigned long long>(rows), stride, limits.fma_per_second * 1e-12, limits.copy_bytes_per_second * 1e-9,
      limits.row_read_bytes_per_second * 1e-9, limits.reduction_bytes_per_second * 1e-9);
  return 0;
}

int bench(const std::string& name, const Keys& keys) {
  const TrainingOptions options = options_of(keys);
  const Corpora corpora = corpus_of(keys);
  Model model = make_model(corpora.vocabulary, options);
  make_tables(model, options);
  const uint32_t stride = (options.vector_size + row_padding - 1) / row_padding * row_padding;
  const Work work = work_of(model, *corpora.encoded, options, stride);
  // Rates are of rows of whole tiles; the rows of others move alike.
  const Limits limits = measure_limits(choose_devices(cuda_library(), options.devices).front(), model.targets.rows(),
                                       stride == 320 ? 320 : 128);

  const uint64_t total = corpora.encoded->size * options.epochs;
  GpuTrainer trainer(model, *corpora.encoded, options, total, cuda_library(), tuning_of(keys));
  TaskControl control;
  Schedule schedule(options, total, control);
  TrainingState state = TrainingState::before(options);
  const double begin = wall_seconds();
  trainer.run(state, schedule, options.epochs, control);
  const double wall = wall_seconds() - begin;
  const double rate = static_cast<double>(total) / trainer.device_seconds();
  std::printf(
      "| %s | %llu workers | %.1f M words/s | %.1f with the model's way there and back | GPU busy %.1f %% | share of "
      "multiply-adds "
      "%.1f %%, of reading rows %.1f %%, of adding rows %.1f %% | loss %.3f |\n",
      name.c_str(), static_cast<unsigned long long>(trainer.workers()), rate * 1e-6,
      static_cast<double>(total) / wall * 1e-6, 100 * trainer.busy_share(),
      100 * rate * work.multiply_adds / limits.fma_per_second,
      100 * rate * work.bytes_read / limits.row_read_bytes_per_second,
      100 * rate * work.bytes_added / limits.reduction_bytes_per_second, state.losses.back().mean());
  return 0;
}

// To so many bits after the point of a float's significand.
void round(Matrix& matrix, int bits) {
  const uint32_t step = 1u << (23 - bits);
  for (size_t i = 0; i < matrix.rows(); ++i)
    for (float& value : std::span(matrix.row(i), matrix.dims()))
      value = std::bit_cast<float>((std::bit_cast<uint32_t>(value) + step / 2) & ~(step - 1));
}

int train(const std::string& text, const std::string& output, Keys keys) {
  keys["text"] = text;
  const TrainingOptions options = options_of(keys);
  const Corpora corpora = corpus_of(keys);
  Model model = make_model(corpora.vocabulary, options);
  make_tables(model, options);
  const uint64_t total = corpora.encoded->size * options.epochs;
  std::unique_ptr<Trainer> trainer;
  if (keys.contains("cpu"))
    trainer = std::make_unique<CpuTrainer>(model, *corpora.encoded, options);
  else
    trainer = std::make_unique<GpuTrainer>(model, *corpora.encoded, options, total, cuda_library(), tuning_of(keys));
  TaskControl control;
  Schedule schedule(options, total, control);
  TrainingState state = TrainingState::before(options);
  const double begin = wall_seconds();
  trainer->run(state, schedule, options.epochs, control);
  const double seconds = wall_seconds() - begin;
  if (keys.contains("bits")) round(model.input, static_cast<int>(number(keys, "bits", 23)));
  save_vectors(*input_vectors(model), output, VectorFormat::google_binary, control);
  std::printf("| %s | %s | %.1f s | %.2f M words/s | loss %.4f |\n", output.c_str(), trainer->backend().c_str(),
              seconds, static_cast<double>(total) / seconds * 1e-6, state.losses.back().mean());
  return 0;
}

int run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  const auto argument = [&](int i) { return std::string(argc > i ? argv[i] : ""); };
  if (command == "train" && keys_of(argc, argv, 4).contains("cpu"))
    return train(argument(2), argument(3), keys_of(argc, argv, 4));
  const GpuDevices found = devices_of(cuda_library());
  if (!found.why.empty()) no_gpu(found.why);
  if (command == "devices") return list_devices(found);
  if (command == "prove") return prove(argument(2) == "few");
  if (command == "limits")
    return show_limits(static_cast<uint32_t>(std::atoi(argument(2).c_str())),
                       std::strtoull(argument(3).c_str(), nullptr, 10));
  if (command == "bench") return bench(argument(2), keys_of(argc, argv, 3));
  if (command == "train") return train(argument(2), argument(3), keys_of(argc, argv, 4));
  std::fprintf(stderr, "w2v_cuda_check: expected devices, prove, limits, bench or train\n");
  return 2;
}

}  // namespace

}  // namespace w2v::cuda

int main(int argc, char** argv) {
  // What is known so far stays known where the program is ended from outside.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  try {
    return w2v::cuda::run(argc, argv);
  } catch (const w2v::Error& error) {
    std::fprintf(stderr, "w2v_cuda_check: %s (%s)\n", error.what(), error.code());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "w2v_cuda_check: %s\n", error.what());
    return 1;
  }
}
