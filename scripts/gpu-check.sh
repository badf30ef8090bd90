#!/usr/bin/env bash
# gpu-check.sh CORPUS [part...]: builds, checks and measures the CUDA backend on a machine with an NVIDIA GPU. Needs CMake, a
# C++20 compiler and nvcc; no Node. CORPUS: plain text, one sentence a line or one line in all (wiki8).
# Parts, each under 10 minutes, all of them by default: build prove sanitize limits bench curve train. Logs and tables go to
# $OUT (default: build/gpu-check); the table of all parts run so far is printed last.
# Exit code 77: there is no GPU (or no nvcc), with the reason. 1: something does not hold.
set -euo pipefail
cd "$(dirname "$0")/.."

if (($# == 0)); then
  echo "usage: gpu-check.sh CORPUS [build prove sanitize limits bench curve train]" >&2
  exit 2
fi
corpus=$1
shift
parts=("$@")
if ((${#parts[@]} == 0)); then parts=(build prove sanitize limits bench curve train); fi
out=${OUT:-build/gpu-check}
mkdir -p "$out"
table=$out/table.md
folder=build/gpu
check=$folder/native/cuda/w2v_cuda_check
part_seconds=580
# The proofs are against the kernels whose blocks of targets are the device's.
export W2V_FORCE_ISA=${W2V_FORCE_ISA-avx2}

if ! command -v nvcc >/dev/null; then
  echo "gpu-check: skipped: nvcc is not on PATH"
  exit 77
fi
if [[ ! -r "$corpus" ]]; then
  echo "gpu-check: expected a readable corpus, received '$corpus'" >&2
  exit 2
fi

build() {
  # Machine code for the GPU that is here, found by its driver; Hopper's where that does not tell.
  local architecture
  architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '.' || true)
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DW2V_BUILD_ADDON=OFF -DW2V_CUDA=ON -DW2V_BUILD_CUDA_CHECK=ON \
    -DCMAKE_CUDA_ARCHITECTURES="${architecture:-90}" -DCMAKE_CUDA_FLAGS="-lineinfo -Xptxas=-v"
  cmake --build "$folder" --target w2v_cuda_check --parallel "$(getconf _NPROCESSORS_ONLN)"
}

require_gpu() {
  local status=0
  "$check" devices || status=$?
  if ((status != 0)); then exit "$status"; fi
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
  local tool
  for tool in memcheck racecheck; do
    if timeout 280 compute-sanitizer --tool "$tool" --error-exitcode 1 "$check" prove few >"$out/$tool.log" 2>&1; then
      echo "| compute-sanitizer $tool | clean |"
    else
      echo "| compute-sanitizer $tool | FAILED, see $out/$tool.log |"
      return 1
    fi
  done
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

# Speed and loss against concurrency, and against the damping of hot rows (native/cuda/damping.h).
curve() {
  local workers hot
  for workers in 64 256 1024 0; do
    local keys=(text="$corpus" words=2e7 workers="$workers")
    for hot in 12 48 192 1000000; do
      "$check" bench "$workers workers, inputs hot from $hot" "${keys[@]}" hot-inputs="$hot"
      "$check" bench "$workers workers, targets hot from $hot" "${keys[@]}" hot-targets="$hot"
      "$check" bench "HS, $workers workers, targets hot from $hot" "${keys[@]}" hot-targets="$hot" negative=0 hs=1
    done
  done
}

# Vectors for `w2v evaluate`, of three seeds, by both.
train() {
  local seed
  for seed in 1 2 3; do
    "$check" train "$corpus" "$out/gpu-$seed.bin" size=100 epochs=5 seed="$seed"
    "$check" train "$corpus" "$out/cpu-$seed.bin" cpu size=100 epochs=5 seed="$seed"
  done
}

failed=0
for part in "${parts[@]}"; do
  case "$part" in build | prove | sanitize | limits | bench | curve | train) ;; *)
    echo "gpu-check: unknown part '$part'" >&2
    exit 2
    ;;
  esac
  start=$SECONDS
  if [[ "$part" == build ]]; then
    build >"$out/build.log" 2>&1 || { tail -n 40 "$out/build.log"; exit 1; }
    require_gpu
  else
    if [[ ! -x "$check" ]]; then
      echo "gpu-check: run the part 'build' first" >&2
      exit 2
    fi
    # Each part in a process of its own: only that can be ended after its time.
    status=0
    export -f "$part"
    export check corpus out
    timeout "$part_seconds" bash -euo pipefail -c "$part" >"$out/$part.md" 2>"$out/$part.log" || status=$?
    if ((status == 77)); then
      cat "$out/$part.md"
      exit 77
    fi
    cat "$out/$part.md" >>"$table"
    if ((status != 0)); then
      failed=1
      echo "| $part | FAILED ($status, 124: out of time), see $out/$part.log |" >>"$table"
    fi
  fi
  echo "gpu-check: $part: $((SECONDS - start)) s"
done
if [[ -e "$table" ]]; then cat "$table"; fi
exit "$failed"
