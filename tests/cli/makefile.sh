#!/bin/sh
# makefile.sh RELMAS -- the Makefile compiles what must be compiled and nothing else. A compiler that
# only notes its arguments and lists dependencies makes that quick.
. tests/support/cli.sh
mkdir "a tree"
for d in base nn rl env accel_models checkpoints experiments; do cp -r "$tree/$d" "a tree/"; done
cp "$tree/Makefile" "a tree/"
cd "a tree" || exit 1

cat >"$tmp/cc" <<'END'
#!/bin/sh
out= source= last=
for a; do
    [ "$last" = -o ] && out=$a
    case $a in *.c) source=$a ;; esac
    last=$a
done
echo "$@" >>"$LOG"
[ -z "$source" ] || cc -I. $(pkg-config --cflags hdf5 openblas yaml-0.1) -MM -MP -MT "$out" -MF "${out%.o}.d" "$source"
: >"$out"
END
chmod +x "$tmp/cc"
export LOG="$tmp/log"
export MAKEFLAGS=
unset MODE ARCH WERROR PREFIX DESTDIR V # of the make that runs this test
build() { # build CODE ARGUMENTS...: the sources compiled are in ../compiled
    code=$1
    shift
    : >"$LOG"
    run "$code" make -j2 CC="$tmp/cc" "$@"
    tr ' ' '\n' <"$LOG" | grep '\.c$' | sort >"$tmp/compiled"
}
compiled() { grep -qx -- "$1" "$tmp/compiled" || fail "$2 does not compile $1"; }
spared() { grep -qx -- "$1" "$tmp/compiled" && fail "$2 compiles $1"; }

build 0
{
    ls ./*/*.c | sed 's|^\./||'
    echo build/release/env/onnx.pb-c.c # made of env/onnx.proto
} | sort >"$tmp/sources"
same 'a first build' "$tmp/sources" "$tmp/compiled"
[ -e build/release/bin/relmas ] && [ -e build/release/librelmas.a ] && [ -e build/release/librelmas.so ] ||
    fail 'a product is missing'
build 0
[ -s "$LOG" ] && fail "a second build does something: $(head -n 1 "$LOG")"

sleep 1 # as coarse as times of files may be
touch base/csv.h
build 0
compiled base/csv.c 'a newer header'
compiled experiments/costs.c 'a newer header, included by another'
spared nn/gemm.c 'a newer base/csv.h'
touch env/fluid.c
build 0
[ "$(cat "$tmp/compiled")" = env/fluid.c ] || fail "a newer source compiles: $(cat "$tmp/compiled")"
touch base/exports.map
build 0
grep -q 'librelmas.so' "$LOG" || fail 'a newer base/exports.map does not link the library anew'

grep -v 'csv\.h' experiments/costs.h >"$tmp/h" && cp "$tmp/h" experiments/costs.h
for f in base/*.c experiments/*.c; do grep -q 'csv\.h' "$f" && sed -i '/csv\.h/d' "$f"; done
rm base/csv.h
build 0 # a header that went away is no obstacle
echo '/* new.c */' >base/new.c
build 0
compiled base/new.c 'a new source'

build 0 ARCH=-march=x86-64
[ "$(wc -l <"$tmp/compiled")" -gt "$(wc -l <"$tmp/sources")" ] || fail 'another ARCH does not compile all'
grep -q -- '-march=native' "$LOG" && fail 'ARCH= leaves -march=native'
grep -q -- '-march=x86-64' "$LOG" || fail 'ARCH= is not used'
build 0 ARCH=-march=x86-64
[ -s "$LOG" ] && fail 'the same ARCH compiles again'
build 0 MODE=debug WERROR=1
grep -q -- '-O0.* -c ' "$LOG" && grep -q -- '-Werror' "$LOG" || fail 'MODE=debug WERROR=1 are not used'
[ -e build/debug/bin/relmas ] && [ -e build/release/bin/relmas ] || fail 'modes share a folder'

build 2 MODE=fast
holds "MODE must be release, debug, asan, tsan or fuzz, got 'fast'" "$tmp/err"
run 0 make clean
[ -e build ] && fail 'make clean leaves build/'
verdict
