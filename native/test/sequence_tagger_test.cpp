#include "tasks/sequence_tagger.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "kernels/kernels.h"
#include "tasks/sequence_tagger_file.h"
#include "test/check.h"

using namespace w2v;
using test::TemporaryFolder;

namespace {

// Rows of values, sentences end with an empty one.
std::string coded(std::initializer_list<std::initializer_list<std::string>> rows) {
  std::string bytes;
  for (const auto& row : rows) {
    for (const std::string& value : row) bytes += value + '\0';
    if (row.size() == 0) bytes += '\n';
  }
  return bytes;
}

// Words whose tags follow from them and from the word before.
TaggedText made_text(size_t sentences, unsigned seed) {
  std::mt19937 random(seed);
  TaggedText text(3);
  std::string bytes;
  for (size_t s = 0; s < sentences; ++s) {
    unsigned before = 0;
    const size_t n = 1 + random() % 12;
    for (size_t i = 0; i < n; ++i) {
      const unsigned word = static_cast<unsigned>(random() % 30);
      bytes += "w" + std::to_string(word) + '\0' + "s" + std::to_string(word % 4) + '\0' + "T" +
               std::to_string((word + before) % 3) + '\0';
      before = word;
    }
    bytes += '\n';
  }
  text.append(bytes);
  return text;
}

TaggerOptions small_options() {
  TaggerOptions options;
  options.tables = {{7, 1}, {3, 1}};
  options.columns = {0, 1};
  options.window = 1;
  options.hidden = 19;
  return options;
}

std::vector<float> all_parameters(SequenceTagger& tagger) {
  std::vector<float> all;
  for (const auto block : tagger.parameters()) all.insert(all.end(), block.begin(), block.end());
  return all;
}

double accuracy(const SequenceTagger& tagger, const TaggedText& text) {
  TaskControl control;
  const std::vector<uint32_t> tags = tagger.tag(text, 1, control);
  size_t right = 0;
  for (size_t i = 0; i < tags.size(); ++i)
    right += tagger.tags().word(tags[i]) == text.values(2).word(text.value(i, 2));
  return static_cast<double>(right) / static_cast<double>(tags.size());
}

}  // namespace

TEST_CASE("dense kernels compute what the formulas say, on every instruction set") {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> number(-1, 1);
  for (const Kernels* const* k = available_kernels(); *k != nullptr; ++k) {
    CAPTURE((*k)->isa);
    for (const auto& sizes :
         {std::array<size_t, 4>{1, 16, 1, 1}, {5, 16, 2, 5}, {13, 32, 7, 20}, {35, 48, 3, 7}, {50, 304, 29, 10}}) {
      const size_t inputs = sizes[0], outputs = sizes[1], rows = sizes[2], stride = sizes[3];
      CAPTURE(inputs);
      Matrix weights(outputs / 16, inputs * 16, "weights"), bias(1, outputs, "bias");
      const auto weight = [&](size_t k, size_t o) -> float& { return weights.row(o / 16)[k * 16 + o % 16]; };
      for (size_t o = 0; o < outputs; ++o) {
        bias.row(0)[o] = number(random);
        for (size_t i = 0; i < inputs; ++i) weight(i, o) = number(random);
      }
      std::vector<float> x((rows - 1) * stride + inputs), dy(rows * outputs), y(rows * outputs), dx(x.size(), 0.5f);
      for (float& value : x) value = number(random);
      for (float& value : dy) value = number(random);
      const DenseWeights layer{weights.row(0), bias.row(0), inputs, outputs};
      const DenseInputs in{x.data(), stride, rows};

      (*k)->dense_forward(layer, in, y.data());
      double error = 0;
      for (size_t r = 0; r < rows; ++r)
        for (size_t o = 0; o < outputs; ++o) {
          double expected = bias.row(0)[o];
          for (size_t i = 0; i < inputs; ++i) expected += static_cast<double>(x[r * stride + i]) * weight(i, o);
          error = std::max(error, std::abs(expected - y[r * outputs + o]));
        }
      CHECK(error < 1e-4);

      (*k)->dense_input_gradient(layer, dy.data(), {dx.data(), stride, rows});
      std::vector<double> expected_dx(x.size(), 0.5);
      for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < inputs; ++i)
          for (size_t o = 0; o < outputs; ++o)
            expected_dx[r * stride + i] += static_cast<double>(weight(i, o)) * dy[r * outputs + o];
      error = 0;
      for (size_t i = 0; i < x.size(); ++i) error = std::max(error, std::abs(expected_dx[i] - dx[i]));
      CHECK(error < 1e-3);

      std::vector<double> expected_weights(inputs * outputs), expected_bias(outputs);
      for (size_t o = 0; o < outputs; ++o) {
        expected_bias[o] = bias.row(0)[o];
        for (size_t r = 0; r < rows; ++r) expected_bias[o] += 0.25 * dy[r * outputs + o];
        for (size_t i = 0; i < inputs; ++i) {
          double& expected = expected_weights[o * inputs + i] = 0.5 * weight(i, o);
          for (size_t r = 0; r < rows; ++r)
            expected += 0.25 * static_cast<double>(x[r * stride + i]) * dy[r * outputs + o];
        }
      }
      (*k)->dense_step(layer, in, dy.data(), 0.25f, 0.5f);
      error = 0;
      for (size_t o = 0; o < outputs; ++o) {
        error = std::max(error, std::abs(expected_bias[o] - bias.row(0)[o]));
        for (size_t i = 0; i < inputs; ++i)
          error = std::max(error, std::abs(expected_weights[o * inputs + i] - weight(i, o)));
      }
      CHECK(error < 1e-4);
    }
  }
}

TEST_CASE("the chain's likelihood and Viterbi path agree with an enumeration of all paths") {
  std::mt19937 random(3);
  std::normal_distribution<float> number(0, 2);
  for (const size_t tags : {1, 3}) {
    for (const size_t n : {1, 2, 5}) {
      Crf crf(tags);
      for (size_t i = 0; i < tags + 2; ++i)
        for (size_t j = 0; j < tags; ++j) crf.scores().row(i)[j] = number(random);
      std::vector<float> emissions(n * 16);
      for (float& e : emissions) e = number(random);
      std::vector<uint32_t> right(n);
      for (uint32_t& tag : right) tag = static_cast<uint32_t>(random() % tags);
      const auto score = [&](const std::vector<uint32_t>& path) {
        double sum = crf.scores().row(tags)[path[0]] + crf.scores().row(tags + 1)[path[n - 1]];
        for (size_t t = 0; t < n; ++t) {
          sum += emissions[t * 16 + path[t]];
          if (t > 0) sum += crf.scores().row(path[t - 1])[path[t]];
        }
        return sum;
      };
      double total = 0, best = -1e300;
      std::vector<uint32_t> path(n, 0), best_path;
      const std::function<void(size_t)> enumerate = [&](size_t t) {
        if (t == n) {
          total += std::exp(score(path));
          if (score(path) > best) {
            best = score(path);
            best_path = path;
          }
          return;
        }
        for (uint32_t tag = 0; tag < tags; ++tag) {
          path[t] = tag;
          enumerate(t + 1);
        }
      };
      enumerate(0);
      Crf::Workspace workspace;
      std::vector<uint32_t> found(n);
      crf.decode(emissions.data(), 16, n, found.data(), workspace);
      CHECK(found == best_path);
      std::vector<float> gradient = emissions;
      const double likelihood = crf.learn(gradient.data(), 16, right.data(), n, workspace);
      CHECK(likelihood == doctest::Approx(score(right) - std::log(total)).epsilon(1e-5));
    }
  }
}

TEST_CASE("the chain's gradient is that of its likelihood, by finite differences") {
  std::mt19937 random(4);
  std::normal_distribution<float> number(0, 1);
  constexpr size_t tags = 4, n = 6;
  Crf crf(tags);
  for (size_t i = 0; i < tags + 2; ++i)
    for (size_t j = 0; j < tags; ++j) crf.scores().row(i)[j] = number(random);
  std::vector<float> emissions(n * tags);
  for (float& e : emissions) e = number(random);
  const std::vector<uint32_t> right{0, 3, 3, 1, 2, 0};
  const auto likelihood = [&] {
    Crf::Workspace workspace;
    std::vector<float> copy = emissions;
    return crf.learn(copy.data(), tags, right.data(), n, workspace);
  };
  Crf::Workspace workspace;
  std::vector<float> gradient = emissions;
  crf.learn(gradient.data(), tags, right.data(), n, workspace);
  const auto difference = [&](float& x) {
    const float before = x, step = 1.0f / 256;
    x = before + step;
    const double above = likelihood();
    x = before - step;
    const double below = likelihood();
    x = before;
    return (above - below) / (2 * step);
  };
  for (size_t i = 0; i < emissions.size(); ++i)
    CHECK(gradient[i] == doctest::Approx(difference(emissions[i])).epsilon(1e-3));
  for (size_t i = 0; i < tags + 2; ++i)
    for (size_t j = 0; j < tags; ++j)
      CHECK(std::abs(workspace.gradient[i * tags + j] - difference(crf.scores().row(i)[j])) < 1e-3);
}

TEST_CASE("scores far apart stay finite in long sentences") {
  Crf crf(2);
  crf.scores().row(0)[1] = 60;
  crf.scores().row(1)[0] = -60;
  constexpr size_t n = 5000;
  std::vector<float> emissions(n * 2);
  for (size_t i = 0; i < emissions.size(); ++i) emissions[i] = i % 3 == 0 ? 200.0f : -200.0f;
  const std::vector<uint32_t> right(n, 1);
  Crf::Workspace workspace;
  CHECK(std::isfinite(crf.learn(emissions.data(), 2, right.data(), n, workspace)));
  for (const float e : emissions) CHECK(std::isfinite(e));
}

TEST_CASE("the network's gradient is that of its likelihood, by finite differences, for every kind of parameter") {
  TaskControl control;
  const TaggedText text = made_text(40, 1);
  SequenceTagger tagger(small_options(), text, nullptr, control);
  std::mt19937 chance(8);
  std::uniform_real_distribution<float> number(-0.5f, 0.5f);
  size_t index = 0;
  for (const auto block : tagger.parameters()) {
    for (size_t i = 0; i < block.size(); ++i) {
      // What fills up a layer's last panel stays zero: of weights, of biases.
      const size_t outputs = index <= 3 ? 19 : 3, inputs = index <= 3 ? 3 * 10 : 19;
      const bool layer = index >= 2 && index <= 5, weights = index % 2 == 0;
      const size_t output = weights ? i / (16 * inputs) * 16 + i % 16 : i;
      if (!layer || output < outputs) block[i] = number(chance);
    }
    ++index;
  }
  const std::vector<uint32_t> ids{3, 2, 0, 4, 5, 3, 3, 2}, right{0, 2, 1, 1};
  SplitMix random(1);
  SequenceTagger::Workspace workspace;
  const std::vector<float> before = all_parameters(tagger);
  const auto set = [&](const std::vector<float>& all) {
    const float* at = all.data();
    for (const auto block : tagger.parameters()) {
      std::copy(at, at + block.size(), block.begin());
      at += block.size();
    }
  };
  TaggerEpoch still;
  still.rate = 0;
  const auto likelihood = [&](const std::vector<float>& all) {
    set(all);
    return tagger.learn_sentence(ids, right, still, random, workspace);
  };
  TaggerEpoch epoch;
  epoch.rate = 1.0f / 16;  // what is added is exact to some bits
  set(before);
  tagger.learn_sentence(ids, right, epoch, random, workspace);
  const std::vector<float> after = all_parameters(tagger);
  size_t checked = 0, moved = 0, wrong = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i] == 0) continue;
    const double gradient = (static_cast<double>(after[i]) - before[i]) / epoch.rate;
    std::vector<float> other = before;
    constexpr float step = 1.0f / 128;
    other[i] = before[i] + step;
    const double above = likelihood(other);
    other[i] = before[i] - step;
    const double below = likelihood(other);
    const double difference = (above - below) / (2 * step);
    ++checked;
    moved += std::abs(gradient) > 1e-3;
    wrong += std::abs(gradient - difference) > 5e-3 + 0.02 * std::abs(difference);
  }
  CHECK(checked > 800);
  CHECK(moved > 300);             // values, both layers, their biases, steps
  CHECK(wrong <= checked / 200);  // a unit may pass hardtanh's corner within the step
  // Frozen words stay, all else moves.
  set(before);
  epoch.tune_words = false;
  tagger.learn_sentence(ids, right, epoch, random, workspace);
  const auto blocks = tagger.parameters();
  CHECK(std::equal(blocks[0].begin(), blocks[0].end(), before.begin()));
  CHECK(
      !std::equal(blocks[1].begin(), blocks[1].end(), before.begin() + static_cast<std::ptrdiff_t>(blocks[0].size())));
}

TEST_CASE("it learns what follows from a window, the same bytes by one thread, about as well by several") {
  TaskControl control;
  const TaggedText text = made_text(600, 1), held = made_text(100, 2);
  std::vector<float> first;
  for (const uint32_t threads : {1u, 1u, 3u}) {
    SequenceTagger tagger(small_options(), text, nullptr, control);
    double loss = 0;
    for (uint32_t e = 0; e < 25; ++e) {
      TaggerEpoch epoch;
      epoch.epoch = e;
      epoch.rate = 0.05f;
      epoch.dropout = 0.05f;
      epoch.threads = threads;
      const double now = tagger.learn(text, epoch, control);
      if (e == 0) CHECK(now > 0.5);
      loss = now;
    }
    CHECK(loss < 0.5);
    CHECK(accuracy(tagger, held) > 0.9);
    if (threads > 1) continue;
    if (first.empty()) first = all_parameters(tagger);
    CHECK(first == all_parameters(tagger));
    CHECK(tagger.tag(held, 1, control) == tagger.tag(held, 3, control));
    tagger.remember();
    const std::vector<uint32_t> tags = tagger.tag(held, 1, control);
    TaggerEpoch wild;
    wild.rate = 0.5f;
    tagger.learn(text, wild, control);
    tagger.restore();
    CHECK(first == all_parameters(tagger));
    CHECK(tags == tagger.tag(held, 1, control));
  }
}

TEST_CASE("weights decay, biases and values do not") {
  TaskControl control;
  const TaggedText text = made_text(5, 1);
  SequenceTagger tagger(small_options(), text, nullptr, control);
  const std::vector<uint32_t> ids{2, 2}, right{0};
  SplitMix random(1);
  SequenceTagger::Workspace workspace;
  TaggerEpoch epoch;
  epoch.rate = 1e-6f;
  epoch.weight_decay = 1e5f;  // keep: 0.9
  const std::vector<float> before = all_parameters(tagger);
  tagger.learn_sentence(ids, right, epoch, random, workspace);
  const std::vector<float> after = all_parameters(tagger);
  size_t at = 0, index = 0;
  for (const auto block : tagger.parameters()) {
    const float keep = index == 2 || index == 4 ? 0.9f : 1.0f;
    for (size_t i = 0; i < block.size(); ++i)
      CHECK(after[at + i] == doctest::Approx(keep * before[at + i]).epsilon(1e-3));
    at += block.size();
    ++index;
  }
}

TEST_CASE("given vectors begin it, scaled, and their words are known") {
  TaskControl control;
  TaggedText text(2);
  text.append(coded({{"a", "X"}, {"b", "Y"}, {}}));
  WordIndex words;
  Matrix rows(3, 4, "vectors");
  for (const char* word : {"b", "c", "d"}) {
    const uint32_t id = words.insert(word);
    for (size_t d = 0; d < 4; ++d) rows.row(id)[d] = static_cast<float>(id + d) - 2.5f;
  }
  rows.row(2)[1] = INFINITY;
  const VectorStore store(std::move(words), std::move(rows), {});
  TaggerOptions options;
  options.tables = {{4, 1}};
  options.columns = {0};
  SequenceTagger tagger(options, text, &store, control);
  const ValueTable& table = tagger.tables()[0];
  CHECK(table.values.size() == 4);
  CHECK(table.find("e") == ValueTable::unknown);
  const float* b = table.row(table.find("b"));
  const float* c = table.row(table.find("c"));
  CHECK(b[0] / b[1] == doctest::Approx(2.5 / 1.5));
  CHECK(c[0] / b[0] == doctest::Approx(1.5 / 2.5));
  CHECK(table.row(table.find("d"))[1] == 0);
  double squares = 0;
  for (const char* word : {"b", "c", "d"})
    for (size_t d = 0; d < 4; ++d) squares += std::pow(table.row(table.find(word))[d], 2);
  CHECK(std::sqrt(squares / 12) == doctest::Approx(0.25));
}

TEST_CASE("text in columns: whole rows, several pieces, no sentence without its end") {
  TaggedText text(2);
  text.append(coded({{"a", "X"}, {"b", "Y"}, {}, {}, {"a", "Y"}, {}}));
  text.append(coded({{"c", "X"}, {}}));
  CHECK(text.sentences() == 4);
  CHECK(text.tokens() == 4);
  CHECK(text.end_of(1) == 2);
  CHECK(text.begin_of(2) == 2);
  CHECK(text.values(0).word(text.value(2, 0)) == "a");
  CHECK(text.value(0, 0) == text.value(2, 0));
  CHECK_CODE(text.append(std::string_view("a\0\n", 3)), code::argument, "2 values a token");
  TaggedText other(1);
  CHECK_CODE(other.append("a"), code::argument, "NUL");
  TaskControl control;
  CHECK_CODE(SequenceTagger(small_options(), TaggedText(3), nullptr, control), code::argument, "none");
}

TEST_CASE("texts that do not fit are refused, and trainings that diverge") {
  TaskControl control;
  const TaggedText text = made_text(20, 1);
  SequenceTagger tagger(small_options(), text, nullptr, control);
  TaggedText narrow(1);
  narrow.append(coded({{"a"}, {}}));
  CHECK_CODE(tagger.tag(narrow, 1, control), code::argument, "2 columns");
  TaggedText unseen(3);
  unseen.append(coded({{"w1", "s1", "T9"}, {}}));
  CHECK_CODE(tagger.learn(unseen, {}, control), code::argument, "'T9'");
  TaggerEpoch wild;
  wild.rate = 1e30f;
  CHECK_CODE(
      [&] {
        for (uint32_t e = 0; e < 5; ++e) tagger.learn(text, wild, control);
      }(),
      code::argument, "diverged");
  control.cancelled = true;
  CHECK_CODE(tagger.learn(text, {}, control), code::cancelled, "cancelled");
  CHECK_CODE(tagger.tag(text, 1, control), code::cancelled, "cancelled");
}

TEST_CASE("tagger files: as written, and refused where they are damaged") {
  const TemporaryFolder folder;
  TaskControl control;
  const TaggedText text = made_text(50, 1);
  SequenceTagger tagger(small_options(), text, nullptr, control);
  tagger.learn(text, {}, control);
  SequenceTaggerFile::save(tagger, folder.file("tagger"), "{notes}", control);
  const LoadedTagger loaded = SequenceTaggerFile::load(folder.file("tagger"), control);
  CHECK(loaded.notes == "{notes}");
  CHECK(all_parameters(*loaded.tagger) == all_parameters(tagger));
  CHECK(loaded.tagger->tag(text, 1, control) == tagger.tag(text, 1, control));
  CHECK(loaded.tagger->tags().word(1) == tagger.tags().word(1));

  std::ifstream file(folder.file("tagger"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const size_t end = bytes.find_last_not_of('\0');
  for (size_t size = 0; size < end; size += 997) {
    CAPTURE(size);
    bool refused = false;
    try {
      SequenceTaggerFile::load(folder.write("cut", bytes.substr(0, size)), control);
    } catch (const Error& error) {
      refused = error.is(code::vector_truncated) || error.is(code::vector_format);
    }
    CHECK(refused);
  }
  size_t noticed = 0;
  for (size_t at = 0; at < bytes.size(); at += 61) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    bool same = true;
    try {
      same = all_parameters(*SequenceTaggerFile::load(folder.write("changed", changed), control).tagger) ==
             all_parameters(tagger);
    } catch (const Error&) {
      ++noticed;
    }
    CHECK(same);
  }
  CHECK(noticed > 50);
  CHECK_CODE(SequenceTaggerFile::load(folder.write("text", "no tagger"), control), code::vector_format,
             "another format");
  CHECK_CODE(SequenceTaggerFile::load(folder.file("none"), control), code::file_not_found, "none");
  CHECK_CODE(SequenceTaggerFile::save(tagger, folder.file("no/such"), "", control), code::file_write, "no/such");
}
