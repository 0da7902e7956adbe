#!/bin/sh
# report.sh RELMAS -- `relmas report`: runs are grouped by what they were told to do, evaluations by what
# was played; numbers are those of metrics.csv and of eval; what does not belong together is refused.
. tests/support/cli.sh
for s in 1 2 3; do
    run 0 "$relmas" train tiny --steps 60000 --seed $s --out "a-$s" --set dqn.hidden=8
    run 0 "$relmas" train tiny --steps 60000 --seed $s --out "b-$s" --set dqn.hidden=8 --set dqn.lr=2e-3 --threads 1
done
run 0 "$relmas" train tiny --steps 60000 --out "<c & 'd'>" --set dqn.hidden=8 --set scenario.qos_level=1.2

# --- runs ---
run 0 "$relmas" report a-? b-? "<c & 'd'>" -o r.html
holds 'wrote r.html and r.csv: 7 runs, 0 evaluations' "$tmp/err"
for word in '<h2>Training on light-m on tiny-2</h2>' '<h2>Training on light-m on tiny-2 #2</h2>' \
    '<td>dqn.lr</td><td>0.001</td><td>0.002</td>' '<td>scenario.qos_level</td><td>\[1\]</td><td>\[1.2\]</td>' \
    '&#60;c &#38; ' '<h2>All scenarios</h2>'; do
    holds "$word" r.html
done
grep -Eq 'http|<script|src=|href=|url\(|@import' r.html && fail 'the page asks for something else'
[ "$(grep -c '<svg ' r.html)" -eq 2 ] || fail 'two scenarios, another number of charts'
sed -n '/^<svg /,/^<\/svg>/p' r.html | sed '/^<\/svg>/q' >chart.svg
awk -f "$tree/tests/support/xml.awk" chart.svg || fail 'the picture is not well-formed'
# Three runs: the interquartile mean is the mean, of the last rows; threads make no group.
for g in a b; do
    last=$(tail -qn 1 $g-?/metrics.csv | awk -F, '{ s += $12 } END { printf "%.6f", s / NR }')
    ours=$(awk -F, -v g=$g '$1 == "validation_last" && $3 == g && $6 == 3 { printf "%.6f", $8 }' r.csv)
    [ "$last" = "$ours" ] || fail "last validations of $g: $ours, by hand $last"
    best=$(for s in 1 2 3; do awk -F, 'NR > 1 && $12 > m { m = $12 } END { print m }' $g-$s/metrics.csv; done |
        awk '{ s += $1 } END { printf "%.6f", s / NR }')
    ours=$(awk -F, -v g=$g '$1 == "validation_best" && $3 == g && $6 == 3 { printf "%.6f", $8 }' r.csv)
    [ "$best" = "$ours" ] || fail "best validations of $g: $ours, by hand $best"
done
[ "$(grep -c '^validation_curve,light-m on tiny-2,a,' r.csv)" -eq "$(tail -n +2 a-1/metrics.csv | wc -l)" ] ||
    fail 'a curve has another number of points than metrics.csv'
awk -F, 'NR > 1 && ($9 > $8 + 1e-9 || $10 < $8 - 1e-9) { exit 1 }' r.csv || fail 'an estimate outside its interval'
cp r.html one.html && cp r.csv one.csv
refused 2 "run 'a-1' is given twice" report a-1 a-1 -o x.html
mkdir other && cp -r a-1 a-2 a-3 other && rm -r other/a-2 # as another version of the program makes them
run 0 "$relmas" report a-1 a-2 other/a-1 other/a-3 -o two.html
awk -F, '$1 == "validation_last" { print $3, $6 }' two.csv >"$tmp/a"
printf 'a 2\nother/a 2\n' >"$tmp/b"
same 'the same seed again is another group' "$tmp/b" "$tmp/a"
refused 2 "'r.html' exists, give --force" report a-1 -o r.html
run 0 "$relmas" report a-? b-? "<c & 'd'>" -o r.html --force
same 'the same page twice' one.html r.html
same 'the same table twice' one.csv r.csv
run 0 "$relmas" report a-1 -o one-run.html
mkdir default-name && (cd default-name && run 0 "$relmas" report ../a-1) && [ -s default-name/report.csv ] ||
    fail 'without -o there is no report.html'

# --- evaluations: from several files, paired ---
play() { # play FILE POLICY... OPTIONS...
    file=$1
    shift
    run 0 "$relmas" eval "$@" --scenario light-m --set scenario.system=tiny-2 --set scenario.episode_jobs=60 \
        --save "$file" --format csv
}
play rules.h5 edf-h edf-h+ dr-queue-bw --load 0.6,0.9 --episodes 12
play seeds.h5 a-1 a-2 a-3 --load 0.6,0.9 --episodes 12
play few.h5 lookahead-queue --load 0.6,0.9 --episodes 3
play all.h5 edf-h edf-h+ dr-queue-bw a-1 a-2 a-3 --load 0.6,0.9 --episodes 12
cp "$tmp/out" eval.csv
run 0 "$relmas" report rules.h5 seeds.h5 few.h5 -o parts.html
run 0 "$relmas" report all.h5 -o all.html
grep -v lookahead parts.csv | sort >"$tmp/a"
sort all.csv >"$tmp/b"
same 'results in parts and in one file' "$tmp/a" "$tmp/b"
grep -q ',lookahead-queue,[01]' parts.csv && fail 'a policy is measured against a clairvoyant one'
holds '^sla_rate,light-m on tiny-2,lookahead-queue,,0.6,1,3,' parts.csv
holds '^sla_rate,light-m on tiny-2,a,,0.6,3,12,' parts.csv
for load in 0.6 0.9; do
    by_hand=$(awk -F, -v l=$load '$3 == l && $2 ~ /^a-/ { s += $4; n++ } $3 == l && $2 !~ /^a-/ && $4 > best { best = $4 }
        END { printf "%.5f %.5f", s / n, s / n - best }' eval.csv)
    ours=$(awk -F, -v l=$load '$3 == "a" && $5 == l && $1 == "sla_rate" { printf "%.5f ", $8 }
        $3 == "a" && $5 == l && $1 == "sla_gain" { printf "%.5f", $8 }' all.csv)
    [ "$by_hand" = "$ours" ] || fail "load $load: $ours, by hand $by_hand"
    checks=$((checks + 1))
done
run 0 "$relmas" report a-? all.h5 -o both.html
holds 'Training on' both.html
holds 'Evaluation on light-m on tiny-2' both.html

# --- seeds are told from checkpoints, and one name from another ---
cp -r a-1 first
checkpoint=$(newest a-1)
play names.h5 first first/best.h5 a-1 a-2 a-3/best.h5 "$checkpoint" --load 0.6,0.9 --episodes 2
run 0 "$relmas" report names.h5 -o names.html
awk -F, '$1 == "sla_rate" && $5 == 0.6 { print $3, $6 }' names.csv >"$tmp/a"
printf '%s\n' 'first 1' 'first/best.h5 1' 'a 3' "$checkpoint 1" >"$tmp/b"
same 'names and groups' "$tmp/b" "$tmp/a"

# --- what does not belong together ---
play later.h5 sjf-h --load 0.6,0.9 --episodes 2 --seed 9
refused 2 "'later.h5' has arrival seeds from 9 on, 'rules.h5' from 20000000 on" report rules.h5 later.h5 -o x.html
play loads.h5 sjf-h --load 0.6,0.8 --episodes 2
refused 2 "'loads.h5' was played at other loads than 'rules.h5'" report rules.h5 loads.h5 -o x.html
play version.h5 sjf-h --load 0.6,0.9 --episodes 2 --set scenario.version=99
refused 2 "'version.h5' was played on another light-m than 'rules.h5': 'version: 99' instead of 'version: [0-9]+'" \
    report rules.h5 version.h5 -o x.html
refused 2 "policy 'edf-h' is both in 'rules.h5' and in 'all.h5'" report rules.h5 all.h5 -o x.html
refused 2 "'a-1/best.h5' holds no results" report a-1/best.h5 -o x.html
refused 1 'nowhere' report nowhere -o x.html
refused 2 "want FILE.html" report a-1 -o x.txt
mkdir bad && cp a-1/best.h5 bad
refused 1 'bad/metrics.csv' report bad -o x.html
head -n 1 a-1/metrics.csv >bad/metrics.csv
refused 2 'bad/metrics.csv:1: no validation yet' report bad -o x.html
sed '2s/^[0-9]*/many/' a-1/metrics.csv >bad/metrics.csv
refused 2 "bad/metrics.csv:2: .*many" report bad -o x.html
cut -d, -f1-5 a-1/metrics.csv >bad/metrics.csv
refused 2 'validation_sla' report bad -o x.html
run 1 "$relmas" report a-1 -o nowhere/x.html
[ -e x.html ] || [ -e x.csv ] && fail 'a refusal leaves files'
ls | grep tmp- && fail 'temporary files are left'
verdict
