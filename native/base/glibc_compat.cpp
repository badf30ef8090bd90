#include <cstdlib>  // defines __GLIBC__

// Keeps the addon's glibc floor below Node's own when it is built on a newer distribution: libstdc++'s headers
// refer to this hint of glibc 2.32 ("the process has only one thread"); 0, "assume threads", is always right.
#if defined(__linux__) && defined(__GLIBC__)
extern "C" {
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}
#endif
