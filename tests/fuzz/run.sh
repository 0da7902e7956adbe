#!/bin/sh
# run.sh PROGRAM... -- fuzzes each for FUZZ_SECONDS (60), beginning with its kept inputs; `run.sh need`
# only checks that clang can build the programs. New inputs and the log are left in build/fuzz/found;
# the first crash, hang (5 s) or use of 512 MB ends the run, with its input in build/fuzz.
set -eu
cd "$(dirname "$0")/../.."
if [ "$1" = need ]; then
    program='int LLVMFuzzerTestOneInput(const char *d, unsigned long n); int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d == 0 && n; }'
    echo "$program" | clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null && exit 0
    echo "fuzzing needs clang with libFuzzer: apt-get install clang-14 libclang-rt-14-dev (and a link clang)" >&2
    exit 1
fi
for program in "$@"; do
    name=$(basename "$program")
    name=${name#fuzz_}
    found=build/fuzz/found/$name
    mkdir -p "$found"
    echo "fuzz $name for ${FUZZ_SECONDS:=60} s"
    dictionary=tests/fuzz/$name.dict
    [ -e "$dictionary" ] && dictionary=-dict=$dictionary || dictionary=
    seeds=tests/fuzz/corpus/$name
    [ "$name" = onnx ] && seeds="$seeds tests/golden/onnx"
    # shellcheck disable=SC2086
    ASAN_OPTIONS=quarantine_size_mb=64 "$program" -max_total_time="$FUZZ_SECONDS" -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=256 \
        -max_len="${FUZZ_BYTES:-65536}" -print_final_stats=1 $dictionary \
        -artifact_prefix="build/fuzz/$name-" "$found" $seeds >"$found.log" 2>&1 || {
        grep -A 20 -E 'ERROR|not so:|runtime error' "$found.log" || tail -n 20 "$found.log"
        echo "FAILED: $program, see $found.log" >&2
        exit 1
    }
    grep -E 'stat::(number|average|new|peak)' "$found.log"
done
