#!/usr/bin/env bash
# check-cuda-library.sh [library]: it exports its one entry, loads, and says in order what there is: devices, or why there is
# none. Without an argument: that beside the addon, where nvcc is to build one.
set -euo pipefail
cd "$(dirname "$0")/.."

library=${1:-build/Release/libword2vec_cuda.so}
if [[ ! -e "$library" ]]; then
  if (($# == 0)) && ! command -v nvcc >/dev/null; then
    echo "cuda: no nvcc here, so no library"
    exit 0
  fi
  echo "check-cuda-library.sh: expected '$library', as nvcc is here" >&2
  exit 1
fi
exports=$(nm -D --defined-only "$library" | awk '{ print $NF }')
if [[ "$exports" != w2v_gpu_entry ]]; then
  echo "check-cuda-library.sh: expected it to export w2v_gpu_entry alone, found: $exports" >&2
  exit 1
fi
if command -v cuobjdump >/dev/null; then cuobjdump --list-elf --list-ptx "$library" | sed 's/^/cuda: /'; fi

# By the addon: a missing driver or device is an answer, not a failure of the call, and 'cuda' refuses with it.
W2V_CUDA_LIBRARY=$(realpath "$library") node -e '
  const addon = require("node-gyp-build")(process.cwd());
  addon.cudaDevices().promise.then(async ({ devices, problem }) => {
    for (const { name, computeCapability } of devices) console.log(`cuda: ${name}, ${computeCapability}`);
    if (problem === "") return;
    console.log(`cuda: none usable: ${problem}`);
    if (/does not load|version of this package/.test(problem)) process.exit(1);
    const refused = await addon.checkCudaDevices(new Uint32Array(0)).promise.then(() => undefined, (error) => error);
    if (refused?.code !== "ERR_W2V_DEVICE" || !refused.message.includes(problem)) process.exit(1);
  });'
