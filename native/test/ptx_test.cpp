// The interpreter of PTX: it computes, and it finds what a device would do wrong in silence.
#include <doctest/doctest.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/ptx/interpreter.h"

using namespace w2v::ptx;

namespace {

// Runs a kernel of one parameter, the address of 64 numbers 0 … 63, by one warp with 256 bytes of shared memory.
std::vector<uint32_t> run_body(const std::string& body, uint64_t order = 0) {
  const std::string text =
      ".version 9.0\n.target sm_90\n.address_size 64\n"
      ".extern .shared .align 16 .b8 room[];\n"
      ".entry kernel(.param .u64 p)\n{\n.reg .b32 %r<9>;\n"
      "mov.u32 %r1, %tid.x;\n"
      "ld.param.u64 %d1, [p];\ncvta.to.global.u64 %d2, %d1;\nmul.wide.u32 %d3, %r1, 4;\nadd.s64 %d4, %d2, %d3;\n"
      "mov.u32 %r9, room;\nshl.b32 %r2, %r1, 2;\nadd.s32 %r3, %r9, %r2;\n" +
      body + "\nret;\n}\n";
  const auto kernels = parse(text);
  Memory memory;
  auto* const numbers = static_cast<uint32_t*>(memory.allocate(64 * sizeof(uint32_t), "numbers"));
  for (uint32_t i = 0; i < 64; ++i) numbers[i] = i;
  memory.find(numbers, 1)->written_by_host(reinterpret_cast<char*>(numbers), 64 * sizeof(uint32_t));
  void* argument = numbers;
  void* const arguments[] = {&argument};
  Counts counts;
  run(kernels.at("kernel"), {1, 32, 256}, arguments, memory, order, counts);
  return {numbers, numbers + 64};
}

std::string fault_of(const std::string& body, uint64_t order = 0) {
  try {
    run_body(body, order);
  } catch (const std::runtime_error& wrong) {
    return wrong.what();
  }
  return "none";
}
bool tells(const std::string& fault, const char* what) { return fault.find(what) != std::string::npos; }

// Each lane stores its number, and reads the next lane's.
const std::string exchange_before = "st.shared.u32 [%r3], %r1;\n";
const std::string read_next = "xor.b32 %r4, %r2, 4;\nadd.s32 %r5, %r9, %r4;\nld.shared.u32 %r6, [%r5];\n";
const std::string exchange_after = read_next + "st.global.u32 [%d4], %r6;";

}  // namespace

TEST_CASE("interpreted lanes exchange what they have by memory, votes, shuffles and sums") {
  for (const uint64_t order : {0, 1, 2}) {
    CAPTURE(order);
    const auto exchanged = run_body(exchange_before + "bar.warp.sync -1;\n" + exchange_after, order);
    for (uint32_t i = 0; i < 32; ++i) CHECK(exchanged[i] == (i ^ 1));
    // Lanes below 5 vote; others take another way to the same place.
    const auto voted = run_body(
        "setp.lt.u32 %p1, %r1, 5;\n@!%p1 bra OTHERS;\nmov.u32 %r4, 7;\nbra.uni JOINED;\nOTHERS:\nmov.u32 %r4, "
        "8;\nJOINED:\n"
        "vote.sync.ballot.b32 %r5, %p1, -1;\nshfl.sync.bfly.b32 %r6|%p2, %r4, 1, 31, -1;\nmul.lo.s32 %r7, %r6, 100;\n"
        "add.s32 %r8, %r5, %r7;\nst.global.u32 [%d4], %r8;",
        order);
    for (uint32_t i = 0; i < 32; ++i) CHECK(voted[i] == 31 + 100 * ((i ^ 1) < 5 ? 7 : 8));
    // Every lane adds 3 to the first number.
    CHECK(run_body("atom.global.add.u32 %r4, [%d2], 3;", order)[0] == 96);
  }
}

TEST_CASE("the interpreter's arithmetic is the device's at its edges") {
  const auto compute = [](const std::string& body) { return run_body(body + "\nst.global.u32 [%d4], %r4;")[3]; };
  CHECK(compute("shl.b32 %r4, %r1, 32;") == 0);  // shifts are not taken modulo 32
  CHECK(compute("sub.s32 %r4, 2, %r1;") == 0xffffffff);
  CHECK(compute("brev.b32 %r5, 8;\nbfind.shiftamt.u32 %r4, %r5;") == 3);  // __ffs(8) − 1
  CHECK(compute("cvt.rn.f32.u32 %f1, %r1;\nmul.f32 %f2, %f1, 0fC0200000;\ncvt.rzi.s32.f32 %r4, %f2;") == uint32_t(-7));
  CHECK(compute("mov.f32 %f1, 0f7FC00000;\nsetp.lt.f32 %p1, %f1, 0f00000000;\nselp.u32 %r4, 1, 2, %p1;") == 2);
  CHECK(compute("mov.f32 %f1, 0f7FC00000;\nsetp.leu.f32 %p1, %f1, 0f00000000;\nselp.u32 %r4, 1, 2, %p1;") == 1);
  CHECK(compute("mul.wide.u32 %d5, %r1, -1;\nshr.u64 %d6, %d5, 32;\ncvt.u32.u64 %r4, %d6;") == 2);
}

TEST_CASE("the interpreter finds races, with every order of lanes, and what was never written") {
  for (const uint64_t order : {0, 1, 2, 3}) {
    CAPTURE(order);
    CHECK(tells(fault_of(exchange_before + exchange_after, order), "no barrier between"));
    // The barrier is on the wrong side.
    CHECK(tells(fault_of("bar.warp.sync -1;\n" + exchange_before + exchange_after, order), "no barrier between"));
    CHECK(tells(fault_of("st.shared.u32 [%r9], %r1;", order), "is written by two lanes"));
    CHECK(tells(fault_of(exchange_before + "bar.warp.sync -1;\n" + read_next + exchange_before, order),
                "no barrier between"));
  }
  CHECK(tells(fault_of(exchange_after), "is read before it is written"));
}

TEST_CASE("the interpreter finds copies that are not waited for, and brings them no earlier") {
  const std::string copy =
      "shl.b32 %r4, %r1, 4;\nsetp.lt.u32 %p1, %r1, 8;\nadd.s32 %r5, %r9, %r4;\nmul.wide.u32 %d5, %r1, 16;\n"
      "add.s64 %d6, %d2, %d5;\n@%p1 cp.async.cg.shared.global [%r5], [%d6], 16, 16;\ncp.async.commit_group;\n";
  const std::string use = "ld.shared.u32 %r6, [%r3];\nadd.s32 %r7, %r6, 1;\nst.global.u32 [%d4], %r7;";
  const auto copied = run_body(copy + "cp.async.wait_group 0;\nbar.warp.sync -1;\n" + use);
  for (uint32_t i = 0; i < 32; ++i) CHECK(copied[i] == i + 1);
  CHECK(tells(fault_of(copy + "bar.warp.sync -1;\n" + use), "a copy to there is under way"));
  CHECK(tells(fault_of(copy + "cp.async.wait_group 0;\n" + use), "no barrier between"));
}

TEST_CASE("the interpreter finds accesses out of bounds and not aligned, and lanes that do not meet") {
  CHECK(tells(fault_of("ld.global.u32 %r4, [%d4+252];"), "not allocated"));
  CHECK(tells(fault_of("ld.global.u32 %r4, [%d4+-4];"), "not allocated"));
  CHECK(tells(fault_of("st.shared.u32 [%r3+132], %r1;"), "shared memory has 256 bytes"));
  CHECK(tells(fault_of("ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d4];"), "is not a multiple of 16"));
  CHECK(tells(fault_of("ld.param.u64 %d5, [p+8];"), "beyond the parameters"));
  CHECK(tells(fault_of("setp.lt.u32 %p1, %r1, 5;\n@%p1 bra OTHER;\nbar.warp.sync -1;\nbra.uni END;\nOTHER:\n"
                       "bar.warp.sync -1;\nEND:\n"),
              "at different instructions"));
  CHECK(tells(fault_of("setp.lt.u32 %p1, %r1, 5;\n@%p1 ret;\nbar.warp.sync -1;"), "some lanes have ended"));
  CHECK(tells(fault_of("frobnicate.u32 %r4, %r1;"), "'frobnicate.u32' is not known"));
  CHECK(tells(fault_of("bra NOWHERE;"), "there is no label 'NOWHERE'"));
}
