#include "train/plan.h"

#include <algorithm>

#include "base/prefetch.h"

namespace w2v {

namespace {
constexpr uint64_t words_between_rates = 10000;  // the learning rate is renewed once more words than this were read
}

size_t longest_path(const HuffmanTree& tree) {
  size_t longest = 0;
  for (size_t w = 0; w + 1 < tree.offsets.size(); ++w)
    longest = std::max(longest, static_cast<size_t>(tree.offsets[w + 1] - tree.offsets[w]));
  return longest;
}

size_t max_step_inputs(const TrainingOptions& options) {
  const size_t contexts = std::min(2 * size_t{options.window}, size_t{options.max_sentence_length});
  return options.skip_gram && options.negatives == Negatives::shared ? contexts : 1;
}

size_t max_step_targets(const TrainingOptions& options, size_t longest_path) {
  return longest_path + (options.negative > 0 ? options.negative + size_t{1} : 0);
}

Window::Window(const TrainingOptions& options, size_t longest_path) {
  const size_t contexts = std::min(2 * size_t{options.window}, size_t{options.max_sentence_length});
  const size_t max_steps = options.skip_gram && options.negatives == Negatives::per_pair ? contexts : 1;
  steps.reserve(max_steps);
  inputs.reserve(contexts);
  targets.reserve(max_steps * max_step_targets(options, longest_path));
  labels.reserve(targets.capacity());
}

IdRange::IdRange(const EncodedCorpus& corpus, uint64_t begin, uint64_t end)
    : corpus_(&corpus), end_(end), left_(end - begin) {
  while (begin > 0 || at_ == nullptr) {
    if (next_segment_ == corpus.segments.size()) return;
    open_segment();
    const uint64_t skipped = std::min<uint64_t>(begin, static_cast<uint64_t>(segment_end_ - at_));
    at_ += skipped;
    begin -= skipped;
  }
}

void IdRange::open_segment() {
  const std::span<const uint32_t> segment = corpus_->segments[next_segment_++];
  at_ = segment.data();
  segment_end_ = at_ + segment.size();
}

Plan::Plan(const Model& model, const EncodedCorpus& corpus, const TrainingOptions& options, Schedule& schedule,
           const TrainingState& state, unsigned thread, uint64_t until)
    : model_(model),
      options_(options),
      schedule_(schedule),
      part_(corpus, corpus.size * thread / options.threads, corpus.size * (thread + 1) / options.threads),
      remaining_(corpus, part_.position() + state.threads[thread].words, corpus.size * (thread + 1) / options.threads),
      until_(until),
      epochs_(state.threads[thread].epochs),
      shared_(options.negatives == Negatives::shared),
      draws_(state.threads[thread].draws),
      epoch_key_(PositionDraws::epoch_key(options.seed, options.epochs_before + epochs_)),
      learning_rate_(static_cast<float>(state.threads[thread].learning_rate)),
      words_(state.threads[thread].words),
      published_words_(state.threads[thread].published_words),
      sentence_(options.max_sentence_length),
      corpus_positions_(options.max_sentence_length) {}

bool Plan::next(Window& window) {
  // The order of the checks is word2vec.c's: the rate can change after the first word of a sentence.
  for (;;) {
    if (sentence_done_ && (ending_ || epochs_ >= until_)) return false;
    if (words_ - published_words_ > words_between_rates) {
      learning_rate_ = schedule_.advance(words_ - published_words_);
      published_words_ = words_;
    }
    if (!sentence_done_ || read_sentence()) break;
    schedule_.advance(words_ - published_words_);
    words_ = published_words_ = 0;
    remaining_ = part_;
    epoch_key_ = PositionDraws::epoch_key(options_.seed, options_.epochs_before + ++epochs_);
  }
  plan_window(window);
  sentence_done_ = ++position_ >= sentence_size_;
  return true;
}

ThreadProgress Plan::progress() const {
  return {epochs_, words_, published_words_, draws_.state(), static_cast<double>(learning_rate_)};
}

// Reads up to the end of a sentence, of the part, or max_sentence_length words that subsampling keeps. False if the
// part is at its end. The sentence can come out empty; its window is drawn all the same.
bool Plan::read_sentence() {
  position_ = 0;
  size_t size = 0;
  uint32_t word;
  if (!remaining_.next(word)) return false;
  do {
    ++words_;
    if (word == 0) break;
    const uint64_t corpus_position = remaining_.position() - 1;
    // Written first and kept then: whether a word is kept cannot be predicted, so there is no branch on it.
    sentence_[size] = word;
    corpus_positions_[size] = corpus_position;
    size += keep(word, corpus_position);
  } while (size < options_.max_sentence_length && remaining_.next(word));
  sentence_size_ = size;
  return true;
}

bool Plan::keep(uint32_t word, uint64_t corpus_position) {
  if (model_.keep_probability.empty()) return true;
  const float probability = model_.keep_probability[word];
  return shared_ ? PositionDraws(~epoch_key_, corpus_position).keep(probability) : draws_.keep(probability);
}

void Plan::plan_window(Window& window) {
  window.epoch = epochs_;
  window.steps.clear();
  window.inputs.clear();
  window.targets.clear();
  window.labels.clear();
  if (!shared_) {
    draw_window(window, draws_);
  } else if (sentence_size_ > 0) {
    PositionDraws draws(epoch_key_, corpus_positions_[position_]);
    draw_window(window, draws);
  }
}

template <class Draws>
void Plan::draw_window(Window& window, Draws& draws) {
  const size_t radius = options_.window - (options_.shrink_windows ? draws.below(options_.window) : 0);
  if (sentence_size_ == 0) return;

  const size_t begin = position_ - std::min(position_, radius);
  const size_t end = std::min(position_ + radius + 1, sentence_size_);
  for (size_t c = begin; c < end; ++c)
    if (c != position_) window.inputs.push_back(sentence_[c]);
  if (window.inputs.empty()) return;

  const uint32_t center = sentence_[position_];
  if (options_.skip_gram && !shared_) {
    for (const uint32_t& context : window.inputs) add_step(window, {&context, 1}, center, draws);
  } else {
    add_step(window, window.inputs, center, draws);
  }
  prefetch_rows(window);
}

template <class Draws>
void Plan::add_step(Window& window, std::span<const uint32_t> inputs, uint32_t center, Draws& draws) {
  uint32_t n_nodes = 0;
  if (options_.hierarchical_softmax) {
    const auto path = model_.huffman.path(center);
    const auto labels = model_.huffman.path_labels(center);
    n_nodes = static_cast<uint32_t>(path.size());
    if (options_.negative == 0) {  // the path is all there is: no copy
      window.steps.push_back({inputs.data(), path.data(), labels.data(), static_cast<uint32_t>(inputs.size()), n_nodes,
                              n_nodes, learning_rate_});
      return;
    }
    window.targets.insert(window.targets.end(), path.begin(), path.end());
    window.labels.insert(window.labels.end(), labels.begin(), labels.end());
  }
  const size_t first = window.targets.size() - n_nodes;
  window.targets.push_back(center);
  window.labels.push_back(1);
  for (uint32_t d = 0; d < options_.negative; ++d) {
    const uint32_t target = draws.negative(model_);
    if (target == center) continue;
    window.targets.push_back(target);
    window.labels.push_back(0);
  }
  window.steps.push_back({inputs.data(), window.targets.data() + first, window.labels.data() + first,
                          static_cast<uint32_t>(inputs.size()), static_cast<uint32_t>(window.targets.size() - first),
                          n_nodes, learning_rate_});
}

void Plan::prefetch_rows(const Window& window) const {
  const size_t bytes = model_.input.stride() * sizeof(float);
  uint32_t first = 0;  // the steps of a window have the path in common
  for (const Step& step : window.steps) {
    for (uint32_t t = first; t < step.n_targets; ++t)
      if (step.targets[t] < model_.first_hot_target) prefetch(model_.targets.row(step.targets[t]), bytes);
    first = step.n_nodes;
  }
  // Context words stay in the cache from window to window: each is asked for once, when it comes into reach.
  const size_t reach = std::min(position_ + options_.window, sentence_size_ - 1);
  for (size_t c = position_ == 0 ? 0 : reach; c <= reach; ++c) prefetch(model_.input.row(sentence_[c]), bytes);
  if (options_.hierarchical_softmax && position_ + 1 < sentence_size_) {
    constexpr size_t most_paths = 32 * sizeof(uint32_t);
    prefetch(model_.huffman.path(sentence_[position_ + 1]).data(), most_paths);
    prefetch(model_.huffman.path_labels(sentence_[position_ + 1]).data(), most_paths);
  }
}

}  // namespace w2v
