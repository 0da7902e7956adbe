#!/bin/sh
# general.sh RELMAS -- one policy for many systems: trains seeds on the mixed systems of
# experiments/configs/general.yaml, evaluates them on systems and networks that it has not seen, and
# rules on the same held-out episodes, and writes one table. `make study-general` calls it.
#
# What is done stays in $STUDY_DIR and is not done again, so that it can be stopped (Ctrl-C) and called
# again at any time:
#   runs/seed-S/                              best.h5, metrics.csv; `finished`: what it was made from
#   eval-EPISODES-at-LOADS/SCENARIO/NAME.h5   a rule's, or seed-S's: made again when best.h5 is newer
#   GENERAL.md logs/ verdict/
# In names of folders the '/' of a scenario's name is a '-'. Changed settings are noticed, and nothing is
# thrown away: the call says what to remove. A change of the simulator, of the cost model or of a system
# is not: remove eval-* then.
#
# Settings, from the environment or as `make study-general STUDY_SEEDS=1`:
#   STUDY_SEEDS 3         STUDY_EPISODES 200   STUDY_LOADS 0.6,0.8,0.95
#   STUDY_SCENARIOS "general/test-3 general/test-5 general/test-6 general/test-7 mixed-m edge-mixed-m
#                    server-mixed-m"
#   STUDY_CONFIG experiments/configs/general.yaml      STUDY_DIR build/study-general
#   STUDY_BASELINES experiments/study/general.csv      STUDY_THREADS 2
# In that list, the group `published` is what the column "best of the queue family" chooses from.
# A quick one: make study-general STUDY_SEEDS=1 STUDY_EPISODES=10 STUDY_SCENARIOS=mixed-m
self=study-general
. "$(dirname "$0")/common.sh"
seeds=${STUDY_SEEDS:-3}
episodes=${STUDY_EPISODES:-200}
loads=${STUDY_LOADS:-0.6,0.8,0.95}
scenarios=${STUDY_SCENARIOS:-general/test-3 general/test-5 general/test-6 general/test-7 mixed-m edge-mixed-m server-mixed-m}
config=${STUDY_CONFIG:-$here/../configs/general.yaml}
baselines=${STUDY_BASELINES:-$here/general.csv}
dir=${STUDY_DIR:-build/study-general}
threads=${STUDY_THREADS:-2}

check_settings
for sc in $scenarios; do
    [ -f "$(scenario_file "$sc")" ] || die "STUDY_SCENARIOS: there is no env/scenarios/$sc.yaml"
done
evals=$dir/eval-$episodes-at-$loads
open_study
mkdir -p "$dir/verdict"

seed_list=$(up_to "$seeds")
rules=$(tail -n +2 "$baselines" | tr -d '\r' | cut -d, -f1)

say_and_do() { # say_and_do JOB COMMAND...
    note "$1"
    logged "$@"
}
# What a policy is made from: the configuration, its scenarios and their systems.
made_from() {
    cat "$config" "$here"/../../env/scenarios/general/train-*.yaml "$here"/../../env/systems/general/train-*.yaml
}
check() {
    for s in $seed_list; do check_run "$dir/runs/seed-$s" ''; done
    for sc in $scenarios; do check_scenario "$evals/$(flat "$sc")" "$sc"; done
}
play() { # play SCENARIO
    place=$evals/$(flat "$1")
    for s in $seed_list; do
        newer "$place/seed-$s.h5" "$dir/runs/seed-$s/best.h5" ||
            say_and_do "eval $1 seed-$s" evaluate "$1" "$dir/runs/seed-$s" "$episodes" "$place/seed-$s.h5"
    done
    for rule in $rules; do
        [ -e "$place/$rule.h5" ] || say_and_do "eval $1 $rule" evaluate "$1" "$rule" "$episodes" "$place/$rule.h5"
    done
}

# The tables of `relmas verdict`, of which the first is against the group `published`, side by side.
table() {
    echo "SLA rate (%) at $loads of lambda_max, mean of $seeds training seeds (least to largest) on $episodes held-out"
    echo 'episodes each; differences in points, paired by episode, with 95 % intervals that resample seeds and episodes;'
    echo '`*` excludes zero. Remade by `make study-general`.'
    echo
    echo '| scenario | load | policy (its seeds) | best of the queue family | difference | best rule of all | difference |'
    echo '|---|---|---|---|---|---|---|'
    awk -F' *[|] *' '
        /^### Against/ { pool++; n = 0 }
        /^### Distance/ { exit }
        pool && NF > 8 && $3 + 0 > 0 {
            if (pool == 1) { cell[++n] = "| " $2 " | " $3 " | " $4 " | " $5 " " $6 " | " $7; rows = n }
            else { n++; print cell[n] " | " $5 " " $6 " | " $7 " |" } }
        END { exit n != rows || n == 0 }' "$dir/verdict/RESULTS.md"
}

# A function, which the shell has read to its end before it begins: this file may change meanwhile.
main() {
    check
    for s in $seed_list; do
        run=$dir/runs/seed-$s
        trained "$run" || say_and_do "train seed-$s" train_into "$run" '' --seed "$s"
    done
    for sc in $scenarios; do play "$sc"; done
    # shellcheck disable=SC2046
    say_and_do verdict "$relmas" verdict $(for sc in $scenarios; do flat "$sc"; done) --evaluations "$evals" \
        --baselines "$baselines" --seeds "$seeds" -o "$dir/verdict/RESULTS.md"
    table >"$dir/GENERAL.md.part"
    mv "$dir/GENERAL.md.part" "$dir/GENERAL.md"
    cat "$dir/GENERAL.md"
    exit
}
main
