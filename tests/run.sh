#!/bin/sh
# run.sh BUILD_DIR TEST... -- runs every suite, the command-line tests and the layering check.
set -u
build=$1; shift
bad=0
for t in "$@"; do
    "$t" || { echo "FAILED: $t" >&2; bad=1; }
done
for t in tests/cli/*.sh; do
    [ -e "$t" ] || continue
    sh "$t" "$build/bin/relmas" || { echo "FAILED: $t" >&2; bad=1; }
done
sh tests/check_layers.sh || bad=1
exit $bad
