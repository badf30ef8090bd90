#include "train/gpu_trainer.h"

#include "base/error.h"
#include "base/threads.h"
#include "train/cpu_trainer.h"

namespace w2v {

namespace {

const w2v_gpu_api& api_of(const GpuLibrary& library) {
  if (library.api == nullptr) throw Error(code::device, "Expected a CUDA device to train on, but " + library.why);
  return *library.api;
}

template <class T>
const T* data_of(const std::vector<T>& values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

GpuTrainer::GpuTrainer(Model& model, const EncodedCorpus& corpus, const TrainingOptions& options, uint64_t total_words,
                       const GpuLibrary& library, const GpuTuning& tuning)
    : model_(model), api_(api_of(library)), numbers_(choose_devices(library, options.devices)) {
  const GpuDevices found = devices_of(library);
  for (const int32_t number : numbers_) names_.push_back(found.devices[static_cast<size_t>(number)].name);
  for (const auto& segment : corpus.segments) {
    segments_.push_back(segment.data());
    segment_sizes_.push_back(segment.size());
  }
  const bool per_pair = options.negatives == Negatives::per_pair;
  if (per_pair) logistic_ = make_logistic_table();

  w2v_gpu_problem& p = problem_;
  p.input = model.input.row(0);
  p.target = model.targets.row(0);
  p.dims = model.input.dims();
  p.stride = model.input.stride();
  p.words = model.words();
  p.target_rows = model.targets.rows();
  p.counts = model.vocabulary->counts.data();
  p.ns_exponent = options.ns_exponent;
  p.keep_probability = data_of(model.keep_probability);
  if (options.negative > 0 && per_pair) {
    const NoiseEntries noise = model.noise.entries();
    p.noise_last_entry = noise.last_entry;
    p.noise_first_word = noise.first_word;
    p.noise_buckets = (NoiseTable::size >> NoiseEntries::bucket_bits) + 1;
  }
  if (options.negative > 0 && !per_pair)
    p.alias_slots = reinterpret_cast<const uint32_t*>(model.shared_noise.slots().slots);
  if (options.hierarchical_softmax) {
    p.path_offsets = model.huffman.offsets.data();
    p.path_nodes = model.huffman.nodes.data();
    p.path_labels = model.huffman.labels.data();
  }
  p.logistic = data_of(logistic_);
  p.segments = segments_.data();
  p.segment_sizes = segment_sizes_.data();
  p.n_segments = segments_.size();
  p.window = options.window;
  p.negative = options.negative;
  p.max_sentence_length = options.max_sentence_length;
  p.skip_gram = options.skip_gram;
  p.shared_negatives = !per_pair;
  p.cbow_mean = options.cbow_mean;
  p.shrink_windows = options.shrink_windows;
  p.compute_loss = options.compute_loss;
  p.seed = options.seed;
  p.epochs_before = options.epochs_before;
  p.alpha = options.alpha;
  p.min_alpha = options.min_alpha;
  p.total_words = total_words;
  p.devices = numbers_.data();
  p.n_devices = static_cast<uint32_t>(numbers_.size());
  p.workers = tuning.workers;
  p.chunk_words = tuning.chunk_words;
  p.corpus_bytes = tuning.corpus_bytes;
  p.words_between_averages = tuning.words_between_averages;
  p.hot_inputs = tuning.hot_inputs;
  p.hot_targets = tuning.hot_targets;
  open();
}

GpuTrainer::~GpuTrainer() { close(); }

void GpuTrainer::open() {
  close();
  problem_.rate_factors = data_of(model_.rate_factors);
  w2v_gpu_message message;
  check(api_.open(&problem_, &session_, &message), message, nullptr);
}

void GpuTrainer::close() {
  if (session_ != nullptr) api_.close(session_);
  session_ = nullptr;
}

void GpuTrainer::check(int status, const w2v_gpu_message& message, const TaskControl* control) const {
  if (status == W2V_GPU_OK) return;
  if (status == W2V_GPU_CANCELLED && control != nullptr) control->check_cancelled();
  throw Error(code::device, std::string(message.text).starts_with("Expected")
                                ? message.text
                                : std::string("Training on a CUDA device failed: ") + message.text);
}

double GpuTrainer::run(TrainingState& state, Schedule& schedule, uint64_t until, TaskControl& control) {
  const double cpu_before = thread_cpu_seconds();
  // The model may have been given rate factors between two runs.
  if (data_of(model_.rate_factors) != problem_.rate_factors) open();

  std::vector<w2v_gpu_part> parts;
  for (const ThreadProgress& thread : state.threads) parts.push_back({thread.epochs, thread.words});
  std::vector<w2v_gpu_loss> losses;
  for (const EpochLoss& loss : state.losses) losses.push_back({loss.sum, loss.predictions});
  w2v_gpu_progress progress{parts.data(), parts.size(), state.words, losses.data(), losses.size(), 0, 0, 0};

  struct Told {
    Schedule& schedule;
    TaskControl& control;
  } told{schedule, control};
  const w2v_gpu_watch watch{
      &told, [](void* context, uint64_t words, uint64_t epoch, w2v_gpu_loss loss) {
        auto& [schedule, control] = *static_cast<Told*>(context);
        schedule.advance(words - schedule.words());
        control.epoch = static_cast<uint32_t>(epoch);
        if (loss.predictions > 0) control.loss = loss.sum / static_cast<double>(loss.predictions);
        return control.cancelled ? W2V_GPU_CANCEL : control.stop_early ? W2V_GPU_STOP : W2V_GPU_GO_ON;
      }};
  w2v_gpu_message message;
  check(api_.run(session_, until, &progress, &watch, &message), message, &control);

  schedule.advance(progress.words - schedule.words());
  for (size_t i = 0; i < parts.size(); ++i) {
    ThreadProgress& thread = state.threads[i];
    thread.epochs = parts[i].epochs;
    thread.words = thread.published_words = parts[i].words;
    thread.learning_rate = static_cast<double>(schedule.rate());
  }
  for (size_t e = 0; e < losses.size(); ++e) state.losses[e] = {losses[e].sum, losses[e].predictions};
  state.words = progress.words;
  busy_seconds_ += progress.busy_seconds;
  device_seconds_ += progress.seconds;
  workers_ = progress.workers;
  return thread_cpu_seconds() - cpu_before;
}

}  // namespace w2v
