#!/usr/bin/env bash
# fuzz.sh [seconds] [target…]: builds the fuzzers of the readers (native/fuzz) with AddressSanitizer and
# UndefinedBehaviorSanitizer and runs each so long (default: 600), from the kept seeds. What fails is left in
# build/fuzz/failures. Needs clang++ with libFuzzer (Debian: clang, libclang-rt-14-dev).
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-600}
shift || true
folder=build/fuzz
bash scripts/test-native.sh asan --show-only | grep -v 'Test *#'

targets=("$@")
if ((${#targets[@]} == 0)); then
  for program in "$folder"/native/fuzz/fuzz_*; do if [[ -x $program && -f $program ]]; then targets+=("${program##*/fuzz_}"); fi; done
fi
fixed_addresses=() # older sanitizers find no room for their shadow memory under strong address randomisation
if setarch -R true 2>/dev/null; then fixed_addresses=(setarch -R); fi
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
mkdir -p "$folder/failures"
for target in "${targets[@]}"; do
  found=$folder/corpus/$target # grows from run to run
  mkdir -p "$found"
  echo "fuzz: $target, $seconds s"
  # A reader that allocates what a small file cannot justify fails by the limits.
  ${fixed_addresses[@]+"${fixed_addresses[@]}"} "$folder/native/fuzz/fuzz_$target" "$found" "native/fuzz/corpus/$target" \
    -max_total_time="$seconds" -timeout=10 -max_len=70000 -malloc_limit_mb=64 -rss_limit_mb=2048 \
    -artifact_prefix="$folder/failures/$target-" -print_final_stats=1 >"$folder/$target.log" 2>&1 ||
    { tail -n 60 "$folder/$target.log" >&2; exit 1; }
  grep -E "stat::number_of_executed_units|stat::new_units_added" "$folder/$target.log"
done
