#include "test/ptx/interpreter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace w2v::ptx {

namespace {

constexpr uint32_t lanes = 32, all_lanes = 0xffffffff;
constexpr uint32_t turn = 200;  // instructions of a warp before the next one has its turn

uint32_t launches = 0;

// What all warps of a launch share.
struct Launch {
  const Kernel& kernel;
  const Grid& grid;
  std::vector<char> parameters;
  Memory& memory;
  Counts& counts;
  uint32_t number;
  std::mt19937_64 random;
  bool in_random_order;
};

struct Block {
  std::vector<char> bytes;
  std::unique_ptr<Region> region;
};

template <class T>
T read_as(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
template <class T>
uint64_t bits_of(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

class Warp {
 public:
  Warp(Launch& launch, Block& block, uint32_t number, uint32_t in_block, uint32_t of_block)
      : launch_(launch), block_(block), number_(number), registers_(launch.kernel.registers) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      registers_[Kernel::tid_x][lane] = in_block * lanes + lane;
      registers_[Kernel::ntid_x][lane] = launch.grid.threads;
      registers_[Kernel::ctaid_x][lane] = of_block;
      registers_[Kernel::nctaid_x][lane] = launch.grid.blocks;
    }
  }

  bool done() const { return live_ == 0; }

  void run(uint32_t instructions) {
    for (uint32_t n = 0; n < instructions && live_ != 0; ++n) {
      const uint32_t chosen = choose();
      if (chosen != 0) execute(launch_.kernel.code[at_[first(chosen)]], chosen);
    }
  }

 private:
  using Lanes = std::array<uint64_t, lanes>;
  struct Copy {
    char* to;
    const char* from;
    uint32_t bytes;
  };

  static uint32_t first(uint32_t mask) { return static_cast<uint32_t>(std::countr_zero(mask)); }
  template <class F>
  static void each(uint32_t mask, F&& f) {
    for (; mask != 0; mask &= mask - 1) f(first(mask));
  }
  [[noreturn]] void fail(const Instruction& i, const std::string& what) const {
    throw std::runtime_error("PTX, line " + std::to_string(i.line) + ", warp " + std::to_string(number_) + ": " + what);
  }

  // ---- which lanes go on: some that are at the same place ----

  uint32_t choose() {
    const uint32_t ready = live_ & ~waiting_;
    if (ready == 0) {
      meet();
      return 0;
    }
    uint32_t at = UINT32_MAX;
    if (launch_.in_random_order) {
      uint32_t nth = static_cast<uint32_t>(launch_.random() % static_cast<uint64_t>(std::popcount(ready)));
      uint32_t rest = ready;
      while (nth-- > 0) rest &= rest - 1;
      at = at_[first(rest)];
    } else {
      each(ready, [&](uint32_t lane) { at = std::min(at, at_[lane]); });  // those that lag behind
    }
    uint32_t together = 0;
    each(ready, [&](uint32_t lane) { together |= static_cast<uint32_t>(at_[lane] == at) << lane; });
    if (launch_.in_random_order && launch_.random() % 4 == 0) {
      const uint32_t some = together & static_cast<uint32_t>(launch_.random());
      if (some != 0) together = some;
    }
    return together;
  }

  // All lanes wait: for each other, in one instruction.
  void meet() {
    const uint32_t at = at_[first(live_)];
    const Instruction& i = launch_.kernel.code[at];
    each(live_, [&](uint32_t lane) {
      if (at_[lane] != at) fail(i, "lanes wait for each other at different instructions");
    });
    if (live_ != all_lanes) fail(i, "some lanes have ended, the others wait for them");
    waiting_ = 0;
    together(i);
    each(live_, [&](uint32_t lane) { ++at_[lane]; });
  }

  // What is done by all lanes at once.
  void together(const Instruction& i) {
    Lanes result{};
    switch (i.op) {
      case Op::bar_warp_sync:
        ++barrier_;
        return;
      case Op::vote_ballot: {
        uint64_t mask = 0;
        for (uint32_t lane = 0; lane < lanes; ++lane) mask |= (value(i.a, lane) & 1) << lane;
        result.fill(mask);
        break;
      }
      default:  // shuffles, over the whole warp
        for (uint32_t lane = 0; lane < lanes; ++lane) {
          const uint32_t b = static_cast<uint32_t>(value(i.b, lane)) % lanes;
          result[lane] = value(i.a, i.op == Op::shfl_bfly ? lane ^ b : b) & 0xffffffff;
        }
    }
    registers_[static_cast<size_t>(i.to)] = result;
  }

  // ---- instructions ----

  uint64_t value(const Operand& operand, uint32_t lane) const {
    return operand.reg < 0 ? operand.value : registers_[static_cast<size_t>(operand.reg)][lane];
  }

  void execute(const Instruction& i, uint32_t mask) {
    ++launch_.counts.instructions;
    uint32_t active = mask;
    if (i.guard >= 0) {
      active = 0;
      each(mask, [&](uint32_t lane) {
        const bool set = (registers_[static_cast<size_t>(i.guard)][lane] & 1) != 0;
        active |= static_cast<uint32_t>(set != i.guard_negated) << lane;
      });
    }
    switch (i.op) {
      case Op::bar_warp_sync:
      case Op::shfl_bfly:
      case Op::shfl_idx:
      case Op::vote_ballot:
        if (active != mask) fail(i, "a guard on what all lanes must do");
        waiting_ |= active;
        return;
      case Op::bra:
        each(mask, [&](uint32_t lane) { at_[lane] = (active >> lane & 1) != 0 ? i.target : at_[lane] + 1; });
        return;
      case Op::ret:
        live_ &= ~active;
        each(mask & ~active, [&](uint32_t lane) { ++at_[lane]; });
        return;
      case Op::ld:
        load(i, active);
        break;
      case Op::st:
        store(i, active);
        break;
      case Op::red_add:
      case Op::atom_add:
        add(i, active);
        break;
      case Op::cp_async:
        begin_copy(i, active);
        break;
      case Op::cp_async_commit:
        break;
      case Op::cp_async_wait:
        if (i.a.value != 0) fail(i, "only all copies can be waited for");
        each(active, [&](uint32_t lane) { end_copies(i, lane); });
        break;
      default:
        compute(i, active);
    }
    each(mask, [&](uint32_t lane) { ++at_[lane]; });
  }

  template <class F>
  void set(const Instruction& i, uint32_t mask, F&& f) {
    Lanes& to = registers_[static_cast<size_t>(i.to)];
    each(mask, [&](uint32_t lane) { to[lane] = f(lane); });
  }
  template <class T, class F>
  void unary(const Instruction& i, uint32_t mask, F&& f) {
    set(i, mask, [&](uint32_t lane) { return bits_of(f(read_as<T>(value(i.a, lane)))); });
  }
  template <class T, class F>
  void binary(const Instruction& i, uint32_t mask, F&& f) {
    set(i, mask, [&](uint32_t lane) { return bits_of(f(read_as<T>(value(i.a, lane)), read_as<T>(value(i.b, lane)))); });
  }
  // f(T()) for the C++ type of an instruction's.
  template <class F>
  void by_type(const Instruction& i, Type type, F&& f) {
    switch (type) {
      case Type::u8:
        return f(uint8_t());
      case Type::b16:
      case Type::u16:
        return f(uint16_t());
      case Type::s16:
        return f(int16_t());
      case Type::b32:
      case Type::u32:
        return f(uint32_t());
      case Type::s32:
        return f(int32_t());
      case Type::b64:
      case Type::u64:
        return f(uint64_t());
      case Type::s64:
        return f(int64_t());
      case Type::f32:
        return f(float());
      case Type::f64:
        return f(double());
      default:
        fail(i, "a type that is not known here");
    }
  }

  void compute(const Instruction& i, uint32_t mask) {
    const auto a = [&](uint32_t lane) { return value(i.a, lane); };
    const auto b = [&](uint32_t lane) { return value(i.b, lane); };
    switch (i.op) {
      case Op::mov:
        return set(i, mask, a);
      case Op::cvta: {
        // Shared memory is, as generic addresses, where the block's bytes are.
        const uint64_t difference = i.space == Space::shared ? bits_of(block_.bytes.data()) - shared_base : 0;
        const bool to_space = i.from != Type::none;
        return set(i, mask, [&](uint32_t lane) { return to_space ? a(lane) - difference : a(lane) + difference; });
      }
      case Op::selp:
        return set(i, mask, [&](uint32_t lane) { return (value(i.c, lane) & 1) != 0 ? a(lane) : b(lane); });
      case Op::popc:
        return set(i, mask, [&](uint32_t lane) { return std::popcount(static_cast<uint32_t>(a(lane))); });
      case Op::bfind_shiftamt:  // by how much to shift the highest bit to the top
        return set(i, mask, [&](uint32_t lane) {
          const uint32_t v = static_cast<uint32_t>(a(lane));
          return v == 0 ? 0xffffffff : static_cast<uint32_t>(std::countl_zero(v));
        });
      case Op::brev:
        return set(i, mask, [&](uint32_t lane) {
          uint32_t v = static_cast<uint32_t>(a(lane)), reversed = 0;
          for (int k = 0; k < 32; ++k, v >>= 1) reversed = reversed << 1 | (v & 1);
          return reversed;
        });
      case Op::shl:
        return set(i, mask, [&](uint32_t lane) {
          const uint32_t bits = 8 * bytes_of(i.type), by = static_cast<uint32_t>(b(lane));
          const uint64_t shifted = by >= bits ? 0 : a(lane) << by;
          return bits == 64 ? shifted : shifted & ((uint64_t{1} << bits) - 1);
        });
      case Op::fma:
        return set(i, mask, [&](uint32_t lane) {
          return bits_of(std::fma(read_as<float>(a(lane)), read_as<float>(b(lane)), read_as<float>(value(i.c, lane))));
        });
      case Op::add_rz:
        return binary<float>(i, mask, [](float x, float y) {
          const double sum = double{x} + y;
          const float near = static_cast<float>(sum);
          return std::fabs(near) > std::fabs(sum) ? std::nextafter(near, 0.0f) : near;
        });
      case Op::ex2:
        return unary<float>(i, mask, [](float x) { return std::exp2(x); });
      case Op::rcp:
        return unary<float>(i, mask, [](float x) { return 1.0f / x; });
      case Op::mul_hi:
        return binary<uint64_t>(i, mask, [](uint64_t x, uint64_t y) {
          __extension__ using Wide = unsigned __int128;
          return static_cast<uint64_t>(Wide{x} * y >> 64);
        });
      case Op::mul_wide:
        return set(i, mask, [&](uint32_t lane) {
          if (i.type == Type::s32) return bits_of(int64_t{read_as<int32_t>(a(lane))} * read_as<int32_t>(b(lane)));
          return uint64_t{read_as<uint32_t>(a(lane))} * read_as<uint32_t>(b(lane));
        });
      case Op::cvt:
        return by_type(i, i.from, [&](auto from) {
          by_type(i, i.type, [&](auto to) {
            set(i, mask,
                [&](uint32_t lane) { return bits_of(static_cast<decltype(to)>(read_as<decltype(from)>(a(lane)))); });
          });
        });
      default:
        break;
    }
    if (i.type == Type::pred) return logic(i, mask, [](uint64_t x) { return x & 1; });
    if (i.op == Op::and_ || i.op == Op::or_ || i.op == Op::xor_ || i.op == Op::not_) {
      const uint32_t unused = 64 - 8 * bytes_of(i.type);
      return logic(i, mask, [&](uint64_t x) { return x << unused >> unused; });
    }
    by_type(i, i.type, [&](auto example) { arithmetic<decltype(example)>(i, mask); });
  }

  template <class F>
  void logic(const Instruction& i, uint32_t mask, F&& cut) {
    set(i, mask, [&](uint32_t lane) {
      const uint64_t x = value(i.a, lane), y = value(i.b, lane);
      return cut(i.op == Op::and_ ? x & y : i.op == Op::or_ ? x | y : i.op == Op::xor_ ? x ^ y : ~x);
    });
  }

  template <class T>
  void arithmetic(const Instruction& i, uint32_t mask) {
    // Narrow integers would become int; signed ones must not overflow.
    using Wide =
        std::conditional_t<std::is_integral_v<T>, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>, T>;
    const auto wide = [&](auto f) {
      binary<T>(i, mask, [&](T x, T y) { return static_cast<T>(f(static_cast<Wide>(x), static_cast<Wide>(y))); });
    };
    switch (i.op) {
      case Op::add:
        return wide([](Wide x, Wide y) { return x + y; });
      case Op::sub:
        return wide([](Wide x, Wide y) { return x - y; });
      case Op::mul_lo:
        return wide([](Wide x, Wide y) { return x * y; });
      case Op::div:
        return wide([](Wide x, Wide y) { return x / y; });
      case Op::min:
        return wide([](Wide x, Wide y) { return std::min(x, y); });
      case Op::max:
        return wide([](Wide x, Wide y) { return std::max(x, y); });
      case Op::neg:
        return unary<T>(i, mask, [](T x) { return static_cast<T>(-static_cast<Wide>(x)); });
      case Op::abs:
        return unary<T>(i, mask, [](T x) { return static_cast<T>(x < 0 ? -static_cast<Wide>(x) : x); });
      case Op::setp:
        return set(i, mask, [&](uint32_t lane) {
          return compare(i.comparison, read_as<T>(value(i.a, lane)), read_as<T>(value(i.b, lane)));
        });
      default:
        break;
    }
    if constexpr (std::is_integral_v<T>) {
      if (i.op == Op::rem) return wide([](Wide x, Wide y) { return x % y; });
      if (i.op == Op::shr)
        return set(i, mask, [&](uint32_t lane) {
          const uint32_t by = static_cast<uint32_t>(value(i.b, lane));
          const T v = read_as<T>(value(i.a, lane));
          return bits_of(static_cast<T>(by >= 8 * sizeof(T) ? (v < 0 ? -1 : 0) : v >> by));
        });
      if (i.op == Op::mad_lo)
        return set(i, mask, [&](uint32_t lane) {
          const auto of = [&](const Operand& operand) { return static_cast<Wide>(read_as<T>(value(operand, lane))); };
          return bits_of(static_cast<T>(of(i.a) * of(i.b) + of(i.c)));
        });
    }
    fail(i, "an instruction that is not known for its type");
  }

  template <class T>
  static bool compare(Comparison comparison, T x, T y) {
    switch (comparison) {
      case Comparison::eq:
        return x == y;
      case Comparison::ne:
        return x < y || x > y;  // false for NaN
      case Comparison::lt:
        return x < y;
      case Comparison::le:
        return x <= y;
      case Comparison::gt:
        return x > y;
      case Comparison::ge:
        return x >= y;
      case Comparison::equ:
        return !(x < y || x > y);
      case Comparison::neu:
        return !(x == y);
      case Comparison::ltu:
        return !(x >= y);
      case Comparison::leu:
        return !(x > y);
      case Comparison::gtu:
        return !(x <= y);
      case Comparison::geu:
        return !(x < y);
    }
    return false;
  }

  // ---- memory ----

  Access access(uint32_t lane) const { return {launch_.number, number_, lane, barrier_}; }

  // Where an address is on the host, and the region it is in (none for parameters).
  struct Place {
    char* at;
    Region* region;
  };
  Place place(const Instruction& i, Space space, uint64_t address, uint32_t bytes) {
    if (address % bytes != 0)
      fail(i, "address " + std::to_string(address) + " is not a multiple of " + std::to_string(bytes));
    if (space == Space::param) {
      if (address < parameter_base || address + bytes > parameter_base + launch_.parameters.size())
        fail(i, "an access beyond the parameters");
      return {launch_.parameters.data() + (address - parameter_base), nullptr};
    }
    if (space == Space::shared) {
      if (address < shared_base || address + bytes > shared_base + block_.bytes.size())
        fail(i, "shared memory has " + std::to_string(block_.bytes.size()) + " bytes, byte " +
                    std::to_string(static_cast<int64_t>(address - shared_base)) + " is accessed");
      return {block_.bytes.data() + (address - shared_base), block_.region.get()};
    }
    if (space != Space::global) fail(i, "an access to memory of which it is not said which");
    Region* const region = launch_.memory.find(reinterpret_cast<const char*>(address), bytes);
    if (region == nullptr) fail(i, "global memory that is not allocated is accessed");
    return {reinterpret_cast<char*>(address), region};
  }
  void check(const Instruction& i, const Place& place, const std::string& wrong) const {
    if (!wrong.empty())
      fail(i, "byte " + std::to_string(place.at - place.region->begin()) + " of " + place.region->name() + " " + wrong);
  }

  uint64_t address(const Instruction& i, uint32_t lane) const {
    return i.a.reg < 0 ? i.a.value : registers_[static_cast<size_t>(i.a.reg)][lane] + i.a.value;
  }

  void count(const Instruction& i, uint32_t mask, uint32_t bytes) {
    Counts& counts = launch_.counts;
    ++counts.accesses[static_cast<size_t>(i.space)];
    counts.bytes[static_cast<size_t>(i.space)] += uint64_t{bytes} * static_cast<uint32_t>(std::popcount(mask));
    if (i.space != Space::shared) return;
    // 32 banks of 4 bytes, which one word of each can be had from at a time; 8- and 16-byte accesses go in halves and
    // quarters of a warp.
    const uint32_t at_a_time = lanes * 4 / std::max(bytes, 4u);
    for (uint32_t begin = 0; begin < lanes; begin += at_a_time) {
      std::array<uint64_t, lanes> words;
      size_t n = 0;
      for (uint32_t lane = begin; lane < begin + at_a_time; ++lane)
        if ((mask >> lane & 1) != 0)
          for (uint32_t k = 0; k < bytes; k += 4) words[n++] = (address(i, lane) + k) / 4;
      std::sort(words.begin(), words.begin() + n);
      n = static_cast<size_t>(std::unique(words.begin(), words.begin() + n) - words.begin());
      std::array<uint8_t, lanes> in_bank{};
      uint8_t worst = 0;
      for (size_t w = 0; w < n; ++w) worst = std::max(worst, ++in_bank[words[w] % lanes]);
      counts.bank_cycles += worst;
    }
  }

  void load(const Instruction& i, uint32_t mask) {
    const uint32_t size = bytes_of(i.type);
    if (i.space != Space::param) count(i, mask, size * i.width);
    each(mask, [&](uint32_t lane) {
      const Place from = place(i, i.space, address(i, lane), size * i.width);
      if (from.region != nullptr) check(i, from, from.region->load(from.at, uint64_t{size} * i.width, access(lane)));
      for (uint32_t k = 0; k < i.width; ++k) {
        uint64_t bits = 0;
        std::memcpy(&bits, from.at + k * size, size);
        registers_[static_cast<size_t>(i.vector[k].reg)][lane] = bits;
      }
    });
  }

  void store(const Instruction& i, uint32_t mask) {
    const uint32_t size = bytes_of(i.type);
    count(i, mask, size * i.width);
    each(mask, [&](uint32_t lane) {
      const Place to = place(i, i.space, address(i, lane), size * i.width);
      check(i, to, to.region->store(to.at, uint64_t{size} * i.width, access(lane)));
      for (uint32_t k = 0; k < i.width; ++k) {
        const uint64_t bits = value(i.vector[k], lane);
        std::memcpy(to.at + k * size, &bits, size);
      }
    });
  }

  void add(const Instruction& i, uint32_t mask) {
    const uint32_t size = bytes_of(i.type);
    count(i, mask, size * i.width);
    each(mask, [&](uint32_t lane) {
      const Place to = place(i, i.space, address(i, lane), size * i.width);
      check(i, to, to.region->atomic(to.at, uint64_t{size} * i.width, access(lane)));
      by_type(i, i.type, [&](auto example) {
        using T = decltype(example);
        for (uint32_t k = 0; k < i.width; ++k) {
          T before;
          std::memcpy(&before, to.at + k * size, size);
          const T after = static_cast<T>(before + read_as<T>(value(i.op == Op::atom_add ? i.b : i.vector[k], lane)));
          std::memcpy(to.at + k * size, &after, size);
          if (i.op == Op::atom_add) registers_[static_cast<size_t>(i.to)][lane] = bits_of(before);
        }
      });
    });
  }

  // What is copied arrives when it is waited for, and no earlier.
  void begin_copy(const Instruction& i, uint32_t mask) {
    const uint32_t bytes = static_cast<uint32_t>(i.c.value);
    each(mask, [&](uint32_t lane) {
      const uint64_t source = value({i.b.reg, 0}, lane) + i.b.value;
      const Place to = place(i, Space::shared, address(i, lane), bytes), from = place(i, Space::global, source, bytes);
      check(i, from, from.region->load(from.at, bytes, access(lane)));
      check(i, to, to.region->begin_copy(to.at, bytes, access(lane)));
      std::memset(to.at, 0x7f, bytes);
      copies_[lane].push_back({to.at, from.at, bytes});
    });
  }
  void end_copies(const Instruction& i, uint32_t lane) {
    for (const Copy& copy : copies_[lane]) {
      std::memcpy(copy.to, copy.from, copy.bytes);
      check(i, {copy.to, block_.region.get()}, block_.region->store(copy.to, copy.bytes, access(lane)));
    }
    copies_[lane].clear();
  }

  Launch& launch_;
  Block& block_;
  const uint32_t number_;
  std::vector<Lanes> registers_;
  std::array<uint32_t, lanes> at_{};
  uint32_t live_ = all_lanes, waiting_ = 0;
  uint32_t barrier_ = 0;
  std::array<std::vector<Copy>, lanes> copies_;
};

}  // namespace

void run(const Kernel& kernel, const Grid& grid, std::span<void* const> arguments, Memory& memory, uint64_t order,
         Counts& counts) {
  Launch launch{
      kernel,    grid, std::vector<char>(kernel.parameter_bytes), memory, counts, ++launches, std::mt19937_64(order),
      order != 0};
  for (size_t i = 0; i < kernel.parameters.size(); ++i)
    std::memcpy(launch.parameters.data() + kernel.parameters[i].offset, arguments[i], kernel.parameters[i].bytes);
  std::vector<Block> blocks(grid.blocks);
  std::vector<Warp> warps;
  for (uint32_t b = 0; b < grid.blocks; ++b) {
    blocks[b].bytes.assign(grid.shared_bytes, 0x7f);
    blocks[b].region = std::make_unique<Region>(blocks[b].bytes.data(), grid.shared_bytes, "shared memory");
    for (uint32_t w = 0; w < grid.threads / lanes; ++w)
      warps.emplace_back(launch, blocks[b], b * (grid.threads / lanes) + w, w, b);
  }
  for (bool more = true; more;) {
    more = false;
    for (Warp& warp : warps) {
      warp.run(turn);
      more = more || !warp.done();
    }
  }
}

}  // namespace w2v::ptx
