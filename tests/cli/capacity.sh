#!/bin/sh
# capacity.sh RELMAS -- `relmas capacity`: the largest load that keeps a promise.
. tests/support/cli.sh
few="--set scenario.system=tiny-2 --set scenario.networks=kws,squeezenet --set scenario.episode_jobs=60"
# shellcheck disable=SC2086
capacity() { run 0 "$relmas" capacity "$@" $few --seed 500000 --episodes 8; }

capacity edf-queue fcfs-h --sla 0.9,0.99 --format csv
cp "$tmp/out" one.csv
for threads in 1 3; do
    capacity edf-queue fcfs-h --sla 0.9,0.99 --format csv --threads $threads
    same "capacity with $threads threads" one.csv "$tmp/out"
done
# Inside its interval; less for a harder promise; requests/s is load x lambda_max.
awk -F, 'NR > 1 { n++; if ($5 > $4 || $6 < $4 || ($7 / ($4 * $10) - 1) ^ 2 > 1e-9) bad = 1
        if ($3 > 0.95 && $4 > load[$2]) bad = 1
        load[$2] = $4 }
    END { exit bad || n != 4 }' one.csv || fail 'capacities contradict each other'

# The rate there keeps the promise, and one step further it does not.
load=$(awk -F, '$2 == "edf-queue" && $3 == 0.9 { print $4 }' one.csv)
next=$(awk "BEGIN { print $load + 0.01 }")
# shellcheck disable=SC2086
run 0 "$relmas" eval edf-queue --load "$load,$next" $few --seed 500000 --episodes 8 --format csv
awk -F, 'NR == 2 && $4 < 0.9 || NR == 3 && $4 >= 0.9 { exit 1 }' "$tmp/out" ||
    fail "not the largest load: $load"

capacity edf-queue --format json
awk -f "$tree/tests/support/json.awk" "$tmp/out" || fail 'not JSON'
capacity edf-queue
holds '^edf-queue +0\.[0-9]+ +\[ *0\.[0-9]+, +[0-9.]+\] +[0-9]+ '
refused 2 '0.95,0.99' capacity edf-queue --sla 1.5
refused 2 "did you mean 'edf-queue'" capacity edf-quue
refused 2 'POLICY' capacity
verdict
