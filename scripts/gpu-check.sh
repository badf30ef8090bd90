#!/usr/bin/env bash
# gpu-check.sh CORPUS [part...]: builds, checks and measures the CUDA backend on a machine with an NVIDIA GPU. Needs CMake, a
# C++20 compiler and nvcc; no Node. CORPUS: plain text, one sentence a line or one line in all (wiki8), or that with gzip.
# Parts, each under $PART_SECONDS (580); all but the last by default:
#   build      does nothing where build/gpu, with its file `sources`, is of these sources and finds the GPU
#   prove, sanitize, limits, bench, curve
#   train      vectors of three seeds, for `w2v evaluate`
#   processor  the same by the processor; any other machine does as well
# All is kept in build/gpu-check; the table of each part is printed when it ends. $OUT, where it is set, is a folder for what is
# to be taken home, of few and small files: the table of all parts run so far, their logs in one archive, and vectors in
# pieces below 16 MB (cat gpu-vectors.tar.gz.* | tar xz).
# Exit code 77: there is no GPU (or no nvcc), with the reason. 1: something does not hold.
set -euo pipefail

all_parts=(build prove sanitize limits bench curve train processor)
if (($# == 0)); then
  echo "usage: gpu-check.sh CORPUS [${all_parts[*]}]" >&2
  exit 2
fi
corpus=$(realpath -- "$1")
shift
parts=("$@")
if ((${#parts[@]} == 0)); then parts=("${all_parts[@]::7}"); fi
for part in "${parts[@]}"; do
  if [[ " ${all_parts[*]} " != *" $part "* ]]; then
    echo "gpu-check: expected parts of '${all_parts[*]}', received '$part'" >&2
    exit 2
  fi
done
if [[ ! -r "$corpus" ]]; then
  echo "gpu-check: expected a readable corpus, received '$corpus'" >&2
  exit 2
fi

if [[ -n "${OUT:-}" ]]; then
  mkdir -p "$OUT"
  OUT=$(realpath -- "$OUT")
  export OUT
fi

cd "$(dirname "$0")/.."
work=build/gpu-check
mkdir -p "$work"
folder=build/gpu
check=$folder/native/cuda/w2v_cuda_check
part_seconds=${PART_SECONDS:-580}
PATH=$PATH:/usr/local/cuda/bin
# The proofs are against the kernels whose blocks of targets are the device's.
export W2V_FORCE_ISA=${W2V_FORCE_ISA-avx2}

skip() {
  echo "gpu-check: skipped: $1"
  exit 77
}

build() {
  local sources
  sources=$(find CMakeLists.txt cmake native -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  if [[ -x "$check" && "$(cat "$folder/sources" 2>/dev/null)" == "$sources" ]] && "$check" devices; then return; fi
  if ! command -v nvcc >/dev/null; then skip "nvcc is not on PATH, and no build of these sources is in $folder"; fi
  # Machine code for the GPU that is here, or that CUDAARCHS names. What nvidia-smi says where it fails is no number.
  local architecture=${CUDAARCHS:-}
  if [[ -z "$architecture" ]]; then
    architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>&1 | head -n 1 | tr -d '.' || true)
  fi
  if [[ ! "$architecture" =~ ^[0-9]+$ ]]; then skip "nvidia-smi tells no compute capability: ${architecture:-nothing}"; fi
  if ! command -v make >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
  {
    cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DW2V_BUILD_ADDON=OFF -DW2V_CUDA=ON -DW2V_BUILD_CUDA_CHECK=ON \
      -DCMAKE_CUDA_ARCHITECTURES="$architecture" -DCMAKE_CUDA_FLAGS="-lineinfo -Xptxas=-v"
    cmake --build "$folder" --target w2v_cuda_check --parallel "$(getconf _NPROCESSORS_ONLN)"
  } >&2
  echo "$sources" >"$folder/sources"
  "$check" devices
}

prove() {
  "$check" prove
  # The sum of all that workers add is the change of the tables: native/test/cuda_sums_test.cpp, on any processor.
}

# Intended races are all in device memory: rows of the two tables are read while others add to them (by reductions, which
# lose nothing), the host reads counters and sets the stop flag meanwhile. Racecheck looks at shared memory, where none is.
sanitize() {
  if ! command -v compute-sanitizer >/dev/null; then
    echo "| compute-sanitizer | not on PATH |"
    return
  fi
  local tool failed=0
  for tool in memcheck racecheck; do
    local log=$work/$tool.log status=0 refusal
    timeout "$((part_seconds / 2 - 10))" compute-sanitizer --tool "$tool" --error-exitcode 1 "$check" prove few >"$log" 2>&1 ||
      status=$?
    # Where it cannot attach, as under some virtual machines, it has found nothing, and all calls fail.
    if refusal=$(grep -m 1 -iE 'not supported|(unable|failed) to (attach|initialize)|before first instrumented' "$log"); then
      echo "| compute-sanitizer $tool | cannot attach here: $refusal |"
    elif ((status == 0)) && grep -q 'SUMMARY: 0 ' "$log"; then
      echo "| compute-sanitizer $tool | clean |"
    else
      echo "| compute-sanitizer $tool | FAILED ($status, 124: out of time), see $log |"
      failed=1
    fi
  done
  return "$failed"
}

limits() {
  "$check" limits 128 82000
  "$check" limits 128 4000000
  "$check" limits 320 1000000
}

# The figures that docs/cuda.md is to reach.
bench() {
  "$check" bench "skip-gram NS, 128" text="$corpus" words=5e8
  "$check" bench "skip-gram NS, 300, vocabulary 1 M" words=3e8 vocabulary=1000000 size=300
  "$check" bench "CBOW NS, 128" text="$corpus" words=5e8 sg=0
  "$check" bench "skip-gram HS, 128" text="$corpus" words=1e8 negative=0 hs=1
  "$check" bench "CBOW HS, 128" text="$corpus" words=1e8 sg=0 negative=0 hs=1
  "$check" bench "skip-gram NS per-pair, 128" text="$corpus" words=1e8 pair=1
}

# Speed and loss against concurrency, up to all workers that fit on the device, and against the damping of hot rows
# (native/cuda/damping.h).
curve() {
  local workers hot
  for workers in 64 256 1024 1000000; do
    local keys=(text="$corpus" words=2e7 workers="$workers")
    for hot in 12 48 192 1000000; do
      "$check" bench "inputs hot from $hot" "${keys[@]}" hot-inputs="$hot"
      "$check" bench "targets hot from $hot" "${keys[@]}" hot-targets="$hot"
      "$check" bench "HS, targets hot from $hot" "${keys[@]}" hot-targets="$hot" negative=0 hs=1
    done
  done
}

# Of three seeds. Rounded to 9 bits after the point, those of wiki8 pack to 56 MB.
vectors() {
  local by=$1 seed
  shift
  for seed in 1 2 3; do
    "$check" train "$corpus" "$work/$by-$seed.bin" "$@" size=100 epochs=5 bits=9 seed="$seed"
  done
  if [[ -n "${OUT:-}" ]]; then tar -C "$work" -cz "$by"-{1,2,3}.bin | split -d -b 15000000 - "$OUT/$by-vectors.tar.gz."; fi
}
train() { vectors gpu; }
processor() { vectors cpu cpu; }

# After each part: a call may be ended from outside.
hand_over() {
  local part
  for part in "${all_parts[@]}"; do
    if [[ -e "$work/$part.md" ]]; then cat "$work/$part.md"; fi
  done >"$work/table.md"
  if [[ -z "${OUT:-}" ]]; then return; fi
  cp "$work/table.md" "$OUT"
  (cd "$work" && tar -czf "$OUT/logs.tar.gz" -- *.log)
}
if [[ "$corpus" == *.gz ]]; then
  zcat -- "$corpus" >"$work/corpus.txt"
  corpus=$work/corpus.txt
fi
export check corpus folder part_seconds work PATH
export -f "${all_parts[@]}" skip vectors
failed=0
for part in "${parts[@]}"; do
  start=$SECONDS
  if [[ "$part" != build && ! -x "$check" ]]; then
    echo "gpu-check: run the part 'build' first" >&2
    exit 2
  fi
  # Each part in a process of its own: only that can be ended after its time.
  status=0
  timeout "$part_seconds" bash -euo pipefail -c "$part" >"$work/$part.md" 2>"$work/$part.log" || status=$?
  if ((status != 0 && status != 77)); then
    failed=1
    echo "| $part | FAILED ($status, 124: out of time), see $work/$part.log |" >>"$work/$part.md"
    tail -n 40 "$work/$part.log" >&2
  fi
  cat "$work/$part.md"
  hand_over
  echo "gpu-check: $part: $((SECONDS - start)) s"
  if ((status == 77)); then exit 77; fi
  if [[ "$part" == build ]] && ((status != 0)); then exit 1; fi
done
exit "$failed"
