// Threads and their clocks.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace w2v {

// CPU seconds the calling thread has used.
double thread_cpu_seconds();
// Monotonic wall clock, in seconds.
double wall_seconds();

// Processors this process may use, at least 1.
unsigned processors();

// Runs work(0) … work(threads − 1), one thread each, the first on the calling thread, and waits for all.
// The first exception thrown is rethrown here once every thread has returned.
void run_threads(unsigned threads, const std::function<void(unsigned)>& work);

// work(block, thread) for block 0 … blocks − 1, handed out in ascending order to `threads` threads as they get
// free. After an exception no further block is started, and that of the lowest block is rethrown: the same one
// for any number of threads.
void for_each_block(size_t blocks, unsigned threads, const std::function<void(size_t, unsigned)>& work);

}  // namespace w2v
