# cli.sh -- sourced by tests/cli/*.sh, which are called with the program's path from the root of the
# tree. Each test works in an empty folder of its own that goes away, and ends with `verdict`.
set -u
export LC_ALL=C # sort, awk
unset RELMAS_DATA SOURCE_DATE_EPOCH
tree=$(pwd)
relmas=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
name=cli/$(basename "$0" .sh)
checks=0
failures=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/relmas-cli-XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$tmp/work"
cd "$tmp/work" || exit 1

fail() {
    failures=$((failures + 1))
    echo "  $name: $*" >&2
}
# run CODE COMMAND...: its output is in ../out, its chatter in ../err.
run() {
    want=$1
    shift
    checks=$((checks + 1))
    "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
    code=$?
    [ "$code" -eq "$want" ] || fail "exit code $code instead of $want: $* ($(tail -n 1 "$tmp/err"))"
}
# refused CODE REGEX ARGUMENTS...: relmas says one line that matches, and prints no result.
refused() {
    want=$1 pattern=$2
    shift 2
    run "$want" "$relmas" "$@"
    [ -s "$tmp/out" ] && fail "a refusal prints to stdout: $*"
    [ "$(wc -l <"$tmp/err")" -eq 1 ] || fail "a refusal says $(wc -l <"$tmp/err") lines: $*"
    grep -Eq -- "$pattern" "$tmp/err" || fail "no /$pattern/ in: $(cat "$tmp/err")"
}
# holds REGEX [FILE]
holds() {
    checks=$((checks + 1))
    grep -Eq -- "$1" "${2:-$tmp/out}" || fail "no /$1/ in ${2:-the output}: $(head -n 3 "${2:-$tmp/out}")"
}
# same WHAT FILE FILE
same() {
    checks=$((checks + 1))
    cmp -s "$2" "$3" || fail "$1: $(diff "$2" "$3" 2>&1 | head -n 4 | tr '\n' ';')"
}
newest() { ls "$1"/step-*.h5 | tail -n 1; } # newest RUN: its last checkpoint
# same_metrics WHAT RUN RUN: all but the speed
same_metrics() {
    cut -d, -f1-13 "$2/metrics.csv" >"$tmp/a"
    cut -d, -f1-13 "$3/metrics.csv" >"$tmp/b"
    same "$1: metrics.csv" "$tmp/a" "$tmp/b"
}
# same_run WHAT RUN RUN: as long, and the same bits in the last checkpoint and in the best policy
same_run() {
    run 0 "$relmas" inspect "$(newest "$2")" --same "$(newest "$3")"
    [ "$(basename "$(newest "$2")")" = "$(basename "$(newest "$3")")" ] || fail "$1: other lengths"
    run 0 "$relmas" inspect "$2/best.h5" --same "$3/best.h5"
    same_metrics "$@"
}
verdict() {
    if [ "$failures" -gt 0 ]; then
        echo "$name: failed, $failures of $checks checks"
        exit 1
    fi
    echo "$name: ok, $checks checks"
}
