#include "tasks/sequence_tagger.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/threads.h"

namespace w2v {

namespace {

constexpr size_t most_tags = 4096;
constexpr size_t sentences_per_block = 16;

// Drawn numbers are uniform with this spread whatever the vectors' size: inputs of the hidden layer are alike.
constexpr double input_deviation = 0.25;

void draw(float* numbers, size_t n, SplitMix& random) {
  for (size_t i = 0; i < n; ++i)
    numbers[i] = static_cast<float>(input_deviation * std::sqrt(3.0) * (2 * random.uniform() - 1));
}

// Occurrences of each value, over all columns that share the table.
struct CountedValues {
  WordIndex values;
  std::vector<uint64_t> counts;
};

CountedValues count_values(const TaskControl& control, const TaggedText& text, std::span<const uint32_t> columns,
                           uint32_t table) {
  CountedValues counted;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c] != table) continue;
    control.check_cancelled();
    std::vector<uint64_t> counts(text.values(c).size());
    for (size_t token = 0; token < text.tokens(); ++token) ++counts[text.value(token, c)];
    for (size_t i = 0; i < counts.size(); ++i) {
      const uint32_t id = counted.values.insert(text.values(c).word(i));
      if (id == counted.counts.size()) counted.counts.push_back(0);
      counted.counts[id] += counts[i];
    }
  }
  return counted;
}

// By what given vectors are multiplied, so that the standard deviation of their numbers is that of drawn ones.
float scale_of(const VectorStore& words, std::vector<float>& row) {
  double squares = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i % 65536 == 0) words.check_unchanged();
    words.copy_row(i, row.data());
    for (const float x : row) squares += std::isfinite(x) ? static_cast<double>(x) * x : 0;
  }
  const double deviation = std::sqrt(squares / std::max<double>(1, static_cast<double>(words.size() * words.dims())));
  return deviation > 0 ? static_cast<float>(input_deviation / deviation) : 1.0f;
}

void hardtanh(std::vector<float>& values) {
  for (float& x : values) x = x < -1 ? -1 : x > 1 ? 1 : x;
}

// Factors of 0 and 1 / (1 − rate), so that sums keep their mean.
void draw_kept(std::vector<float>& kept, size_t n, float rate, SplitMix& random) {
  kept.resize(n);
  const float factor = 1 / (1 - rate);
  const auto limit = static_cast<uint64_t>(static_cast<double>(rate) * 65536);
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const uint64_t bits = random.next();
    for (size_t j = 0; j < 4; ++j) kept[i + j] = (bits >> (16 * j) & 0xffff) < limit ? 0 : factor;
  }
  for (; i < n; ++i) kept[i] = (random.next() & 0xffff) < limit ? 0 : factor;
}

void multiply(std::vector<float>& values, const std::vector<float>& factors) {
  for (size_t i = 0; i < factors.size(); ++i) values[i] *= factors[i];
}

}  // namespace

// ---- made of a text ----

SequenceTagger::SequenceTagger(const TaggerOptions& options, const TaggedText& text, const VectorStore* words,
                               TaskControl& control)
    : options_(options), tables_(options.tables.size()) {
  if (text.tokens() == 0) throw Error(code::argument, "Expected tagged tokens to learn from but received none");
  const size_t tag_column = text.columns() - 1;
  for (size_t i = 0; i < text.values(tag_column).size(); ++i) tags_.insert(text.values(tag_column).word(i));
  if (tags_.size() > most_tags)
    throw Error(code::argument, "Expected at most " + std::to_string(most_tags) + " different tags but received " +
                                    std::to_string(tags_.size()) + ": is the last column that of the tags?");

  SplitMix random(options.seed);
  for (uint32_t t = 0; t < tables_.size(); ++t) {
    ValueTable& table = tables_[t];
    table.size = options.tables[t].size;
    const CountedValues counted = count_values(control, text, options.columns, t);
    const bool given = t == 0 && words != nullptr;
    if (given) words->check_unchanged();
    for (size_t i = 0; i < counted.values.size(); ++i)
      if (counted.counts[i] >= options.tables[t].min_count) table.values.insert(counted.values.word(i));
    const size_t own = table.values.size();
    if (given)
      for (size_t i = 0; i < words->size(); ++i) table.values.insert(words->word(i));
    const size_t rows = ValueTable::first_value + table.values.size();
    table.vectors.resize(rows * table.size);
    draw(table.vectors.data(), (ValueTable::first_value + own) * table.size, random);
    if (!given) continue;
    given_.assign(rows, false);
    std::vector<float> row(words->dims());
    const float scale = scale_of(*words, row);
    for (size_t i = 0; i < words->size(); ++i) {
      if (i % 65536 == 0) control.check_cancelled();
      words->copy_row(i, row.data());
      const uint32_t to = table.find(words->word(i));
      std::transform(row.begin(), row.end(), table.row(to),
                     [scale](float x) { return std::isfinite(x) ? x * scale : 0.0f; });
      given_[to] = true;
    }
  }
  make_network(random);
}

void SequenceTagger::make_network(SplitMix& random) {
  offsets_.clear();
  token_size_ = 0;
  for (const uint32_t table : options_.columns) {
    offsets_.push_back(static_cast<uint32_t>(token_size_));
    token_size_ += tables_[table].size;
  }
  hidden_ = DenseLayer((2 * options_.window + 1) * token_size_, options_.hidden, random);
  output_ = DenseLayer(options_.hidden, tags_.size(), random);
  crf_ = Crf(tags_.size());
}

std::vector<std::span<float>> SequenceTagger::parameters() {
  std::vector<std::span<float>> blocks;
  for (ValueTable& table : tables_) blocks.push_back(table.vectors);
  for (DenseLayer* layer : {&hidden_, &output_})
    for (const std::span<float> block : layer->parameters()) blocks.push_back(block);
  for (size_t i = 0; i < crf_.tags() + 2; ++i) blocks.emplace_back(crf_.scores().row(i), crf_.tags());
  return blocks;
}

void SequenceTagger::remember() {
  remembered_.clear();
  for (const std::span<float> block : parameters()) remembered_.insert(remembered_.end(), block.begin(), block.end());
}

void SequenceTagger::restore() {
  const float* at = remembered_.data();
  if (remembered_.empty()) return;
  for (const std::span<float> block : parameters()) {
    std::copy(at, at + block.size(), block.begin());
    at += block.size();
  }
}

std::vector<std::vector<uint32_t>> SequenceTagger::rows_of(const TaggedText& text) const {
  if (text.columns() < columns())
    throw Error(code::argument,
                "Expected " + std::to_string(columns()) + " columns but received " + std::to_string(text.columns()));
  std::vector<std::vector<uint32_t>> rows(columns());
  for (size_t c = 0; c < columns(); ++c)
    for (size_t i = 0; i < text.values(c).size(); ++i)
      rows[c].push_back(tables_[options_.columns[c]].find(text.values(c).word(i)));
  return rows;
}

// ---- the network ----

// `inputs` gets the vectors of n tokens, with those of what is beyond the sentence on either side; `emissions` a score
// for each tag. Dropout where the workspace has factors for it.
void SequenceTagger::emissions_of(std::span<const uint32_t> ids, size_t n, Workspace& workspace) const {
  const size_t window = options_.window;
  workspace.inputs.resize((n + 2 * window) * token_size_);
  float* to = workspace.inputs.data();
  for (size_t t = 0; t < n + 2 * window; ++t)
    for (size_t c = 0; c < columns(); ++c) {
      const ValueTable& table = tables_[options_.columns[c]];
      const bool outside = t < window || t >= n + window;
      const float* vector = table.row(outside ? ValueTable::outside : ids[(t - window) * columns() + c]);
      to = std::copy(vector, vector + table.size, to);
    }
  multiply(workspace.inputs, workspace.input_kept);
  workspace.hidden.resize(n * hidden_.stride());
  hidden_.forward({workspace.inputs.data(), token_size_, n}, workspace.hidden.data());
  hardtanh(workspace.hidden);
  multiply(workspace.hidden, workspace.hidden_kept);
  workspace.emissions.resize(n * output_.stride());
  output_.forward({workspace.hidden.data(), hidden_.stride(), n}, workspace.emissions.data());
}

double SequenceTagger::learn_sentence(std::span<const uint32_t> ids, std::span<const uint32_t> tags,
                                      const TaggerEpoch& epoch, SplitMix& random, Workspace& workspace) {
  const size_t n = tags.size();
  workspace.input_kept.clear();
  workspace.hidden_kept.clear();
  if (epoch.dropout > 0) {
    draw_kept(workspace.input_kept, (n + 2 * options_.window) * token_size_, epoch.dropout, random);
    draw_kept(workspace.hidden_kept, n * hidden_.stride(), epoch.dropout, random);
  }
  emissions_of(ids, n, workspace);
  const double log_likelihood = crf_.learn(workspace.emissions.data(), output_.stride(), tags.data(), n, workspace.crf);
  if (!std::isfinite(log_likelihood))
    throw Error(code::argument,
                "The training diverged: the likelihood of a sentence is no finite number any more. Expected "
                "a lower learning rate");

  // Backward; the gradient of each layer's inputs is by its weights before they change.
  const DenseInputs hidden{workspace.hidden.data(), hidden_.stride(), n};
  workspace.hidden_gradient.assign(workspace.hidden.size(), 0.0f);
  output_.input_gradient(workspace.emissions.data(), {workspace.hidden_gradient.data(), hidden_.stride(), n});
  const float keep = 1 - epoch.rate * epoch.weight_decay;
  output_.step(hidden, workspace.emissions.data(), epoch.rate, keep);
  // hardtanh's slope is 1 within ±1, 0 beyond; what dropout left out is 0 and has none.
  const float limit = workspace.hidden_kept.empty() ? 1.0f : 1 / (1 - epoch.dropout);
  for (size_t i = 0; i < workspace.hidden.size(); ++i)
    if (!(std::abs(workspace.hidden[i]) < limit)) workspace.hidden_gradient[i] = 0;
  multiply(workspace.hidden_gradient, workspace.hidden_kept);

  const DenseInputs inputs{workspace.inputs.data(), token_size_, n};
  workspace.input_gradient.assign(workspace.inputs.size(), 0.0f);
  hidden_.input_gradient(workspace.hidden_gradient.data(), {workspace.input_gradient.data(), token_size_, n});
  hidden_.step(inputs, workspace.hidden_gradient.data(), epoch.rate, keep);
  multiply(workspace.input_gradient, workspace.input_kept);

  crf_.step(workspace.crf, epoch.rate);
  const float* from = workspace.input_gradient.data();
  for (size_t t = 0; t < n + 2 * options_.window; ++t)
    for (size_t c = 0; c < columns(); ++c) {
      ValueTable& table = tables_[options_.columns[c]];
      const bool outside = t < options_.window || t >= n + options_.window;
      if (epoch.tune_words || options_.columns[c] != 0) {
        float* vector = table.row(outside ? ValueTable::outside : ids[(t - options_.window) * columns() + c]);
        for (uint32_t i = 0; i < table.size; ++i) vector[i] += epoch.rate * from[i];
      }
      from += table.size;
    }
  return log_likelihood;
}

// ---- many sentences ----

double SequenceTagger::learn(const TaggedText& text, const TaggerEpoch& epoch, TaskControl& control) {
  const std::vector<std::vector<uint32_t>> rows = rows_of(text);
  const size_t tag_column = text.columns() - 1;
  std::vector<uint32_t> tags;
  for (size_t i = 0; i < text.values(tag_column).size(); ++i) {
    tags.push_back(tags_.find(text.values(tag_column).word(i)));
    if (tags.back() == WordIndex::none)
      throw Error(code::argument, "Expected the tags that the tagger was made with but received '" +
                                      std::string(text.values(tag_column).word(i)) + "'");
  }
  // Values that stand for unknown ones now and then.
  std::vector<std::vector<bool>> rare(columns());
  for (uint32_t t = 0; t < tables_.size(); ++t) {
    const CountedValues counted = count_values(control, text, options_.columns, t);
    for (size_t c = 0; c < columns(); ++c) {
      if (options_.columns[c] != t) continue;
      for (size_t i = 0; i < text.values(c).size(); ++i) {
        const uint32_t row = rows[c][i];
        rare[c].push_back(counted.counts[counted.values.find(text.values(c).word(i))] == 1 &&
                          !(t == 0 && row < given_.size() && given_[row]));
      }
    }
  }

  SplitMix order(options_.seed ^ (uint64_t{epoch.epoch} + 1) * 0x9e3779b97f4a7c15);
  std::vector<uint32_t> sentences(text.sentences());
  std::iota(sentences.begin(), sentences.end(), 0);
  for (size_t i = sentences.size(); i > 1; --i) std::swap(sentences[i - 1], sentences[order.next() % i]);
  const uint64_t draws = order.next();

  control.begin(Phase::training, text.tokens());
  control.epoch = epoch.epoch;
  control.learning_rate = epoch.rate;
  std::vector<Workspace> workspaces(epoch.threads);
  std::vector<double> losses(epoch.threads);
  for_each_block((sentences.size() + sentences_per_block - 1) / sentences_per_block, epoch.threads,
                 [&](size_t block, unsigned thread) {
                   control.check_cancelled();
                   std::vector<uint32_t> ids, right;
                   const size_t end = std::min(sentences.size(), (block + 1) * sentences_per_block);
                   for (size_t s = block * sentences_per_block; s < end; ++s) {
                     const uint32_t sentence = sentences[s];
                     SplitMix random(draws + sentence);
                     ids.clear();
                     right.clear();
                     for (size_t token = text.begin_of(sentence); token < text.end_of(sentence); ++token) {
                       for (size_t c = 0; c < columns(); ++c) {
                         const uint32_t value = text.value(token, c);
                         const bool hide = rare[c][value] && random.next() >> 63;
                         ids.push_back(hide ? ValueTable::unknown : rows[c][value]);
                       }
                       right.push_back(tags[text.value(token, tag_column)]);
                     }
                     if (right.empty()) continue;
                     losses[thread] -= learn_sentence(ids, right, epoch, random, workspaces[thread]);
                     control.done += right.size();
                   }
                 });
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(std::max<size_t>(1, text.tokens()));
}

std::vector<uint32_t> SequenceTagger::tag(const TaggedText& text, uint32_t threads, TaskControl& control) const {
  const std::vector<std::vector<uint32_t>> rows = rows_of(text);
  std::vector<uint32_t> tags(text.tokens());
  control.begin(Phase::searching, text.tokens());
  std::vector<Workspace> workspaces(threads);
  for_each_block(
      (text.sentences() + sentences_per_block - 1) / sentences_per_block, threads, [&](size_t block, unsigned thread) {
        control.check_cancelled();
        std::vector<uint32_t> ids;
        const size_t end = std::min(text.sentences(), (block + 1) * sentences_per_block);
        for (size_t sentence = block * sentences_per_block; sentence < end; ++sentence) {
          const size_t begin = text.begin_of(sentence), n = text.end_of(sentence) - begin;
          if (n == 0) continue;
          ids.clear();
          for (size_t token = begin; token < begin + n; ++token)
            for (size_t c = 0; c < columns(); ++c) ids.push_back(rows[c][text.value(token, c)]);
          emissions_of(ids, n, workspaces[thread]);
          crf_.decode(workspaces[thread].emissions.data(), output_.stride(), n, &tags[begin], workspaces[thread].crf);
          control.done += n;
        }
      });
  return tags;
}

}  // namespace w2v
