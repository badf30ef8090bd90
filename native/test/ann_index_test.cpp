#include "search/ann_index.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include "base/xxh64.h"
#include "test/check.h"

#ifdef W2V_HAVE_USEARCH

using namespace w2v;
using test::TemporaryFolder;

namespace {

std::shared_ptr<const VectorStore> clustered(size_t n, size_t dims, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value;
  std::vector<std::vector<float>> centers(30, std::vector<float>(dims));
  for (auto& center : centers)
    for (float& x : center) x = value(random);
  WordIndex words;
  Matrix rows(n, dims, "test");
  for (size_t i = 0; i < n; ++i) {
    words.insert("w" + std::to_string(i));
    for (size_t d = 0; d < dims; ++d) rows.row(i)[d] = centers[i % centers.size()][d] + value(random);
  }
  return std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::vector<uint64_t>());
}

struct Questions {
  std::vector<float> queries;
  std::vector<uint32_t> offsets, excluded;
  std::vector<uint8_t> filter;
  size_t top_n, from, to;

  Questions(const VectorStore& store, size_t n, size_t wanted) : offsets{0}, top_n(wanted), from(0), to(store.size()) {
    std::vector<float> row(store.dims());
    for (size_t q = 0; q < n; ++q) {
      store.copy_row(q * 17 % store.size(), row.data());
      queries.insert(queries.end(), row.begin(), row.end());
      excluded.push_back(static_cast<uint32_t>(q * 17 % store.size()));
      offsets.push_back(static_cast<uint32_t>(excluded.size()));
    }
  }
  SearchRequest request(unsigned threads = 1) const {
    return {queries, top_n, offsets, excluded, filter, from, to, threads};
  }
};

double recall(const SearchResult& found, const SearchResult& exact, size_t top_n) {
  size_t hits = 0, all = 0;
  for (size_t q = 0; q < exact.ids.size(); q += top_n) {
    const std::set<uint32_t> best(exact.ids.begin() + static_cast<ptrdiff_t>(q),
                                  exact.ids.begin() + static_cast<ptrdiff_t>(q + top_n));
    for (size_t i = 0; i < top_n; ++i) {
      all += exact.ids[q + i] != no_word;
      hits += found.ids[q + i] != no_word && best.count(found.ids[q + i]);
    }
  }
  return static_cast<double>(hits) / static_cast<double>(all);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("an index finds nearly all neighbours, with the exact search's scores, saved and mapped it is the same") {
  const TemporaryFolder folder;
  const auto store = clustered(3000, 24, 1);
  TaskControl control;
  const auto index = AnnIndex::build(store, {16, 128, 2}, control);
  CHECK(index->size() == 3000);
  const Questions questions(*store, 60, 10);
  const SearchResult exact = search_nearest(*store, questions.request(), control);
  const SearchResult found = index->search(questions.request(2), 128, control);
  CHECK(recall(found, exact, 10) > 0.97);
  CHECK(recall(index->search(questions.request(), 1000, control), exact, 10) > 0.99);
  for (size_t i = 0; i < found.ids.size(); ++i)
    for (size_t k = i / 10 * 10; k < i / 10 * 10 + 10; ++k)
      if (exact.ids[k] == found.ids[i]) CHECK(std::abs(exact.scores[k] - found.scores[i]) < 1e-6);
  for (size_t i = 1; i < found.scores.size(); ++i)
    if (i % 10 != 0) CHECK(found.scores[i - 1] >= found.scores[i]);

  index->save(folder.file("i.hnsw"), control);
  const auto mapped = AnnIndex::open(folder.file("i.hnsw"), store, control);
  CHECK(mapped->size() == 3000);
  CHECK(mapped->search(questions.request(), 128, control).ids == index->search(questions.request(), 128, control).ids);
}

TEST_CASE("an index that many threads build loses no word") {
  const auto store = clustered(3000, 24, 1);
  TaskControl control;
  const auto index = AnnIndex::build(store, {16, 128, 8}, control);
  Questions questions(*store, store->size(), 1);
  questions.excluded.clear();
  std::fill(questions.offsets.begin(), questions.offsets.end(), 0);
  const SearchResult found = index->search(questions.request(2), 500, control);
  size_t themselves = 0;
  for (size_t q = 0; q < found.ids.size(); ++q) themselves += found.ids[q] == q * 17 % store->size();
  CHECK(themselves >= store->size() - 3);  // a few may be hard to find; dozens were lost
}

TEST_CASE("exclusions, filters and ranges hold in an index") {
  const auto store = clustered(500, 12, 2);
  TaskControl control;
  const auto index = AnnIndex::build(store, {}, control);
  Questions questions(*store, 20, 5);
  questions.from = 50;
  questions.to = 450;
  questions.filter.assign(500, 1);
  for (size_t i = 0; i < 500; i += 2) questions.filter[i] = 0;
  const SearchResult found = index->search(questions.request(), 300, control);
  CHECK(recall(found, search_nearest(*store, questions.request(), control), 5) > 0.95);
  for (size_t i = 0; i < found.ids.size(); ++i) {
    if (found.ids[i] == no_word) continue;
    CHECK(found.ids[i] % 2 == 1);
    CHECK(found.ids[i] >= 50);
    CHECK(found.ids[i] < 450);
    CHECK(found.ids[i] != questions.excluded[i / 5]);
  }
}

TEST_CASE("rows that have no direction are left out, tiny and empty indexes") {
  WordIndex words;
  Matrix rows(4, 2, "test");
  const float values[4][2] = {{1, 0}, {0, 0}, {std::numeric_limits<float>::quiet_NaN(), 1}, {1, 1}};
  for (size_t i = 0; i < 4; ++i) {
    words.insert("w" + std::to_string(i));
    std::copy_n(values[i], 2, rows.row(i));
  }
  const auto store = std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::vector<uint64_t>());
  TaskControl control;
  const auto index = AnnIndex::build(store, {}, control);
  CHECK(index->size() == 2);
  const std::vector<float> query{1, 0.1f};
  const std::vector<uint32_t> offsets{0, 0};
  const SearchRequest request{query, 3, offsets, {}, {}, 0, 4, 1};
  CHECK(index->search(request, 10, control).ids == std::vector<uint32_t>{0, 3, no_word});
  const auto none = std::make_shared<const VectorStore>(WordIndex(), Matrix(0, 2, "test"), std::vector<uint64_t>());
  const TemporaryFolder folder;
  AnnIndex::build(none, {}, control)->save(folder.file("none"), control);
  const SearchRequest nowhere{query, 3, offsets, {}, {}, 0, 0, 1};
  CHECK(AnnIndex::open(folder.file("none"), none, control)->search(nowhere, 10, control).ids ==
        std::vector<uint32_t>(3, no_word));
  const std::vector<float> bad{1, std::numeric_limits<float>::infinity()};
  CHECK_CODE(index->search({bad, 3, offsets, {}, {}, 0, 4, 1}, 10, control), code::argument, "finite");
}

TEST_CASE("many searches at once") {
  const auto store = clustered(800, 12, 3);
  TaskControl control;
  const auto index = AnnIndex::build(store, {}, control);
  const Questions questions(*store, 50, 10);
  const SearchResult expected = index->search(questions.request(), 64, control);
  std::vector<std::thread> threads;
  std::atomic<int> different{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      TaskControl own;
      different += index->search(questions.request(3), 64, own).ids != expected.ids;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(different == 0);
}

TEST_CASE("an index of other vectors, and other files, are refused with a reason") {
  const TemporaryFolder folder;
  TaskControl control;
  const auto store = clustered(100, 12, 4);
  AnnIndex::build(store, {}, control)->save(folder.file("i"), control);
  CHECK_CODE(AnnIndex::open(folder.file("i"), clustered(100, 12, 5), control), code::index, "other vectors");
  CHECK_CODE(AnnIndex::open(folder.file("i"), clustered(101, 12, 4), control), code::index, "101");
  CHECK_CODE(AnnIndex::open(folder.file("none"), store, control), code::file_not_found, "none");
  CHECK_CODE(AnnIndex::open(folder.write("text", "no index"), store, control), code::vector_format, "another format");
  TaskControl cancelled;
  cancelled.cancelled = true;
  CHECK_CODE(AnnIndex::build(store, {}, cancelled), code::cancelled, "");
}

// Under sanitizers this looks for reads out of bounds. The header is made right each time.
TEST_CASE("a damaged graph is refused, or searched without reading beyond it") {
  const TemporaryFolder folder;
  TaskControl control;
  const auto store = clustered(60, 4, 6);
  AnnIndex::build(store, {4, 16, 1}, control)->save(folder.file("i"), control);
  const std::string whole = bytes_of(folder.file("i"));
  constexpr size_t header_end = 96 + 2 * 40;
  std::mt19937 random(7);
  const Questions questions(*store, 3, 5);
  for (int round = 0; round < 1500; ++round) {
    std::string damaged = whole;
    const size_t at = round % 4 == 0 ? 96 + random() % 80 : 4096 + random() % (whole.size() - 4096);
    damaged[at] = static_cast<char>(random());
    if (round % 5 == 0) damaged.resize(4096 + random() % (whole.size() - 4096));
    const uint64_t checksum = xxh64(damaged.data(), header_end);
    std::memcpy(damaged.data() + header_end, &checksum, sizeof checksum);
    try {
      const auto index = AnnIndex::open(folder.write("damaged", damaged), store, control);
      for (const uint32_t id : index->search(questions.request(), 20, control).ids)
        CHECK((id == no_word || id < store->size()));
    } catch (const Error& error) {
      const std::string code = error.code();
      CHECK((code == code::vector_format || code == code::vector_truncated));
    }
  }
}

#endif
