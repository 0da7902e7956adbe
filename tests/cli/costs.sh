#!/bin/sh
# costs.sh RELMAS -- `relmas costs`: what it prints, in all formats, for networks and layer lists.
. tests/support/cli.sh
golden=$tree/tests/golden/cli

# --- a list of layers: the order of the input, its own names, nine columns ---
run 0 "$relmas" costs --layers "$golden/layers.csv" --format csv
same 'costs of a layer list' "$golden/costs_layers.csv" "$tmp/out"
run 0 "$relmas" costs --layers "$golden/layers.csv" --verbose
holds '^4 rows, 3 different pairs'
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

# Without accelerators every layer is on all of them.
printf 'C,K,P,Q,R,S\n8,8,8,8,3,3\n4,4,4,4,1,1\n' >none.csv
run 0 "$relmas" costs --layers none.csv --format csv
{ echo accelerator; "$relmas" list accelerators; "$relmas" list accelerators; } | cut -d' ' -f1 >"$tmp/b"
cut -d, -f1 "$tmp/out" >"$tmp/a"
same 'a list without accelerators' "$tmp/b" "$tmp/a"

printf 'type,C,K,P,Q,R,S\ndw,32,32,16,16,3,3\n' >short.csv
printf 'operands,groups,dilation,stride_w,stride_h,S,R,Q,P,K,C,N,type,extra\n1,32,1,1,1,3,3,16,16,32,32,1,dwconv,x\n' >full.csv
run 0 "$relmas" costs --layers short.csv --accel simba,eyeriss --format csv
cp "$tmp/out" "$tmp/a"
run 0 "$relmas" costs --layers full.csv --accel simba,eyeriss --format csv
same 'columns left out, and all in another order' "$tmp/a" "$tmp/out"

# What means the same is the same: case, blanks, empty cells of columns that have a default, numbers as
# other programs write them, a stride for both axes, a depthwise layer without its groups.
equal() { # equal TEXT TEXT
    printf "$1" >one.csv
    printf "$2" >two.csv
    run 0 "$relmas" costs --layers one.csv --format csv
    cp "$tmp/out" "$tmp/a"
    run 0 "$relmas" costs --layers two.csv --format csv
    cut -d, -f4- "$tmp/a" >one.csv
    cut -d, -f4- "$tmp/out" >two.csv
    same "costs of '$2'" one.csv two.csv
}
plain='accelerator,type,N,C,K,P,Q,R,S,stride_h,stride_w,dilation,groups\n'
equal "${plain}simba,conv,1,16,32,14,14,3,3,2,2,1,1\n" 'ACCELERATOR,Type,c,k,p,q,r,s,stride\r\nSimba,Conv2D,16,32,14,14,3,3,2\r\n'
equal "${plain}eyeriss,conv,1,16,32,14,14,3,3,2,2,1,1\n" "${plain}eyeriss, ,, 16.0 ,3.2e1,14,14.0,3,3,2,2,,\n"
equal "${plain}simba,dw,1,32,32,14,14,3,3,1,1,1,32\n" "${plain}simba,Depthwise,1,32,32,14,14,3,3,1,1,1,1\n"
equal "${plain}eyeriss,conv,1,64,100,1,1,7,7,1,1,1,1\n" "${plain}eyeriss_padcm,fc,1,64,100,1,1,7,7,1,1,1,1\n"
equal "${plain}eyeriss,conv1x1,1,64,100,16,8,1,1,1,1,1,1\n" "${plain}eyeriss,gemm,1,64,100,16,8,1,1,1,1,1,1\n"
printf 'C,K,P,Q,R,S\n8,8,8,8,3,3\n' >one.csv
run 0 "$relmas" costs --layers one.csv --accel simba
cp "$tmp/out" "$tmp/a"
"$relmas" costs --layers - --accel simba <one.csv >"$tmp/out" || fail 'layers from standard input'
same 'layers from standard input' "$tmp/a" "$tmp/out"
printf 'C;K;P;Q;R;S\n8;8;8;8;3;3\n' >semicolons.csv
refused 2 "^relmas: semicolons.csv:1: its cells have no commas" costs --layers semicolons.csv --accel simba

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
run 0 "$relmas" costs --network resnet50,resnet50 --accel simba,eyeriss --verbose
holds '^216 rows, [45][0-9] different pairs' # 54 sub-jobs twice on two, of some 25 shapes
holds '^layer .* energy uJ  = mac uJ  spad uJ  buffer uJ  glb uJ  dram uJ     mapping$'
# energy is the sum of its levels there too
awk '/^res2a_2b / { if (($9 - $10 - $11 - $12 - $13 - $14) ^ 2 > 0.002) bad = 1; n++ } END { exit bad || n < 2 }' "$tmp/out" ||
    fail 'energy by level does not add up in the table'
run 0 "$relmas" costs --network alexnet --accel simba --verbose
holds '^conv1 .* C [0-9]+x[0-9]+ K '

# --- a slower DRAM never helps ---
run 0 "$relmas" costs --network alexnet --accel simba --format csv
cp "$tmp/out" fast.csv
run 0 "$relmas" costs --network alexnet --accel simba --dram-gbps 1 --format csv
paste -d, fast.csv "$tmp/out" | sed 's/"[^"]*"//g' | awk -F, 'NR > 1 && $(NF / 2 + 4) < $4 { bad = 1 } END { exit bad }' ||
    fail 'faster with a slower DRAM'

# --- a system: its types, its bandwidth ---
run 0 "$relmas" costs --network alexnet --accel simba,eyeriss --dram-gbps 17.9 --format csv
cp "$tmp/out" "$tmp/a"
run 0 "$relmas" costs --network alexnet --system tiny-2 --format csv
same 'costs on a system' "$tmp/a" "$tmp/out"
# What the table adds up is the work that the simulator does, with the operands of fused additions.
for network in resnet50 alexnet; do
    run 0 "$relmas" costs --network $network --system default-6
    sum=$(sed -n 's/^each layer on its best: \([0-9.]*\) us$/\1/p' "$tmp/out")
    run 0 "$relmas" costs --workload $network --system default-6 --format csv
    awk -F, -v sum="$sum" '$1 == "network" { exit !(($9 - sum) ^ 2 < 1e-4) }' "$tmp/out" ||
        fail "the layers of $network take $sum us: $(cat "$tmp/out")"
done
run 0 "$relmas" costs --network resnet50 --system tiny-2 --format csv
cp "$tmp/out" "$tmp/a"
run 0 "$relmas" costs --network resnet50 --accel simba,eyeriss --dram-gbps 17.9 --format csv
paste -d, "$tmp/a" "$tmp/out" | sed 's/"[^"]*"//g' | awk -F, '$3 == "total" { n++; more += $7 > $(NF / 2 + 7); faster += $4 < $(NF / 2 + 4) }
    END { exit n != 2 || more != 2 || faster }' || fail 'fused additions are free on a system'
run 0 "$relmas" costs --layers layers.csv --system tiny-2 --format csv
[ "$(wc -l <"$tmp/out")" -eq 9 ] || fail 'not every layer on every type of the system'

# --- the bound of a workload: one SA does one request in the time of its layers ---
printf 'name: one\ndram_gbps: 60\naccelerators:\n- {preset: simba-16pe, count: 2, name: "a,b"}\n' >one.yaml
run 0 "$relmas" costs --system ./one.yaml --workload kws --format csv
awk -F, 'NR > 1 { sub(/"a,b"/, "ab") } $1 == "lambda_max" { l = $3 } $1 == "network" { w = $9 }
    $2 == "ab" { use = $6 } END { exit !(use == 1 && (l * w / 2e6 - 1) ^ 2 < 1e-10) }' "$tmp/out" ||
    fail "lambda_max is not 2 / work: $(cat "$tmp/out")"
run 0 "$relmas" costs --system tiny-2 --workload kws:3,alexnet=1 --format csv
holds '^network,kws,[0-9.]+,0.750000,'
cp "$tmp/out" "$tmp/a"
run 0 "$relmas" costs --system "$tree/env/systems/tiny-2.yaml" --threads 1 --format csv \
    --workload " kws:2, alexnet, $tree/env/networks/kws.yaml:1"
awk -F, '$1 == "lambda_max" { print $3 }' "$tmp/a" "$tmp/out" | uniq | wc -l | grep -q 1 ||
    fail 'a network in two parts is another load'
for workload in light mixed light,alexnet:0.5; do
    run 0 "$relmas" costs --system default-6 --workload $workload --format json
    awk -f "$tree/tests/support/json.awk" "$tmp/out" || fail "not JSON: workload $workload"
    grep -q '"lambda_max_per_s": [1-9].*"limited_by": \["' "$tmp/out" || fail 'no bound in JSON'
done
run 0 "$relmas" costs --system default-6 --workload mixed
holds '^lambda_max +[0-9.]+ requests/s'
holds '^limited by  dram, simba-16pe, eyeriss-32x32-int8$'
holds '^resnet50 +14\.29 .* simba-16pe [0-9.]+ %, eyeriss-32x32-int8 [0-9.]+ %$'

# --- senseless combinations ---
refused 2 '--workload needs --system' costs --workload mixed
refused 2 '--accel and --system exclude each other' costs --system tiny-2 --accel simba
refused 2 '--dram-gbps and --system exclude' costs --system tiny-2 --dram-gbps 5
refused 2 '--network says nothing about a workload' costs --system tiny-2 --workload kws --network kws
refused 2 "--workload 'kws:x': give names with shares" costs --system tiny-2 --workload kws:x
refused 2 "--workload 'kws:-1'" costs --system tiny-2 --workload kws:-1
refused 2 "'kws:0,light:0': all shares are 0" costs --system tiny-2 --workload kws:0,light:0
refused 2 "a name is empty" costs --system tiny-2 --workload kws,,alexnet
refused 2 "no 'kvs' in env/networks, did you mean 'kws'" costs --system tiny-2 --workload kvs
refused 2 "'ligth' is no network and no set, did you mean 'light'" costs --system tiny-2 --workload ligth
refused 2 "no 'tiny-3' in env/systems, did you mean 'tiny-2'" costs --system tiny-3 --workload kws

# --- rooflines ---
refused 2 "--plot 'roof.png': the picture is SVG" costs --plot roof.png
refused 2 '--plot says nothing about a workload' costs --system tiny-2 --workload kws --plot roof.svg
plot_refused() { # plot_refused REGEX PATH
    run 1 env PATH="$2" "$relmas" costs --network kws --accel simba --plot roof.svg
    holds "$1" "$tmp/err"
    [ -s "$tmp/out" ] && fail 'a failed plot prints results'
    [ "$(wc -l <"$tmp/err")" -eq 1 ] || fail "a failed plot says $(wc -l <"$tmp/err") lines"
    echo roof* | grep -q 'svg' && fail "a failed plot leaves $(echo roof*)"
}
mkdir empty failing
plot_refused '^relmas: there is no gnuplot on the PATH .* apt-get install gnuplot-nox$' "$tmp/work/empty"
printf '#!/bin/sh\n[ "$2" = --version ] && exit 0\necho "<svg>"\necho "line 3: no such terminal" >&2\nexit 1\n' >failing/gnuplot
chmod +x failing/gnuplot
plot_refused 'gnuplot failed \(exit code 1\): line 3: no such terminal' "$tmp/work/failing:$PATH"
printf '#!/bin/sh\necho "<svg> cut off"\n' >failing/gnuplot
plot_refused 'gnuplot failed' "$tmp/work/failing:$PATH"
printf '#!/bin/sh\nexit 3\n' >failing/gnuplot
plot_refused 'gnuplot does not start' "$tmp/work/failing:$PATH"
if command -v gnuplot >/dev/null 2>&1; then
    refused 1 "cannot create 'none/roof.svg': No such file" costs --network kws --accel simba --plot none/roof.svg
    run 0 "$relmas" costs --network kws --accel simba,eyeriss
    cp "$tmp/out" "$tmp/a"
    run 0 "$relmas" costs --network kws --accel simba,eyeriss --plot roof.svg
    same 'the table beside a plot' "$tmp/a" "$tmp/out"
    cp roof.svg first.svg
    run 0 "$relmas" costs --network kws --accel simba,eyeriss --plot roof.svg --threads 1
    same 'a plot drawn again' first.svg roof.svg
    run 0 "$relmas" costs --plot all.svg --format csv
    # shellcheck disable=SC2016
    printf '%s\n' network,layer,C,K,P,Q,R,S '"it'"'"'s `touch pwned` ""<&>"" $(x) \\",a,3,64,56,56,3,3' \
        '"two
lines",_b^c{d},3,64,28,28,3,3' ,,64,64,7,7,1,1 "$(printf 'bad\377\302,x')",8,8,8,8,3,3 >odd.csv
    run 0 "$relmas" costs --layers odd.csv --accel simba --plot odd.svg
    for f in roof all odd; do
        run 0 awk -f "$tree/tests/support/xml.awk" $f.svg
    done
    for network in $("$relmas" list networks | cut -d' ' -f1); do holds ">$network<|$network</" all.svg; done
    for accel in $("$relmas" list accelerators | cut -d' ' -f1); do holds "$accel: [0-9]+ MACs" all.svg; done
    holds 'it.*s `touch pwned`' odd.svg
    holds 'two\?lines' odd.svg
    [ -e pwned ] && fail 'a name was run as a command'
    ls | grep -q tmp && fail "a plot leaves $(ls)"
    mkdir img
    run 0 sh "$tree/docs/img/plots.sh" "$relmas" img
    holds '^\| all \| 107 \|.* 107 \|'
    for f in img/*.svg; do run 0 awk -f "$tree/tests/support/xml.awk" "$f"; done
    printf 'type,C,K,P,Q,R,S\npool,8,8,8,8,2,2\n' >pool.csv
    refused 2 'no layer with MACs' costs --layers pool.csv --accel simba --plot pool.svg
else
    echo "  $name: no gnuplot, its pictures are not tested"
fi
verdict
