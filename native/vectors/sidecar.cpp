// What the scan of a Google binary file finds, kept in a file beside it: the next load reads no rows.
#include <algorithm>
#include <atomic>
#include <utility>

#include "base/fingerprint.h"
#include "base/section_file.h"
#include "base/threads.h"
#include "vectors/format.h"
#include "vectors/stored_words.h"

namespace w2v {

namespace {

constexpr const char* kind = "rows of a file";
constexpr uint32_t version = 1;

// What the numbers of the header are: the file that was scanned, and what was found there.
enum Number : size_t { bytes, changed_at, samples, n_words, n_duplicates, n_non_finite };

bool offsets_fit(std::span<const uint64_t> offsets, uint64_t row_bytes, uint64_t file_bytes) {
  constexpr size_t block = 1 << 18;
  std::atomic<bool> fit{true};
  for_each_block((offsets.size() + block - 1) / block, processors(), [&](size_t b, unsigned) {
    uint64_t last = 0;
    for (size_t i = b * block; i < std::min(offsets.size(), (b + 1) * block); ++i) last = std::max(last, offsets[i]);
    if (last > file_bytes - row_bytes) fit = false;
  });
  return fit;
}

}  // namespace

std::string sidecar_path(const std::string& path) { return path + ".w2vrows"; }

std::optional<LoadedVectors> read_sidecar(const VectorSource& source, std::string& problem) {
  std::shared_ptr<const MappedFile> sidecar;
  try {
    sidecar = MappedFile::open(sidecar_path(source.path));
  } catch (const Error& error) {
    if (!error.is(code::file_not_found)) problem = error.what();
    return std::nullopt;
  }
  try {
    const SectionFile file({sidecar->data(), sidecar->size()}, sidecar->path(), kind, version);
    const SectionNumbers& numbers = file.numbers();
    const Fingerprint then{numbers[bytes], static_cast<int64_t>(numbers[changed_at]), numbers[samples]};
    if (then != fingerprint(*source.file)) {
      problem = "'" + sidecar->path() + "' is stale: '" + source.path + "' has changed since";
      return std::nullopt;
    }
    const uint64_t row_bytes = source.dims * sizeof(float);
    if (numbers[n_words] > 0 && (numbers[n_words] >= no_word || row_bytes > source.bytes.size()))
      throw file.format_error("expected the words of a file of " + std::to_string(source.bytes.size()) + " bytes but " +
                              std::to_string(numbers[n_words]) + " are promised");
    VectorStore::Parts parts;
    parts.owner = std::make_shared<const std::pair<std::shared_ptr<const void>, std::shared_ptr<const MappedFile>>>(
        source.owner, sidecar);
    parts.file = source.file;
    parts.size = numbers[n_words];
    parts.dims = source.dims;
    parts.rows = source.bytes.data();
    parts.row_offsets = file.exactly<uint64_t>("row offsets", parts.size);
    if (!offsets_fit(parts.row_offsets, row_bytes, source.bytes.size()))
      throw file.format_error("expected the rows to be within the file but some are beyond");
    read_words(file, parts.size, parts);
    parts.inverse_norms = file.exactly<float>("norms", parts.size);
    parts.non_finite_rows = numbers[n_non_finite];
    parts.sections = file.sections();
    LoadedVectors loaded;
    loaded.format = VectorFormat::google_binary;
    loaded.store = std::make_shared<const VectorStore>(std::move(parts));
    loaded.duplicate_words = numbers[n_duplicates];
    loaded.sidecar = Sidecar::reused;
    return loaded;
  } catch (const Error& error) {
    problem = error.what();
    return std::nullopt;
  }
}

void write_sidecar(const VectorSource& source, const LoadedVectors& loaded, TaskControl& control) {
  // How such words are repaired, and whether missing rows are an error, is for each load to say.
  if (loaded.invalid_words > 0 || loaded.missing_rows > 0)
    throw Error(code::vector_format,
                "No sidecar is kept for '" + source.path + "': expected all of its rows, and words in " + "UTF-8");
  const VectorStore& store = *loaded.store;
  AtomicFile file(sidecar_path(source.path));
  SectionFileWriter writer(file, kind, version);
  write_words(store, writer, control);
  writer.begin("norms");
  writer.write(store.inverse_norms().data(), store.size() * sizeof(float));
  writer.begin("row offsets");
  for_each_row(store, control, [&](size_t i) {
    const uint64_t offset = static_cast<uint64_t>(store.row(i) - source.bytes.data());
    writer.write(&offset, sizeof offset);
  });
  const Fingerprint now = fingerprint(*source.file);
  SectionNumbers numbers{};
  numbers[bytes] = now.bytes;
  numbers[changed_at] = static_cast<uint64_t>(now.changed_at);
  numbers[samples] = now.samples;
  numbers[n_words] = store.size();
  numbers[n_duplicates] = loaded.duplicate_words;
  numbers[n_non_finite] = store.non_finite_rows();
  writer.finish(numbers);
  file.commit();
}

}  // namespace w2v
