// The host code of the CUDA backend, with emulated devices.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "cuda/chunks.h"
#include "cuda/damping.h"
#include "test/check.h"
#include "test/cuda_emulation.h"
#include "test/ready_model.h"
#include "train/cpu_trainer.h"
#include "train/gpu_trainer.h"

using namespace w2v;
using test::emulated_library;
using test::emulation;

namespace {

// Sentences of words that keep company: w0 … w9 with each other, w10 … w19 with each other, and so on.
std::string grouped_text(size_t sentences) {
  std::string text;
  uint32_t state = 1;
  const auto random = [&state] { return (state = state * 1664525 + 1013904223) >> 8; };
  for (size_t s = 0; s < sentences; ++s) {
    const uint32_t group = random() % 4;
    for (int i = 0; i < 12; ++i) text += "w" + std::to_string(group * 10 + random() % 10) + " ";
    text += "\n";
  }
  return text;
}

TrainingOptions some_options() {
  TrainingOptions options;
  options.vector_size = 20;
  options.skip_gram = true;
  options.epochs = 3;
  options.sample = 1e-2;
  return options;
}

// A training with all that it needs.
struct Course {
  Course(const std::string& text, const TrainingOptions& given) : options(given) {
    Corpus reader;
    reader.append(text, Framing::lines, "test");
    reader.end_source();
    TaskControl control;
    Vocabulary vocabulary = reader.vocabulary({1, 0});
    corpus = reader.encode(vocabulary, 1, control);
    model = std::make_unique<Model>(ready_model(std::move(vocabulary), options));
    state = TrainingState::before(options);
    total = corpus.size * options.epochs;
  }
  void on_cpu(uint64_t until) {
    Schedule schedule(options, total, control, state.words);
    CpuTrainer(*model, corpus, options).run(state, schedule, until, control);
  }
  std::unique_ptr<GpuTrainer> trainer(const GpuTuning& tuning) {
    return std::make_unique<GpuTrainer>(*model, corpus, options, total, emulated_library(), tuning);
  }
  void run(Trainer& trainer, uint64_t until) {
    Schedule schedule(options, total, control, state.words);
    trainer.run(state, schedule, until, control);
  }
  void on_gpu(uint64_t until, const GpuTuning& tuning = {}) { run(*trainer(tuning), until); }

  std::string bytes() const { return {reinterpret_cast<const char*>(model->input.row(0)), model->input.bytes()}; }
  // How much nearer words of a group are to each other than to others, on average.
  double company() const {
    double sum[2] = {}, pairs[2] = {};
    const auto row = [&](int w) { return model->input.row(model->vocabulary->words.find("w" + std::to_string(w))); };
    for (int a = 0; a < 40; ++a)
      for (int b = 0; b < a; ++b) {
        double xy = 0, xx = 0, yy = 0;
        for (size_t d = 0; d < model->input.dims(); ++d) {
          xy += double{row(a)[d]} * row(b)[d];
          xx += double{row(a)[d]} * row(a)[d];
          yy += double{row(b)[d]} * row(b)[d];
        }
        sum[a / 10 == b / 10] += xy / std::sqrt(xx * yy);
        pairs[a / 10 == b / 10] += 1;
      }
    return sum[1] / pairs[1] - sum[0] / pairs[0];
  }

  const TrainingOptions options;
  EncodedCorpus corpus;
  std::unique_ptr<Model> model;
  TrainingState state;
  TaskControl control;
  uint64_t total;
};

// Puts the emulated devices back as they were.
struct Restore {
  test::Emulation before = emulation();
  ~Restore() { emulation() = before; }
};

}  // namespace

TEST_CASE("several devices, streamed parts of the corpus and every mode learn which words keep company") {
  const Restore restore;
  const std::string text = grouped_text(300);
  for (const bool skip_gram : {true, false})
    for (const Negatives negatives : {Negatives::shared, Negatives::per_pair})
      for (const bool hierarchical_softmax : {false, true}) {
        const int devices = negatives == Negatives::shared ? 3 : 1;
        emulation().devices = devices;
        TrainingOptions options = some_options();
        options.skip_gram = skip_gram;
        options.negatives = negatives;
        options.hierarchical_softmax = hierarchical_softmax;
        options.negative = hierarchical_softmax ? 0 : 5;
        options.epochs = 6;
        options.alpha = 0.1f;
        options.sample = 0;
        for (int d = 0; d < devices; ++d) options.devices.push_back(d);
        Course course(text, options);
        GpuTuning tuning;
        tuning.chunk_words = 300;
        tuning.corpus_bytes = devices == 1 ? 0 : 8000;
        tuning.words_between_averages = 500;
        tuning.hot_inputs = tuning.hot_targets = 2;
        course.on_gpu(options.epochs, tuning);
        CAPTURE(skip_gram);
        CAPTURE(static_cast<int>(negatives));
        CAPTURE(hierarchical_softmax);
        CAPTURE(devices);
        CHECK(course.company() > 0.1);
        CHECK(course.state.epochs() == options.epochs);
        CHECK(course.state.words == course.total);
        CHECK(course.control.done == course.total);
        CHECK(course.state.losses.back().predictions > 0);
      }
}

TEST_CASE("it does not matter whether the corpus is streamed, nor when a training ends in between") {
  const Restore restore;
  const std::string text = grouped_text(200);
  for (const Negatives negatives : {Negatives::shared, Negatives::per_pair}) {
    TrainingOptions options = some_options();
    options.negatives = negatives;
    GpuTuning cached;
    cached.workers = 1;
    cached.chunk_words = 200;
    Course whole(text, options);
    whole.on_gpu(options.epochs, cached);

    GpuTuning streamed = cached;
    streamed.corpus_bytes = 4000;
    emulation().uploads = 0;
    Course parts(text, options);
    parts.on_gpu(options.epochs, streamed);
    CHECK(emulation().uploads >= 3 * parts.corpus.size * sizeof(uint32_t) / 2000);
    CHECK(parts.bytes() == whole.bytes());

    Course by_epochs(text, options);
    const auto trainer = by_epochs.trainer(cached);
    for (uint64_t epoch = 0; epoch <= options.epochs; ++epoch) by_epochs.run(*trainer, epoch);
    CHECK(by_epochs.bytes() == whole.bytes());
  }
}

TEST_CASE("a training on devices stops between chunks and goes on, on devices or on the processor") {
  const std::string text = grouped_text(1500);
  TrainingOptions options = some_options();
  options.threads = 3;  // parts of the corpus
  options.epochs = 4;
  GpuTuning tuning;
  tuning.chunk_words = 100;
  Course course(text, options);
  const auto trainer = course.trainer(tuning);
  size_t stops = 0;
  while (course.state.epochs() < 2) {
    course.control.stop_early = false;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
      course.control.stop_early = true;
    });
    const uint64_t words = course.state.words;
    course.run(*trainer, options.epochs);
    stopper.join();
    CHECK(course.state.words >= words);
    uint64_t in_parts = 0;
    for (size_t i = 0; i < 3; ++i) {
      const uint64_t part = course.corpus.size * (i + 1) / 3 - course.corpus.size * i / 3;
      CHECK(course.state.threads[i].words <= part);
      in_parts += course.state.threads[i].epochs * part + course.state.threads[i].words;
    }
    CHECK(in_parts == course.state.words);  // nothing was left out, nothing counted twice
    ++stops;
  }
  CHECK(stops > 1);
  course.control.stop_early = false;
  course.on_cpu(3);
  CHECK(course.state.epochs() == 3);
  course.on_gpu(4, tuning);
  CHECK(course.state.words == course.total);
  CHECK(course.company() > 0.05);
}

TEST_CASE("cancelling a training on devices throws") {
  TrainingOptions options = some_options();
  options.epochs = 100000;
  Course course(grouped_text(500), options);
  std::thread canceller([&] {
    while (course.control.done == 0) std::this_thread::yield();
    course.control.cancelled = true;
  });
  CHECK_CODE(course.on_gpu(options.epochs), code::cancelled, "cancelled");
  canceller.join();
}

TEST_CASE("devices and the processor measure the same loss, and fall to the same rate") {
  for (const bool skip_gram : {true, false}) {
    TrainingOptions options = some_options();
    options.skip_gram = skip_gram;
    options.epochs = 1;
    options.min_alpha = options.alpha;
    const std::string text = grouped_text(1000);
    Course cpu(text, options), gpu(text, options);
    cpu.on_cpu(1);
    GpuTuning one;
    one.workers = 1;
    one.chunk_words = static_cast<uint32_t>(gpu.corpus.size);
    gpu.on_gpu(1, one);
    CHECK(gpu.state.losses[0].predictions > 20);
    CHECK(gpu.state.losses[0].predictions == cpu.state.losses[0].predictions);
    CHECK(gpu.state.losses[0].mean() == doctest::Approx(cpu.state.losses[0].mean()).epsilon(1e-4));

    // The rate falls with every chunk, as on the processor with every 10,000 words: what is learned is as much.
    options.min_alpha = 0;
    options.epochs = 3;
    Course falls_on_cpu(text, options), falls(text, options);
    falls_on_cpu.on_cpu(3);
    one.chunk_words = 1000;
    falls.on_gpu(3, one);
    CHECK(falls.state.threads[0].learning_rate == doctest::Approx(0));
    CHECK(falls.company() == doctest::Approx(falls_on_cpu.company()).epsilon(0.1));
  }
}

TEST_CASE("frozen words stay as they are, also when they were frozen between two runs") {
  TrainingOptions options = some_options();
  Course course(grouped_text(200), options);
  const auto trainer = course.trainer({});
  course.run(*trainer, 1);
  course.model->rate_factors.assign(course.model->words(), 1.0f);
  course.model->rate_factors[3] = 0;
  const std::string before(reinterpret_cast<const char*>(course.model->input.row(3)), 80),
      other(reinterpret_cast<const char*>(course.model->input.row(4)), 80);
  course.run(*trainer, 2);
  CHECK(std::string(reinterpret_cast<const char*>(course.model->input.row(3)), 80) == before);
  CHECK(std::string(reinterpret_cast<const char*>(course.model->input.row(4)), 80) != other);
}

TEST_CASE("why no device can train") {
  const Restore restore;
  const TrainingOptions options = some_options();
  const std::string text = grouped_text(50);
  CHECK_CODE(GpuTrainer(*Course(text, options).model, EncodedCorpus(), options, 1, {nullptr, "no library"}, {}),
             code::device, "no library");
  emulation().devices = 0;
  emulation().why = "there is no NVIDIA driver";
  CHECK_CODE(Course(text, options).on_gpu(1), code::device, "there is no NVIDIA driver");
  emulation().devices = 2;
  emulation().capability = 61;
  CHECK_CODE(Course(text, options).on_gpu(1), code::device, "compute capability 7.5 or later, it has 6.1");
  emulation().capability = 80;
  emulation().least_capability = 90;
  CHECK_CODE(Course(text, options).on_gpu(1), code::device,
             "has compute capability 8.0, which the library has no code for");
  emulation().least_capability = emulation().capability = 75;
  TrainingOptions third = options;
  third.devices = {2};
  CHECK_CODE(Course(text, third).on_gpu(1), code::device, "no device 2, only 0 to 1");
  emulation().memory = 50'000'000;
  CHECK_CODE(Course(text, options).on_gpu(1), code::device, "but it has 50000000: the model takes 1 MB");
  emulation().memory = 300'000'000;
  Course(text, options).on_gpu(1);
}

TEST_CASE("chunks end with sentences where they can, and leave nothing out") {
  std::vector<uint32_t> ids;
  for (uint32_t i = 0; i < 5000; ++i) ids.push_back(i % 37 == 36 || i % 11 == 0 ? 0 : 1 + i % 50);
  for (uint32_t i = 0; i < 3000; ++i) ids.push_back(1);  // a sentence longer than a chunk
  w2v_gpu_problem problem{};
  const uint32_t* const segments[] = {ids.data(), ids.data() + 1, ids.data() + 2500};
  const uint64_t sizes[] = {1, 2499, ids.size() - 2500};
  problem.segments = segments;
  problem.segment_sizes = sizes;
  problem.n_segments = 3;
  const cuda::CorpusView corpus(problem);
  REQUIRE(corpus.size() == ids.size());
  std::vector<uint32_t> in_pieces;
  corpus.each_piece(0, ids.size(), [&](auto piece) { in_pieces.insert(in_pieces.end(), piece.begin(), piece.end()); });
  REQUIRE(in_pieces == ids);

  const std::vector<cuda::Range> ranges{{0, 0}, {3, 4000}, {4000, 8000}};
  const auto chunks = cuda::cut(corpus, ranges, 100);
  uint64_t at = 3;
  for (const cuda::Chunk& chunk : chunks) {
    CHECK(chunk.begin == at);
    CHECK(chunk.words <= 100);
    at += chunk.words;
    const bool whole = at == 4000 || at == 8000;
    if (!whole) CHECK(chunk.words >= 50);
    if (!whole && at < 5000) CHECK(ids[at - 1] == 0);
  }
  CHECK(at == 8000);

  uint64_t next = 0;
  for (const cuda::Range& group : cuda::group(chunks, 1000)) {
    CHECK(group.begin == next);
    CHECK(group.end > group.begin);
    CHECK(chunks[group.end - 1].begin + chunks[group.end - 1].words - chunks[group.begin].begin <= 1000);
    next = group.end;
  }
  CHECK(next == chunks.size());
  CHECK(cuda::group(chunks, 1).size() == chunks.size());  // never less than one
}

TEST_CASE("chunks of random corpora in several segments end where a search from the back, id by id, ends them") {
  std::mt19937 random(5);
  for (int corpus = 0; corpus < 300; ++corpus) {
    const uint32_t rarity = 1 + random() % 60;  // of sentence ends
    std::vector<uint32_t> ids(1 + random() % 500);
    for (uint32_t& id : ids) id = random() % rarity;
    std::vector<const uint32_t*> segments;
    std::vector<uint64_t> sizes;
    for (uint64_t at = 0; at < ids.size(); at += sizes.back()) {
      segments.push_back(ids.data() + at);
      sizes.push_back(std::min<uint64_t>(random() % 80, ids.size() - at));
    }
    w2v_gpu_problem problem{};
    problem.segments = segments.data();
    problem.segment_sizes = sizes.data();
    problem.n_segments = segments.size();
    const uint64_t middle = random() % (ids.size() + 1);
    const std::vector<cuda::Range> ranges{{random() % (middle + 1), middle}, {middle, ids.size()}};
    const uint32_t longest = 1 + random() % 100;
    const auto chunks = cuda::cut(cuda::CorpusView(problem), ranges, longest);
    size_t next = 0;
    for (const cuda::Range& range : ranges)
      for (uint64_t begin = range.begin; begin < range.end; ++next) {
        uint64_t end = std::min(begin + longest, range.end);
        const uint64_t whole = end;
        const bool last = end == range.end;
        while (!last && end > begin && ids[end - 1] != 0) --end;
        if (end - begin < (longest + 1) / 2) end = whole;
        REQUIRE(next < chunks.size());
        CHECK(chunks[next].begin == begin);
        CHECK(chunks[next].words == end - begin);
        begin = end;
      }
    CHECK(next == chunks.size());
  }
}

TEST_CASE("rows that many workers change at once are damped, others are not") {
  std::vector<uint64_t> counts{1000};
  for (uint64_t w = 1; w < 1000; ++w) counts.push_back(100'000 / w);
  const std::vector<uint64_t> offsets = [] {
    std::vector<uint64_t> all;
    for (uint64_t w = 0; w <= 1000; ++w) all.push_back(2 * w);
    return all;
  }();
  std::vector<uint32_t> nodes;
  for (uint32_t w = 0; w < 1000; ++w) {
    nodes.push_back(1998);  // the root
    nodes.push_back(1000 + w % 900);
  }
  const cuda::Traffic traffic{counts, nullptr, 0.75, 5, 5, true, true, offsets.data(), nodes.data(), 1999};
  const cuda::Damping none = cuda::damping(traffic, 1, {32, 32});
  CHECK(none.input.empty());
  CHECK(none.target.empty());

  const cuda::Damping damped = cuda::damping(traffic, 2000, {32, 64});
  REQUIRE(damped.target.size() == 1999);
  CHECK(damped.target[1998] == doctest::Approx(64.0 / 2000));  // all of them, always
  CHECK(damped.target[0] == 1);
  CHECK(damped.target[999] == 1);
  for (size_t w = 2; w < 1000; ++w) CHECK(damped.target[w] >= damped.target[w - 1]);
  CHECK(damped.target[1] < 1);
  // The first word is in all rings, with what it learned in the six windows of each of its places.
  CHECK(damped.input[1] == doctest::Approx(32.0 / (2000 * 6)));
  CHECK(damped.input[999] == 1);

  // Never to less than the mean of the workers', and never where there is one.
  CHECK(cuda::damping(traffic, 2000, {2, 2}).input[1] == doctest::Approx(1.0 / 2000));
  const cuda::Damping alone = cuda::damping(traffic, 1, {2, 2});
  CHECK(std::all_of(alone.input.begin(), alone.input.end(), [](float factor) { return factor == 1; }));
}
