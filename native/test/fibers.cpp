#include "test/fibers.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <new>
#include <vector>

// ThreadSanitizer follows accesses by thread: it is told which stack is the running one.
#if defined(__SANITIZE_THREAD__)
#define W2V_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define W2V_TSAN 1
#endif
#endif
#ifdef W2V_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace w2v::test {

namespace {

constexpr size_t stack_bytes = 128 << 10;

struct Fiber {
  ucontext_t context;
#ifdef W2V_TSAN
  void* tsan = nullptr;
#endif
};

struct Turns {
  const std::function<void(uint32_t)>* f;
  std::vector<Fiber> fibers;
  std::vector<uint32_t> next;  // a ring of those that have not returned
  Fiber outside;
  uint32_t running = 0, before = 0;
};
thread_local Turns* turns = nullptr;

void go_to(Fiber& from, Fiber& to) {
#ifdef W2V_TSAN
  __tsan_switch_to_fiber(to.tsan, 0);
#endif
  swapcontext(&from.context, &to.context);
}

void begin() {
  Turns& t = *turns;
  (*t.f)(t.running);
  const uint32_t done = t.running;
  t.running = t.next[done];
  t.next[t.before] = t.running;
  go_to(t.fibers[done], t.running == done ? t.outside : t.fibers[t.running]);
}

}  // namespace

void run_in_turns(uint32_t n, const std::function<void(uint32_t)>& f) {
  if (n == 0) return;
  char* const stacks = static_cast<char*>(
      mmap(nullptr, n * stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (stacks == MAP_FAILED) throw std::bad_alloc();
  Turns t{&f, std::vector<Fiber>(n), std::vector<uint32_t>(n), {}, 0, n - 1};
  for (uint32_t i = 0; i < n; ++i) {
    Fiber& fiber = t.fibers[i];
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stacks + i * stack_bytes;
    fiber.context.uc_stack.ss_size = stack_bytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, begin, 0);
    t.next[i] = (i + 1) % n;
#ifdef W2V_TSAN
    fiber.tsan = __tsan_create_fiber(0);
#endif
  }
#ifdef W2V_TSAN
  t.outside.tsan = __tsan_get_current_fiber();
#endif
  turns = &t;
  go_to(t.outside, t.fibers[0]);
  turns = nullptr;
#ifdef W2V_TSAN
  for (Fiber& fiber : t.fibers) __tsan_destroy_fiber(fiber.tsan);
#endif
  munmap(stacks, n * stack_bytes);
}

void give_way() {
  if (turns == nullptr) return;
  Turns& t = *turns;
  const uint32_t self = t.running, next = t.next[self];
  if (next == self) return;
  t.before = self;
  t.running = next;
  go_to(t.fibers[self], t.fibers[next]);
}

}  // namespace w2v::test
