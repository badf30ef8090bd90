#include "cuda/session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <thread>

#include "cuda/damping.h"
#include "cuda/layout.h"
#include "kernels/step.h"
#include "train/draws.h"
#include "train/schedule.h"

namespace w2v::cuda {

namespace {

constexpr uint32_t most_chunk_words = 8192, least_chunk_words = 512;
constexpr uint32_t chunks_per_worker = 8;  // of an epoch, where the corpus is small: the last ones end together
constexpr uint64_t least_buffer_ids = 1 << 20, most_buffer_ids = 64 << 20;
constexpr uint64_t headroom = 64 << 20;  // bytes, for what the driver takes beside
constexpr uint32_t hot_rows = 4096;      // averaged each time, all rows once in so many times:
constexpr uint32_t averages_between_all = 8;
constexpr uint64_t default_words_between_averages = 4 << 20;
// Measured with emulated workers (docs/cuda.md): with more at a time, or fewer words for each, vectors get worse.
constexpr HotLimits default_hot_limits{12, 48};
constexpr uint64_t words_per_worker = 32768;  // of the corpus
constexpr auto poll_interval = std::chrono::microseconds(200);
constexpr auto tell_interval = std::chrono::milliseconds(100);

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string megabytes(uint64_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

}  // namespace

Session::Session(const w2v_gpu_problem& problem) : problem_(problem), corpus_(problem) {
  if (problem.path_offsets != nullptr)
    for (uint64_t w = 0; w < problem.words; ++w)
      longest_path_ =
          std::max(longest_path_, static_cast<uint32_t>(problem.path_offsets[w + 1] - problem.path_offsets[w]));
  longest_chunk_ = problem.chunk_words != 0 ? problem.chunk_words : most_chunk_words;
  buffer_ids_ = UINT64_MAX;
  cached_ = true;
  for (uint32_t d = 0; d < problem.n_devices; ++d) {
    replicas_.push_back(std::make_unique<Replica>());
    open(*replicas_.back(), problem.devices[d]);
  }

  const uint64_t workers = replicas_[0]->workers * replicas_.size();
  chunk_words_ = longest_chunk_;
  if (problem.chunk_words == 0)
    chunk_words_ = static_cast<uint32_t>(
        std::clamp<uint64_t>(corpus_.size() / (chunks_per_worker * workers), least_chunk_words, most_chunk_words));
  for (auto& replica : replicas_) {
    Device& device = *replica->device;
    if (cached_) {
      replica->ids[0] = Buffer<uint32_t>(device, corpus_.size());
      uint64_t at = 0;
      corpus_.each_piece(0, corpus_.size(), [&](std::span<const uint32_t> ids) {
        device.upload(replica->ids[0].get() + at, ids.data(), ids.size_bytes());
        at += ids.size();
      });
    } else {
      for (auto& ids : replica->ids) ids = Buffer<uint32_t>(device, buffer_ids_);
    }
  }
  if (cached_) return;
  for (Pinned& pinned : pinned_) {
    pinned.device = replicas_[0]->device.get();
    pinned.ids = static_cast<uint32_t*>(pinned.device->allocate_pinned(buffer_ids_ * sizeof(uint32_t)));
  }
}

// Where one of several devices has failed, the others are waited for: not to the end of their part.
Session::~Session() {
  for (auto& r : replicas_) r->device->set_stop(true);
}

// Everything but the corpus; decides for that whether it fits, on all devices so far.
void Session::open(Replica& r, int number) {
  r.device = platform().open(number);
  Device& device = *r.device;
  Tables& t = r.tables;
  t.n_words = static_cast<uint32_t>(problem_.words);
  t.stride = static_cast<uint32_t>((problem_.dims + row_padding - 1) / row_padding * row_padding);
  t.window = problem_.window;
  t.negative = problem_.negative;
  t.max_sentence_length = problem_.max_sentence_length;
  t.skip_gram = problem_.skip_gram != 0;
  t.hierarchical_softmax = problem_.path_offsets != nullptr;
  t.shared_negatives = problem_.shared_negatives != 0;
  t.cbow_mean = problem_.cbow_mean != 0;
  t.shrink_windows = problem_.shrink_windows != 0;
  t.compute_loss = problem_.compute_loss != 0;
  layout_ = layout_of(t, longest_path_, longest_chunk_, problem_.rate_factors != nullptr);

  // What it takes, before it is taken.
  bool on_chip = false;
  const uint32_t most_workers = device.most_workers(t, layout_, &on_chip);
  const uint64_t words = problem_.words, rows = problem_.target_rows;
  const uint64_t nodes = t.hierarchical_softmax ? problem_.path_offsets[words] : 0;
  const uint64_t model = (words + rows) * t.stride * sizeof(float);
  const uint64_t tables =
      (words * (problem_.rate_factors != nullptr) + words * (problem_.keep_probability != nullptr) +
       words * (problem_.noise_last_entry != nullptr) + problem_.noise_buckets +
       2 * words * (problem_.alias_slots != nullptr) + 2 * words * t.hierarchical_softmax + 2 * nodes + words + rows) *
      sizeof(uint32_t);
  const uint64_t chunks = (corpus_.size() / (least_chunk_words / 2) + 4096) * sizeof(Chunk);
  const uint64_t worker_bytes = layout_.slow_bytes + (on_chip ? 0 : layout_.fast_bytes);
  const uint64_t least_corpus = std::min(corpus_.size(), 2 * least_buffer_ids) * sizeof(uint32_t);
  const uint64_t free = device.free_bytes();
  const uint64_t fixed = model + tables + chunks + headroom;
  if (fixed + worker_bytes + least_corpus > free)
    throw Failure(W2V_GPU_MEMORY, "Expected " + std::to_string(fixed + worker_bytes + least_corpus) +
                                      " bytes of free memory on the device '" + std::string(device.about().name) +
                                      "' but it has " + std::to_string(free) + ": the model takes " + megabytes(model) +
                                      " (" + std::to_string(words + rows) + " rows of " + std::to_string(t.stride) +
                                      " floats), its tables " + megabytes(tables) + ", the rest " +
                                      megabytes(fixed - model - tables + worker_bytes + least_corpus));
  // Workers whose rings are in the device's memory may take an eighth of what is left.
  const uint64_t left = free - fixed - least_corpus;
  const uint64_t wanted =
      problem_.workers != 0 ? problem_.workers : corpus_.size() / words_per_worker / problem_.n_devices;
  r.workers = static_cast<uint32_t>(
      std::max<uint64_t>(1, std::min({wanted, uint64_t{most_workers}, (on_chip ? left : left / 8) / worker_bytes})));

  r.input = Buffer<float>(device, words * t.stride);
  r.target = Buffer<float>(device, rows * t.stride);
  r.rate_factors = Buffer<float>(device, problem_.rate_factors, words);
  r.keep_probability = Buffer<float>(device, problem_.keep_probability, words);
  r.noise_last_entry = Buffer<uint32_t>(device, problem_.noise_last_entry, words);
  r.noise_first_word = Buffer<uint32_t>(device, problem_.noise_first_word, problem_.noise_buckets);
  r.alias_slots =
      Buffer<AliasSlots::Slot>(device, reinterpret_cast<const AliasSlots::Slot*>(problem_.alias_slots), words);
  r.path_offsets = Buffer<uint64_t>(device, problem_.path_offsets, words + 1);
  r.path_nodes = Buffer<uint32_t>(device, problem_.path_nodes, nodes);
  r.path_labels = Buffer<float>(device, problem_.path_labels, nodes);
  r.logistic = Buffer<float>(device, problem_.logistic, logistic_table_size);
  const HotLimits limits{problem_.hot_inputs != 0 ? problem_.hot_inputs : default_hot_limits.input,
                         problem_.hot_targets != 0 ? problem_.hot_targets : default_hot_limits.target};
  const Damping factors = damping({{problem_.counts, words},
                                   problem_.keep_probability,
                                   problem_.ns_exponent,
                                   t.window,
                                   t.negative,
                                   t.shrink_windows,
                                   t.negative > 0,
                                   problem_.path_offsets,
                                   problem_.path_nodes,
                                   rows},
                                  r.workers, limits);
  if (!factors.input.empty()) r.input_damping = Buffer<float>(device, factors.input.data(), words);
  if (!factors.target.empty()) r.target_damping = Buffer<float>(device, factors.target.data(), rows);
  r.memory = Buffer<char>(device, r.workers * worker_bytes);
  r.counters = Buffer<Counters>(device, 1);
  if (problem_.n_devices > 1 && &r == replicas_[0].get())
    r.averaging = Buffer<float>(device, uint64_t{hot_rows} * t.stride);
  device.clear(r.input.get(), r.input.size() * sizeof(float));  // the padding is never written again
  device.clear(r.target.get(), r.target.size() * sizeof(float));

  t.input = r.input.get();
  t.target = r.target.get();
  t.rate_factors = r.rate_factors.get();
  t.input_damping = r.input_damping.get();
  t.target_damping = r.target_damping.get();
  t.keep_probability = r.keep_probability.get();
  t.logistic = r.logistic.get();
  t.noise = {r.noise_last_entry.get(), r.noise_first_word.get()};
  t.shared_noise = {r.alias_slots.get(), words};
  t.path_offsets = r.path_offsets.get();
  t.path_nodes = r.path_nodes.get();
  t.path_labels = r.path_labels.get();

  uint64_t room = left - std::min(left, r.workers * worker_bytes) + least_corpus;
  if (problem_.corpus_bytes != 0) room = std::min(room, problem_.corpus_bytes);
  if (corpus_.size() * sizeof(uint32_t) <= room) return;
  cached_ = false;
  buffer_ids_ =
      std::min({buffer_ids_, most_buffer_ids, std::max(room / 2 / sizeof(uint32_t), uint64_t{longest_chunk_})});
}

void Session::run(uint64_t until, w2v_gpu_progress& progress, const w2v_gpu_watch& watch) {
  const auto next_epoch = [&] {
    uint64_t epoch = until;
    for (uint64_t i = 0; i < progress.n_parts; ++i) epoch = std::min(epoch, progress.parts[i].epochs);
    return epoch;
  };
  if (next_epoch() == until) return;
  progress.workers = 0;
  for (const auto& r : replicas_) progress.workers += r->workers;
  const uint64_t dims = problem_.dims;
  for (auto& r : replicas_) {
    const uint64_t stride = r->tables.stride;
    r->device->set_stop(false);
    r->device->upload_rows(r->input.get(), stride, problem_.input, problem_.stride, dims, problem_.words);
    r->device->upload_rows(r->target.get(), stride, problem_.target, problem_.stride, dims, problem_.target_rows);
    if (problem_.rate_factors != nullptr)
      r->device->upload(r->rate_factors.get(), problem_.rate_factors, problem_.words * sizeof(float));
  }

  const auto end_of = [&](uint64_t part) { return corpus_.size() * (part + 1) / progress.n_parts; };
  Course course{progress, watch};
  for (bool stopped = false; !stopped;) {
    const uint64_t epoch = next_epoch();
    if (epoch == until) break;
    std::vector<Range> left;
    for (uint64_t i = 0; i < progress.n_parts; ++i)
      if (progress.parts[i].epochs == epoch)
        left.push_back({corpus_.size() * i / progress.n_parts + progress.parts[i].words, end_of(i)});
    const std::vector<Chunk>& chunks = chunks_of(std::move(left), progress.words);
    course.epoch = epoch;
    course.epoch_key = PositionDraws::epoch_key(problem_.seed, problem_.epochs_before + epoch);
    const Told told = train(chunks, course);
    stopped = told.stopped && told.chunks_done < chunks.size();
    // Chunks are cut part by part, in order.
    uint64_t chunk = 0;
    for (uint64_t i = 0; i < progress.n_parts; ++i) {
      w2v_gpu_part& part = progress.parts[i];
      if (part.epochs != epoch) continue;
      for (; chunk < told.chunks_done && chunks[chunk].begin < end_of(i); ++chunk) part.words += chunks[chunk].words;
      if (!stopped) part = {epoch + 1, 0};
    }
    stopped = stopped || told.stopped;
  }
  if (course.begin) progress.seconds += seconds_since(*course.begin);

  Replica& first = *replicas_[0];
  first.device->download_rows(problem_.input, problem_.stride, first.input.get(), first.tables.stride, dims,
                              problem_.words);
  first.device->download_rows(problem_.target, problem_.stride, first.target.get(), first.tables.stride, dims,
                              problem_.target_rows);
}

// Cut anew only where the ranges are others than the last time: epochs differ by their learning rates.
const std::vector<Chunk>& Session::chunks_of(std::vector<Range> ranges, uint64_t words) {
  if (ranges != ranges_) chunks_ = cut(corpus_, ranges, chunk_words_);
  ranges_ = std::move(ranges);
  for (Chunk& chunk : chunks_) {
    chunk.learning_rate = learning_rate_at(problem_.alpha, problem_.min_alpha, problem_.total_words, words);
    words += chunk.words;
  }
  return chunks_;
}

// An epoch, or what is left of it.
Session::Told Session::train(const std::vector<Chunk>& chunks, Course& course) {
  for (auto& r : replicas_) {
    if (r->chunks.size() < chunks.size()) {
      r->chunks = Buffer<Chunk>();
      r->chunks = Buffer<Chunk>(*r->device, chunks.size());
    }
    if (!chunks.empty()) r->device->upload(r->chunks.get(), chunks.data(), chunks.size() * sizeof(Chunk));
  }
  const std::vector<Range> groups = cached_ ? std::vector<Range>{{0, chunks.size()}} : group(chunks, buffer_ids_);
  const uint64_t words_between_averages =
      problem_.words_between_averages != 0 ? problem_.words_between_averages : default_words_between_averages;
  Told told;
  uint32_t averages = 0;
  if (!cached_ && !groups.empty()) fetch(chunks, groups[0], 0);
  for (size_t g = 0; g < groups.size() && !told.stopped; ++g) {
    std::vector<const uint32_t*> ids;
    for (auto& r : replicas_) {
      if (!cached_) r->device->await_upload();
      ids.push_back(r->ids[cached_ ? 0 : g % 2].get());
    }
    // The next part of the corpus is on its way while this one is trained on.
    bool fetching = !cached_ && g + 1 < groups.size();
    const uint64_t first_id = cached_ ? 0 : chunks[groups[g].begin].begin;
    for (uint64_t first = groups[g].begin; first < groups[g].end && !told.stopped;) {
      uint64_t last = groups[g].end;
      if (replicas_.size() > 1) {
        uint64_t words = 0;
        for (last = first; last < groups[g].end && words < words_between_averages * replicas_.size(); ++last)
          words += chunks[last].words;
      }
      if (fetching) fetch(chunks, groups[g + 1], (g + 1) % 2);
      fetching = false;
      const Told part = launch({first, last}, first_id, ids.data(), course);
      told.chunks_done = first + part.chunks_done;
      told.stopped = part.stopped;
      average(++averages % averages_between_all == 0);
      first = last;
    }
  }
  average(true);
  return told;
}

// Chunks [part.begin, part.end): each device goes through a piece of them.
Session::Told Session::launch(const Range& part, uint64_t first_id, const uint32_t* const* ids, Course& course) {
  const uint64_t n = part.end - part.begin;
  const auto begin = std::chrono::steady_clock::now();
  if (!course.begin) course.begin = begin;
  for (size_t d = 0; d < replicas_.size(); ++d) {
    Replica& r = *replicas_[d];
    const uint64_t begin = part.begin + n * d / replicas_.size(), end = part.begin + n * (d + 1) / replicas_.size();
    Counters* const counters = r.counters.get();
    r.device->clear(counters, sizeof(Counters));
    const Launch launch{ids[d],
                        first_id,
                        r.chunks.get() + begin,
                        static_cast<uint32_t>(end - begin),
                        course.epoch_key,
                        &counters->next_chunk,
                        &counters->words_done,
                        &counters->loss,
                        &counters->predictions,
                        r.device->stop_flag()};
    r.device->launch(r.tables, layout_, launch, r.workers, r.memory.get());
  }

  Told told;
  bool cancelled = false;
  const auto totals = [&] {
    Counters sum{};
    for (auto& r : replicas_) {
      const Counters own = r->device->read(r->counters.get());
      sum.words_done += own.words_done;
      sum.loss += own.loss;
      sum.predictions += own.predictions;
      sum.next_chunk += own.next_chunk;
    }
    return sum;
  };
  auto last_told = std::chrono::steady_clock::now();
  for (bool busy = true; busy;) {
    busy = false;
    for (auto& r : replicas_) busy = r->device->busy() || busy;
    const auto now = std::chrono::steady_clock::now();
    if (busy && now - last_told < tell_interval) {
      std::this_thread::sleep_for(poll_interval);
      continue;
    }
    last_told = now;
    const Counters sum = totals();
    w2v_gpu_loss loss{};
    if (course.epoch < course.progress.n_losses) loss = course.progress.losses[course.epoch];
    loss.sum += sum.loss;
    loss.predictions += sum.predictions;
    const w2v_gpu_wish wish =
        course.watch.tell(course.watch.context, course.progress.words + sum.words_done, course.epoch, loss);
    told.stopped = told.stopped || wish == W2V_GPU_STOP;
    cancelled = cancelled || wish == W2V_GPU_CANCEL;
    // Several devices end with the whole part: what each of them would have done of it is in no order.
    if (cancelled || (told.stopped && replicas_.size() == 1))
      for (auto& r : replicas_) r->device->set_stop(true);
    if (busy) continue;
    course.progress.busy_seconds += seconds_since(begin);
    course.progress.words += sum.words_done;
    if (course.epoch < course.progress.n_losses) course.progress.losses[course.epoch] = loss;
    told.chunks_done = replicas_.size() > 1 ? n : std::min<uint64_t>(sum.next_chunk, n);
  }
  if (cancelled) throw Failure(W2V_GPU_CANCELLED, "");
  return told;
}

// The ids of a group of chunks, through pinned memory, on their way to a buffer of each device.
void Session::fetch(const std::vector<Chunk>& chunks, const Range& group, size_t buffer) {
  const uint64_t begin = chunks[group.begin].begin, end = chunks[group.end - 1].begin + chunks[group.end - 1].words;
  uint64_t at = 0;
  corpus_.each_piece(begin, end, [&](std::span<const uint32_t> ids) {
    std::copy(ids.begin(), ids.end(), pinned_[buffer].ids + at);
    at += ids.size();
  });
  for (auto& r : replicas_)
    r->device->begin_upload(r->ids[buffer].get(), pinned_[buffer].ids, (end - begin) * sizeof(uint32_t));
}

// The replicas become their mean: the most frequent words, as inputs and as outputs, and the nodes near the root; or
// all rows.
void Session::average(bool all_rows) {
  if (replicas_.size() == 1) return;
  const uint64_t words = problem_.words, rows = problem_.target_rows;
  const auto input = [](Replica& r) { return r.input.get(); };
  const auto target = [](Replica& r) { return r.target.get(); };
  if (all_rows) {
    average_rows(input, 0, words);
    average_rows(target, 0, rows);
    return;
  }
  average_rows(input, 0, std::min<uint64_t>(words, hot_rows));
  const uint64_t first = std::min<uint64_t>(rows, hot_rows);
  average_rows(target, 0, first);
  if (problem_.path_offsets != nullptr)
    average_rows(target, std::max(first, rows - first), rows - std::max(first, rows - first));
}

void Session::average_rows(float* (*rows_of)(Replica&), uint64_t first, uint64_t rows) {
  Replica& mean = *replicas_[0];
  const uint64_t stride = mean.tables.stride;
  for (uint64_t at = first; at < first + rows; at += hot_rows) {
    const uint64_t floats = std::min<uint64_t>(hot_rows, first + rows - at) * stride;
    float* const own = rows_of(mean) + at * stride;
    for (size_t d = 1; d < replicas_.size(); ++d) {
      mean.device->copy_from(*replicas_[d]->device, mean.averaging.get(), rows_of(*replicas_[d]) + at * stride, floats);
      mean.device->add(own, mean.averaging.get(), floats);
    }
    mean.device->multiply(own, 1.0f / static_cast<float>(replicas_.size()), floats);
    for (size_t d = 1; d < replicas_.size(); ++d)
      replicas_[d]->device->copy_from(*mean.device, rows_of(*replicas_[d]) + at * stride, own, floats);
  }
}

}  // namespace w2v::cuda
