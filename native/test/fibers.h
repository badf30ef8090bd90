// Many courses of execution on one thread, in turns.
#pragma once

#include <cstdint>
#include <functional>

namespace w2v::test {

// Calls f(0) … f(n − 1), each on a stack of its own, and returns when all have returned. The next one goes on where
// one gives way; round after round, until none is left.
void run_in_turns(uint32_t n, const std::function<void(uint32_t)>& f);

// Lets the others go on. Does nothing outside of run_in_turns().
void give_way();

}  // namespace w2v::test
