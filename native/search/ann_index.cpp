#include "search/ann_index.h"

#include <utility>

#include "base/error.h"

#ifdef W2V_HAVE_USEARCH
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <span>
#include <usearch/index.hpp>
#include <vector>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/prefetch.h"
#include "base/section_file.h"
#include "base/threads.h"
#include "base/xxh64.h"
#include "kernels/kernels.h"

namespace w2v {

namespace {

namespace usearch = unum::usearch;
using UsearchGraph = usearch::index_gt<float, uint64_t, uint32_t>;

constexpr const char* kind = "hnsw graph";
constexpr uint32_t version = 1;
enum Number : size_t { n_words, n_dims, n_nodes, vectors_hash };  // what the numbers of the header are

// Of the words and of samples of the rows: other vectors, or the same in another order, have another one.
uint64_t hash_of(const VectorStore& store) {
  constexpr size_t samples = 1024;
  uint64_t hash = 0;
  std::vector<float> row(store.dims());
  for (size_t k = 0; k < std::min(samples, store.size()); ++k) {
    const size_t i = store.size() <= samples ? k : (store.size() - 1) * k / (samples - 1);
    hash = xxh64(store.word(i).data(), store.word(i).size(), hash);
    store.copy_row(i, row.data());
    hash = xxh64(row.data(), row.size() * sizeof(float), hash);
  }
  return hash;
}

// An int8 row, and what makes a product of two of them a cosine.
struct Point {
  const int8_t* row;
  float factor;
};

class Points {
 public:
  Points(const VectorStore& store, const TaskControl& control)
      : rows_(store.quantized(Precision::int8, control)), inverse_norms_(store.inverse_norms()) {}

  Point operator[](size_t word) const {
    return {reinterpret_cast<const int8_t*>(rows_.row(word)), rows_.scales[word] * inverse_norms_[word]};
  }
  // Zeros, and rows that are not finite or of extreme length, have no place in the graph.
  bool has(size_t word) const {
    const float factor = rows_.scales[word] * inverse_norms_[word];
    return factor > 0 && factor < std::numeric_limits<float>::infinity();
  }
  size_t bytes() const { return rows_.pitch; }

 private:
  const QuantizedRows& rows_;
  const std::span<const float> inverse_norms_;
};

// 1 − cosine of a query and a node, or of two nodes.
struct Distance {
  const Points& points;
  const uint32_t* words;  // of the nodes

  template <class A, class B>
  float operator()(const A& a, const B& b) const noexcept {
    const Point x = point(a), y = point(b);
    return 1 - static_cast<float>(kernels().dot_int8(x.row, y.row, points.bytes())) * x.factor * y.factor;
  }
  const Point& point(const Point& query) const { return query; }
  template <class Node>
  Point point(const Node& node) const {
    return points[words[get_slot(node)]];
  }
};

// Asks for the rows of nodes that are about to be compared.
struct PrefetchRows {
  const Points& points;
  const uint32_t* words;

  template <class Iterator>
  void operator()(Iterator node, const Iterator end)
      const noexcept {  // const: usearch's comparison is not, which is ambiguous in C++20
    for (; node != end; ++node) prefetch(points[words[get_slot(node)]].row, points.bytes());
  }
};

// What usearch saves: its header, the level of each node, then the nodes: key, level, and for each level from the
// lowest on a number of neighbours and room for as many as the level may have. It believes a file; this does not.
bool is_sound(std::string_view bytes, uint64_t nodes) {
  usearch::index_serialized_header_t header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (nodes == 0) return header.size == 0;
  constexpr uint64_t most_neighbours = 1 << 16;
  if (header.size != nodes || header.connectivity < 2 || header.connectivity > most_neighbours ||
      header.connectivity_base < header.connectivity || header.connectivity_base > most_neighbours ||
      header.entry_slot >= nodes || header.max_level > 64 || nodes > (bytes.size() - sizeof header) / sizeof(int16_t))
    return false;
  const char* levels = bytes.data() + sizeof header;
  const char *at = levels + nodes * sizeof(int16_t), *end = bytes.data() + bytes.size();
  const auto read = [&at]<class T>(T) {
    T value;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  };
  for (uint64_t node = 0; node < nodes; ++node) {
    int16_t level;
    std::memcpy(&level, levels + node * sizeof level, sizeof level);
    if (level < 0 || static_cast<uint64_t>(level) > header.max_level) return false;
    if (node == header.entry_slot && static_cast<uint64_t>(level) != header.max_level) return false;
    if (static_cast<size_t>(end - at) < sizeof(uint64_t) + sizeof(int16_t)) return false;
    read(uint64_t{});
    if (read(int16_t{}) != level) return false;
    for (int l = 0; l <= level; ++l) {
      const uint64_t room = l == 0 ? header.connectivity_base : header.connectivity;
      if (static_cast<size_t>(end - at) < sizeof(uint32_t) * (room + 1)) return false;
      const uint32_t neighbours = read(uint32_t{});
      if (neighbours > room) return false;
      for (uint32_t n = 0; n < neighbours; ++n) {
        const uint32_t slot = read(uint32_t{});
        int16_t other;
        if (slot >= nodes) return false;
        std::memcpy(&other, levels + slot * sizeof other, sizeof other);
        if (other < l) return false;  // it has no neighbours on this level
      }
      at += sizeof(uint32_t) * (room - neighbours);
    }
  }
  return at == end;
}

// The nodes that no way along the lowest level's links leads to from the entry point.
std::vector<uint32_t> unreachable(const UsearchGraph& graph) {
  // Saving passes on the nodes where they lie, after the header and a level (of two bytes) for each of them.
  std::vector<const char*> nodes;
  usearch::index_serialized_header_t header;
  graph.save_to_stream([&](const void* bytes, size_t size) {
    if (size == sizeof header)
      std::memcpy(&header, bytes, size);
    else if (size != sizeof(int16_t))
      nodes.push_back(static_cast<const char*>(bytes));
    return true;
  });
  std::vector<char> seen(nodes.size());
  std::vector<uint32_t> waiting{static_cast<uint32_t>(header.entry_slot)};
  seen[header.entry_slot] = 1;
  while (!waiting.empty()) {
    const char* links = nodes[waiting.back()] + sizeof(uint64_t) + sizeof(int16_t);  // after its key and level
    waiting.pop_back();
    uint32_t n;
    std::memcpy(&n, links, sizeof n);
    for (uint32_t i = 1; i <= n; ++i) {
      uint32_t slot;
      std::memcpy(&slot, links + i * sizeof slot, sizeof slot);
      if (!std::exchange(seen[slot], 1)) waiting.push_back(slot);
    }
  }
  std::vector<uint32_t> lost;
  for (uint32_t slot = 0; slot < seen.size(); ++slot)
    if (!seen[slot]) lost.push_back(slot);
  return lost;
}

}  // namespace

struct AnnIndex::Graph {
  Graph(std::shared_ptr<const VectorStore> of, const TaskControl& control)
      : store(std::move(of)), points(*store, control) {}

  std::shared_ptr<const VectorStore> store;
  Points points;
  UsearchGraph graph;
  std::vector<uint32_t> own_words;
  std::span<const uint32_t> words;  // of the nodes
  std::shared_ptr<const MappedFile> file;

  // A search takes one of the graph's contexts for each of its threads.
  std::mutex mutex;
  std::condition_variable returned;
  std::vector<size_t> free_contexts;

  void reserve(size_t nodes, size_t contexts) {
    if (!graph.try_reserve({nodes, contexts}))
      throw Error(code::memory, "Not enough memory for a graph of " + std::to_string(nodes) + " words");
    for (size_t c = 0; c < contexts; ++c) free_contexts.push_back(c);
  }

  std::vector<size_t> take_contexts(size_t most) {
    std::unique_lock lock(mutex);
    returned.wait(lock, [this] { return !free_contexts.empty(); });
    const size_t n = std::min(most, free_contexts.size());
    std::vector<size_t> taken(free_contexts.end() - static_cast<ptrdiff_t>(n), free_contexts.end());
    free_contexts.resize(free_contexts.size() - n);
    return taken;
  }
  void give_back(const std::vector<size_t>& contexts) {
    const std::lock_guard lock(mutex);
    free_contexts.insert(free_contexts.end(), contexts.begin(), contexts.end());
    returned.notify_all();
  }

  // usearch shows a node to other threads before it has its links on every level: what they add beside it meanwhile may
  // be cut off from the graph and would never be found. Such nodes are linked anew, one after the other.
  void link_lost(size_t expansion, const TaskControl& control) {
    if (words.empty()) return;
    std::vector<uint32_t> lost = unreachable(graph);
    for (size_t before = lost.size() + 1; !lost.empty() && lost.size() < before; lost = unreachable(graph)) {
      before = lost.size();
      for (const uint32_t slot : lost) {
        control.check_cancelled();
        usearch::index_update_config_t config;
        config.expansion = expansion;
        const auto linked =
            graph.update(graph.begin() + slot, words[slot], points[words[slot]], Distance{points, words.data()}, config,
                         {}, PrefetchRows{points, words.data()});
        if (!linked) throw Error(code::memory, std::string("The graph could not be linked: ") + linked.error.what());
      }
    }
  }
};

AnnIndex::AnnIndex(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}
AnnIndex::~AnnIndex() = default;
size_t AnnIndex::size() const { return graph_->words.size(); }

std::shared_ptr<const AnnIndex> AnnIndex::build(std::shared_ptr<const VectorStore> store, const AnnOptions& options,
                                                TaskControl& control) {
  store->check_unchanged();
  auto made = std::make_unique<Graph>(std::move(store), control);
  std::vector<uint32_t> chosen;
  for (uint32_t word = 0; word < made->store->size(); ++word)
    if (made->points.has(word)) chosen.push_back(word);
  control.begin(Phase::searching, chosen.size());
  made->graph = UsearchGraph(usearch::index_config_t(options.connectivity));
  made->reserve(chosen.size(), std::max(options.threads, processors()));
  made->own_words.resize(chosen.size());
  uint32_t* words = made->own_words.data();
  constexpr size_t block = 64;
  for_each_block((chosen.size() + block - 1) / block, options.threads, [&](size_t b, unsigned thread) {
    control.check_cancelled();
    for (size_t i = b * block; i < std::min(chosen.size(), (b + 1) * block); ++i) {
      // A node's word is known before the node is compared: its slot is given out on the way, in the callback for the
      // key.
      usearch::index_update_config_t config;
      config.expansion = options.expansion;
      config.thread = thread;
      const auto added = made->graph.add(
          chosen[i], made->points[chosen[i]], Distance{made->points, words}, config,
          [&](auto&& node) { words[node.slot] = chosen[i]; }, PrefetchRows{made->points, words});
      if (!added) throw Error(code::memory, std::string("The graph could not grow: ") + added.error.what());
      control.done.fetch_add(1, std::memory_order_relaxed);
    }
  });
  made->words = made->own_words;
  made->link_lost(options.expansion, control);
  return std::shared_ptr<const AnnIndex>(new AnnIndex(std::move(made)));
}

void AnnIndex::save(const std::string& path, TaskControl& control) const {
  control.begin(Phase::saving, graph_->graph.serialized_length());
  AtomicFile file(path);
  SectionFileWriter writer(file, kind, version);
  writer.begin("words");
  writer.write(graph_->words.data(), graph_->words.size_bytes());
  writer.begin("graph");
  const auto saved = graph_->graph.save_to_stream([&](const void* bytes, size_t size) {
    writer.write(bytes, size);
    control.done.fetch_add(size, std::memory_order_relaxed);
    return !control.cancelled.load(std::memory_order_relaxed);
  });
  control.check_cancelled();
  if (!saved) throw Error(code::file_write, "Cannot write '" + path + "'");
  SectionNumbers numbers{};
  numbers[n_words] = graph_->store->size();
  numbers[n_dims] = graph_->store->dims();
  numbers[n_nodes] = graph_->words.size();
  numbers[vectors_hash] = hash_of(*graph_->store);
  writer.finish(numbers);
  file.commit();
}

std::shared_ptr<const AnnIndex> AnnIndex::open(const std::string& path, std::shared_ptr<const VectorStore> store,
                                               TaskControl& control) {
  control.begin(Phase::loading, 1);
  store->check_unchanged();
  const auto file = MappedFile::open(path);
  const std::string_view bytes(file->data(), file->size());
  if (!SectionFile::is_one(bytes))
    throw Error(code::vector_format,
                "'" + path + "': expected an index that was saved here, but received another format");
  const SectionFile sections(bytes, path, kind, version);
  const SectionNumbers& numbers = sections.numbers();
  if (numbers[n_words] != store->size() || numbers[n_dims] != store->dims() || numbers[vectors_hash] != hash_of(*store))
    throw Error(code::index, "'" + path + "' is the index of other vectors: expected one of these " +
                                 std::to_string(store->size()) + " × " + std::to_string(store->dims()) +
                                 " vectors, but it was made of " + std::to_string(numbers[n_words]) + " × " +
                                 std::to_string(numbers[n_dims]) +
                                 (numbers[n_words] == store->size() ? " others" : ""));
  const std::span<const char> graph = sections.all<char>("graph");
  const std::span<const uint32_t> words = sections.exactly<uint32_t>("words", numbers[n_nodes]);
  for (const uint32_t word : words)
    if (word >= store->size()) throw sections.format_error("expected words of the vectors in the graph");
  if (!is_sound({graph.data(), graph.size()}, words.size()))
    throw sections.format_error("expected a graph whose nodes are all there, but it is damaged");
  auto made = std::make_unique<Graph>(std::move(store), control);
  made->file = file;
  made->words = words;
  made->reserve(0, processors());
  const auto viewed = made->graph.view(usearch::memory_mapped_file_t(file->path().c_str()),
                                       static_cast<size_t>(graph.data() - file->data()));
  if (!viewed) throw Error(code::file_read, "Cannot read '" + path + "': the graph could not be mapped");
  control.done = 1;
  return std::shared_ptr<const AnnIndex>(new AnnIndex(std::move(made)));
}

SearchResult AnnIndex::search(const SearchRequest& request, size_t expansion, TaskControl& control) const {
  const VectorStore& store = *graph_->store;
  const size_t dims = store.dims(), n_queries = request.queries.size() / dims;
  store.check_unchanged();
  check_finite_queries(request.queries, dims);
  SearchResult result;
  result.ids.assign(n_queries * request.top_n, no_word);
  result.scores.assign(n_queries * request.top_n, 0.0f);
  control.begin(Phase::searching, n_queries);
  if (n_queries == 0 || request.top_n == 0 || graph_->words.empty()) return result;

  const std::vector<size_t> contexts = graph_->take_contexts(std::min<size_t>(request.threads, n_queries));
  struct GiveBack {
    Graph& graph;
    const std::vector<size_t>& contexts;
    ~GiveBack() { graph.give_back(contexts); }
  } give_back{*graph_, contexts};
  const size_t wanted = std::min(candidates_for(request.top_n), graph_->words.size());
  for_each_block(n_queries, static_cast<unsigned>(contexts.size()), [&](size_t q, unsigned thread) {
    control.check_cancelled();
    const std::span<const float> query = request.queries.subspan(q * dims, dims);
    const std::span<const uint32_t> excluded = request.exclude_ids.subspan(
        request.exclude_offsets[q], request.exclude_offsets[q + 1] - request.exclude_offsets[q]);
    std::vector<char> few_bits(graph_->points.bytes());
    const float scale = quantize(Precision::int8, query.data(), dims, few_bits.data());
    const double length = norm(query.data(), dims);
    const Point point{reinterpret_cast<const int8_t*>(few_bits.data()),
                      length == 0 ? 0.0f : static_cast<float>(scale / length)};
    usearch::index_search_config_t config;
    config.expansion = expansion;
    config.thread = contexts[thread];
    const auto may_answer = [&](const auto& node) {
      const uint32_t word = graph_->words[get_slot(node)];
      return word >= request.from && word < request.to && (request.filter.empty() || request.filter[word] != 0) &&
             std::find(excluded.begin(), excluded.end(), word) == excluded.end();
    };
    const auto found = graph_->graph.search(point, wanted, Distance{graph_->points, graph_->words.data()}, config,
                                            may_answer, PrefetchRows{graph_->points, graph_->words.data()});
    if (!found) throw Error(code::memory, "Not enough memory to search the graph");
    std::vector<Answer> answers;
    for (size_t i = 0; i < found.size(); ++i) answers.push_back({0, graph_->words[found[i].member.slot]});
    compare_exactly(store, query, answers);
    for (size_t i = 0; i < std::min(answers.size(), request.top_n); ++i) {
      result.ids[q * request.top_n + i] = answers[i].id;
      result.scores[q * request.top_n + i] = answers[i].score;
    }
    control.done.fetch_add(1, std::memory_order_relaxed);
  });
  return result;
}

}  // namespace w2v

#else

namespace w2v {

struct AnnIndex::Graph {};

namespace {
Error missing() {
  return Error(code::index,
               "This build has no approximate search: the package usearch was not there when it was compiled");
}
}  // namespace

AnnIndex::AnnIndex(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}
AnnIndex::~AnnIndex() = default;
size_t AnnIndex::size() const { return 0; }
std::shared_ptr<const AnnIndex> AnnIndex::build(std::shared_ptr<const VectorStore>, const AnnOptions&, TaskControl&) {
  throw missing();
}
std::shared_ptr<const AnnIndex> AnnIndex::open(const std::string&, std::shared_ptr<const VectorStore>, TaskControl&) {
  throw missing();
}
void AnnIndex::save(const std::string&, TaskControl&) const { throw missing(); }
SearchResult AnnIndex::search(const SearchRequest&, size_t, TaskControl&) const { throw missing(); }

}  // namespace w2v

#endif
