// PTX, as nvcc writes it: the text of a module, and the instructions of its kernels. PTX ISA 9.0; of it, what the
// kernels of native/cuda are made of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace w2v::ptx {

enum class Type : uint8_t { none, pred, b16, b32, b64, u8, u16, u32, u64, s16, s32, s64, f32, f64 };
uint32_t bytes_of(Type type);

enum class Op : uint8_t {
  abs,
  add,
  add_rz,
  and_,
  atom_add,
  bar_warp_sync,
  bfind_shiftamt,
  bra,
  brev,
  cp_async,
  cp_async_commit,
  cp_async_wait,
  cvt,
  cvta,
  div,
  ex2,
  fma,
  ld,
  mad_lo,
  max,
  min,
  mov,
  mul_hi,
  mul_lo,
  mul_wide,
  neg,
  not_,
  or_,
  popc,
  rcp,
  red_add,
  rem,
  ret,
  selp,
  setp,
  shfl_bfly,
  shfl_idx,
  shl,
  shr,
  st,
  sub,
  vote_ballot,
  xor_,
};
enum class Space : uint8_t { none, global, shared, param };
enum class Comparison : uint8_t { eq, ne, lt, le, gt, ge, ltu, leu, gtu, geu, neu, equ };

// A register, or a constant; of an address, a register (or none) and an offset.
struct Operand {
  int32_t reg = -1;
  uint64_t value = 0;
};

struct Instruction {
  Op op;
  Type type = Type::none, from = Type::none;  // `from`: what cvt converts
  Space space = Space::none;
  Comparison comparison = Comparison::eq;
  uint8_t width = 1;   // of ld, st, red: registers, the first of which are in `vector`
  int32_t guard = -1;  // a predicate
  bool guard_negated = false;
  uint32_t target = 0;  // of bra
  int32_t to = -1;      // the register written
  Operand a, b, c;      // of accesses to memory, `a` is the address
  Operand vector[4];    // what ld writes; what st and red read
  uint32_t line = 0;    // in the text
};

struct Parameter {
  uint32_t offset, bytes;
};

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  uint32_t parameter_bytes = 0;
  std::vector<Instruction> code;
  uint32_t registers = 0;  // special ones first, in this order:
  enum Special : int32_t { tid_x, ntid_x, ctaid_x, nctaid_x, specials };
};

// Where parameters and shared memory begin, for kernels: address constants, whose memory is the launch's.
inline constexpr uint64_t shared_base = 1024, parameter_base = 64;

// Throws std::runtime_error, with the line, at what it does not know.
std::map<std::string, Kernel> parse(std::string_view text);

}  // namespace w2v::ptx
