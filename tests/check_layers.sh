#!/bin/sh
# check_layers.sh -- holds the layering: who may include whom, and who may call BLAS, HDF5, protobuf-c and stdout.
set -u
bad=0
allow() { # allow LAYER MAY_INCLUDE_REGEX
    out=$(grep -Hn '^#include "' "$1"/*.c "$1"/*.h 2>/dev/null | grep -Ev "\"($2)")
    [ -z "$out" ] || { printf 'layering: %s may not include:\n%s\n' "$1" "$out" >&2; bad=1; }
}
only() { # only 'REGEX' 'FILES THAT MAY' MESSAGE
    out=$(grep -EHn "$1" base/*.[ch] nn/*.[ch] rl/*.[ch] env/*.[ch] accel_models/*.[ch] \
        checkpoints/*.[ch] experiments/*.[ch] 2>/dev/null | grep -Ev "^($2)")
    [ -z "$out" ] || { printf 'layering: %s:\n%s\n' "$3" "$out" >&2; bad=1; }
}
allow base 'base/'
allow nn 'base/|nn/'
allow accel_models 'base/|accel_models/'
allow env 'base/|accel_models/|env/'
allow rl 'base/|nn/|rl/|env/env\.h'
allow checkpoints 'base/|checkpoints/'
only 'include <(cblas|openblas)' 'nn/gemm\.c' 'only nn/gemm.c calls BLAS'
only 'include <hdf5' 'checkpoints/' 'only checkpoints/ calls HDF5'
only 'include [<"](protobuf-c/|env/onnx\.pb-c|env/onnx_internal)' 'env/onnx' 'only env/onnx* calls protobuf-c'
only '(^|[^a-z_])(printf|puts|putchar|exit)\(|[^a-z_]stdout[^a-z_]' 'experiments/' 'only experiments/ prints results or exits'
only '(malloc|calloc|realloc|free)\(' 'base/mem\.c|.*(mem_|_)[a-z]*(malloc|calloc|realloc|free)\(' 'the heap is used through base/mem.h'
exit $bad
