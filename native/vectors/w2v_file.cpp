// Our own format, .w2v: everything that a store has, where the store can use it: mapped, without a look at the rest of
// the file. docs/format.md has it byte by byte.
#include <algorithm>
#include <utility>

#include "base/section_file.h"
#include "vectors/format.h"
#include "vectors/stored_words.h"

namespace w2v {

namespace {

constexpr const char* kind = "vectors";
constexpr uint32_t version = 1;

// What the numbers of the header are.
enum Number : size_t { n_words, n_dims, row_pitch, n_non_finite };

}  // namespace

LoadedVectors read_w2v_file(const VectorSource& source, TaskControl& control) {
  control.begin(Phase::loading, 1);
  const SectionFile file(source.bytes, source.path, kind, version);
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
  parts.rows = file.exactly<char>("rows", words * pitch).data();
  parts.row_pitch = pitch;
  read_words(file, words, parts);
  if (file.has("counts")) parts.counts = file.exactly<uint64_t>("counts", words).first(parts.size);
  parts.inverse_norms = file.exactly<float>("norms", words).first(parts.size);
  parts.non_finite_rows = file.numbers()[n_non_finite];
  parts.sections = file.sections();

  LoadedVectors loaded;
  loaded.format = VectorFormat::w2v;
  loaded.store = std::make_shared<const VectorStore>(std::move(parts));
  if (source.file && !source.options.map) loaded.store = copied(*loaded.store);
  check_finite_rows(source, loaded);
  control.done = 1;
  return loaded;
}

void write_w2v_file(const VectorStore& store, AtomicFile& file, TaskControl& control) {
  SectionFileWriter writer(file, kind, version);
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
  writer.begin("rows");
  std::vector<float> row(padded_row(store.dims()));
  for_each_row(store, control, [&](size_t i) {
    store.copy_row(i, row.data());
    writer.write(row.data(), row.size() * sizeof(float));
    control.done = file.bytes_written();
  });
  SectionNumbers numbers{};
  numbers[n_words] = store.size();
  numbers[n_dims] = store.dims();
  numbers[row_pitch] = row.size() * sizeof(float);
  numbers[n_non_finite] = store.non_finite_rows();
  writer.finish(numbers);
}

void verify_checksums(const VectorStore& store, const std::string& path, TaskControl& control) {
  store.check_unchanged();
  uint64_t total = 0;
  for (const auto& section : store.sections()) total += section.bytes.size();
  control.begin(Phase::loading, total);
  for (const auto& section : store.sections()) section.verify(path, control);
}

}  // namespace w2v
