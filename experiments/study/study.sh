#!/bin/sh
# study.sh RELMAS -- the study of docs/RESULTS.md: trains seeds on each scenario, evaluates them and all
# baselines on the same held-out episodes, and says what came out. `make study` calls it.
#
# What is done stays in $STUDY_DIR and is not done again, so that it can be stopped (Ctrl-C) and called
# again at any time:
#   runs/SCENARIO/seed-S/            best.h5, metrics.csv; `finished` has the settings it was made from
#   eval-EPISODES-at-LOADS/SCENARIO/NAME.h5   a baseline's, or seed-S's: made again when best.h5 is newer
#   capacity-EPISODES/NAME.csv                the same
#   times.csv logs/ RESULTS.md results.csv SCENARIO.svg, and as pages: training.html SCENARIO.html
# Baselines have files of their own, as they are the slow part and stay when policies are trained anew.
# Changed settings or scenario files are noticed, and nothing is thrown away: the call says what to remove.
# A change of the simulator, of the cost model or of the system is not: remove eval-* and capacity-* then.
#
# Settings, from the environment or as `make study STUDY_SEEDS=1`:
#   STUDY_SEEDS 5         STUDY_EPISODES 200   STUDY_SCENARIOS "light-h light-m .. mixed-l"
#   STUDY_LOADS 0.6,0.8,0.95,1.1               STUDY_CAPACITY mixed-m (scenario, none: "")
#   STUDY_CONFIG experiments/configs/study.yaml        STUDY_DIR build/study
#   STUDY_BASELINES experiments/study/baselines.csv    STUDY_THREADS 2
# A quick one: make study STUDY_SEEDS=1 STUDY_EPISODES=10 STUDY_SCENARIOS=mixed-m
set -eu
export LC_ALL=C
relmas=$1
here=$(dirname "$0")
seeds=${STUDY_SEEDS:-5}
episodes=${STUDY_EPISODES:-200}
scenarios=${STUDY_SCENARIOS:-light-h light-m light-l heavy-h heavy-m heavy-l mixed-h mixed-m mixed-l}
loads=${STUDY_LOADS:-0.6,0.8,0.95,1.1}
capacity=${STUDY_CAPACITY-mixed-m}
config=${STUDY_CONFIG:-$here/../configs/study.yaml}
baselines=${STUDY_BASELINES:-$here/baselines.csv}
dir=${STUDY_DIR:-build/study}
threads=${STUDY_THREADS:-2}

scenario_file() { echo "$here/../../env/scenarios/$1.yaml"; }

die() {
    echo "study: $*" >&2
    exit 2
}
stopped() {
    echo "study: stopped; the same call goes on from here" >&2
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
for sc in $scenarios; do
    "$relmas" list scenarios | grep -q "^$sc " || die "STUDY_SCENARIOS: '$sc' is no scenario, see relmas list scenarios"
done
case " $scenarios " in *" $capacity "*) ;; *) capacity= ;; esac # its policies must be there
evals=$dir/eval-$episodes-at-$loads
capacities=$dir/capacity-$episodes
mkdir -p "$dir/logs"
# A copy of the program, which a build in between does not replace; its data are those of the tree.
cp "$relmas" "$dir/relmas.new" && mv "$dir/relmas.new" "$dir/relmas"
relmas=$dir/relmas
RELMAS_DATA=${RELMAS_DATA:-$(cd "$here/../.." && pwd)}
export RELMAS_DATA
trap 'rm -f "$dir/jobs"' EXIT
trap 'stopped 130' INT
trap 'stopped 143' TERM

# Seeds 1..N; baselines as "name online episodes".
seed_list=$(awk -v n="$seeds" 'BEGIN { for (i = 1; i <= n; i++) print i }')
rows=$(tail -n +2 "$baselines" | tr -d '\r' | awk -F, -v n="$episodes" '
    NF { share = int(($4 == "" ? 1 : $4) * n + 0.5); print $1, $3, (share > 1 ? share : 1) }')

# each_job CALLBACK: CALLBACK KIND SCENARIO NAME EPISODES for all jobs, what belongs together in turn.
each_job() {
    for sc in $scenarios; do
        for s in $seed_list; do "$1" train "$sc" "seed-$s" 0; done
        for s in $seed_list; do "$1" policy "$sc" "seed-$s" "$episodes"; done
        while read -r name online n <&3; do "$1" baseline "$sc" "$name" "$n"; done 3<<END
$rows
END
    done
    [ -n "$capacity" ] || return 0
    for s in $seed_list; do "$1" promise "$capacity" "seed-$s" "$episodes"; done
    while read -r name online n <&3; do
        [ "$online" = no ] || "$1" capacity "$capacity" "$name" "$n"
    done 3<<END
$rows
END
}
newer() { [ -e "$1" ] && [ -z "$(find "$2" -newer "$1" 2>/dev/null)" ]; } # newer FILE THAN
finished() { # finished KIND SCENARIO NAME EPISODES
    run=$dir/runs/$2/$3
    case $1 in
    train) [ -e "$run/finished" ] && [ -e "$run/best.h5" ] ;;
    policy) newer "$evals/$2/$3.h5" "$run/best.h5" ;;
    baseline) [ -e "$evals/$2/$3.h5" ] ;;
    promise) newer "$capacities/$3.csv" "$run/best.h5" ;;
    capacity) [ -e "$capacities/$3.csv" ] ;;
    esac
}
note_job() { # one line per job: 1 if it is finished
    done=0
    if finished "$@"; then done=1; fi
    # what is made of a policy that is still to be trained comes after it
    case $1 in policy | promise) [ -e "$dir/runs/$2/$3/finished" ] || done=0 ;; esac
    echo "$done $1 $2 $3" >>"$dir/jobs"
}
# The time that the jobs from line $1 on will take, by what such jobs took.
time_left() {
    [ -e "$dir/times.csv" ] || { echo '?'; return; }
    awk -v from="$1" '
        FILENAME == ARGV[1] { split($0, f, ","); t[f[1]] += f[4]; n[f[1]]++
            t[f[1] " " f[3]] += f[4]; n[f[1] " " f[3]]++; next }
        FNR >= from && $1 == 0 {
            if (($2 " " $4) in n) sum += t[$2 " " $4] / n[$2 " " $4]
            else if ($2 in n) sum += t[$2] / n[$2]
            else more = "more than " }
        END { if (sum < 90) printf "%s%d s\n", more, sum
              else if (sum < 5400) printf "%s%d min\n", more, sum / 60
              else printf "%s%.1f h\n", more, sum / 3600 }' "$dir/times.csv" "$dir/jobs"
}

train() { # train SCENARIO NAME
    run=$dir/runs/$1/$2
    mkdir -p "$run"
    cat "$config" "$(scenario_file "$1")" >"$run/begun"
    if ls "$run"/step-*.h5 >/dev/null 2>&1; then
        "$relmas" train --resume "$run" --threads "$threads"
    else
        "$relmas" train "$config" --set "scenario.name=$1" --seed "${2#seed-}" --out "$run" --keep 1 --threads "$threads"
    fi
    rm -f "$run"/step-*.h5 # large, and only for going on
    mv "$run/begun" "$run/finished"
}
keep_scenario() { # keep_scenario FOLDER SCENARIO: what its files were played on
    mkdir -p "$1"
    cp "$(scenario_file "$2")" "$1/scenario.yaml"
}
evaluate() { # evaluate SCENARIO POLICY EPISODES FILE
    keep_scenario "$(dirname "$4")" "$1"
    "$relmas" eval "$2" --scenario "$1" --load "$loads" --episodes "$3" --threads "$threads" --save "$4" >/dev/null
}
promise() { # promise SCENARIO POLICY EPISODES FILE
    keep_scenario "$(dirname "$4")" "$1"
    "$relmas" capacity "$2" --scenario "$1" --sla 0.95 --episodes "$3" --threads "$threads" --format csv >"$4.part"
    mv "$4.part" "$4"
}
do_job() { # do_job KIND SCENARIO NAME EPISODES
    case $1 in
    train) train "$2" "$3" ;;
    policy) evaluate "$2" "$dir/runs/$2/$3" "$4" "$evals/$2/$3.h5" ;;
    baseline) evaluate "$2" "$3" "$4" "$evals/$2/$3.h5" ;;
    promise) promise "$2" "$dir/runs/$2/$3" "$4" "$capacities/$3.csv" ;;
    capacity) promise "$2" "$3" "$4" "$capacities/$3.csv" ;;
    esac
}
# Runs a job with its chatter in a log; a progress line before it.
line=0
run_job() {
    line=$((line + 1))
    [ "$(sed -n "${line}s/ .*//p" "$dir/jobs")" = 0 ] || return 0
    log=$dir/logs/$1-$2-$3
    echo "study: $count of $total done, $(time_left $line) left: $1 $2 $3" >&2
    before=$(date +%s)
    set +e # and not `|| code=$?`, under which a job would go on after a failure
    (
        set -e
        trap : INT TERM # it waits for the program, which may have something to save
        do_job "$@"
    ) </dev/null 2>"$log"
    code=$?
    set -e
    [ $code -lt 128 ] || stopped $code
    [ $code -eq 0 ] || { tail -n 1 "$log" >&2; echo "study: $1 $2 $3 failed, see $log" >&2; exit $code; }
    echo "$1,$2,$3,$(($(date +%s) - before))" >>"$dir/times.csv"
    count=$((count + 1))
}
# What was made from other settings is not taken for what would be made now.
check_job() {
    case $1 in
    train)
        for made in begun finished; do
            made=$dir/runs/$2/$3/$made
            [ ! -e "$made" ] || cat "$config" "$(scenario_file "$2")" | cmp -s - "$made" ||
                die "${made%/*} was trained with another configuration than $config and $2: remove it, or give another STUDY_DIR"
        done
        ;;
    policy | baseline) check_scenario "$evals/$2" "$2" ;;
    promise | capacity) check_scenario "$capacities" "$2" ;;
    esac
}
check_scenario() { # check_scenario FOLDER SCENARIO
    [ ! -e "$1/scenario.yaml" ] || cmp -s "$1/scenario.yaml" "$(scenario_file "$2")" ||
        die "$1 was played on another version of $2: remove it, or give another STUDY_DIR"
}

say() { # RESULTS.md results.csv SCENARIO.svg, and the bars on standard output
    # shellcheck disable=SC2086
    "$relmas" verdict $scenarios --evaluations "$evals" --baselines "$baselines" --runs "$dir/runs" \
        --seeds "$seeds" ${capacity:+--capacities "$capacities"} -o "$dir/RESULTS.md"
    awk -F, '{ h[$1] += $4 / 3600 }
        END { printf "\nWall time: training %.1f h, evaluating policies %.1f h, baselines %.1f h, capacities %.1f h.\n",
            h["train"], h["policy"], h["baseline"], h["promise"] + h["capacity"] }' "$dir/times.csv" >>"$dir/RESULTS.md"
    sed -n '/^### Bars/,/^### Against/{/^###/d;p;}' "$dir/RESULTS.md"
}
draw() { # training.html and SCENARIO.html, unless it is more than a page holds
    set --
    for sc in $scenarios; do for s in $seed_list; do set -- "$@" "$dir/runs/$sc/seed-$s"; done; done
    [ $# -gt 64 ] || "$relmas" report "$@" -o "$dir/training.html" --force
    for sc in $scenarios; do
        set --
        for s in $seed_list; do set -- "$@" "$evals/$sc/seed-$s.h5"; done
        for name in $(echo "$rows" | cut -d' ' -f1); do set -- "$@" "$evals/$sc/$name.h5"; done
        [ $# -gt 64 ] || "$relmas" report "$@" -o "$dir/$sc.html" --force
    done
}
# A function, which the shell has read to its end before it begins: this file may change meanwhile.
main() {
    each_job check_job
    : >"$dir/jobs"
    each_job note_job
    total=$(wc -l <"$dir/jobs")
    count=$(grep -c '^1' "$dir/jobs" || :)
    each_job run_job
    echo "study: $total of $total done" >&2
    draw
    say
    exit
}
main
