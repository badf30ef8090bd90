#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "kernels/kernels.h"

namespace w2v {

namespace scalar {
extern const Kernels table;
}
#ifdef W2V_HAVE_AVX2
namespace avx2 {
extern const Kernels table;
}
#endif
#ifdef W2V_HAVE_AVX512
namespace avx512 {
extern const Kernels table;
}
#endif
#ifdef W2V_HAVE_AVX512VNNI
namespace avx512vnni {
void scan_int8(const int8_t* query, const char* const* rows, size_t n_rows, size_t size, int32_t* dots);
int32_t dot_int8(const int8_t* a, const int8_t* b, size_t size);
}  // namespace avx512vnni
#endif
#ifdef W2V_HAVE_NEON
namespace neon {
extern const Kernels table;
}
#endif

namespace {

struct Available {
  const Kernels* list[5] = {};
  size_t n = 0;
  void add(const Kernels& k) { list[n++] = &k; }

  // Every flag that cmake/isa.cmake compiles with is asked for here; the builtins also check that the
  // operating system saves the registers.
  Available() {
#if defined(W2V_HAVE_AVX512)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma")) {
#if defined(W2V_HAVE_AVX512VNNI)
      if (__builtin_cpu_supports("avx512vnni")) {
        static Kernels vnni = avx512::table;
        vnni.isa = "avx512vnni";
        vnni.scan_int8 = &avx512vnni::scan_int8;
        vnni.dot_int8 = &avx512vnni::dot_int8;
        add(vnni);
      }
#endif
      add(avx512::table);
    }
#endif
#if defined(W2V_HAVE_AVX2)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) add(avx2::table);
#endif
#if defined(W2V_HAVE_NEON)
    add(neon::table);  // part of every arm64
#endif
    add(scalar::table);
  }
};

const Kernels* choose() {
  const Kernels* const* available = available_kernels();
  const char* forced = std::getenv("W2V_FORCE_ISA");
  if (forced == nullptr || *forced == '\0') return available[0];
  std::string names;
  for (const Kernels* const* k = available; *k != nullptr; ++k) {
    if (std::strcmp((*k)->isa, forced) == 0) return *k;
    names += (names.empty() ? "" : ", ") + std::string((*k)->isa);
  }
  throw Error(code::isa, "W2V_FORCE_ISA: expected one of " + names + " on this machine, received '" + forced + "'");
}

}  // namespace

const Kernels* const* available_kernels() {
  static const Available available;
  return available.list;
}

const Kernels& kernels() {
  static const Kernels* const chosen = choose();
  return *chosen;
}

}  // namespace w2v
