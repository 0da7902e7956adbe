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
self=study
. "$(dirname "$0")/common.sh"
seeds=${STUDY_SEEDS:-5}
episodes=${STUDY_EPISODES:-200}
scenarios=${STUDY_SCENARIOS:-light-h light-m light-l heavy-h heavy-m heavy-l mixed-h mixed-m mixed-l}
loads=${STUDY_LOADS:-0.6,0.8,0.95,1.1}
capacity=${STUDY_CAPACITY-mixed-m}
config=${STUDY_CONFIG:-$here/../configs/study.yaml}
baselines=${STUDY_BASELINES:-$here/baselines.csv}
dir=${STUDY_DIR:-build/study}
threads=${STUDY_THREADS:-2}

check_settings
for sc in $scenarios; do
    "$relmas" list scenarios | grep -q "^$sc " || die "STUDY_SCENARIOS: '$sc' is no scenario, see relmas list scenarios"
done
case " $scenarios " in *" $capacity "*) ;; *) capacity= ;; esac # its policies must be there
evals=$dir/eval-$episodes-at-$loads
capacities=$dir/capacity-$episodes
open_study
trap 'rm -f "$dir/jobs"' EXIT

seed_list=$(up_to "$seeds")
# The baselines as "name online episodes".
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
finished() { # finished KIND SCENARIO NAME EPISODES
    run=$dir/runs/$2/$3
    case $1 in
    train) trained "$run" ;;
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

made_from() { cat "$config" "$(scenario_file "$1")"; }
promise() { # promise SCENARIO POLICY EPISODES FILE
    keep_scenario "$(dirname "$4")" "$1"
    "$relmas" capacity "$2" --scenario "$1" --sla 0.95 --episodes "$3" --threads "$threads" --format csv >"$4.part"
    mv "$4.part" "$4"
}
do_job() { # do_job KIND SCENARIO NAME EPISODES
    case $1 in
    train) train_into "$dir/runs/$2/$3" "$2" --set "scenario.name=$2" --seed "${3#seed-}" ;;
    policy) evaluate "$2" "$dir/runs/$2/$3" "$4" "$evals/$2/$3.h5" ;;
    baseline) evaluate "$2" "$3" "$4" "$evals/$2/$3.h5" ;;
    promise) promise "$2" "$dir/runs/$2/$3" "$4" "$capacities/$3.csv" ;;
    capacity) promise "$2" "$3" "$4" "$capacities/$3.csv" ;;
    esac
}
# Runs a job; a progress line before it.
line=0
run_job() {
    line=$((line + 1))
    [ "$(sed -n "${line}s/ .*//p" "$dir/jobs")" = 0 ] || return 0
    note "$count of $total done, $(time_left $line) left: $1 $2 $3"
    before=$(date +%s)
    logged "$1 $2 $3" do_job "$@"
    echo "$1,$2,$3,$(($(date +%s) - before))" >>"$dir/times.csv"
    count=$((count + 1))
}
check_job() {
    case $1 in
    train) check_run "$dir/runs/$2/$3" "$2" ;;
    policy | baseline) check_scenario "$evals/$2" "$2" ;;
    promise | capacity) check_scenario "$capacities" "$2" ;;
    esac
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
    note "$total of $total done"
    draw
    say
    exit
}
main
