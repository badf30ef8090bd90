#!/usr/bin/env bash
# build-cuda.sh [CMake options]: builds the library of the CUDA backend for all architectures, without Node, into build/cuda;
# nvcc's resource report shows registers and spills of every kernel. Then looks at what it has code for, and that it loads.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v nvcc >/dev/null; then
  echo "build-cuda.sh: nvcc is not on PATH (it comes with the CUDA toolkit)" >&2
  exit 77
fi
folder=build/cuda
# 75 Turing, 80 Ampere, 86 and 89 their smaller chips and Ada, 90 Hopper with PTX for all that come later.
cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DW2V_BUILD_ADDON=OFF -DW2V_CUDA=ON \
  -DCMAKE_CUDA_ARCHITECTURES="75-real;80-real;86-real;89-real;90" -DCMAKE_CUDA_FLAGS=-Xptxas=-v "$@"
cmake --build "$folder" --target word2vec_cuda --parallel "$(getconf _NPROCESSORS_ONLN)"
bash scripts/check-cuda-library.sh "$folder/native/cuda/libword2vec_cuda.so"
