#!/bin/sh
# costs.sh RELMAS -- `relmas costs`: what it prints, in all formats, for networks and layer lists.
. tests/support/cli.sh
golden=$tree/tests/golden/cli

# --- a list of layers: the order of the input, its own names, nine columns ---
run 0 "$relmas" costs --layers "$golden/layers.csv" --format csv
same 'costs of a layer list' "$golden/costs_layers.csv" "$tmp/out"
for threads in 1 3; do
    run 0 "$relmas" costs --layers "$golden/layers.csv" --format csv --threads $threads
    same "costs with $threads threads" "$golden/costs_layers.csv" "$tmp/out"
done
run 0 "$relmas" costs --layers "$golden/layers.csv" --accel simba-64pe,eyeriss --format csv
cut -d, -f1 "$tmp/out" >"$tmp/a"
printf '%s\n' accelerator simba-64pe eyeriss-12x14 simba-64pe eyeriss-12x14 simba-64pe \
    eyeriss-12x14 simba-64pe eyeriss-12x14 >"$tmp/b"
same 'rows by input, then by accelerator' "$tmp/b" "$tmp/a"
printf 'C,K,P,Q,R,S\n' >none.csv
run 0 "$relmas" costs --layers none.csv --accel simba --format csv
[ "$(wc -l <"$tmp/out")" -eq 1 ] || fail 'no layers, but rows'

printf 'type,C,K,P,Q,R,S\ndw,32,32,16,16,3,3\n' >short.csv
printf 'operands,groups,dilation,stride_w,stride_h,S,R,Q,P,K,C,N,type,extra\n1,32,1,1,1,3,3,16,16,32,32,1,dwconv,x\n' >full.csv
run 0 "$relmas" costs --layers short.csv --accel simba,eyeriss --format csv
cp "$tmp/out" "$tmp/a"
run 0 "$relmas" costs --layers full.csv --accel simba,eyeriss --format csv
same 'columns left out, and all in another order' "$tmp/a" "$tmp/out"

# --- the Timeloop reference: every row, and both policies ---
for policy in hardware timeloop; do
    run 0 "$relmas" costs --layers "$tree/tests/golden/accel/timeloop.csv" --policy $policy --format csv
    cut -d, -f1-3 "$tmp/out" >"$tmp/a"
    cut -d, -f1-3 "$tree/tests/golden/accel/timeloop.csv" >"$tmp/b"
    same "rows of the reference, $policy" "$tmp/b" "$tmp/a"
done

# --- networks ---
run 0 "$relmas" costs --network kws --accel simba,eyeriss
same 'table of kws' "$golden/costs_kws.txt" "$tmp/out"
run 0 "$relmas" costs --network "$tree/env/networks/kws.yaml" --accel "$tree/accel_models/presets/simba-16pe.yaml,eyeriss"
same 'table of kws by files' "$golden/costs_kws.txt" "$tmp/out"
run 0 "$relmas" costs --network kws,alexnet --accel simba,eyeriss --format csv
# A total is the sum of its rows; exactly one accelerator is the best at each layer.
awk -F, 'NR > 1 && $3 != "total" { cycles[$1 $2] += $4; energy[$1 $2] += $6 }
    NR > 1 && $3 == "total" {
        n++
        if ((cycles[$1 $2] - $4) ^ 2 > 1 || (energy[$1 $2] / $6 - 1) ^ 2 > 1e-18) bad = 1 }
    END { exit bad || n != 4 }' "$tmp/out" || fail 'totals are not the sums of their rows'
for level in mac spad buffer glb dram; do holds "^accelerator,.*,${level}_pj,"; done
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /_pj$/ && $i != "energy_pj") level[i] = 1 }
    NR > 1 { sum = 0; for (i in level) sum += $i; if ((sum / $6 - 1) ^ 2 > 1e-16) bad = 1 }
    END { exit bad }' "$tmp/out" || fail 'energy is not the sum of its levels'
sed 's/"[^"]*"//' "$tmp/out" | awk -F, 'NR > 1 { best[$2 "," $3] += $(NF - 1) }
    END { for (k in best) if (best[k] != 1) bad = 1; exit bad }' || fail 'not one best accelerator per layer'

# --- formats ---
cp "$golden/layers.csv" .
for arguments in "" "--network kws" "--network kws --verbose --accel simba" "--layers layers.csv"; do
    # shellcheck disable=SC2086
    run 0 "$relmas" costs $arguments --format json
    awk -f "$tree/tests/support/json.awk" "$tmp/out" || fail "not JSON: costs $arguments"
done
holds '"layer": "odd \\"q\\""'
run 0 "$relmas" costs --network alexnet --accel simba --verbose
holds '^conv1 .* C [0-9]+x[0-9]+ K '

# --- a slower DRAM never helps ---
run 0 "$relmas" costs --network alexnet --accel simba --format csv
cp "$tmp/out" fast.csv
run 0 "$relmas" costs --network alexnet --accel simba --dram-gbps 1 --format csv
paste -d, fast.csv "$tmp/out" | sed 's/"[^"]*"//g' | awk -F, 'NR > 1 && $(NF / 2 + 4) < $4 { bad = 1 } END { exit bad }' ||
    fail 'faster with a slower DRAM'
verdict
