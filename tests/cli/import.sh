#!/bin/sh
# import.sh RELMAS -- models of other programs become network files: whole, checked, summed up.
. tests/support/cli.sh

cat >net.csv <<'END'
Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,
Conv1, 224, 224, 11, 11, 3, 96, 4,
Conv2, 31, 31, 5, 5, 96, 256, 1,
FC, 6, 6, 6, 6, 256, 1000, 1,
END
cat >want.yaml <<'END'
# net.yaml -- imported from net.csv, a SCALE-Sim topology.
# 3 layers that compute, 9865248 parameters, 562528800 MACs.
# assumed: a view where a layer reads another size than the one before writes, 2 times
name: net
input: {channels: 3, height: 224, width: 224}
layers:
- {name: Conv1, type: conv, k: 96, kernel: 11, stride: 4, pad: [0, 0, 3, 3], out: [96, 55, 55]}
- {name: Conv2_in, type: view, out: [96, 31, 31]}
- {name: Conv2, type: conv, k: 256, kernel: 5, out: [256, 27, 27]}
- {name: FC_in, type: view, out: [9216, 1, 1]}
- {name: FC, type: fc, k: 1000, out: [1000, 1, 1]}
END

# --- to a file: a summary on stdout, nothing on stderr ---
run 0 "$relmas" import net.csv -o net.yaml
same 'the network file' want.yaml net.yaml
[ -s "$tmp/err" ] && fail 'a summary on stdout comes with chatter'
holds '^network   net$'
holds '^input     \[3, 224, 224\]$'
holds '^output    \[1000, 1, 1\] of FC$'
holds '^conv +2 +553312800 +649248$'
holds '^fc +1 +9216000 +9216000$'
holds '^total +3 +562528800 +9865248$'
holds '^free +2  view$'
holds '^assumed +2  a view'
holds '^next: relmas costs --network net.yaml$'
run 0 "$relmas" costs --network net.yaml --accel simba --format csv
holds 'Conv2'

# --- to stdout: the same file, the summary on stderr ---
run 0 "$relmas" import net.csv
same 'the network on stdout' want.yaml "$tmp/out"
holds '^total +3 +562528800 +9865248$' "$tmp/err"
run 0 "$relmas" import net.csv -o -
same 'the network on stdout' want.yaml "$tmp/out"

# --- names, formats ---
run 0 "$relmas" import net.csv -o other.yaml --name 'My net/2'
holds '^name: My_net_2$' other.yaml
run 0 "$relmas" import net.csv -o j.yaml --format json
holds '"macs": 562528800, "parameters": 9865248' "$tmp/out"
awk -f "$tree/tests/support/json.awk" "$tmp/out" || fail "not JSON"

run 0 "$relmas" import net.csv -o plain
holds '^next: relmas costs --network ./plain$'
run 0 "$relmas" costs --network ./plain --accel simba

# --- ONNX models ---
golden=$tree/tests/golden/onnx
for model in "$golden"/*.onnx; do
    case $model in *unknown*) continue ;; esac
    stem=$(basename "$model" .onnx)
    run 0 "$relmas" import "$model" -o "$stem.yaml" --format json
    macs=$(awk -F, -v m="$stem" '$1 == m { n += $4 } END { print n }' "$golden/macs.csv")
    holds "\"network\": \"$stem\".*\"macs\": $macs, "
done
cp "$golden/batch_norm.onnx" model.bin
refused 2 "cannot tell from its name what 'model.bin' is" import model.bin
run 0 "$relmas" import model.bin --from onnx -o bn.yaml
holds '^folded +1  BatchNormalization$'
refused 2 'Mystery' import "$golden/unknown_domain.onnx"
run 0 "$relmas" import "$golden/unknown_domain.onnx" --pass-unknown -o u.yaml
holds '^unknown +1  Mystery'
holds '^# not modelled: Mystery' u.yaml
holds 'type: move' u.yaml
refused 2 'for ONNX' import net.csv --pass-unknown
head -c 300 "$golden/groups.onnx" >cut.onnx
refused 2 '^relmas: cut.onnx:' import cut.onnx
printf 'Layer,M,N,K,\n' >text.onnx
refused 2 '^relmas: text.onnx:' import text.onnx
awk 'BEGIN { print "Layer,M,N,K,"; for (i = 0; i < 600; i++) print "a,2,3,4,\nb,2,3,4," }' >long.csv
refused 2 '^relmas: long.csv:[0-9]+: the network has more than 1024 layers' import long.csv
echo 'Layer,M,N,K,
a,65536,1048576,1048576,' >huge.csv
refused 2 '^relmas: huge.csv:2: words of the (in|out)put: 68719476736 is more' import huge.csv
: >empty.onnx
refused 2 '^relmas: empty.onnx:' import empty.onnx
run 0 "$relmas" import "$golden/unet.onnx" --input-shape x=1x1x20x24 -o s.yaml
holds '^input     \[1, 20, 24\]$'

# --- what is there stays there ---
echo keep >old.yaml
refused 2 "'old.yaml' exists, give --force to replace it" import net.csv -o old.yaml
[ "$(cat old.yaml)" = keep ] || fail 'a refused import wrote to the file'
run 0 "$relmas" import net.csv -o old.yaml --force
same 'a replaced file' want.yaml old.yaml
run 0 "$relmas" import net.csv -o /dev/null
[ -c /dev/null ] || fail '/dev/null was replaced'
mkdir folder
refused 2 "'folder' is a folder" import net.csv -o folder
refused 1 "cannot create 'no/such/x.yaml'" import net.csv -o no/such/x.yaml
printf 'Layer,M,N,K,\na,1,2,0,\n' >bad.csv
refused 2 "^relmas: bad.csv:2: 'K' must be a whole number in 1" import bad.csv -o bad.yaml
[ -e bad.yaml ] && fail 'a refused import left a file'
if [ -e /dev/full ]; then
    run 1 "$relmas" import net.csv -o /dev/full
    holds "cannot write '/dev/full'" "$tmp/err"
    checks=$((checks + 1))
    "$relmas" import net.csv >/dev/full 2>"$tmp/err" && fail 'a full disk is no failure'
    holds 'cannot write the results' "$tmp/err"
fi
ls ./*.tmp-* >"$tmp/out" 2>/dev/null && fail "left behind: $(cat "$tmp/out")"

# --- usage ---
refused 2 'FILE is missing' import
refused 2 'at most 1 FILE is taken' import net.csv net.csv
refused 1 "cannot open 'none.csv'" import none.csv
refused 2 '--format json needs -o' import net.csv --format json
run 0 "$relmas" import --help
holds 'relmas import model'
verdict
