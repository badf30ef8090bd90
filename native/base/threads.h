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

// Runs work(0) … work(threads − 1), one thread each, the first on the calling thread, and waits for all.
// The first exception thrown is rethrown here once every thread has returned.
void run_threads(unsigned threads, const std::function<void(unsigned)>& work);

}  // namespace w2v
