# common.sh -- sourced by the scripts of this folder, which are called with the program's path: what a study
# needs that can be stopped and called again. The shell reads all of it before the study begins.
#
# Who sources it has set `self`, its name in messages; and before it calls
#   open_study logged train_into check_*      dir threads, and config if it trains
#   check_settings                            seeds episodes threads config baselines
#   evaluate                                  loads
# Who trains defines made_from SCENARIO, which prints what a policy is made from.
set -eu
export LC_ALL=C
relmas=$1
here=$(dirname "$0")

note() { echo "$self: $*" >&2; }
die() {
    note "$*"
    exit 2
}
stopped() {
    note 'stopped; the same call goes on from here'
    exit "$1"
}
number() { # number NAME VALUE
    case $2 in '' | *[!0-9]* | 0*) die "$1 is '$2', want a whole number from 1" ;; esac
}
check_settings() {
    number STUDY_SEEDS "$seeds"
    number STUDY_EPISODES "$episodes"
    number STUDY_THREADS "$threads"
    [ -f "$config" ] || die "STUDY_CONFIG: there is no '$config'"
    [ -f "$baselines" ] || die "STUDY_BASELINES: there is no '$baselines'"
}
up_to() { awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) print i }'; } # up_to N: 1..N
flat() { echo "$1" | tr '/ ' '[-*]'; } # flat NAME: for a file or folder
scenario_file() { echo "$here/../../env/scenarios/$1.yaml"; }
newer() { [ -e "$1" ] && [ -z "$(find "$2" -newer "$1" 2>/dev/null)" ]; } # newer FILE THAN

# Its folder, with a copy of the program, which a build in between does not replace; its data are those of
# the tree.
open_study() {
    mkdir -p "$dir/logs"
    cp "$relmas" "$dir/relmas.new" && mv "$dir/relmas.new" "$dir/relmas"
    relmas=$dir/relmas
    RELMAS_DATA=${RELMAS_DATA:-$(cd "$here/../.." && pwd)}
    export RELMAS_DATA
    trap 'stopped 130' INT
    trap 'stopped 143' TERM
}
# logged JOB COMMAND...: its chatter goes to a log, by the job's name.
logged() {
    job=$1
    log=$dir/logs/$(flat "$job")
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
    [ $code -eq 0 ] || { tail -n 1 "$log" >&2; note "$job failed, see $log"; exit $code; }
}
# train_into FOLDER SCENARIO ARGUMENTS...: from the start, or on from where it was stopped. SCENARIO is for
# made_from, '' if all policies are made from the same.
train_into() {
    run=$1
    mkdir -p "$run"
    made_from "$2" >"$run/begun"
    shift 2
    if ls "$run"/step-*.h5 >/dev/null 2>&1; then
        "$relmas" train --resume "$run" --threads "$threads"
    else
        "$relmas" train "$config" "$@" --out "$run" --keep 1 --threads "$threads"
    fi
    rm -f "$run"/step-*.h5 # large, and only for going on
    mv "$run/begun" "$run/finished"
}
trained() { [ -e "$1/finished" ] && [ -e "$1/best.h5" ]; } # trained FOLDER
keep_scenario() { # keep_scenario FOLDER SCENARIO: what its files were played on
    mkdir -p "$1"
    cp "$(scenario_file "$2")" "$1/scenario.yaml"
}
evaluate() { # evaluate SCENARIO POLICY EPISODES FILE
    keep_scenario "$(dirname "$4")" "$1"
    "$relmas" eval "$2" --scenario "$1" --load "$loads" --episodes "$3" --threads "$threads" --save "$4"
}

# What was made from other settings is not taken for what would be made now.
check_run() { # check_run FOLDER SCENARIO
    for made in begun finished; do
        [ ! -e "$1/$made" ] || made_from "$2" | cmp -s - "$1/$made" ||
            die "$1 was trained with another configuration than $config${2:+ and $2}: remove it, or give another STUDY_DIR"
    done
}
check_scenario() { # check_scenario FOLDER SCENARIO
    [ ! -e "$1/scenario.yaml" ] || cmp -s "$1/scenario.yaml" "$(scenario_file "$2")" ||
        die "$1 was played on another version of $2: remove it, or give another STUDY_DIR"
}
