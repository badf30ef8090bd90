#include "vectors/number_array.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/threads.h"
#include "base/utf8.h"

namespace w2v {

namespace {

constexpr std::string_view npy_magic = "\x93NUMPY";

Error format_error(const NumberArray& array, const std::string& text) {
  return Error(code::vector_format, "'" + array.path + "': " + text);
}

std::string shape_text(const NumberArray& array) {
  std::string text;
  for (const uint64_t n : array.shape) text += (text.empty() ? "" : " × ") + std::to_string(n);
  return text.empty() ? "a single number" : text;
}

double half_to_double(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == 31)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  const double value =
      exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * 0x1p-25 * static_cast<double>(1u << exponent);
  return sign * value;
}

// What stands behind a key of the header, which is a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape':
// (3, 4), }
std::string_view header_value(const NumberArray& array, std::string_view header, std::string_view key) {
  const size_t found = header.find("'" + std::string(key) + "':");
  if (found == std::string_view::npos)
    throw format_error(
        array, "expected '" + std::string(key) + "' in the header of a .npy file but received " + quoted(header));
  std::string_view value = header.substr(found + key.size() + 3);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

}  // namespace

size_t NumberArray::value_bytes() const {
  const size_t size = type.size() == 3 ? static_cast<size_t>(type[2] - '0') : 0;
  const bool known = type.size() == 3 && (type[0] == '<' || type[0] == '>' || type[0] == '|' || type[0] == '=') &&
                     ((type[1] == 'f' && (size == 2 || size == 4 || size == 8)) ||
                      ((type[1] == 'i' || type[1] == 'u') && (size == 1 || size == 2 || size == 4 || size == 8)));
  if (!known)
    throw format_error(*this,
                       "expected an array of floats or whole numbers but received one of the type " + quoted(type));
  return size;
}

void NumberArray::check() const {
  uint64_t needed = value_bytes();
  for (const uint64_t n : shape) {
    if (n != 0 && needed > std::numeric_limits<uint64_t>::max() / n)
      needed = std::numeric_limits<uint64_t>::max();
    else
      needed *= n;
  }
  if (needed > bytes.size())
    throw Error(code::vector_truncated, "'" + path + "' is truncated: an array of " + shape_text(*this) + " needs " +
                                            std::to_string(needed) + " bytes but has " + std::to_string(bytes.size()));
}

double NumberArray::value(size_t i) const {
  const size_t size = value_bytes();
  char raw[8] = {};
  const char* const from = bytes.data() + i * size;
  if (type[0] == '>')
    std::reverse_copy(from, from + size, raw);
  else
    std::memcpy(raw, from, size);
  const auto as = [&raw]<class T>(T) {
    T value;
    std::memcpy(&value, raw, sizeof value);
    return value;
  };
  if (type[1] == 'f')
    return size == 8 ? as(double{}) : size == 4 ? static_cast<double>(as(float{})) : half_to_double(as(uint16_t{}));
  const bool has_sign = type[1] == 'i';
  switch (size) {
    case 1:
      return has_sign ? as(int8_t{}) : as(uint8_t{});
    case 2:
      return has_sign ? as(int16_t{}) : as(uint16_t{});
    case 4:
      return has_sign ? as(int32_t{}) : as(uint32_t{});
    default:
      return has_sign ? static_cast<double>(as(int64_t{})) : static_cast<double>(as(uint64_t{}));
  }
}

bool is_npy(std::string_view bytes) { return bytes.starts_with(npy_magic); }

NumberArray read_npy(std::string_view bytes, std::shared_ptr<const void> owner, std::shared_ptr<const MappedFile> file,
                     const std::string& path) {
  NumberArray array;
  array.path = path;
  array.owner = std::move(owner);
  array.file = std::move(file);
  if (!is_npy(bytes)) throw format_error(array, "expected a .npy file");
  const size_t wide = bytes.size() > 6 && bytes[6] >= 2 ? 4 : 2, begin = 8 + wide;
  uint32_t length = 0;
  if (bytes.size() >= begin) std::memcpy(&length, bytes.data() + 8, wide);
  if (bytes.size() < begin || bytes.size() - begin < length)
    throw Error(code::vector_truncated, "'" + path + "' is truncated: it ends in the header of a .npy file, at byte " +
                                            std::to_string(bytes.size()));
  if (bytes[6] < 1 || bytes[6] > 3)
    throw format_error(array, "expected version 1, 2 or 3 of the .npy format but received " +
                                  std::to_string(static_cast<int>(bytes[6])));
  const std::string_view header = bytes.substr(begin, length);
  const std::string_view type = header_value(array, header, "descr");
  if (type.size() < 2 || type[0] != '\'')
    throw format_error(array, "expected an array of numbers of one type but received " + quoted(type));
  array.type = type.substr(1, type.find('\'', 1) - 1);
  array.column_major = header_value(array, header, "fortran_order").starts_with("True");
  const std::string_view shape = header_value(array, header, "shape");
  const char *p = shape.data() + 1, *end = shape.data() + shape.size();
  while (!shape.empty() && p < end && *p != ')') {
    uint64_t n = 0;
    const auto parsed = std::from_chars(p, end, n);
    if (parsed.ec != std::errc()) throw format_error(array, "expected a shape but received " + quoted(shape));
    array.shape.push_back(n);
    for (p = parsed.ptr; p < end && (*p == ',' || *p == ' ' || *p == 'L'); ++p) {
    }
  }
  array.bytes = bytes.substr(begin + length);
  array.check();
  return array;
}

LoadedVectors store_of_array(const VectorSource& source, const std::vector<std::string_view>& words,
                             const NumberArray& rows, const std::vector<uint64_t>& counts, TaskControl& control) {
  if (rows.shape.size() != 2 || rows.shape[1] == 0 || rows.shape[0] != words.size())
    throw format_error(rows, "expected an array of " + std::to_string(words.size()) +
                                 " rows, one for each word, but received " + shape_text(rows));
  if (!counts.empty() && counts.size() != words.size())
    throw format_error(rows, "expected a count for each of the " + std::to_string(words.size()) +
                                 " words but received " + std::to_string(counts.size()));
  if (words.size() >= no_word) throw format_error(rows, "expected fewer than 2^32 - 1 words");
  rows.check();
  LoadedVectors loaded;
  struct Owner {
    std::shared_ptr<const void> bytes;
    WordIndex words;
    std::vector<uint64_t> offsets, counts;
  };
  const auto owner = std::make_shared<Owner>();
  owner->bytes = rows.owner;
  const size_t dims = rows.shape[1], row_bytes = dims * rows.value_bytes();
  for (size_t i = 0; i < words.size() && i < source.options.limit; ++i) {
    if (i % rows_per_block == 0) control.check_cancelled();
    const size_t known = owner->words.size();
    const bool valid = is_valid_utf8(words[i]);
    loaded.invalid_words += !valid;
    owner->words.insert(valid ? words[i] : std::string_view(repaired_word(source, words[i], i)));
    if (owner->words.size() == known) {
      ++loaded.duplicate_words;
      continue;
    }
    owner->offsets.push_back(rows.column_major ? i : i * row_bytes);
    if (!counts.empty()) owner->counts.push_back(counts[i]);
  }
  const size_t size = owner->words.size();
  const bool in_place = rows.type == "<f4" && !rows.column_major && (!rows.file || source.options.map);
  if (in_place) {
    VectorStore::Parts parts;
    parts.owner = owner;
    parts.file = rows.file;
    parts.size = size;
    parts.dims = dims;
    parts.rows = rows.bytes.data();
    parts.row_offsets = owner->offsets;
    parts.words = owner->words.bytes();
    parts.word_ends = owner->words.ends();
    parts.slots = owner->words.slots();
    parts.counts = owner->counts;
    loaded.store = std::make_shared<const VectorStore>(std::move(parts));
  } else {
    Matrix floats(size, dims, "vectors");
    const uint64_t all_rows = rows.shape[0];
    for_each_block((size + rows_per_block - 1) / rows_per_block, processors(), [&](size_t block, unsigned) {
      control.check_cancelled();
      for (size_t i = block * rows_per_block; i < std::min(size, (block + 1) * rows_per_block); ++i)
        for (size_t d = 0; d < dims; ++d)
          floats.row(i)[d] = static_cast<float>(rows.value(
              rows.column_major ? owner->offsets[i] + d * all_rows : owner->offsets[i] / rows.value_bytes() + d));
    });
    loaded.store =
        std::make_shared<const VectorStore>(std::move(owner->words), std::move(floats), std::move(owner->counts));
  }
  check_finite_rows(source, loaded);
  return loaded;
}

}  // namespace w2v
