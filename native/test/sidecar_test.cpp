#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "test/check.h"
#include "vectors/vector_file.h"

using namespace w2v;
using test::TemporaryFolder;

namespace {

std::string binary(size_t rows, size_t dims, bool newlines, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value;
  std::string bytes = std::to_string(rows) + " " + std::to_string(dims) + "\n";
  for (size_t i = 0; i < rows; ++i) {
    bytes += (i % 10 == 9 ? "again" : "w" + std::to_string(i)) + " ";
    for (size_t d = 0; d < dims; ++d) {
      const float x = i == 4 ? std::numeric_limits<float>::infinity() : value(random);
      bytes.append(reinterpret_cast<const char*>(&x), sizeof x);
    }
    if (newlines) bytes += "\n";
  }
  return bytes;
}

LoadedVectors load(const std::string& path, bool sidecar = true) {
  LoadOptions options;
  options.sidecar = sidecar;
  TaskControl control;
  return load_vectors(path, options, control);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void check_same(const LoadedVectors& a, const LoadedVectors& b) {
  REQUIRE(a.store->size() == b.store->size());
  CHECK(a.duplicate_words == b.duplicate_words);
  CHECK(a.non_finite_rows == b.non_finite_rows);
  std::vector<float> x(a.store->dims()), y(a.store->dims());
  size_t differences = 0;
  for (size_t i = 0; i < a.store->size(); ++i) {
    a.store->copy_row(i, x.data());
    b.store->copy_row(i, y.data());
    differences += std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) != 0 ||
                   a.store->word(i) != b.store->word(i) || b.store->find(a.store->word(i)) != i;
  }
  CHECK(differences == 0);
  for (size_t i = 0; i < a.store->size(); ++i) {
    const float p = a.store->inverse_norms()[i], q = b.store->inverse_norms()[i];
    CHECK((p == q || (std::isnan(p) && std::isnan(q))));
  }
  CHECK(b.store->find("no such word") == no_word);
}

}  // namespace

TEST_CASE("with a sidecar a file loads as without one, and the second load reuses it") {
  const TemporaryFolder folder;
  for (const bool newlines : {true, false})
    for (const size_t rows : {0, 1, 12, 3000}) {
      const std::string path =
          folder.write("v" + std::to_string(rows) + (newlines ? "n" : ""), binary(rows, 7, newlines, 1));
      const LoadedVectors plain = load(path, false);
      CHECK((plain.sidecar == Sidecar::none));
      CHECK(!std::filesystem::exists(path + ".w2vrows"));
      const LoadedVectors first = load(path), second = load(path);
      CHECK((first.sidecar == Sidecar::written));
      CHECK((second.sidecar == Sidecar::reused));
      CHECK(second.sidecar_problem == "");
      check_same(plain, first);
      check_same(plain, second);
      TaskControl control;
      verify_checksums(*second.store, path, control);
    }
}

TEST_CASE("strict and truncated files fail as without a sidecar") {
  const TemporaryFolder folder;
  const std::string bytes = binary(12, 7, true, 1), path = folder.write("v", bytes);
  load(path);
  LoadOptions options;
  options.sidecar = options.strict = true;
  TaskControl control;
  CHECK_CODE(load_vectors(path, options, control), code::vector_format, "'w4'");

  const std::string cut = folder.write("cut", bytes.substr(0, bytes.size() - 20));
  CHECK_CODE(load(cut), code::vector_truncated, "11");
  options.strict = false;
  options.allow_truncated = true;
  const LoadedVectors loaded = load_vectors(cut, options, control);
  CHECK(loaded.missing_rows == 1);
  CHECK((loaded.sidecar == Sidecar::failed));
  CHECK(loaded.sidecar_problem.find("all of its rows") != std::string::npos);
}

TEST_CASE("a stale sidecar is made anew: another size, another time, other bytes") {
  const TemporaryFolder folder;
  const std::string path = folder.write("v", binary(100, 7, true, 1));
  load(path);
  folder.write("v", binary(101, 7, true, 1));
  LoadedVectors loaded = load(path);
  CHECK((loaded.sidecar == Sidecar::written));
  CHECK(loaded.sidecar_problem.find("stale") != std::string::npos);
  CHECK(loaded.store->size() == 92);

  const auto time = std::filesystem::last_write_time(path);
  folder.write("v", binary(101, 7, true, 2));
  std::filesystem::last_write_time(path, time);
  loaded = load(path);
  CHECK((loaded.sidecar == Sidecar::written));
  check_same(load(path, false), loaded);

  std::filesystem::last_write_time(path, time + std::chrono::seconds(1));
  CHECK((load(path).sidecar == Sidecar::written));
  CHECK((load(path).sidecar == Sidecar::reused));
}

TEST_CASE("a sidecar that cannot be written is a note, no failure") {
  const TemporaryFolder folder;
  const std::string path = folder.write("v", binary(5, 7, true, 1));
  std::filesystem::create_directory(path + ".w2vrows");
  const LoadedVectors loaded = load(path);
  CHECK((loaded.sidecar == Sidecar::failed));
  CHECK(loaded.sidecar_problem.find("w2vrows") != std::string::npos);
  CHECK(loaded.store->size() == 5);
}

// Under sanitizers this looks for reads out of bounds.
TEST_CASE("a damaged or cut sidecar is not used, or gives rows within the file") {
  const TemporaryFolder folder;
  const std::string path = folder.write("v", binary(30, 5, true, 1));
  load(path);
  const std::string whole = bytes_of(path + ".w2vrows");
  std::mt19937 random(5);
  for (int round = 0; round < 600; ++round) {
    std::string damaged = whole;
    if (round % 3 == 0) damaged.resize(random() % whole.size());
    if (!damaged.empty()) {
      char& byte = damaged[random() % damaged.size()];
      byte = static_cast<char>(byte ^ (1 << random() % 8));
    }
    folder.write("v.w2vrows", damaged);
    const LoadedVectors loaded = load(path);
    CHECK((loaded.sidecar == Sidecar::reused || loaded.sidecar_problem.find("w2vrows") != std::string::npos));
    std::vector<float> row(loaded.store->dims());
    for (size_t i = 0; i < loaded.store->size(); ++i) {
      loaded.store->copy_row(i, row.data());
      loaded.store->find(loaded.store->word(i));
    }
  }
}
