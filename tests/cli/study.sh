#!/bin/sh
# study.sh RELMAS -- the study of `make study` in small: all is made once, goes on where it was stopped,
# is not mixed with what was made otherwise; and `relmas verdict` counts as one would by hand.
. tests/support/cli.sh
cat >small.yaml <<'END'
scenario: {name: light-m}
env: {count: 8}
dqn: {hidden: [8]}
train: {steps: 60000, learn_start: 2000, replay: 20000, evaluate_every: 20000, evaluate_episodes: 2}
END
cat >list.csv <<'END'
scheduler,group,online,share
fcfs-h,published,yes,
dr-queue-bw,published,yes,
herald-lat,published,yes,
edf-reserve-bw,ours,yes,
llf-h+,reference,no,0.5
END
export STUDY_SEEDS=2 STUDY_EPISODES=4 STUDY_SCENARIOS=light-m STUDY_LOADS=0.6,0.8,0.95 STUDY_CAPACITY=light-m
export STUDY_CONFIG=small.yaml STUDY_BASELINES=list.csv STUDY_DIR=out
study() { run "$1" sh "$tree/experiments/study/study.sh" "$relmas"; }
evals="out/eval-4-at-0.6,0.8,0.95/light-m"

# --- stopped while it trains, and called again ---
setsid sh "$tree/experiments/study/study.sh" "$relmas" >/dev/null 2>stopped </dev/null &
pid=$!
tries=0
until grep -qs 'training into' out/logs/train-light-m-seed-1 || [ $tries -gt 200 ]; do tries=$((tries + 1)) && sleep 0.1; done
sleep 0.2
kill -TERM "-$pid"
wait $pid
code=$?
checks=$((checks + 1))
if [ -e out/runs/light-m/seed-1/finished ]; then
    echo "  $name: the training was over before it was stopped" >&2
else
    [ $code -eq 143 ] || fail "exit code $code of a study that was stopped"
    holds 'study: stopped; the same call goes on from here' stopped
    ls out/runs/light-m/seed-1/step-*.h5 >/dev/null 2>&1 || fail 'a stopped training saved nothing'
    grep -q 'stopped after' out/logs/train-light-m-seed-1 || fail 'the training was not waited for'
fi
study 0
holds '\| cells whose interval is not below zero \| all \| [0-3] of 3, '
holds '^study: 0 of 15 done, .* left: train light-m seed-1$' "$tmp/err"
holds '^study: 14 of 15 done, .* left: capacity light-m edf-reserve-bw$' "$tmp/err"
holds 'resuming|done after' out/logs/train-light-m-seed-1
ls out/runs/light-m/seed-1/step-*.h5 >/dev/null 2>&1 && fail 'the replay of a finished training is kept'
for f in RESULTS.md results.csv light-m.svg light-m.html training.html training.csv times.csv; do
    [ -s "out/$f" ] || fail "no $f"
done
awk -f "$tree/tests/support/xml.awk" out/light-m.svg || fail 'the picture is not well-formed'

# --- again: nothing is done twice, and the same is said ---
cp out/RESULTS.md first.md
ls -l --time-style=full-iso "$evals" out/runs/light-m/* >"$tmp/a"
study 0
ls -l --time-style=full-iso "$evals" out/runs/light-m/* >"$tmp/b"
same 'a second call leaves what there is' "$tmp/a" "$tmp/b"
same 'and says the same' first.md out/RESULTS.md
holds '^study: 15 of 15 done$' "$tmp/err"
[ "$(grep -c ' left: ' "$tmp/err")" -eq 0 ] || fail 'a second call does something'

# --- a policy trained anew is evaluated anew, baselines are not ---
rm -r out/runs/light-m/seed-2
study 0
grep ' left: ' "$tmp/err" | sed 's/.*left: //' >"$tmp/a"
printf '%s\n' 'train light-m seed-2' 'policy light-m seed-2' 'promise light-m seed-2' >"$tmp/b"
same 'what a lost training costs' "$tmp/b" "$tmp/a"
sed '/^Wall\|^Training/d' first.md >"$tmp/a"
sed '/^Wall\|^Training/d' out/RESULTS.md >"$tmp/b"
same 'the same seed gives the same results' "$tmp/a" "$tmp/b"

# --- by hand, from the table of every policy in every cell ---
awk -F, '
    NR == 1 { next }
    $4 == "learned" { sla[$2] += $6 / 2; uj[$2] += $9 / 2; next }
    $4 == "reference" || $6 <= best[$2, $4] { next }
    { best[$2, $4] = $6; name[$2, $4] = $3; cost[$2, $4] = $9 }
    END {
        split("0.6 0.8 0.95", load, " ")
        for (pool = 1; pool <= 2; pool++) {
            left = 1
            for (i = 1; i <= 3; i++) {
                l = load[i]
                g = pool == 2 && best[l, "ours"] > best[l, "published"] ? "ours" : "published"
                r = (1 - sla[l]) / (1 - best[l, g])
                if (i > 1) left *= r
                printf "%s %s %.3f %.3f %.3f %.2f\n", l, name[l, g], 100 * sla[l], 100 * (sla[l] - best[l, g]),
                    100 * (1 - r), 100 * (uj[l] / cost[l, g] - 1)
            }
            printf "%.2f\n", 100 * (1 - sqrt(left))
        }
    }' out/results.csv >by-hand
awk -F' *[|] *' '
    /violations avoided, geometric/ { cut[1] = $4; cut[2] = $5 }
    /^### Against/ { pool++ }
    /^### Distance/ { exit }
    /^\| light-m/ { split($4, p, " "); split($7, d, " ")
        row[pool] = row[pool] $3 " " $5 " " p[1] " " d[1] + 0 " " $8 + 0 " " $9 + 0 "\n" }
    END { for (i = 1; i <= 2; i++) { printf "%s", row[i]; print cut[i] + 0 } }' out/RESULTS.md >said
[ "$(wc -l <said)" -eq 8 ] || fail 'not two tables of three cells'
paste -d' ' by-hand said | awk '
    function off(a, b, by) { return a - b > by || b - a > by }
    NF == 12 { bad = $1 != $7 || $2 != $8 || off($3, $9, 0.006) || off($4, $10, 0.006) || off($5, $11, 0.06) ||
        off($6, $12, 0.011) }
    NF == 2 { bad = off($1, $2, 0.06) }
    bad || (NF != 12 && NF != 2) { print; exit 1 }' >"$tmp/off" || fail "by hand and said: $(cat "$tmp/off")"
checks=$((checks + 8))
policy=$(awk -F, 'FNR == 2 { s += $4 / 2 } END { printf "%.3f", s }' out/capacity-4/seed-1.csv out/capacity-4/seed-2.csv)
holds "^\| $policy \(" out/RESULTS.md
holds 'Played fewer episodes, being slow: llf-h\+ 2\.$' out/RESULTS.md
holds '^\| light-m \| 0.8 \| llf-h\+ \| [-+]' out/RESULTS.md

# --- the list of `make study` has every scheduler, once; what is clairvoyant is no rival ---
"$relmas" list schedulers | awk '{ print $1 }' | sort >"$tmp/a"
tail -n +2 "$tree/experiments/study/baselines.csv" | cut -d, -f1 | sort >"$tmp/b"
same 'schedulers and the list of the study' "$tmp/a" "$tmp/b"
"$relmas" list schedulers | awk '/CLAIRVOYANT/ { print $1 }' | sort >"$tmp/a"
awk -F, '$2 == "reference" && $3 == "no" { print $1 }' "$tree/experiments/study/baselines.csv" | sort >"$tmp/b"
same 'the clairvoyant and the references' "$tmp/a" "$tmp/b"

# --- what does not belong together ---
sed 's/hidden: \[8\]/hidden: [9]/' small.yaml >other.yaml
STUDY_CONFIG=other.yaml study 2
holds 'out/runs/light-m/seed-1 was trained with another configuration than other.yaml' "$tmp/err"
cp "$evals/scenario.yaml" scenario.yaml && echo '# another' >>"$evals/scenario.yaml"
study 2
holds 'light-m was played on another version of light-m: remove it' "$tmp/err"
mv scenario.yaml "$evals/scenario.yaml"
STUDY_SCENARIOS=light study 2
holds "'light' is no scenario" "$tmp/err"
STUDY_SEEDS=none study 2
holds "STUDY_SEEDS is 'none'" "$tmp/err"
verdict_of() { run "$1" "$relmas" verdict light-m --evaluations "$2" --baselines "$3" --seeds 2 -o v.md; }
verdict_of 0 "${evals%/light-m}" list.csv
grep -q 'There is one training seed' v.md && fail 'two seeds are called one'
run 0 "$relmas" verdict light-m --evaluations "${evals%/light-m}" --baselines list.csv --seeds 1 -o one.md
holds 'There is one training seed' one.md
verdict_of 2 "${evals%/light-m}" small.yaml
echo 'edf-h,published,yes,' | cat list.csv - >longer.csv
verdict_of 1 "${evals%/light-m}" longer.csv
holds 'edf-h.h5' "$tmp/err"
sed 's/0.5$/1/' list.csv >whole.csv
verdict_of 2 "${evals%/light-m}" whole.csv
holds "llf-h\+\.h5' has 2 episodes instead of 4: delete it" "$tmp/err"
sed 's/ours/theirs/' list.csv >group.csv
verdict_of 2 "${evals%/light-m}" group.csv
holds "group.csv:5: .*theirs" "$tmp/err"
sed 's/^fcfs-h,/fcfs,/' list.csv >unknown.csv
verdict_of 2 "${evals%/light-m}" unknown.csv
holds "unknown.csv:2: 'fcfs' is no scheduler" "$tmp/err"
refused 2 'give --evaluations and --baselines' verdict light-m
STUDY_BASELINES=unknown.csv study 2
holds 'baseline light-m fcfs failed, see out/logs' "$tmp/err"
verdict
