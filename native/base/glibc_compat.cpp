// Keeps the addon's floor below Node's own when it is built on a newer distribution.
#include <cstdlib>  // defines __GLIBC__

#if defined(__linux__) && defined(__GLIBC__)

// libstdc++'s headers refer to this hint of glibc 2.32 ("the process has only one thread"); 0, "assume threads", is
// always right.
extern "C" {
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
}

// For prebuilt addons (scripts/prebuild/link-stubs.mjs): glibc has these under their own names since 2.33 only.
#if defined(W2V_LINK_STUBS)
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(sizeof(void*) == 8, "the system call's struct stat is that of 64-bit systems");

extern "C" {
__attribute__((visibility("hidden"))) int fstat(int file, struct stat* status) noexcept {
  return static_cast<int>(syscall(SYS_fstat, file, status));
}
__attribute__((visibility("hidden"))) int stat(const char* path, struct stat* status) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, status, 0));
}
__attribute__((visibility("hidden"))) int lstat(const char* path, struct stat* status) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW));
}
}
#endif

#endif
