// Our own format, .w2v: everything that a store has, where the store can use it: mapped, without a look at the rest of
// the file. docs/format.md has it byte by byte.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/section_file.h"
#include "base/threads.h"
#include "vectors/format.h"
#include "vectors/stored_words.h"

namespace w2v {

namespace {

// What the numbers of the header are.
enum Number : size_t { n_words, n_dims, row_pitch, n_non_finite };

QuantizedRows quantized_rows(const SectionFile& file, Precision precision, uint64_t words, uint64_t dims) {
  const bool int8 = precision == Precision::int8;
  QuantizedRows view{precision, nullptr, quantized_pitch(precision, dims), {}};
  view.rows = file.exactly<char>(int8 ? "int8 rows" : "bfloat16 rows", words * view.pitch).data();
  if (int8) view.scales = file.exactly<float>("int8 scales", words);
  return view;
}

// As they are where the store has such rows; else made a few blocks at a time, by all processors.
void write_rows(const VectorStore& store, Precision precision, SectionFileWriter& writer, TaskControl& control) {
  const size_t pitch = quantized_pitch(precision, store.dims());
  constexpr size_t chunk_rows = 16 * rows_per_block;
  if (precision == Precision::float32 && store.rows_pitch() == pitch) {  // as they lie in memory
    writer.begin("rows");
    for (size_t first = 0; first < store.size(); first += chunk_rows) {
      control.check_cancelled();
      store.check_unchanged();
      const size_t bytes = std::min(chunk_rows, store.size() - first) * pitch;
      writer.write(store.row(first), bytes);
      control.done += bytes;
    }
    return;
  }
  std::vector<char> rows(std::min(chunk_rows, store.size()) * pitch);
  std::vector<float> scales(store.size(), 1.0f);
  writer.begin(precision == Precision::float32    ? "rows"
               : precision == Precision::bfloat16 ? "bfloat16 rows"
                                                  : "int8 rows");
  for (size_t first = 0; first < store.size(); first += chunk_rows) {
    const size_t n = std::min(chunk_rows, store.size() - first);
    store.check_unchanged();
    for_each_block((n + rows_per_block - 1) / rows_per_block, processors(), [&](size_t block, unsigned) {
      control.check_cancelled();
      std::vector<float> row(store.dims());
      for (size_t i = block * rows_per_block; i < std::min(n, (block + 1) * rows_per_block); ++i) {
        char* to = rows.data() + i * pitch;
        if (precision != Precision::float32 && store.has(precision)) {
          const QuantizedRows& stored = store.quantized(precision, control);
          std::memcpy(to, stored.row(first + i), pitch);
          if (!stored.scales.empty()) scales[first + i] = stored.scales[first + i];
        } else {
          store.copy_row(first + i, row.data());
          scales[first + i] = quantize(precision, row.data(), row.size(), to);
        }
      }
    });
    writer.write(rows.data(), n * pitch);
    control.done += n * pitch;
  }
  if (precision != Precision::int8) return;
  writer.begin("int8 scales");
  writer.write(scales.data(), scales.size() * sizeof(float));
}

}  // namespace

LoadedVectors read_w2v_file(const VectorSource& source, TaskControl& control) {
  control.begin(Phase::loading, 1);
  if (source.file && !source.options.map) {
    const auto copy = std::make_shared<ByteBuffer>();
    copy->append(source.bytes.data(), source.bytes.size());
    return read_w2v_file({source.path, {copy->data(), copy->size()}, copy, nullptr, source.options}, control);
  }
  const bool is_model = SectionFile::kind_of(source.bytes) == model_kind;
  const SectionFile file(source.bytes, source.path, is_model ? model_kind : vectors_kind, w2v_version);
  const uint64_t words = file.numbers()[n_words], dims = file.numbers()[n_dims], pitch = file.numbers()[row_pitch];
  // Each number is checked on its own against the size of the file: no product can overflow.
  const uint64_t size = source.bytes.size();
  const bool fits = words < no_word && words <= size && dims <= size && pitch <= size;
  if (dims == 0 || (words > 0 && (!fits || pitch % 64 != 0 || pitch / sizeof(float) < dims)))
    throw source.format_error("expected sizes that fit into the file but the header says " + std::to_string(words) +
                              " words of " + std::to_string(dims) + " values");

  VectorStore::Parts parts;
  parts.owner = source.owner;
  parts.file = source.file;
  parts.size = static_cast<size_t>(std::min(words, source.options.limit));
  parts.dims = dims;
  if (file.has("rows")) parts.rows = file.exactly<char>("rows", words * pitch).data();
  parts.row_pitch = pitch;
  if (file.has("bfloat16 rows")) parts.bfloat16 = quantized_rows(file, Precision::bfloat16, words, dims);
  if (file.has("int8 rows")) parts.int8 = quantized_rows(file, Precision::int8, words, dims);
  if (parts.rows == nullptr && !parts.bfloat16 && !parts.int8)
    throw file.format_error("expected rows but there are none");
  read_words(file, words, parts);
  if (file.has("counts")) parts.counts = file.exactly<uint64_t>("counts", words).first(parts.size);
  parts.inverse_norms = file.exactly<float>("norms", words).first(parts.size);
  parts.non_finite_rows = file.numbers()[n_non_finite];
  parts.sections = file.sections();

  LoadedVectors loaded;
  loaded.format = VectorFormat::w2v;
  loaded.store = std::make_shared<const VectorStore>(std::move(parts));
  check_finite_rows(source, loaded);
  control.done = 1;
  return loaded;
}

void write_w2v_file(const VectorStore& store, std::span<const Precision> precisions, AtomicFile& file,
                    TaskControl& control) {
  SectionFileWriter writer(file, vectors_kind, w2v_version);
  writer.finish(write_w2v_sections(store, precisions, writer, control));
}

SectionNumbers write_w2v_sections(const VectorStore& store, std::span<const Precision> precisions,
                                  SectionFileWriter& writer, TaskControl& control) {
  write_words(store, writer, control);
  if (store.has_counts()) {
    writer.begin("counts");
    for_each_row(store, control, [&](size_t i) {
      const uint64_t count = store.count(i);
      writer.write(&count, sizeof count);
    });
  }
  writer.begin("norms");
  writer.write(store.inverse_norms().data(), store.size() * sizeof(float));
  for (const Precision precision : precisions) write_rows(store, precision, writer, control);
  SectionNumbers numbers{};
  numbers[n_words] = store.size();
  numbers[n_dims] = store.dims();
  numbers[row_pitch] = quantized_pitch(Precision::float32, store.dims());
  numbers[n_non_finite] = store.non_finite_rows();
  return numbers;
}

void verify_checksums(const VectorStore& store, const std::string& path, TaskControl& control) {
  store.check_unchanged();
  uint64_t total = 0;
  for (const auto& section : store.sections()) total += section.bytes.size();
  control.begin(Phase::loading, total);
  for (const auto& section : store.sections()) section.verify(path, control);
}

}  // namespace w2v
