#!/bin/sh
# policies.sh RELMAS -- shipped policies: found by name by every command that takes one, listed with
# what their card says, and told apart from schedulers. A data folder of the test's own ships them.
. tests/support/cli.sh
mkdir data
for d in env accel_models experiments; do ln -s "$tree/$d" "data/$d"; done
mkdir -p data/checkpoints/policies
export RELMAS_DATA="$tmp/work/data"
shipped=data/checkpoints/policies
run 0 "$relmas" list policies
holds 'there are no policies' "$tmp/err"
run 0 "$relmas" train tiny --steps 600 --seed 4 --out run
cp run/best.h5 $shipped/calm.h5
cp run/best.h5 $shipped/storm.h5
printf '# calm\n\nTrained for a test; wins nothing.\n\nMore.\n' >$shipped/calm.md

run 0 "$relmas" list policies
holds '^calm +light-m on tiny-2 +Trained for a test; wins nothing\.$'
holds '^storm +light-m on tiny-2 +2e\+05 decisions, teacher dr-reserve-bw, seed 4; no card$'
[ "$(wc -l <"$tmp/out")" -eq 2 ] || fail 'two policies, another number of lines'

# --- by name, as by file ---
run 0 "$relmas" eval calm run/best.h5 edf-queue --episodes 2 --format csv
awk -F, '/,calm,|best.h5,/ { $2 = ""; $NF = ""; print }' "$tmp/out" | sort -u >"$tmp/a"
[ "$(wc -l <"$tmp/a")" -eq 1 ] || fail 'a shipped policy and its file give other results'
holds '^light-m,calm,0.8,' # on what it was trained on
run 0 "$relmas" capacity calm --episodes 1 --sla 0.5 --format csv
holds '^light-m,calm,0.5,'
run 0 "$relmas" trace calm --seed 1 -o t.json
run 0 "$relmas" inspect calm
holds 'calm.h5: frozen policy'
run 0 "$relmas" inspect calm --same storm
refused 2 "no 'clam' in checkpoints/policies, did you mean 'calm'" inspect clam
refused 2 "policy 'clam' is no baseline, .*did you mean 'calm'\?; shipped are calm, storm" eval clam
refused 2 "policy 'xyzzyx' .*see relmas list schedulers and policies; shipped are calm, storm" eval xyzzyx

# --- a name for two things, and a file that is none ---
mv $shipped/storm.h5 $shipped/edf-h.h5
run 2 "$relmas" list policies
holds "policy 'edf-h' has the name of a scheduler" "$tmp/err"
head -c 700 run/best.h5 >$shipped/edf-h.h5
mv $shipped/edf-h.h5 $shipped/torn.h5
run 2 "$relmas" list policies
holds 'torn.h5' "$tmp/err"
rm $shipped/torn.h5

# --- installed, with its card ---
unset RELMAS_DATA
mode=$(basename "$(dirname "$(dirname "$relmas")")")
mkdir copy
for f in "$tree"/*; do [ "$(basename "$f")" = checkpoints ] || ln -s "$f" copy/; done
cp -r "$tree/checkpoints" copy/
cp $shipped/calm.* copy/checkpoints/policies/
(cd copy && MAKEFLAGS='' make -s -o all install MODE="$mode" DESTDIR="$tmp/root" PREFIX=/usr) \
    >"$tmp/out" 2>"$tmp/err" || fail "make install: $(tail -n 2 "$tmp/err")"
run 0 "$tmp/root/usr/bin/relmas" list policies
holds '^calm +light-m on tiny-2 +Trained for a test'
run 0 "$tmp/root/usr/bin/relmas" eval calm --episodes 1
verdict
