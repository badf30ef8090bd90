#!/usr/bin/env bash
# test-native.sh [plain|clang|asan|tsan|arm64] [ctest arguments]: builds the native tests without Node and runs them, plainly (the
# default), as clang++ compiles them, under AddressSanitizer + UndefinedBehaviorSanitizer (clang++, in one build with the
# fuzzers of scripts/fuzz.sh), under ThreadSanitizer, or cross-compiled under qemu-user.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-plain}
shift || true
folder=build/native-$mode
# Sanitizers find the same in code that compiles in half the time (kernels and emulated devices are compiled to be fast all the same).
sanitized=(-DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1 -DNDEBUG")
case "$mode" in
  plain) options=(-DCMAKE_BUILD_TYPE=Release -DW2V_BUILD_BENCH=ON) ;; # benchmarks: built, so that they do not rot
  asan)
    folder=build/fuzz
    options=("${sanitized[@]}" -DW2V_SANITIZE=fuzzer-no-link,address,undefined -DW2V_BUILD_FUZZERS=ON -DCMAKE_CXX_COMPILER=clang++)
    export ASAN_OPTIONS=detect_leaks=1:halt_on_error=1:strict_string_checks=1:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    ;;
  tsan)
    options=("${sanitized[@]}" -DW2V_SANITIZE=thread)
    # Hogwild's intended races have names in the suppressions file; any other race fails. The longest history: a race whose
    # earlier side is forgotten has no name.
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:history_size=7:suppressions=$PWD/native/test/tsan-suppressions.txt
    ;;
  clang) options=(-DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=clang++) ;;
  arm64) # Debian: g++-aarch64-linux-gnu, qemu-user
    options=(
      -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64
      -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
      "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu"
    )
    ;;
  *)
    echo "test-native.sh: expected plain, clang, asan, tsan or arm64, received '$mode'" >&2
    exit 2
    ;;
esac

# The sanitizers of older compilers do not find room for their shadow memory under strong address randomisation.
fixed_addresses=()
if [[ "$mode" != plain && "$mode" != clang ]] && setarch -R true 2>/dev/null; then fixed_addresses=(setarch -R); fi

jobs=$(getconf _NPROCESSORS_ONLN)
cmake -S . -B "$folder" -DW2V_BUILD_ADDON=OFF -DW2V_BUILD_TESTS=ON -DW2V_WERROR=ON -DW2V_CUDA=OFF "${options[@]}"
# Under the prefix too: the build runs the tests' program to list its test cases.
${fixed_addresses[@]+"${fixed_addresses[@]}"} cmake --build "$folder" --parallel "$jobs"
${fixed_addresses[@]+"${fixed_addresses[@]}"} ctest --test-dir "$folder" --parallel "$jobs" --output-on-failure --no-tests=error "$@"
