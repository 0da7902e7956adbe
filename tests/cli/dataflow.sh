#!/bin/sh
# dataflow.sh RELMAS -- the dataflow that docs/ACCELERATORS.md works out is one file and one row: taken
# from the page as it stands there, it compiles, and the program with it knows its presets and keys.
. tests/support/cli.sh
build=$(dirname "$(dirname "$relmas")")
page=$tree/docs/ACCELERATORS.md

# block LANGUAGE START: the block of the page whose first line begins so
block() {
    awk -v fence="\`\`\`$1" -v start="$2" '
        $0 == fence { inside = 1; first = 1; next }
        /^```$/ { inside = 0; kept = 0 }
        inside && first { kept = index($0, start) == 1; first = 0 }
        kept' "$page"
}
cp -r "$tree/accel_models" "$tree/base" .
block c '/* dot.c' >accel_models/dot.c
block c '#define DATAFLOWS' >row
block yaml 'name: dot-64' >dot-64.yaml
for file in accel_models/dot.c row dot-64.yaml; do [ -s "$file" ] || fail "the page has no $file"; done
awk 'FNR == NR { row = $0; next } /^#define DATAFLOWS/ { $0 = row } 1' row "$tree/accel_models/accel.c" \
    >accel_models/accel.c
cmp -s accel_models/accel.c "$tree/accel_models/accel.c" && fail 'the row changes nothing'

# As the tree was built: its flags, its objects, its libraries.
flags=$(cat "$build/flags")
libs=$(printf 'include Makefile\nshow:\n\t@echo $(LIBS)\n' | (cd "$tree" && MAKEFLAGS='' make -s -f - show))
for file in accel dot; do run 0 sh -c "$flags -Werror -c -o $file.o accel_models/$file.c"; done
run 0 sh -c "$flags -o relmas '$build'/experiments/*.o accel.o dot.o '$build/librelmas.a' $libs"
export RELMAS_DATA="$tree"

run 0 ./relmas costs --accel ./dot-64.yaml --network alexnet --verbose
holds '^conv1 .* 4\.7 .*compute.*filters held 90$'
holds '^conv3 .*glb.*filters held 14$'
sed 's/width/witdh/' dot-64.yaml >wrong.yaml
run 2 ./relmas costs --accel ./wrong.yaml --network kws
holds "wrong\.yaml:[0-9]+: unknown key 'array.witdh', did you mean 'array.width'" "$tmp/err"
sed 's/dot$/dit/' dot-64.yaml >wrong.yaml
run 2 ./relmas costs --accel ./wrong.yaml --network kws
holds 'must be one of ws, rs, os, dot' "$tmp/err"

# What was there before has not changed.
for accel in simba-16pe eyeriss-12x14 os-32x32; do
    run 0 "$relmas" costs --accel $accel --network kws --verbose
    cp "$tmp/out" before
    run 0 ./relmas costs --accel $accel --network kws --verbose
    same "$accel with another dataflow" before "$tmp/out"
done
verdict
