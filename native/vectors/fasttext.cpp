// fastText's models (.bin): read, words and subwords. The layout is that of fastText 0.9, versions 11 and 12.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/threads.h"
#include "base/utf8.h"
#include "vectors/format.h"
#include "vectors/subwords.h"

namespace w2v {

namespace {

constexpr std::string_view magic = "\xba\x16\x4f\x2f";  // 793712314
constexpr std::string_view sentence_end = "</s>";

// Takes values from the bytes, one after the other.
class Reader {
 public:
  explicit Reader(const VectorSource& source) : source_(source) {}

  template <class T>
  T take(const char* what) {
    T value;
    std::memcpy(&value, take_bytes(sizeof value, what), sizeof value);
    return value;
  }
  const char* take_bytes(uint64_t n, const char* what) {
    if (n > source_.bytes.size() - at_)
      throw Error(code::vector_truncated, "'" + source_.path + "' is truncated: " + what + " needs " +
                                              std::to_string(n) + " bytes from byte " + std::to_string(at_) +
                                              " on, but the file has " + std::to_string(source_.bytes.size()));
    at_ += n;
    return source_.bytes.data() + at_ - n;
  }
  std::string_view take_text(const char* what) {
    const size_t end = source_.bytes.find('\0', at_);
    const size_t begin = at_;
    take_bytes((end == std::string_view::npos ? source_.bytes.size() : end) - at_ + 1, what);
    return source_.bytes.substr(begin, at_ - begin - 1);
  }
  Error error(const std::string& expected_and_received) const {
    return source_.format_error("byte " + std::to_string(at_) + " of a fastText model: " + expected_and_received);
  }

 private:
  const VectorSource& source_;
  size_t at_ = magic.size();
};

}  // namespace

size_t SubwordVectors::add_rows(std::string_view word, std::vector<double>& sum) const {
  if (word == sentence_end) return 0;
  const std::string whole = "<" + std::string(word) + ">";
  const auto goes_on = [&](size_t i) { return i < whole.size() && (whole[i] & 0xc0) == 0x80; };
  size_t rows = 0;
  for (size_t begin = 0; begin < whole.size(); ++begin) {
    if (goes_on(begin)) continue;
    uint32_t hash = 2166136261u;  // FNV-1a; bytes are signed there
    size_t end = begin;
    for (int characters = 1; end < whole.size() && characters <= longest_; ++characters) {
      do {
        hash = (hash ^ static_cast<uint32_t>(static_cast<int8_t>(whole[end]))) * 16777619u;
        ++end;
      } while (goes_on(end));
      if (characters < shortest_ || (characters == 1 && (begin == 0 || end == whole.size()))) continue;
      const char* row = rows_ + hash % buckets_ * dims_ * sizeof(float);
      for (size_t d = 0; d < dims_; ++d) {
        float x;
        std::memcpy(&x, row + d * sizeof x, sizeof x);
        sum[d] += x;
      }
      ++rows;
    }
  }
  return rows;
}

bool SubwordVectors::vector_of(std::string_view word, float* to) const {
  std::vector<double> sum(dims_);
  const size_t rows = add_rows(word, sum);
  for (size_t d = 0; d < dims_ && rows > 0; ++d) to[d] = static_cast<float>(sum[d] / static_cast<double>(rows));
  return rows > 0;
}

bool is_fasttext(std::string_view bytes) { return bytes.starts_with(magic); }

LoadedVectors read_fasttext(const VectorSource& source, TaskControl& control) {
  Reader reader(source);
  const auto version = reader.take<int32_t>("the version");
  if (version != 11 && version != 12)
    throw reader.error("expected version 11 or 12 but received " + std::to_string(version));
  enum Setting : size_t {
    s_dims,
    s_window,
    s_epochs,
    s_min_count,
    s_negative,
    s_word_ngrams,
    s_loss,
    s_model,
    s_buckets,
    s_shortest,
    s_longest,
    s_update_rate,
    n_settings
  };
  int32_t settings[n_settings];
  for (int32_t& setting : settings) setting = reader.take<int32_t>("the settings");
  reader.take<double>("the settings");
  constexpr int32_t supervised = 3;
  const auto entries = reader.take<int32_t>("the dictionary"), n_words = reader.take<int32_t>("the dictionary"),
             n_labels = reader.take<int32_t>("the dictionary");
  reader.take<int64_t>("the dictionary");
  const auto pruned = reader.take<int64_t>("the dictionary");
  const int32_t dims = settings[s_dims], buckets = settings[s_buckets];
  if (dims < 1 || buckets < 0 || entries < 0 || n_words < 0 || n_labels < 0 || n_words > entries ||
      entries - n_words != n_labels || pruned < -1)
    throw reader.error("expected sizes of a dictionary and of vectors but received " + std::to_string(entries) +
                       " entries, " + std::to_string(n_words) + " words, " + std::to_string(dims) + " dimensions");

  LoadedVectors loaded;
  loaded.format = VectorFormat::fasttext;
  struct Word {
    std::string_view text;
    uint64_t count;
    uint32_t row;
  };
  std::vector<Word> words;
  for (int32_t i = 0; i < entries; ++i) {
    if (i % static_cast<int32_t>(rows_per_block) == 0) control.check_cancelled();
    const std::string_view text = reader.take_text("a word");
    const auto count = reader.take<int64_t>("the count of a word");
    const auto type = reader.take<int8_t>("the type of a word");
    if (type == 0 && words.size() < source.options.limit)
      words.push_back({text, count < 0 ? 0 : static_cast<uint64_t>(count), static_cast<uint32_t>(i)});
  }
  if (pruned > 0 || reader.take<uint8_t>("the kind of the vectors") != 0)
    throw reader.error("expected a model that is not quantized (.ftz)");
  const auto rows = reader.take<int64_t>("the vectors"), row_size = reader.take<int64_t>("the vectors");
  if (row_size != dims || rows != static_cast<int64_t>(n_words) + buckets)
    throw reader.error("expected " + std::to_string(static_cast<int64_t>(n_words) + buckets) + " vectors of " +
                       std::to_string(dims) + " numbers but received " + std::to_string(rows) + " of " +
                       std::to_string(row_size));
  const uint64_t row_bytes = static_cast<uint64_t>(dims) * sizeof(float);
  if (static_cast<uint64_t>(rows) > source.bytes.size() / row_bytes)
    throw Error(code::vector_truncated, "'" + source.path + "' is truncated: " + std::to_string(rows) + " vectors of " +
                                            std::to_string(dims) + " numbers do not fit in its " +
                                            std::to_string(source.bytes.size()) + " bytes");
  const char* matrix = reader.take_bytes(static_cast<uint64_t>(rows) * row_bytes, "the vectors");

  const bool has_subwords =
      settings[s_longest] > 0 && buckets > 0 && !(settings[s_model] == supervised && version == 11);
  std::shared_ptr<const SubwordVectors> subwords;
  if (has_subwords) {
    std::shared_ptr<const void> owner = source.owner;
    const char* first = matrix + static_cast<uint64_t>(n_words) * row_bytes;
    if (source.file && !source.options.map) {
      const auto copy = std::make_shared<std::string>(first, static_cast<uint64_t>(buckets) * row_bytes);
      first = copy->data();
      owner = copy;
    }
    subwords = std::make_shared<const SubwordVectors>(std::move(owner), first, buckets, dims, settings[s_shortest],
                                                      settings[s_longest]);
  }

  // A word's vector is the mean of its own row and those of its n-grams.
  WordIndex index(words.size());
  std::vector<uint64_t> counts;
  std::vector<Word> kept;
  for (const Word& word : words) {
    const bool valid = is_valid_utf8(word.text);
    loaded.invalid_words += !valid;
    const size_t known = index.size();
    index.insert(valid ? word.text : std::string_view(repaired_word(source, word.text, word.row)));
    if (index.size() == known) {
      ++loaded.duplicate_words;
      continue;
    }
    kept.push_back(word);
    counts.push_back(word.count);
  }
  control.begin(Phase::loading, kept.size());
  Matrix vectors(kept.size(), dims, "vectors");
  for_each_block((kept.size() + rows_per_block - 1) / rows_per_block, processors(), [&](size_t block, unsigned) {
    control.check_cancelled();
    std::vector<float> row(dims);
    for (size_t i = block * rows_per_block; i < std::min(kept.size(), (block + 1) * rows_per_block); ++i) {
      std::memcpy(row.data(), matrix + kept[i].row * row_bytes, row_bytes);
      std::vector<double> sum(row.begin(), row.end());
      const double n = 1 + static_cast<double>(subwords ? subwords->add_rows(kept[i].text, sum) : 0);
      for (int32_t d = 0; d < dims; ++d) vectors.row(i)[d] = static_cast<float>(sum[d] / n);
    }
    control.done += rows_per_block;
  });
  loaded.store = std::make_shared<const VectorStore>(std::move(index), std::move(vectors), std::move(counts),
                                                     std::move(subwords), source.options.map ? source.file : nullptr);
  check_finite_rows(source, loaded);
  return loaded;
}

}  // namespace w2v
