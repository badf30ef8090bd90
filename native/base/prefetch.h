// Hints that memory will be needed soon.
#pragma once

#include <cstddef>

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <intrin.h>
#endif

namespace w2v {

// Asks for `bytes` from p on, one request per cache line of 64 bytes, into the second level of caches: the first has
// few places for lines that are under way, and what is asked for ahead would push out of it what is in use.
inline void prefetch(const void* p, size_t bytes) {
  const char* line = static_cast<const char*>(p);
  for (size_t i = 0; i < bytes; i += 64) {
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(line + i, 1, 2);
    __asm__ volatile("");  // a function that only prefetches has no effect in g++'s eyes, and its calls go
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
    _mm_prefetch(line + i, _MM_HINT_T1);
#else
    (void)line;
#endif
  }
}

}  // namespace w2v
