#!/bin/sh
# check-isa-objects.sh <nm> <object>...: fails when an object compiled for one instruction set has a weak (inline)
# symbol. The linker keeps one copy of such a symbol for the whole program, and it may be this one, which other
# processors cannot run.
nm=$1
shift
status=0
for object in "$@"; do
  if "$nm" -C "$object" | grep -E ' [WVu] '; then
    echo "weak symbols in $object: use internal linkage and no header with inline functions"
    status=1
  fi
done
exit $status
