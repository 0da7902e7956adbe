#!/bin/sh
# study_general.sh RELMAS -- `make study-general` in small: all is made once, goes on where it was stopped,
# and what its table says is what `relmas eval` says.
. tests/support/cli.sh
cat >small.yaml <<'END'
scenario: {name: light-m}
env: {count: 4}
dqn: {hidden: [8]}
train: {scenarios: "light-m,general/train-2", steps: 6000, learn_start: 1000, replay: 4000, evaluate_every: 3000,
  evaluate_episodes: 2}
END
cat >list.csv <<'END'
scheduler,group,online,share
edf-queue,published,yes,
dr-queue-bw,published,yes,
edf-h-bw+,ours,yes,
END
export STUDY_SEEDS=2 STUDY_EPISODES=4 STUDY_SCENARIOS='general/test-3 edge-light-m' STUDY_LOADS=0.6,0.8
export STUDY_CONFIG=small.yaml STUDY_BASELINES=list.csv STUDY_DIR=out
study() { run "$1" sh "$tree/experiments/study/general.sh" "$relmas"; }
study 0
same 'the table is printed' out/GENERAL.md "$tmp/out"
[ "$(grep -c '^| [-a-z0-9]* | 0' out/GENERAL.md)" -eq 4 ] || fail 'not two scenarios at two loads'
ls out/runs/seed-1/step-*.h5 >/dev/null 2>&1 && fail 'the replay of a finished training is kept'

# --- by hand ---
run 0 "$relmas" eval out/runs/seed-1 out/runs/seed-2 edf-queue dr-queue-bw --scenario general/test-3 --episodes 4 --load 0.8 --format csv
awk -F, 'NR > 1 && $2 ~ /seed/ { mean += 50 * $4 } NR > 1 && $2 !~ /seed/ && 100 * $4 > best { best = 100 * $4; name = $2 }
    END { printf "%.2f %s %.2f %+.2f\n", mean, name, best, mean - best }' "$tmp/out" >by-hand
awk -F' *[|] *' '$2 == "general-test-3" && $3 == 0.8 { split($4, p, " "); split($6, d, " "); print p[1], $5, d[1] }' out/GENERAL.md >said
same 'by hand and said' by-hand said

# --- again: nothing is done twice; a lost file is made again ---
cp out/GENERAL.md first.md
study 0
[ "$(grep -c 'train\|eval' "$tmp/err")" -eq 0 ] || fail 'a second call does something'
rm out/eval-*/general-test-3/edf-queue.h5 out/runs/seed-2/finished
study 0
grep 'train\|eval' "$tmp/err" | sed 's/.*general: //' | sort >"$tmp/a"
printf '%s\n' 'train seed-2' 'eval general/test-3 edf-queue' 'eval general/test-3 seed-2' 'eval edge-light-m seed-2' | sort >"$tmp/b"
same 'what was lost is made again' "$tmp/b" "$tmp/a"
same 'and is the same' first.md out/GENERAL.md

# --- what does not belong together ---
sed 's/hidden: \[8\]/hidden: [9]/' small.yaml >other.yaml
STUDY_CONFIG=other.yaml study 2
holds 'out/runs/seed-1 was trained with another configuration than other.yaml' "$tmp/err"
echo '# another' >>"$(ls out/eval-*/edge-light-m/scenario.yaml)"
study 2
holds 'edge-light-m was played on another version of edge-light-m: remove it' "$tmp/err"
STUDY_SCENARIOS=nowhere study 2
holds 'there is no env/scenarios/nowhere.yaml' "$tmp/err"
STUDY_SEEDS=0 study 2
holds "STUDY_SEEDS is '0'" "$tmp/err"
verdict
