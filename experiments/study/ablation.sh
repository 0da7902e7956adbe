#!/bin/sh
# ablation.sh RELMAS -- what the parts of the learner are worth: seeds of each variant of
# experiments/study/ablation.csv under one fixed rule, so that nothing but the network differs, played on arrivals
# that are neither trained on nor held out. `make ablation` calls it; what is done stays in
# $STUDY_DIR and is not done again.
# Settings: STUDY_SEEDS 3    STUDY_EPISODES 60    STUDY_SCENARIO mixed-m    STUDY_RULE admit-reserve-bw
#           STUDY_LOADS 0.6,0.8,0.95    STUDY_STEPS 5e5    STUDY_DIR build/ablation    STUDY_THREADS 2
#           STUDY_VARIANTS experiments/study/ablation.csv
# A change of settings is not noticed: give another STUDY_DIR.
self=ablation
. "$(dirname "$0")/common.sh"
seeds=${STUDY_SEEDS:-3}
episodes=${STUDY_EPISODES:-60}
scenario=${STUDY_SCENARIO:-mixed-m}
rule=${STUDY_RULE:-admit-reserve-bw}
loads=${STUDY_LOADS:-0.6,0.8,0.95}
steps=${STUDY_STEPS:-5e5}
dir=${STUDY_DIR:-build/ablation}
threads=${STUDY_THREADS:-2}
variants=${STUDY_VARIANTS:-$here/ablation.csv}
first_arrival_seed=700000

[ -f "$variants" ] || die "there is no '$variants'"
seed_list=$(up_to "$seeds")
mkdir -p "$dir/logs"

train() { # train VARIANT SEED SETTINGS
    run=$dir/$1/seed-$2
    [ -e "$run/finished" ] && return
    sets=
    for s in $3; do sets="$sets --set $s"; done
    rm -rf "$run"
    note "train $1 seed $2"
    # shellcheck disable=SC2086
    "$relmas" train "$here/../configs/study.yaml" --set "scenario.name=$scenario" --set "env.teacher=$rule" \
        --set train.tune=0 --set 'train.margins=[0]' --set "train.steps=$steps" $sets --seed "$2" --out "$run" \
        --keep 1 --threads "$threads" 2>"$dir/logs/$1-$2" || { tail -n 1 "$dir/logs/$1-$2" >&2; exit 1; }
    rm -f "$run"/step-*.h5
    : >"$run/finished"
}
play() { # play VARIANT: all its seeds beside the rule
    [ -e "$dir/$1/results.csv" ] && return
    set -- "$1" $(for s in $seed_list; do echo "$dir/$1/seed-$s"; done)
    variant=$1
    shift
    "$relmas" eval "$@" "$rule" --scenario "$scenario" --load "$loads" --episodes "$episodes" --seed $first_arrival_seed \
        --threads "$threads" --format csv >"$dir/$variant/results.part" 2>>"$dir/logs/eval"
    mv "$dir/$variant/results.part" "$dir/$variant/results.csv"
}
# One row: the mean over loads of each seed, of all seeds, and against the rule and the first variant.
row() { # row VARIANT
    awk -F, -v variant="$1" -v rule="$rule" -v base="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { sla[$at["policy"]] += 100 * $at["sla_rate"]; n[$at["policy"]]++ }
        END {
            least = 101; most = -1
            for (p in sla) {
                m = sla[p] / n[p]
                if (p == rule) { r = m; continue }
                sum += m; k++
                if (m < least) least = m
                if (m > most) most = m
            }
            mean = sum / k
            printf "| %s | %.2f (%.2f to %.2f) | %+.2f | %+.2f |\n", variant, mean, least, most, mean - r,
                mean - (base == "" ? mean : base) }' "$dir/$1/results.csv"
}

base=
: >"$dir/table"
while IFS=, read -r variant settings <&3; do
    for s in $seed_list; do train "$variant" "$s" "$settings"; done
    play "$variant"
    row "$variant" "$base" >>"$dir/table"
    [ -n "$base" ] || base=$(awk '{ print $4 }' "$dir/table")
done 3<<END
$(tail -n +2 "$variants")
END
{
    echo "$scenario under $rule, $seeds training seeds of $steps decisions, mean SLA rate (%) over loads $loads, $episodes episodes"
    echo "from arrival seed $first_arrival_seed."
    echo
    echo '| variant | SLA, % (its seeds) | against the rule | against the first |'
    echo '|---|---|---|---|'
    cat "$dir/table"
} >"$dir/ABLATION.md"
cat "$dir/ABLATION.md"
