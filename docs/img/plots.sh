#!/bin/sh
# plots.sh RELMAS [FOLDER] -- draws the pictures of the documentation, into this folder unless told
# otherwise (`make plots`), and prints the table of docs/MODEL.md that belongs to them. Needs gnuplot.
set -eu
to=$(cd "${2:-$(dirname "$0")}" && pwd)
relmas=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/../.."
export LC_ALL=C
reference=tests/golden/accel/timeloop.csv
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$relmas" costs --network resnet50,mobilenetv2 --system sizes-6 --plot "$to/roofline.svg" >"$tmp/out"

# --- the model against Timeloop: machine network layer, then model and reference of cycles, pJ, bytes ---
"$relmas" costs --layers $reference --policy timeloop --format csv >"$tmp/model.csv"
awk -F, '
    # Columns by their names in each file; rows of both files are in the same order.
    FNR == 1 { for (i = 1; i <= NF; i++) column[FILENAME, $i] = i; next }
    function value(name) { return $column[FILENAME, name] }
    FILENAME == ARGV[1] {
        key[FNR] = value("accelerator") " " value("network") " " value("layer")
        cycles[FNR] = value("cycles"); pj[FNR] = value("energy_pJ")
        bytes[FNR] = value("dram_read_bytes") + value("dram_write_bytes")
        row[key[FNR]] = FNR
        next
    }
    { model[FNR] = value("cycles"); model_pj[FNR] = value("energy_pj")
      model_bytes[FNR] = value("dram_read_bytes") + value("dram_write_bytes") }
    END {
        for (r = 2; r <= FNR; r++) {
            if (key[r] ~ /^eyeriss_padcm /) continue
            padded = key[r]; sub(/^eyeriss /, "eyeriss_padcm ", padded)
            ref = (padded in row) && cycles[row[padded]] < cycles[r] ? row[padded] : r
            print key[r], model[r], cycles[ref], model_pj[r], pj[ref], model_bytes[r], bytes[ref]
        }
    }' $reference "$tmp/model.csv" >"$tmp/joined"

# --- table: how many layers of each network agree ---
awk '
    function near(x, y, part) { return x <= y * (1 + part) && x >= y * (1 - part) }
    function add(k) { n[k]++; c[k] += near($4, $5, 0.1); e[k] += near($6, $7, 0.15); d[k] += near($8, $9, 0.15) }
    !($2 in seen) { seen[$2] = 1; order[++nets] = $2 }
    { add($1 " " $2); add($1 " all") }
    function cell(k) { return sprintf(" %d | %d | %d | %d |", n[k], c[k], e[k], d[k]) }
    END {
        print "| network | Simba rows | cycles 10 % | energy 15 % | DRAM 15 % | Eyeriss rows | cycles 10 % | energy 15 % | DRAM 15 % |"
        print "|---|---|---|---|---|---|---|---|---|"
        order[++nets] = "all"
        for (i = 1; i <= nets; i++) print "| " order[i] " |" cell("simba " order[i]) cell("eyeriss " order[i])
    }' "$tmp/joined"

# --- picture: above model over reference, below their ratio ---
{
    for machine in simba eyeriss; do
        echo "\$$machine << EOD"
        awk -v m=$machine '$1 == m { print $4, $5, $6 * 1e-6, $7 * 1e-6, $8 * 1e-6, $9 * 1e-6 }' "$tmp/joined"
        echo EOD
    done
    cat <<'EOF'
set term svg size 1080,700 noenhanced font 'sans-serif,12' background '#ffffff'
set multiplot
set logscale xy
set border 3 lc rgb '#444444'
set tics nomirror
set grid lc rgb '#e4e4e4' lw 0.5
set key top left Left reverse samplen 1 width 2
array NAME[3] = ['cycles', 'energy, uJ', 'DRAM traffic, MB']
array LO[3] = [30, 0.03, 0.0005]
array HI[3] = [3e7, 3e4, 200]
array BAR[3] = [0.10, 0.15, 0.15]
do for [i = 1:3] {
    ours = 2 * i - 1
    ref = 2 * i
    set lmargin at screen (i - 1) / 3.0 + 0.065
    set rmargin at screen i / 3.0 - 0.015
    set xrange [LO[i]:HI[i]]
    set format x '%g'
    set format y '%g'
    if (i == 1) { set format x '%.0e'; set format y '%.0e' }
    set tmargin at screen 0.94
    set bmargin at screen 0.47
    set yrange [LO[i]:HI[i]]
    set title NAME[i]
    set xlabel ''
    set ylabel (i == 1 ? 'this model' : '') offset 0.5,0
    plot x with lines lc rgb '#444444' notitle, \
        $simba using ref:ours with points pt 7 ps 0.55 lc rgb '#401f77b4' title 'Simba-like', \
        $eyeriss using ref:ours with points pt 9 ps 0.65 lc rgb '#40d62728' title 'Eyeriss-like'
    set tmargin at screen 0.38
    set bmargin at screen 0.09
    set yrange [0.25:4]
    set ytics (0.25, 0.5, 1, 2, 4)
    set format y '%g'
    set title ''
    set xlabel 'Timeloop: '.NAME[i]
    set ylabel (i == 1 ? 'this model / Timeloop' : '') offset 0.5,0
    set style rect fc rgb '#e2efe2' fs solid noborder
    set object 1 rect from LO[i], 1 - BAR[i] to HI[i], 1 + BAR[i] behind
    set label 1 sprintf('within %.0f %%', 100 * BAR[i]) at HI[i], 1 + BAR[i] right offset 0,0.5 tc rgb '#557755' font ',10'
    plot 1 with lines lc rgb '#444444' notitle, \
        $simba using ref:(column(ours) / column(ref)) with points pt 7 ps 0.55 lc rgb '#401f77b4' notitle, \
        $eyeriss using ref:(column(ours) / column(ref)) with points pt 9 ps 0.65 lc rgb '#40d62728' notitle
    unset object 1
    unset label 1
    unset ytics
    set ytics nomirror
}
unset multiplot
EOF
} | gnuplot -d - >"$tmp/timeloop.svg"
cp "$tmp/timeloop.svg" "$to/timeloop.svg"
