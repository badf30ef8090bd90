#include "vectors/edit.h"

#include <doctest/doctest.h>

#include <numeric>
#include <string>
#include <vector>

#include "test/check.h"

using namespace w2v;

namespace {

// More words than one block has, word i at (i, 2 i).
StoreHandle counted(size_t n) {
  WordIndex words;
  Matrix rows(n, 2, "test");
  std::vector<uint64_t> counts;
  for (size_t i = 0; i < n; ++i) {
    words.insert("w" + std::to_string(i));
    rows.row(i)[0] = static_cast<float>(i);
    rows.row(i)[1] = static_cast<float>(2 * i);
    counts.push_back(i * 7919 % 1000);
  }
  return std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::move(counts));
}

float first_value(const VectorStore& store, size_t i) {
  std::vector<float> row(store.dims());
  store.copy_row(i, row.data());
  return row[0];
}

constexpr size_t n = 5000;

}  // namespace

TEST_CASE("edited stores keep words, rows and counts together") {
  const StoreHandle store = counted(n);
  TaskControl control;
  const auto check_row_of_word = [&](const VectorStore& edited, size_t i) {
    const size_t was = static_cast<size_t>(std::stoul(std::string(edited.word(i).substr(1))));
    REQUIRE(first_value(edited, i) == static_cast<float>(was));
    REQUIRE(edited.count(i) == store->count(was));
    REQUIRE(edited.find(edited.word(i)) == i);
  };
  const StoreHandle sorted = sorted_by_count(*store, control);
  REQUIRE(sorted->size() == n);
  for (size_t i = 0; i < n; ++i) {
    check_row_of_word(*sorted, i);
    if (i > 0) REQUIRE(sorted->count(i - 1) >= sorted->count(i));
    if (i > 0 && sorted->count(i - 1) == sorted->count(i))  // ties stay in their order
      REQUIRE(first_value(*sorted, i - 1) < first_value(*sorted, i));
  }
  std::vector<uint32_t> ids;
  for (uint32_t id = n; id-- > 0;)
    if (id % 3 != 0) ids.push_back(id);
  const StoreHandle some = with_only(*store, ids, control);
  REQUIRE(some->size() == ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    REQUIRE(some->word(i) == store->word(ids[i]));
    check_row_of_word(*some, i);
  }
  CHECK_CODE(with_only(*store, std::vector<uint32_t>{1, 2, 1}, control), code::argument, "'w1'");
  uint64_t taken = 0;
  const StoreHandle merged = with_rows_of(*store, *some, taken, control);
  CHECK(taken == ids.size());
  for (size_t i = 0; i < n; ++i) check_row_of_word(*merged, i);
}

TEST_CASE("added words: new ones, such that are there, and one that comes twice") {
  const StoreHandle store = counted(3);
  const std::string bytes = "newerw1x";
  const std::vector<uint64_t> ends{5, 7, 8}, counts{5, 6, 7};
  const float rows[] = {10, 11, 20, 21, 30, 31};
  TaskControl control;
  for (const bool replace : {false, true}) {
    const StoreHandle more = with_words(*store, {bytes.data(), ends, rows, counts}, replace, control);
    REQUIRE(more->size() == 5);
    CHECK(more->word(3) == "newer");
    CHECK(more->word(4) == "x");
    CHECK(first_value(*more, 3) == 10);
    CHECK(first_value(*more, 1) == (replace ? 20 : 1));
    CHECK(more->count(1) == (replace ? 6 : store->count(1)));
    CHECK(more->count(4) == 7);
  }
  const std::vector<uint64_t> twice{1, 2, 3};
  CHECK_CODE(with_words(*store, {"aba", twice, rows, {}}, true, control), code::argument, "'a'");
  CHECK(store->size() == 3);
}

TEST_CASE("a cancelled change throws") {
  const StoreHandle store = counted(n);
  TaskControl control;
  control.cancelled = true;
  uint64_t taken = 0;
  CHECK_CODE(sorted_by_count(*store, control), code::cancelled, "cancelled");
  CHECK_CODE(at_unit_length(*store, control), code::cancelled, "cancelled");
  CHECK_CODE(with_rows_of(*store, *store, taken, control), code::cancelled, "cancelled");
}
