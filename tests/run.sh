#!/bin/sh
# run.sh BUILD_DIR TEST... -- runs every suite, the command-line tests and the layering check.
# The tests name files from the root of the tree. CLI=name runs that command-line test alone.
set -u
build=$1; shift
bad=0
cd "$(dirname "$0")/.." || exit 1
for t in "$@"; do
    "$t" || { echo "FAILED: $t" >&2; bad=1; }
done
for t in tests/cli/${CLI:-*}.sh; do
    sh "$t" "$build/bin/relmas" || { echo "FAILED: $t" >&2; bad=1; }
done
sh tests/check_layers.sh || { echo "FAILED: tests/check_layers.sh" >&2; bad=1; }
[ $bad -eq 0 ] && echo "all tests passed"
exit $bad
