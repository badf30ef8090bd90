#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "base/xxh64.h"
#include "test/check.h"
#include "vectors/vector_file.h"

using namespace w2v;
using test::TemporaryFolder;

namespace {

std::shared_ptr<const VectorStore> store_of(size_t n, size_t dims, bool with_counts) {
  std::mt19937 random(static_cast<unsigned>(n + dims));
  std::normal_distribution<float> value;
  WordIndex words;
  Matrix rows(n, dims, "test");
  std::vector<uint64_t> counts;
  for (size_t i = 0; i < n; ++i) {
    words.insert(i == 0 ? "" : i == 1 ? "new york\n\t\xff" : "w" + std::to_string(i));
    for (size_t d = 0; d < dims; ++d) rows.row(i)[d] = value(random);
    if (with_counts) counts.push_back(n - i);
  }
  if (n > 5) rows.row(5)[0] = std::numeric_limits<float>::quiet_NaN();
  return std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::move(counts));
}

void save(const VectorStore& store, const std::string& path) {
  TaskControl control;
  save_vectors(store, path, VectorFormat::w2v, control);
}

LoadedVectors load(const std::string& path, const LoadOptions& options = {}) {
  TaskControl control;
  return load_vectors(path, options, control);
}

void verify(const LoadedVectors& loaded) {
  TaskControl control;
  verify_checksums(*loaded.store, "the file", control);
}

void check_equal(const VectorStore& a, const VectorStore& b, size_t n) {
  REQUIRE(a.size() == n);
  REQUIRE(a.dims() == b.dims());
  CHECK(a.has_counts() == b.has_counts());
  std::vector<float> x(a.dims()), y(a.dims());
  size_t differences = 0;
  for (size_t i = 0; i < n; ++i) {
    a.copy_row(i, x.data());
    b.copy_row(i, y.data());
    differences += std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) != 0 || a.word(i) != b.word(i) ||
                   a.find(b.word(i)) != i || a.count(i) != b.count(i);
    const float p = a.inverse_norms()[i], q = b.inverse_norms()[i];
    differences += !(p == q || (std::isnan(p) && std::isnan(q)));
  }
  CHECK(differences == 0);
  CHECK(a.find("no such word") == WordIndex::none);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a .w2v file gives back words, vectors, counts and norms: mapped, copied and from memory") {
  const TemporaryFolder folder;
  for (const size_t n : {0, 1, 7, 5000})
    for (const size_t dims : {1, 16, 300})
      for (const bool with_counts : {true, false}) {
        const auto store = store_of(n, dims, with_counts && n > 0);
        save(*store, folder.file("a.w2v"));
        LoadOptions options;
        for (const bool map : {true, false}) {
          options.map = map;
          const LoadedVectors loaded = load(folder.file("a.w2v"), options);
          CHECK((loaded.format == VectorFormat::w2v));
          CHECK(loaded.store->is_mapped() == map);
          CHECK(loaded.non_finite_rows == (n > 5));
          check_equal(*loaded.store, *store, n);
          verify(loaded);
          for (size_t i = 0; map && i < n; ++i) REQUIRE(reinterpret_cast<uintptr_t>(loaded.store->row(i)) % 64 == 0);
        }
        const std::string bytes = bytes_of(folder.file("a.w2v"));
        CHECK(bytes.size() % 4096 == 0);
        const auto buffer = std::make_shared<ByteBuffer>();
        buffer->append(bytes.data(), bytes.size());
        TaskControl control;
        check_equal(*load_vectors(buffer, "memory", {}, control).store, *store, n);
        save(*load(folder.file("a.w2v")).store, folder.file("b.w2v"));
        CHECK(bytes_of(folder.file("b.w2v")) == bytes);
      }
}

TEST_CASE("a .w2v file of any precisions: what is there is taken as it is, floats come from the best") {
  const TemporaryFolder folder;
  const auto store = store_of(3000, 37, true);
  TaskControl control;
  using Precisions = std::vector<Precision>;
  for (const Precisions& precisions :
       {Precisions{Precision::int8}, Precisions{Precision::bfloat16}, Precisions{Precision::float32, Precision::int8},
        Precisions{Precision::int8, Precision::bfloat16, Precision::float32}}) {
    save_vectors(*store, folder.file("a.w2v"), VectorFormat::w2v, control, precisions);
    const LoadedVectors loaded = load(folder.file("a.w2v"));
    verify(loaded);
    CHECK(loaded.non_finite_rows == 1);
    for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::int8})
      CHECK(loaded.store->has(precision) ==
            (std::find(precisions.begin(), precisions.end(), precision) != precisions.end()));
    CHECK((loaded.store->precision() == *std::min_element(precisions.begin(), precisions.end())));

    // Largest error: none; 2⁻⁸ of the value; half a step.
    std::vector<float> row(37), expected(37);
    size_t differences = 0;
    for (size_t i = 0; i < store->size(); ++i) {
      loaded.store->copy_row(i, row.data());
      store->copy_row(i, expected.data());
      float largest = 0;
      for (const float x : expected) largest = std::max(largest, std::abs(x));
      for (size_t d = 0; d < row.size(); ++d) {
        const float error = std::abs(row[d] - expected[d]);
        const float bound = loaded.store->precision() == Precision::float32    ? 0
                            : loaded.store->precision() == Precision::bfloat16 ? std::abs(expected[d]) / 256
                                                                               : largest / 127 * 0.501f;
        differences += i != 5 && !(error <= bound);  // row 5 is not finite
      }
      differences += loaded.store->word(i) != store->word(i) || loaded.store->count(i) != store->count(i);
    }
    CHECK(differences == 0);

    // Rows that are there are copied, not made again.
    save_vectors(*loaded.store, folder.file("b.w2v"), VectorFormat::w2v, control, precisions);
    CHECK(bytes_of(folder.file("a.w2v")) == bytes_of(folder.file("b.w2v")));
  }
}

TEST_CASE("a limit takes the first words of a .w2v file") {
  const TemporaryFolder folder;
  const auto store = store_of(100, 3, true);
  save(*store, folder.file("a.w2v"));
  for (const bool map : {true, false}) {
    LoadOptions options;
    options.map = map;
    options.limit = 10;
    const LoadedVectors loaded = load(folder.file("a.w2v"), options);
    check_equal(*loaded.store, *store, 10);
    CHECK(loaded.store->find("w10") == WordIndex::none);
  }
}

TEST_CASE("a .w2v file that is cut anywhere is refused") {
  const TemporaryFolder folder;
  save(*store_of(30, 5, true), folder.file("a.w2v"));
  const std::string whole = bytes_of(folder.file("a.w2v"));
  // The file ends in padding: what counts ends with the last row.
  const size_t used = whole.size() - 4096 + 30 * 64;
  for (size_t size = 0; size < used; size += size < 300 ? 1 : 97) {
    folder.write("cut", std::string_view(whole).substr(0, size));
    CAPTURE(size);
    CHECK_CODE(load(folder.file("cut")), (size < 8 ? code::vector_format : code::vector_truncated), folder.file("cut"));
  }
  folder.write("cut", std::string_view(whole).substr(0, used));
  CHECK(load(folder.file("cut")).store->size() == 30);
}

TEST_CASE("another version is refused by its number") {
  const TemporaryFolder folder;
  save(*store_of(3, 5, true), folder.file("a.w2v"));
  std::string bytes = bytes_of(folder.file("a.w2v"));
  bytes[8] = 2;
  CHECK_CODE(load(folder.write("next", bytes)), code::vector_format, "version 2");
}

TEST_CASE("a header that counts rows which are not finite, where all are, is no reason to read on") {
  const TemporaryFolder folder;
  save(*store_of(3, 5, false), folder.file("a.w2v"));
  std::string bytes = bytes_of(folder.file("a.w2v"));
  constexpr size_t header_end = 96 + 5 * 40, non_finite = 32 + 3 * 8;
  bytes[non_finite] = 2;
  const uint64_t checksum = xxh64(bytes.data(), header_end);
  std::memcpy(bytes.data() + header_end, &checksum, sizeof checksum);
  LoadOptions options;
  options.strict = true;
  CHECK(load(folder.write("b.w2v", bytes), options).store->size() == 3);
}

// Under sanitizers this looks for reads out of bounds. A header is believed if its checksum is right, so each is made
// right.
TEST_CASE("damaged .w2v files are refused, or answer without reading beyond them, and verify() notices") {
  const TemporaryFolder folder;
  save(*store_of(30, 5, true), folder.file("a.w2v"));
  const std::string whole = bytes_of(folder.file("a.w2v"));
  constexpr size_t header_end = 96 + 6 * 40;  // of six sections
  std::mt19937 random(3);
  size_t unnoticed = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string damaged = whole;
    const bool in_header = round % 2 == 0;
    const size_t at = in_header ? 12 + random() % (header_end - 12) : 4096 + random() % (whole.size() - 4096);
    damaged[at] = static_cast<char>(in_header && random() % 2 ? random() % 256 : damaged[at] ^ (1 << random() % 8));
    if (in_header) {
      const uint64_t checksum = xxh64(damaged.data(), header_end);
      std::memcpy(damaged.data() + header_end, &checksum, sizeof checksum);
    }
    try {
      const LoadedVectors loaded = load(folder.write("damaged", damaged));
      for (size_t i = 0; i < loaded.store->size(); ++i) loaded.store->find(loaded.store->word(i));
      loaded.store->find("w7");
      loaded.store->find("nothing");
      std::vector<float> row(loaded.store->dims());
      for (size_t i = 0; i < loaded.store->size(); ++i) loaded.store->copy_row(i, row.data());
      if (!in_header && damaged != whole) {
        bool noticed = false;
        try {
          verify(loaded);
        } catch (const Error& error) {
          CHECK(error.code() == std::string(code::vector_checksum));
          noticed = true;
        }
        unnoticed += !noticed;
      }
    } catch (const Error& error) {
      const std::string code = error.code();
      CHECK((code == code::vector_format || code == code::vector_truncated));
    }
  }
  CHECK(unnoticed < 700);  // only padding between sections, which nothing reads
  for (const size_t at : {4096 + 3, 5 * 4096 + 1, 6 * 4096 + 9}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    // The ends of the words are checked at once.
    CHECK_CODE(verify(load(folder.write("damaged", damaged))),
               (at < 2 * 4096 ? code::vector_format : code::vector_checksum), "section");
  }
}
