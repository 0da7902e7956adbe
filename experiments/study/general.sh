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
set -eu
export LC_ALL=C
relmas=$1
here=$(dirname "$0")
seeds=${STUDY_SEEDS:-3}
episodes=${STUDY_EPISODES:-200}
loads=${STUDY_LOADS:-0.6,0.8,0.95}
scenarios=${STUDY_SCENARIOS:-general/test-3 general/test-5 general/test-6 general/test-7 mixed-m edge-mixed-m server-mixed-m}
config=${STUDY_CONFIG:-$here/../configs/general.yaml}
baselines=${STUDY_BASELINES:-$here/general.csv}
dir=${STUDY_DIR:-build/study-general}
threads=${STUDY_THREADS:-2}

die() {
    echo "study-general: $*" >&2
    exit 2
}
stopped() {
    echo "study-general: stopped; the same call goes on from here" >&2
    exit "$1"
}
number() { # number NAME VALUE
    case $2 in '' | *[!0-9]* | 0*) die "$1 is '$2', want a whole number from 1" ;; esac
}
number STUDY_SEEDS "$seeds"
number STUDY_EPISODES "$episodes"
number STUDY_THREADS "$threads"
[ -f "$config" ] || die "STUDY_CONFIG: there is no '$config'"
[ -f "$baselines" ] || die "STUDY_BASELINES: there is no '$baselines'"
file_of() { echo "$here/../../env/scenarios/$1.yaml"; } # file_of SCENARIO
for sc in $scenarios; do
    [ -f "$(file_of "$sc")" ] || die "STUDY_SCENARIOS: there is no env/scenarios/$sc.yaml"
done
evals=$dir/eval-$episodes-at-$loads
mkdir -p "$dir/logs" "$dir/verdict"
# A copy of the program, which a build in between does not replace; its data are those of the tree.
cp "$relmas" "$dir/relmas.new" && mv "$dir/relmas.new" "$dir/relmas"
relmas=$dir/relmas
RELMAS_DATA=${RELMAS_DATA:-$(cd "$here/../.." && pwd)}
export RELMAS_DATA
trap 'stopped 130' INT
trap 'stopped 143' TERM

seed_list=$(awk -v n="$seeds" 'BEGIN { for (i = 1; i <= n; i++) print i }')
rules=$(tail -n +2 "$baselines" | tr -d '\r' | cut -d, -f1)
flat() { echo "$1" | tr / -; }
newer() { [ -e "$1" ] && [ -z "$(find "$2" -newer "$1" 2>/dev/null)" ]; } # newer FILE THAN

# say_and_do WHAT COMMAND...: its chatter goes to a log.
say_and_do() {
    log=$dir/logs/$(flat "$(echo "$1" | tr ' ' -)")
    echo "study-general: $1" >&2
    shift
    set +e # and not `|| code=$?`, under which it would go on after a failure
    (
        set -e
        trap : INT TERM # it waits for the program, which may have something to save
        "$@"
    ) </dev/null >/dev/null 2>"$log"
    code=$?
    set -e
    [ $code -lt 128 ] || stopped $code
    [ $code -eq 0 ] || { tail -n 1 "$log" >&2; echo "study-general: failed, see $log" >&2; exit $code; }
}

# What a policy is made from: the configuration, its scenarios and their systems.
made_from() {
    cat "$config" "$here"/../../env/scenarios/general/train-*.yaml "$here"/../../env/systems/general/train-*.yaml
}
train() { # train SEED
    run=$dir/runs/seed-$1
    mkdir -p "$run"
    made_from >"$run/begun"
    if ls "$run"/step-*.h5 >/dev/null 2>&1; then
        "$relmas" train --resume "$run" --threads "$threads"
    else
        "$relmas" train "$config" --seed "$1" --out "$run" --keep 1 --threads "$threads"
    fi
    rm -f "$run"/step-*.h5 # large, and only for going on
    mv "$run/begun" "$run/finished"
}
evaluate() { # evaluate SCENARIO POLICY FILE
    mkdir -p "$(dirname "$3")"
    cp "$(file_of "$1")" "$(dirname "$3")/scenario.yaml"
    "$relmas" eval "$2" --scenario "$1" --load "$loads" --episodes "$episodes" --threads "$threads" --save "$3"
}

check() { # what was made from other settings is not taken for what would be made now
    for s in $seed_list; do
        for made in begun finished; do
            made=$dir/runs/seed-$s/$made
            [ ! -e "$made" ] || made_from | cmp -s - "$made" ||
                die "${made%/*} was trained with another configuration than $config: remove it, or give another STUDY_DIR"
        done
    done
    for sc in $scenarios; do
        made=$evals/$(flat "$sc")/scenario.yaml
        [ ! -e "$made" ] || cmp -s "$made" "$(file_of "$sc")" ||
            die "${made%/*} was played on another version of $sc: remove it, or give another STUDY_DIR"
    done
}
play() { # play SCENARIO
    place=$evals/$(flat "$1")
    for s in $seed_list; do
        newer "$place/seed-$s.h5" "$dir/runs/seed-$s/best.h5" ||
            say_and_do "eval $1 seed-$s" evaluate "$1" "$dir/runs/seed-$s" "$place/seed-$s.h5"
    done
    for rule in $rules; do
        [ -e "$place/$rule.h5" ] || say_and_do "eval $1 $rule" evaluate "$1" "$rule" "$place/$rule.h5"
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
        [ -e "$dir/runs/seed-$s/finished" ] && [ -e "$dir/runs/seed-$s/best.h5" ] || say_and_do "train seed-$s" train "$s"
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
