#include "test/ptx/memory.h"

#include <cstdlib>
#include <cstring>

namespace w2v::ptx {

Region::Region(char* begin, uint64_t bytes, std::string name)
    : begin_(begin), bytes_(bytes), name_(std::move(name)), cells_((bytes + 3) / 4) {}

template <class F>
std::string Region::each_cell(const char* at, uint64_t bytes, F&& f) {
  const uint64_t first = static_cast<uint64_t>(at - begin_) / 4,
                 last = (static_cast<uint64_t>(at - begin_) + bytes - 1) / 4;
  for (uint64_t i = first; i <= last; ++i)
    if (const char* const wrong = f(cells_[i])) return wrong;
  return {};
}

// Of different lanes, and nothing has ordered them: lanes of a warp by its barriers, warps by the end of a launch.
bool Region::unordered(const Access& before, const Access& now) {
  if (before.launch != now.launch || before.launch == 0) return false;
  if (before.warp != now.warp) return true;
  return before.lane != now.lane && before.barrier == now.barrier;
}

void Region::written_by_host(const char* at, uint64_t bytes) {
  each_cell(at, bytes, [](Cell& cell) -> const char* {
    cell = {};
    cell.written = true;
    return nullptr;
  });
}

std::string Region::load(const char* at, uint64_t bytes, const Access& by) {
  return each_cell(at, bytes, [&](Cell& cell) -> const char* {
    if (cell.under_way) return "is read while a copy to there is under way";
    if (!cell.written) return "is read before it is written";
    if (unordered(cell.store, by)) return "is read by one lane and written by another, with no barrier between";
    if (cell.load.launch != by.launch || cell.load.warp != by.warp || cell.load.barrier != by.barrier)
      cell.load = by, cell.loaders = 0;
    cell.loaders |= 1u << by.lane;
    return nullptr;
  });
}

std::string Region::store(const char* at, uint64_t bytes, const Access& by) {
  return each_cell(at, bytes, [&](Cell& cell) -> const char* {
    if (unordered(cell.store, by)) return "is written by two lanes, with no barrier between";
    if (cell.load.launch == by.launch && by.launch != 0 &&
        (cell.load.warp != by.warp || (cell.load.barrier == by.barrier && (cell.loaders & ~(1u << by.lane)) != 0)))
      return "is written by one lane and read by another, with no barrier between";
    cell.written = true;
    cell.under_way = false;
    cell.store = by;
    return nullptr;
  });
}

std::string Region::atomic(const char* at, uint64_t bytes, const Access& by) {
  return each_cell(at, bytes, [&](Cell& cell) -> const char* {
    if (!cell.written) return "is added to before it is written";
    if (unordered(cell.store, by)) return "is added to by one lane and written by another, with no barrier between";
    return nullptr;
  });
}

std::string Region::begin_copy(const char* at, uint64_t bytes, const Access& by) {
  std::string wrong = store(at, bytes, by);
  if (!wrong.empty()) return wrong;
  return each_cell(at, bytes, [](Cell& cell) -> const char* {
    cell.under_way = true;
    return nullptr;
  });
}

Memory::~Memory() {
  for (const auto& [begin, region] : regions_) std::free(region->begin());
}

void* Memory::allocate(uint64_t bytes, const std::string& name) {
  char* const at = static_cast<char*>(std::aligned_alloc(256, (bytes + 255) / 256 * 256));
  std::memset(at, 0x7f, bytes);
  regions_[at] = std::make_unique<Region>(at, bytes, name);
  allocated_ += bytes;
  return at;
}

void Memory::release(void* at) {
  const auto found = regions_.find(static_cast<const char*>(at));
  if (found == regions_.end()) return;
  allocated_ -= found->second->bytes();
  last_ = nullptr;
  std::free(found->second->begin());
  regions_.erase(found);
}

Region* Memory::find(const void* at, uint64_t bytes) {
  const char* const address = static_cast<const char*>(at);
  if (last_ != nullptr && last_->holds(address, bytes)) return last_;
  auto after = regions_.upper_bound(address);
  if (after == regions_.begin()) return nullptr;
  Region* const region = std::prev(after)->second.get();
  if (!region->holds(address, bytes)) return nullptr;
  return last_ = region;
}

}  // namespace w2v::ptx
