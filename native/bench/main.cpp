// What the benchmarks of scripts/bench measure outside of Node. Prints one JSON object. W2V_FORCE_ISA chooses the
// kernels.
//
//   w2v_bench peak <threads>             GFLOP/s of multiply-adds in registers, all threads together
//   w2v_bench kernel <vectorSize>        GFLOP/s of the update kernel on rows that lie in the cache: windows of
//   skip-gram
//                                        with shared negatives, 6 context words and 6 targets
//   w2v_bench read <file> <threads>      GB/s of reading a mapped file whose pages are cached
//   w2v_bench work <text> <sg> <hs> <negative> <shared> <window> <sample>
//                                        multiply-adds per word of the text and per dimension of the vectors
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "base/matrix.h"
#include "base/threads.h"
#include "bench/peak.h"
#include "corpus/corpus.h"
#include "kernels/kernels.h"
#include "train/plan.h"

namespace w2v {

#define W2V_DECLARE_PEAK(isa)      \
  namespace isa {                  \
  extern const PeakLoop peak_loop; \
  }
#ifdef W2V_HAVE_AVX512
W2V_DECLARE_PEAK(avx512)
#endif
#ifdef W2V_HAVE_AVX2
W2V_DECLARE_PEAK(avx2)
#endif
#ifdef W2V_HAVE_NEON
W2V_DECLARE_PEAK(neon)
#endif
W2V_DECLARE_PEAK(scalar)

namespace {

const PeakLoop& peak_loop() {
  const PeakLoop* const loops[] = {
#ifdef W2V_HAVE_AVX512
      &avx512::peak_loop,
#endif
#ifdef W2V_HAVE_AVX2
      &avx2::peak_loop,
#endif
#ifdef W2V_HAVE_NEON
      &neon::peak_loop,
#endif
      &scalar::peak_loop};
  for (const PeakLoop* loop : loops)
    if (std::string_view(kernels().isa).starts_with(loop->isa)) return *loop;  // avx512vnni is avx512 here
  std::abort();
}

// Calls work(n) with growing n until a call takes long enough to be timed; gives seconds per unit of n, the best of
// five.
template <class F>
double seconds_per_unit(F&& work) {
  constexpr double long_enough = 0.1;
  for (uint64_t n = 1;; n *= 2) {
    const double start = wall_seconds();
    work(n);
    if (wall_seconds() - start < long_enough) continue;
    double best = 1e300;
    for (int round = 0; round < 5; ++round) {
      const double again = wall_seconds();
      work(n);
      best = std::min(best, wall_seconds() - again);
    }
    return best / static_cast<double>(n);
  }
}

double peak(unsigned threads) {
  const PeakLoop& loop = peak_loop();
  std::vector<float> sinks(threads * 16);
  const double seconds = seconds_per_unit(
      [&](uint64_t n) { run_threads(threads, [&](unsigned thread) { loop.run(n * 1024, &sinks[thread * 16]); }); });
  return threads * 1024 * loop.flops_per_iteration / seconds / 1e9;
}

double kernel(size_t dims) {
  constexpr uint32_t contexts = 6, targets = 6, rows = 64;
  constexpr size_t n_steps = 64;
  Matrix input(rows, dims, "input"), target(rows, dims, "target");
  std::mt19937 random(1);
  for (size_t i = 0; i < rows; ++i)
    for (size_t d = 0; d < dims; ++d) {
      input.row(i)[d] = static_cast<float>(random()) * 0x1p-32f - 0.5f;
      target.row(i)[d] = static_cast<float>(random()) * 0x1p-32f - 0.5f;
    }
  std::vector<uint32_t> ids(n_steps * (contexts + targets));
  for (uint32_t& id : ids) id = static_cast<uint32_t>(random() % rows);
  std::vector<float> labels(targets);
  labels[0] = 1;
  std::vector<Step> steps;
  for (size_t s = 0; s < n_steps; ++s) {
    const uint32_t* first = ids.data() + s * (contexts + targets);
    steps.push_back({first, first + contexts, labels.data(), contexts, targets, 0, 1e-6f});
  }
  Matrix scratch(1, scratch_floats(contexts, targets, input.stride()), "scratch");
  std::vector<float*> row_pointers(2 * contexts);
  const UpdateTables tables{.input = input.row(0),
                            .target = target.row(0),
                            .own_target = nullptr,
                            .first_own = rows,
                            .stride = input.stride(),
                            .combine = Combine::none,
                            .rate_factors = nullptr,
                            .logistic = nullptr,
                            .scratch = scratch.row(0),
                            .row_pointers = row_pointers.data()};
  const double seconds = seconds_per_unit([&](uint64_t n) {
    for (uint64_t i = 0; i < n; ++i) kernels().update(steps.data(), n_steps, tables);
  });
  return 2.0 * 3 * contexts * targets * static_cast<double>(dims) * n_steps / seconds / 1e9;
}

// A sum over all of it, so that every byte arrives in a register.
double read_bandwidth(const std::string& path, unsigned threads) {
  const auto file = MappedFile::open(path);
  const size_t words = file->size() / sizeof(uint64_t);
  const char* bytes = file->data();
  std::vector<uint64_t> sinks(threads * 16);
  const double seconds = seconds_per_unit([&](uint64_t n) {
    for (uint64_t round = 0; round < n; ++round)
      run_threads(threads, [&](unsigned thread) {
        uint64_t sums[8] = {};
        const size_t begin = words * thread / threads / 8 * 8, end = words * (thread + 1) / threads / 8 * 8;
        for (size_t i = begin; i < end; i += 8)
          for (size_t k = 0; k < 8; ++k) {
            uint64_t word;
            std::memcpy(&word, bytes + (i + k) * sizeof word, sizeof word);
            sums[k] += word;
          }
        for (const uint64_t sum : sums) sinks[thread * 16] += sum;
      });
  });
  return static_cast<double>(words * sizeof(uint64_t)) / seconds / 1e9;
}

// Each pair of an input and a target is scored and updates both; CBOW also adds its context words up, and its gradient
// to each of them.
double work(const std::string& text, const TrainingOptions& options) {
  TaskControl control;
  Corpus corpus;
  corpus.append_files({text}, 1, control);
  PreparedCorpus prepared = corpus.prepare({}, 1, control);
  Model model = make_model(std::make_shared<const Vocabulary>(std::move(prepared.vocabulary)), options);
  make_tables(model, options);
  Schedule schedule(options, prepared.encoded.size, control);
  Plan plan(model, prepared.encoded, options, schedule, TrainingState::before(options), 0, 1);
  Window window(options, longest_path(model.huffman));
  double total = 0;
  while (plan.next(window))
    for (const Step& step : window.steps)
      total += options.skip_gram ? 3.0 * step.n_inputs * step.n_targets : 3.0 * step.n_targets + step.n_inputs;
  return total / static_cast<double>(prepared.words);
}

int run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "peak" && argc == 3) {
    std::printf("{\"isa\": \"%s\", \"gflops\": %.3f}\n", kernels().isa,
                peak(static_cast<unsigned>(std::atoi(argv[2]))));
  } else if (command == "kernel" && argc == 3) {
    std::printf("{\"isa\": \"%s\", \"gflops\": %.3f}\n", kernels().isa,
                kernel(static_cast<size_t>(std::atoi(argv[2]))));
  } else if (command == "read" && argc == 4) {
    std::printf("{\"gigabytesPerSecond\": %.3f}\n", read_bandwidth(argv[2], static_cast<unsigned>(std::atoi(argv[3]))));
  } else if (command == "work" && argc == 9) {
    TrainingOptions options;
    options.vector_size = 1;
    options.epochs = 1;
    options.skip_gram = std::atoi(argv[3]) != 0;
    options.hierarchical_softmax = std::atoi(argv[4]) != 0;
    options.negative = static_cast<uint32_t>(std::atoi(argv[5]));
    options.negatives = std::atoi(argv[6]) != 0 ? Negatives::shared : Negatives::per_pair;
    options.window = static_cast<uint32_t>(std::atoi(argv[7]));
    options.sample = std::atof(argv[8]);
    std::printf("{\"multiplyAdds\": %.6f}\n", work(argv[2], options));
  } else {
    std::fprintf(stderr, "w2v_bench: see the top of native/bench/main.cpp\n");
    return 2;
  }
  return 0;
}

}  // namespace

}  // namespace w2v

int main(int argc, char** argv) {
  try {
    return w2v::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "w2v_bench: %s\n", error.what());
    return 1;
  }
}
