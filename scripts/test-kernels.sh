#!/usr/bin/env bash
# test-kernels.sh: the long form of the kernels' proofs, without a GPU, by the interpreter of PTX (native/test/ptx): every text
# of native/cuda/proofs.cpp for each architecture that the CUDA library has code for, and more orders of lanes. Needs nvcc.
# A quarter of an hour; the short form is part of `npm run test:native`.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v nvcc >/dev/null; then
  echo "test:kernels: skipped: nvcc is not on PATH"
  exit 0
fi
folder=build/native-kernels
cmake -S . -B "$folder" -DW2V_BUILD_ADDON=OFF -DW2V_BUILD_TESTS=ON -DW2V_WERROR=ON -DW2V_CUDA=OFF -DCMAKE_BUILD_TYPE=Release \
  "-DW2V_PTX_ARCHITECTURES=75;80;90"
cmake --build "$folder" --parallel "$(getconf _NPROCESSORS_ONLN)"
W2V_ALL_PROOFS=1 "$folder/native/test/w2v_tests" --test-case='the kernels as nvcc compiles them*' --duration=true
