#include "vectors/vector_store.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/threads.h"

namespace w2v {

namespace {

constexpr size_t block_rows = 1024;  // one thread's at a time

float inverse_norm(double norm) {
  if (norm == 0) return 0;
  if (!(norm > 0x1p-60 && norm < 0x1p60)) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>(1 / norm);
}

struct InMemory {
  WordIndex words;
  Matrix rows;
  std::vector<uint64_t> counts;
};

VectorStore::Parts parts_in_memory(WordIndex words, Matrix rows, std::vector<uint64_t> counts) {
  if (rows.rows() < words.size() || (!counts.empty() && counts.size() != words.size()))
    throw Error(code::internal, "A vector store of " + std::to_string(words.size()) + " words was given " +
                                    std::to_string(rows.rows()) + " rows and " + std::to_string(counts.size()) +
                                    " counts");
  const auto owner = std::make_shared<const InMemory>(InMemory{std::move(words), std::move(rows), std::move(counts)});
  VectorStore::Parts parts;
  parts.owner = owner;
  parts.size = owner->words.size();
  parts.dims = owner->rows.dims();
  parts.rows = reinterpret_cast<const char*>(owner->rows.row(0));
  parts.row_pitch = owner->rows.stride() * sizeof(float);
  parts.words = owner->words.bytes();
  parts.word_ends = owner->words.ends();
  parts.slots = owner->words.slots();
  parts.counts = owner->counts;
  return parts;
}

}  // namespace

VectorStore::VectorStore(Parts parts) : parts_(std::move(parts)) {}

VectorStore::VectorStore(WordIndex words, Matrix rows, std::vector<uint64_t> counts,
                         std::shared_ptr<const SubwordVectors> subwords, std::shared_ptr<const MappedFile> file)
    : parts_(parts_in_memory(std::move(words), std::move(rows), std::move(counts))) {
  if (subwords) parts_.file = std::move(file);
  parts_.subwords = std::move(subwords);
}

std::string_view VectorStore::word(size_t i) const {
  if (!parts_.word_lengths.empty()) return {row(i) - 1 - parts_.word_lengths[i], parts_.word_lengths[i]};
  const uint64_t begin = i == 0 ? 0 : parts_.word_ends[i - 1];
  return {parts_.words + begin, static_cast<size_t>(parts_.word_ends[i] - begin)};
}

uint32_t VectorStore::find(std::string_view text) const {
  // The slots may be a file's: what they say is not believed.
  const size_t words = parts_.word_lengths.empty() ? parts_.word_ends.size() : parts_.word_lengths.size();
  const uint32_t id =
      find_word(parts_.slots, text, [&](uint32_t i) { return i < words ? word(i) : std::string_view("\0", 1); });
  return id < size() ? id : no_word;
}

std::span<const float> VectorStore::inverse_norms() const {
  if (!parts_.inverse_norms.empty()) return parts_.inverse_norms;
  std::call_once(norms_once_, [this] {
    std::vector<float> inverse(size());
    std::atomic<uint64_t> non_finite{0};
    for_each_block((size() + block_rows - 1) / block_rows, processors(), [&](size_t block, unsigned) {
      const size_t end = std::min(size(), (block + 1) * block_rows);
      uint64_t faulty = 0;
      std::vector<float> widened(has(Precision::float32) ? 0 : dims());
      for (size_t i = block * block_rows; i < end; ++i) {
        if (!widened.empty()) copy_row(i, widened.data());
        const double length = widened.empty() ? norm(row(i), dims()) : norm(widened.data(), dims());
        faulty += !std::isfinite(length);
        inverse[i] = inverse_norm(length);
      }
      non_finite += faulty;
    });
    computed_norms_ = std::move(inverse);
    non_finite_rows_ = non_finite;
  });
  return computed_norms_;
}

const QuantizedRows& VectorStore::quantized(Precision precision, const TaskControl& control) const {
  const std::optional<QuantizedRows>& stored = precision == Precision::int8 ? parts_.int8 : parts_.bfloat16;
  if (stored) return *stored;
  MadeRows& made = precision == Precision::int8 ? made_int8_ : made_bfloat16_;
  std::call_once(made.once, [&] {
    const size_t pitch = quantized_pitch(precision, dims());
    Matrix values(size(), pitch / sizeof(float), "rows of fewer bits");
    std::vector<float> scales(precision == Precision::int8 ? size() : 0);
    for_each_block((size() + block_rows - 1) / block_rows, processors(), [&](size_t block, unsigned) {
      control.check_cancelled();
      std::vector<float> row(dims());
      for (size_t i = block * block_rows; i < std::min(size(), (block + 1) * block_rows); ++i) {
        copy_row(i, row.data());
        const float scale = quantize(precision, row.data(), dims(), reinterpret_cast<char*>(values.row(i)));
        if (!scales.empty()) scales[i] = scale;
      }
    });
    made.values = std::move(values);
    made.scales = std::move(scales);
    made.view = {precision, reinterpret_cast<const char*>(made.values.row(0)), pitch, made.scales};
  });
  return made.view;
}

uint64_t VectorStore::non_finite_rows() const {
  if (!parts_.inverse_norms.empty()) return parts_.non_finite_rows;
  inverse_norms();
  return non_finite_rows_;
}

double norm(const void* row, size_t dims) {
  const char* at = static_cast<const char*>(row);
  double sums[8] = {};  // eight, so that the additions do not wait for each other
  const auto add = [&](size_t d) {
    float x;
    std::memcpy(&x, at + d * sizeof x, sizeof x);
    sums[d % 8] += static_cast<double>(x) * x;
  };
  size_t d = 0;
  for (; d + 8 <= dims; d += 8)
    for (size_t k = 0; k < 8; ++k) add(d + k);
  for (; d < dims; ++d) add(d);
  return std::sqrt(((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])));
}

}  // namespace w2v
