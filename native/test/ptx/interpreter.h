// Runs kernels, lane by lane, and finds what a device would do wrong in silence: accesses out of bounds or not aligned,
// memory that is read before it is written, races between lanes, warps that do not meet at a barrier, a shuffle or a
// vote.
#pragma once

#include <cstdint>
#include <span>

#include "test/ptx/memory.h"
#include "test/ptx/program.h"

namespace w2v::ptx {

struct Grid {
  uint32_t blocks, threads;  // of a block, a multiple of 32
  uint32_t shared_bytes;     // of a block
};

struct Counts {
  uint64_t instructions = 0;                 // of warps
  uint64_t accesses[4] = {}, bytes[4] = {};  // by Space
  uint64_t bank_cycles = 0;                  // of shared memory: more than one for an access in conflict
};

// `order`: 0: lanes go on together while they can; any other seeds a random order of lanes (as a device may have it).
// Warps take turns. Throws std::runtime_error at what is wrong, with the line of the PTX.
void run(const Kernel& kernel, const Grid& grid, std::span<void* const> arguments, Memory& memory, uint64_t order,
         Counts& counts);

}  // namespace w2v::ptx
