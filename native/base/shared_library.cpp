#include "base/shared_library.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>

#include <cstdlib>  // defines __GLIBC__
#endif

#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__)
// glibc 2.34 has them in libc under a new version; the old one is there as well, and in all glibcs before.
__asm__(".symver dlopen,dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver dlerror,dlerror@GLIBC_2.2.5");
__asm__(".symver dladdr,dladdr@GLIBC_2.2.5");
#endif

namespace w2v {

namespace {

std::string folder_of(const std::string& path) {
  const size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

}  // namespace

#if defined(_WIN32)

std::string path_beside_this_code(const std::string& name) {
  HMODULE module = nullptr;
  char path[MAX_PATH] = "";
  GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     reinterpret_cast<LPCSTR>(&path_beside_this_code), &module);
  GetModuleFileNameA(module, path, sizeof path);
  return folder_of(path) + "\\" + name;
}

void* load_symbol(const std::string& library, const char* symbol, std::string& why) {
  const HMODULE module = LoadLibraryA(library.c_str());
  void* const address = module == nullptr ? nullptr : reinterpret_cast<void*>(GetProcAddress(module, symbol));
  if (address == nullptr) why = "'" + library + "': error " + std::to_string(GetLastError());
  return address;
}

#else

std::string path_beside_this_code(const std::string& name) {
  Dl_info own;
  const bool found = dladdr(reinterpret_cast<void*>(&path_beside_this_code), &own) != 0 && own.dli_fname != nullptr;
  return folder_of(found ? own.dli_fname : "") + "/" + name;
}

void* load_symbol(const std::string& library, const char* symbol, std::string& why) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const address = handle == nullptr ? nullptr : dlsym(handle, symbol);
  if (address == nullptr) {
    const char* const reason = dlerror();
    why = reason == nullptr ? "'" + library + "' lacks " + symbol : reason;
  }
  return address;
}

#endif

}  // namespace w2v
