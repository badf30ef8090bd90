#!/usr/bin/env bash
# Formats native/ with clang-format (.clang-format); with --check it only reports what it would change.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v clang-format >/dev/null; then
  echo "clang-format is not on PATH (Debian, Ubuntu: apt-get install clang-format)" >&2
  exit 1
fi
mode=(-i)
if [[ "${1:-}" == --check ]]; then mode=(--dry-run --Werror); fi
find native -name '*.h' -print0 -o -name '*.cpp' -print0 -o -name '*.cu' -print0 | xargs -0 clang-format "${mode[@]}"
