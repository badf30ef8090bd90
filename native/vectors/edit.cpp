#include "vectors/edit.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/threads.h"

namespace w2v {

namespace {

constexpr size_t block_rows = 1024;  // one thread's at a time

// A store of these words, whose row i is what copy_row(i, floats) writes.
template <class CopyRow>
StoreHandle made(WordIndex words, size_t dims, std::vector<uint64_t> counts, TaskControl& control, CopyRow&& copy_row) {
  const size_t size = words.size();
  control.begin(Phase::loading, size);
  Matrix rows(size, dims, "vectors");
  for_each_block((size + block_rows - 1) / block_rows, processors(), [&](size_t block, unsigned) {
    control.check_cancelled();
    const size_t begin = block * block_rows, end = std::min(size, begin + block_rows);
    for (size_t i = begin; i < end; ++i) copy_row(i, rows.row(i));
    control.done += end - begin;
  });
  return std::make_shared<const VectorStore>(std::move(words), std::move(rows), std::move(counts));
}

// These words of a store with their counts; row i is what copy_row(ids[i], floats) writes.
template <class CopyRow>
StoreHandle chosen(const VectorStore& store, std::span<const uint32_t> ids, TaskControl& control, CopyRow&& copy_row) {
  store.check_unchanged();
  WordIndex words(ids.size());
  std::vector<uint64_t> counts;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i % block_rows == 0) control.check_cancelled();
    if (words.insert(store.word(ids[i])) != i)
      throw Error(code::argument,
                  "Expected each word once but '" + std::string(store.word(ids[i]).substr(0, 100)) + "' comes twice");
    if (store.has_counts()) counts.push_back(store.count(ids[i]));
  }
  return made(std::move(words), store.dims(), std::move(counts), control,
              [&](size_t i, float* row) { copy_row(ids[i], row); });
}

std::vector<uint32_t> all_ids(const VectorStore& store) {
  std::vector<uint32_t> ids(store.size());
  std::iota(ids.begin(), ids.end(), 0u);
  return ids;
}

}  // namespace

StoreHandle with_words(const VectorStore& store, const AddedWords& added, bool replace, TaskControl& control) {
  store.check_unchanged();
  WordIndex words(store.size() + added.ends.size());
  for (size_t i = 0; i < store.size(); ++i) {
    if (i % block_rows == 0) control.check_cancelled();
    words.insert(store.word(i));
  }
  // The row of each word: its number among the added ones, moved up by one; 0 for that of the store.
  std::vector<uint32_t> row_of(store.size(), 0);
  for (size_t k = 0; k < added.ends.size(); ++k) {
    if (k % block_rows == 0) control.check_cancelled();
    const uint64_t begin = k == 0 ? 0 : added.ends[k - 1];
    const std::string_view word(added.bytes + begin, static_cast<size_t>(added.ends[k] - begin));
    if (words.size() + 1 >= no_word) throw Error(code::argument, "Expected fewer than 2^32 - 1 words in all");
    const uint32_t id = words.insert(word);
    if (id == row_of.size())
      row_of.push_back(0);
    else if (row_of[id] != 0)
      throw Error(code::argument, "Expected each word once but '" + std::string(word.substr(0, 100)) + "' comes twice");
    row_of[id] = static_cast<uint32_t>(k + 1);
  }
  const auto is_added = [&](size_t i) { return i >= store.size() || (replace && row_of[i] != 0); };
  std::vector<uint64_t> counts;
  if (store.has_counts() || !added.counts.empty())
    for (size_t i = 0; i < words.size(); ++i)
      counts.push_back(is_added(i) ? (added.counts.empty() ? 0 : added.counts[row_of[i] - 1]) : store.count(i));
  return made(std::move(words), store.dims(), std::move(counts), control, [&](size_t i, float* row) {
    if (is_added(i))
      std::memcpy(row, added.rows + (row_of[i] - 1) * store.dims(), store.dims() * sizeof(float));
    else
      store.copy_row(i, row);
  });
}

StoreHandle with_only(const VectorStore& store, std::span<const uint32_t> ids, TaskControl& control) {
  return chosen(store, ids, control, [&](uint32_t id, float* row) { store.copy_row(id, row); });
}

StoreHandle sorted_by_count(const VectorStore& store, TaskControl& control) {
  store.check_unchanged();
  std::vector<uint32_t> ids = all_ids(store);
  std::stable_sort(ids.begin(), ids.end(), [&](uint32_t a, uint32_t b) { return store.count(a) > store.count(b); });
  return with_only(store, ids, control);
}

StoreHandle at_unit_length(const VectorStore& store, TaskControl& control) {
  return chosen(store, all_ids(store), control, [&](uint32_t id, float* row) {
    store.copy_row(id, row);
    const double length = norm(row, store.dims());
    if (length == 0 || !std::isfinite(length)) return;
    for (size_t d = 0; d < store.dims(); ++d) row[d] = static_cast<float>(row[d] / length);
  });
}

StoreHandle with_rows_of(const VectorStore& store, const VectorStore& other, uint64_t& n_taken, TaskControl& control) {
  other.check_unchanged();
  std::atomic<uint64_t> taken{0};
  StoreHandle merged = chosen(store, all_ids(store), control, [&](uint32_t id, float* row) {
    const uint32_t from = other.find(store.word(id));
    if (from == no_word) {
      store.copy_row(id, row);
    } else {
      other.copy_row(from, row);
      taken.fetch_add(1, std::memory_order_relaxed);
    }
  });
  n_taken = taken;
  return merged;
}

}  // namespace w2v
