#include "base/threads.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#if defined(_WIN32)
#include <windows.h>
#endif

namespace w2v {

double thread_cpu_seconds() {
#if defined(_WIN32)
  FILETIME created, exited, kernel, user;
  GetThreadTimes(GetCurrentThread(), &created, &exited, &kernel, &user);
  const auto seconds = [](const FILETIME& t) {
    return (static_cast<double>(t.dwHighDateTime) * 4294967296.0 + t.dwLowDateTime) * 1e-7;
  };
  return seconds(kernel) + seconds(user);
#else
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
#endif
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

unsigned processors() { return std::max(1u, std::thread::hardware_concurrency()); }

void run_threads(unsigned threads, const std::function<void(unsigned)>& work) {
  std::exception_ptr first_error;
  std::mutex mutex;
  const auto guarded = [&](unsigned t) {
    try {
      work(t);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!first_error) first_error = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads; ++t) {
    try {
      others.emplace_back(guarded, t);
    } catch (...) {
      guarded(t);  // the system has no thread left: the work is still done
    }
  }
  guarded(0);
  for (std::thread& thread : others) thread.join();
  if (first_error) std::rethrow_exception(first_error);
}

void for_each_block(size_t blocks, unsigned threads, const std::function<void(size_t, unsigned)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  size_t failed_block = blocks;
  std::exception_ptr error;
  const auto take_blocks = [&](unsigned thread) {
    for (size_t block; (block = next.fetch_add(1)) < blocks;) {
      try {
        work(block, thread);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (block < failed_block) {
          failed_block = block;
          error = std::current_exception();
        }
        next = blocks;
      }
    }
  };
  run_threads(static_cast<unsigned>(std::min<size_t>(threads, blocks)), take_blocks);
  if (error) std::rethrow_exception(error);
}

}  // namespace w2v
