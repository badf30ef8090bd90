// The index of a store of 40 words.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fuzz/use_vectors.h"
#include "search/ann_index.h"

namespace {

std::shared_ptr<const w2v::VectorStore> made_store() {
  w2v::WordIndex words;
  w2v::Matrix rows(40, 4, "fuzz");
  for (size_t i = 0; i < 40; ++i) {
    words.insert("w" + std::to_string(i));
    for (size_t d = 0; d < 4; ++d) rows.row(i)[d] = static_cast<float>((i * 7 + d * 13) % 11) - 5;
  }
  return std::make_shared<const w2v::VectorStore>(std::move(words), std::move(rows), std::vector<uint64_t>());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto store = made_store();
  static const std::string path =
      std::filesystem::temp_directory_path() / ("w2v-fuzz-index-" + std::to_string(getpid()));
  // What a saved index of these vectors says of them, so that each input is taken for one.
  static const std::string numbers = [] {
    w2v::TaskControl control;
    w2v::AnnIndex::build(store, {}, control)->save(path, control);
    std::string header(64, '\0');
    std::ifstream(path, std::ios::binary).seekg(32).read(header.data(), 64);
    return header;
  }();
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() > 96) {
    bytes.replace(32, 16, numbers, 0, 16);  // words and dims
    bytes.replace(56, 8, numbers, 24, 8);   // their hash
  }
  w2v::fuzz::repair_header(bytes);
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    w2v::TaskControl control;
    const auto index = w2v::AnnIndex::open(path, store, control);
    const std::vector<float> query{1, 2, 3, 4};
    const std::vector<uint32_t> offsets{0, 0};
    const w2v::SearchResult result = index->search({query, 5, offsets, {}, {}, 0, store->size(), 1}, 16, control);
    for (const uint32_t id : result.ids)
      if (id != w2v::no_word && id >= store->size()) std::abort();
  } catch (const w2v::Error&) {
  }
  return 0;
}
