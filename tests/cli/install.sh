#!/bin/sh
# install.sh RELMAS -- the installed program, library and headers work, from any place; and the
# shared library shows what the installed headers declare, no more and no less.
. tests/support/cli.sh
mode=$(basename "$(dirname "$(dirname "$relmas")")")
prefix=$tmp/root/usr

# `all` is as it is: the flags of this call must not rebuild it.
(cd "$tree" && MAKEFLAGS='' make -s -o all install MODE="$mode" DESTDIR="$tmp/root" PREFIX=/usr) \
    >"$tmp/out" 2>"$tmp/err" || fail "make install: $(tail -n 2 "$tmp/err")"

# --- the program, with its data beside it ---
installed=$prefix/bin/relmas
for kind in networks accelerators systems scenarios configs; do
    "$relmas" list $kind >"$tmp/a"
    run 0 "$installed" list $kind
    same "installed $kind" "$tmp/a" "$tmp/out"
done
run 0 "$installed" train tiny --steps 500 --out run
run 0 "$installed" eval run edf-queue --episodes 2

# --- moved, to a path with spaces; from another folder; by a relative path, a link, PATH ---
mkdir "$tmp/a b" "$tmp/a b/c d"
cp -r "$prefix" "$tmp/a b/usr"
cd "$tmp/a b/c d" || exit 1
run 0 ../usr/bin/relmas eval edf-queue --scenario light-m --episodes 2
ln -s ../usr/bin/relmas link
run 0 ./link costs --network kws --accel simba
run 0 env PATH="$tmp/a b/usr/bin:$PATH" relmas list networks
run 0 env PATH="$tmp/a b/usr/bin:$PATH" relmas train tiny --steps 200 --out "x y/z"
[ -s "x y/z/best.h5" ] || fail 'a run folder with spaces is not written'
run 0 "$relmas" eval "x y/z" "$tmp/work/run" --episodes 2
rm -r link "x y"
[ -z "$(ls -A)" ] || fail "something is left in the working folder: $(ls -A)"
cd "$tmp/work" || exit 1

# --- RELMAS_DATA ---
cp "$installed" alone
run 1 ./alone list networks
holds 'set RELMAS_DATA' "$tmp/err"
run 0 env RELMAS_DATA="$tmp/a b/usr/share/relmas" ./alone costs --network kws --accel simba
run 0 env RELMAS_DATA="$tree" ./alone eval edf-queue --scenario light-m --episodes 2
run 1 env RELMAS_DATA=/nowhere "$relmas" list networks
holds "RELMAS_DATA is '/nowhere'" "$tmp/err"

# --- headers against exported names ---
headers=$prefix/include/relmas
find "$headers" -name '*_internal.h' | grep -q . && fail 'an internal header is installed'
find "$headers" -name '*.h' -exec awk -f "$tree/tests/support/declared.awk" {} \; | sort -u >"$tmp/declared"
nm -D --defined-only "$prefix/lib/librelmas.so" | awk '{ print $3 }' | grep -v '^_\?_\?asan\|^__' |
    sort -u >"$tmp/exported"
[ "$(wc -l <"$tmp/declared")" -gt 200 ] || fail 'headers declare next to nothing'
comm -13 "$tmp/declared" "$tmp/exported" >"$tmp/a"
[ -s "$tmp/a" ] && fail "exported but in no header: $(tr '\n' ' ' <"$tmp/a")"
comm -23 "$tmp/declared" "$tmp/exported" >"$tmp/a"
[ -s "$tmp/a" ] && fail "in a header but not exported, see base/exports.map: $(tr '\n' ' ' <"$tmp/a")"
checks=$((checks + 2))

# --- a user's program against either library; each header alone ---
case $mode in
release | debug)
    cat >use.c <<'END'
#include <accel_models/accel.h>
#include <base/path.h>
#include <stdio.h>
int main(void)
{
    char path[PATH_MAX_BYTES];
    Err err = {0};
    AccelConfig *a;
    LayerCost cost;
    LayerShape fc = {LAYER_FC, 1, 64, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    if (path_find(path, sizeof path, "accel_models/presets", "simba-16pe", ".yaml", &err) ||
        accel_load(&a, path, &err) || accel_cost(a, &fc, MAP_HARDWARE, 0, &cost, &err))
        return puts(err.msg), 1;
    printf("%s %g\n", accel_name(a), cost.macs);
    accel_destroy(a);
    return 0;
}
END
    pc() { PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config "$@" relmas; }
    for flags in --modversion --cflags --libs; do run 0 pc $flags; done
    export RELMAS_DATA="$prefix/share/relmas"
    # shellcheck disable=SC2046
    run 0 cc -std=c11 $(pc --cflags) use.c $(pc --libs) -o shared
    run 0 env LD_LIBRARY_PATH="$prefix/lib" ./shared
    holds '^simba-16pe 640$'
    # shellcheck disable=SC2046
    run 0 cc -std=c11 $(pc --cflags) use.c "$prefix/lib/librelmas.a" \
        $(pc --static --libs | tr ' ' '\n' | grep -v '^-lrelmas$' | tr '\n' ' ') -o static
    run 0 ./static
    holds '^simba-16pe 640$'
    # The program in the documentation, as it stands there.
    awk '/^```c$/ && !n++ { on = 1; next } /^```$/ { on = 0 } on' "$tree/docs/SCHEDULERS.md" >periodic.c
    # shellcheck disable=SC2046
    run 0 cc -std=c11 -Wall -Wextra -Werror $(pc --cflags) periodic.c $(pc --libs) -o periodic
    run 0 env LD_LIBRARY_PATH="$prefix/lib" ./periodic
    awk -F '[ ,;]+' 'NR == 1 { exit !($4 == 8000 && $6 > 4000 && $6 + $8 == 8000 && $10 == 0) }' "$tmp/out" ||
        fail "the periodic scheduler of docs/SCHEDULERS.md: $(cat "$tmp/out")"
    holds '^SLA [0-9.]+ %, edf-queue [0-9.]+ %, difference [+-][0-9.]+ \[[+-]'
    find "$headers" -name '*.h' | sed "s|$headers/|#include <|; s|\$|>|" >each
    while read -r line; do echo "$line" >one.c && run 0 cc -std=c11 -Wall -Werror -fsyntax-only "-I$headers" one.c; done <each
    (cat each; sort -r each; echo 'int main(void) { return 0; }') >all.c
    run 0 cc -std=c11 -Wall -Wextra -Werror "-I$headers" -fsyntax-only all.c
    ;;
esac
verdict
