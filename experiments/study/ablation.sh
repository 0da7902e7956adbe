#!/bin/sh
# ablation.sh RELMAS -- what the parts of the learner are worth: seeds of each variant of
# experiments/study/ablation.csv under one fixed rule, so that nothing but the network differs, played on arrivals
# that are neither trained on nor held out. `make ablation` calls it; what is done stays in $STUDY_DIR and is
# not done again. Changed settings are noticed: the call says what to remove.
# Settings: STUDY_SEEDS 3    STUDY_EPISODES 60    STUDY_SCENARIO mixed-m    STUDY_RULE admit-reserve-bw
#           STUDY_LOADS 0.6,0.8,0.95    STUDY_STEPS 5e5    STUDY_DIR build/ablation    STUDY_THREADS 2
#           STUDY_VARIANTS experiments/study/ablation.csv
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
config=$here/../configs/study.yaml
baselines=$variants # the list that is checked
first_arrival_seed=700000

check_settings
open_study
seed_list=$(up_to "$seeds")

made_from() { # made_from VARIANT
    sed -n "s/^$1,//p" "$variants"
    echo "$scenario $rule $steps"
    cat "$config" "$(scenario_file "$scenario")"
}
train() { # train VARIANT SEED SETTINGS
    run=$dir/$1/seed-$2
    check_run "$run" "$1"
    if trained "$run"; then return; fi
    variant=$1 seed=$2
    set -- $3
    for s; do set -- "$@" --set "$s"; shift; done
    rm -f "$dir/$variant/played"
    note "train $variant seed $seed"
    logged "$variant seed $seed" train_into "$run" "$variant" --set "scenario.name=$scenario" --set "env.teacher=$rule" \
        --set train.tune=0 --set 'train.margins=[0]' --set "train.steps=$steps" "$@" --seed "$seed"
}
play() { # play VARIANT: all its seeds beside the rule
    variant=$1
    played="$seeds seeds, $episodes episodes at $loads"
    if [ "$(cat "$dir/$variant/played" 2>/dev/null)" = "$played" ]; then return; fi
    set --
    for s in $seed_list; do set -- "$@" "$dir/$variant/seed-$s"; done
    "$relmas" eval "$@" "$rule" --scenario "$scenario" --load "$loads" --episodes "$episodes" --seed $first_arrival_seed \
        --threads "$threads" --format csv >"$dir/$variant/results.part" 2>>"$dir/logs/eval"
    mv "$dir/$variant/results.part" "$dir/$variant/results.csv"
    echo "$played" >"$dir/$variant/played"
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
