#!/bin/sh
# eval.sh RELMAS -- `relmas eval`: paired, repeatable, and in formats that other programs read.
. tests/support/cli.sh

run 0 "$relmas" train tiny --steps 3000 --out "run one"
mkdir elsewhere
cp "run one/best.h5" elsewhere/frozen.h5
[ -e runs ] && fail 'train --out writes into runs/ too'
ls -A >"$tmp/before"

# --- baselines, a run folder, a frozen policy and a checkpoint side by side ---
checkpoint=$(ls "run one"/step-*.h5)
evaluate() { # evaluate ARGUMENTS...
    run 0 "$relmas" eval "run one" elsewhere/frozen.h5 "$checkpoint" edf-queue dr-queue-bw --episodes 6 "$@"
}
evaluate --format csv --threads 1
columns=$(head -n 1 "$tmp/out" | tr ',' '\n' | wc -l)
awk -F, -v n="$columns" 'NF != n { exit 1 }' "$tmp/out" || fail 'CSV rows of unequal width'
[ "$(wc -l <"$tmp/out")" -eq 6 ] || fail "5 policies, $(wc -l <"$tmp/out") lines"
sed 's/,[^,]*$//' "$tmp/out" >one.csv # the last column is wall time
evaluate --format csv --threads 2
sed 's/,[^,]*$//' "$tmp/out" >two.csv
same 'results with 1 and 2 threads' one.csv two.csv
rm one.csv
# the folder stands for its best.h5
grep '^light-m,run one,' two.csv | cut -d, -f3- >"$tmp/a"
grep '^light-m,elsewhere/frozen.h5,' two.csv | cut -d, -f3- >"$tmp/b"
[ -s "$tmp/a" ] || fail 'the run folder is not among the results'
same 'a folder and its best.h5' "$tmp/a" "$tmp/b"
rm two.csv

# --- formats ---
evaluate --format json --load 0.5,0.8
awk -f "$tree/tests/support/json.awk" "$tmp/out" || fail 'not JSON'
[ "$(grep -c '"sla_rate": [01]\.[0-9]*, "ci95": \[[01]\.[0-9]*, [01]\.[0-9]*\]' "$tmp/out")" -eq 10 ] ||
    fail 'JSON without 10 results'
for key in scenario results policy load energy_uj_per_job ux_cost p99_us decisions us_per_decision; do
    holds "\"$key\": "
done
evaluate --by-network
holds '^peak memory [0-9]+ MB$' "$tmp/err"
case $relmas in
*/asan/* | */tsan/*) ;; # theirs is not the program's
*) [ "$(sed -n 's/^peak memory \(.*\) MB/\1/p' "$tmp/err")" -le 100 ] || fail "$(tail -n 1 "$tmp/err")" ;;
esac
holds '^load 0\.80'
holds '^run one +[0-9.]+ \['
holds 'squeezenet.* UXCost$'
holds '^edf-queue  .* [0-9]+\.[0-9]{4}$'

holds '^(no )?winner( from fewer than 10 episodes)?'

# --- counts add up, whatever becomes of the jobs; one winner at most, and no clairvoyant one ---
cat >column.awk <<'END'
NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
{ n++; winners[$at["load"]] += $at["winner"]
  if ($at["issued"] != 40 * 10 || $at["issued"] != $at["met"] + $at["late"] + $at["dropped"] + $at["rejected"] + $at["unfinished"]) bad = 1
  if (($at["met"] / $at["issued"] - $at["sla_rate"]) ^ 2 > 1e-10) bad = 1
  if ($at["winner"] && $at["policy"] ~ /lookahead/) bad = 1
  if ($at["policy"] ~ /lookahead/ && $at["gain"] <= 0) bad = 1 # the reference is no best rule
  late += $at["late"]; dropped += $at["dropped"]; rejected += $at["rejected"] }
END { for (l in winners) if (winners[l] > 1) bad = 1
  exit bad || n != 6 || !(firm ? dropped && rejected && !late : late && !dropped && !rejected) }
END
compete() {
    run 0 "$relmas" eval edf-reserve-bw fcfs-h lookahead-reserve --episodes 10 --load 0.8,1.2 \
        --set scenario.system=tiny-2 --set scenario.networks=kws,squeezenet --set scenario.episode_jobs=40 "$@"
}
compete --format csv
awk -F, -f column.awk "$tmp/out" || fail 'counts of jobs do not add up, or the winner is wrong'
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } { w += NR > 1 && $at["winner"] } END { exit w == 0 }' "$tmp/out" ||
    fail 'edf-reserve-bw does not win against fcfs-h'
compete --format csv --set scenario.late=firm --set scenario.max_jobs=3
awk -F, -v firm=1 -f column.awk "$tmp/out" || fail 'counts of dropped and rejected jobs do not add up'
compete --format json
awk -f "$tree/tests/support/json.awk" "$tmp/out" || fail 'not JSON'
for key in counts unfinished antt stp fairness best_rule gain_ci95 winner; do holds "\"$key\": "; done
compete --details
holds '^winner: edf-reserve-bw, \+[0-9.]+ \[\+[0-9.]+,\+[0-9.]+\] to the nearest, fcfs-h$'
holds '^policy +issued = +met \+ +late \+ +dropped \+ +rejected \+ unfinished$'
holds '^fcfs-h +400 +[0-9]+ +[0-9]+ +0 +0 +0$'
holds 'p50 ms +p95 ms +ANTT +STP +fairness'
holds 'an upper reference'
rm column.awk

# --- a table says when a scenario is not what its name says ---
run 0 "$relmas" eval edf-queue --scenario light-m --episodes 1 --load 0.5
grep -q '^changed' "$tmp/out" && fail 'a scenario as it is shipped is called changed'
printf 'system: tiny-2\nnetworks: kws\n' | sed '1i scenario:' | sed '2,$s/^/  /' >mine.yaml
run 0 "$relmas" eval edf-queue --scenario ./mine.yaml --episodes 1 --load 0.5 --set scenario.episode_jobs=9
holds '^scenario mine on tiny-2: '
holds '^changed by --set: scenario.episode_jobs=9$'
run 0 "$relmas" eval edf-queue --scenario ./mine.yaml --episodes 1 --load 0.5 --set scenario.episode_jobs=9 --format json
holds '"scenario": "mine", "version": 1, "set": \["scenario.episode_jobs=9"\]'
rm mine.yaml

# --- priorities: of networks, of requests ---
run 0 "$relmas" eval moca edf-queue --scenario moca-streams --episodes 2 --load 0.9 --by-network
holds 'SLA % of each priority'
holds '^policy +0 +1 +2 +4 +6 +8 +9 +11$'
run 0 "$relmas" eval moca --scenario moca-streams --episodes 2 --load 0.9 --format json
awk -f "$tree/tests/support/json.awk" "$tmp/out" || fail 'not JSON'
holds '"priorities": \[\{"priority": 0, "sla_rate": [01]\.[0-9]*, "issued": [0-9]+\}, \{"priority": 1,'
run 0 "$relmas" eval moca --scenario light-m --episodes 2 --load 0.9 --by-network \
    --set 'scenario.priorities=[1, 2, 1]'
holds '^policy +1 +2$'
"$relmas" eval moca --scenario moca-streams --set 'scenario.request_priorities=[0, 0]' >"$tmp/out" 2>"$tmp/err"
code=$?
[ $code -eq 2 ] || fail "no level of priority at all: exit code $code"
holds 'scenario.request_priorities: must not all be zero' "$tmp/err"

# --- what decides the result ---
alone() { # alone FILE ARGUMENTS...: without wall time
    file=$1
    shift
    run 0 "$relmas" eval edf-queue --episodes 4 --format csv "$@"
    sed 's/,[^,]*$//' "$tmp/out" >"$tmp/$file"
}
alone a --scenario light-m --load 0.9
alone b --scenario light-m --load 0.9
same 'the same twice' "$tmp/a" "$tmp/b"
alone b --scenario light-m --load 0.9 --seed 5
cmp -s "$tmp/a" "$tmp/b" && fail 'other arrivals, same result'
alone b --scenario light-m --load 0.9 --set scenario.system=tiny-2
cmp -s "$tmp/a" "$tmp/b" && fail 'another system, same result'
alone b --load 0.9
holds '^mixed-m,edf-queue,0.9,' "$tmp/b"

# --- a policy on what it was not trained on: said, not crashed ---
run 0 "$relmas" eval elsewhere/frozen.h5 edf-queue --scenario mixed-m --episodes 2 --format csv \
    --set scenario.system=tiny-2
"$relmas" eval elsewhere/frozen.h5 --scenario light-m --episodes 2 >"$tmp/out" 2>"$tmp/err"
code=$?
checks=$((checks + 1))
[ $code -eq 0 ] || [ $code -eq 2 ] || fail "another system: exit code $code"

# --- results as arrays: the same for any number of threads ---
for threads in 1 3; do
    run 0 "$relmas" eval edf-queue fcfs-h --episodes 4 --load 0.5,0.9 --set scenario.system=tiny-2 \
        --set scenario.networks=kws --threads $threads --save "$tmp/r$threads.h5"
done
run 0 "$relmas" inspect "$tmp/r1.h5" --same "$tmp/r3.h5"
run 0 "$relmas" inspect "$tmp/r1.h5"
holds 'results of an evaluation'
holds '^/results/sla_rate +f64 +4 x 4 '
holds '^/results/policy +u8 +2 x '
holds '^/results/rejected +u64 +4 '
holds '^/results/network_met +u64 +4 x 1 '
holds '^/results/ux_cost +f64 +4 '
run 1 "$relmas" eval edf-queue --episodes 1 --set scenario.system=tiny-2 \
    --set scenario.networks=kws --save "$tmp/nowhere/r.h5"
[ -s "$tmp/out" ] && fail 'measured although the results cannot be saved'
holds "^relmas: cannot create '.*nowhere/r.h5': No such file" "$tmp/err"

ls -A >"$tmp/after"
same 'eval leaves the folder as it was' "$tmp/before" "$tmp/after"
verdict
