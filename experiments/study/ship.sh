#!/bin/sh
# ship.sh RELMAS -- makes the first seed of each scenario of a finished study a shipped policy:
# checkpoints/policies/SCENARIO.h5 with its card, SCENARIO.md. `make ship` calls it. The first seed, not the
# best one: a policy chosen by its held-out results would owe some of them to luck.
# Settings: STUDY_DIR build/study        SHIP_DIR checkpoints/policies
self=ship
. "$(dirname "$0")/common.sh"
dir=${STUDY_DIR:-build/study}
to=${SHIP_DIR:-$here/../../checkpoints/policies}
[ -f "$dir/results.csv" ] || die "there is no '$dir/results.csv', make study first"
mkdir -p "$to"

# SLA rates of one scenario by load, as a table: this policy, the mean of all seeds, the best of the rules
# that played all episodes.
table() { # table SCENARIO
    awk -F, -v sc="$1" '
        $1 != sc { next }
        FNR == NR { if ($5 > most) most = $5; next }
        !($2 in seen) { seen[$2] = 1; load[++n] = $2 }
        $4 == "learned" { sum[$2] += $6; seeds[$2]++; if ($3 ~ /seed-1$/) own[$2] = $6; next }
        $4 == "reference" || $5 < most { next }
        $6 > best[$2, $4] { best[$2, $4] = $6; name[$2, $4] = $3 }
        END {
            print "| load | this policy | mean of all seeds | best published rule | best rule of this project |"
            print "|---|---|---|---|---|"
            for (i = 1; i <= n; i++) { l = load[i]
                printf "| %s | %.2f | %.2f | %.2f, %s | %.2f, %s |\n", l, 100 * own[l], 100 * sum[l] / seeds[l],
                    100 * best[l, "published"], name[l, "published"], 100 * best[l, "ours"], name[l, "ours"] }
        }' "$dir/results.csv" "$dir/results.csv"
}
rates() { table "$1" | awk -F' *[|] *' 'NR > 2 { printf("%s%s at load %s", (NR > 3 ? ", " : ""), $3, $2) }'; }
# value KEY: what the rule of $config says
value() { printf '%s\n' "$config" | sed -n "/^rule:/,/^[a-z]/s/^ *$1: *//p" | sed 's/ *#.*//; s/"//g'; }

leaves() { # leaves MARGIN
    case $1 in
    1000) echo 'validation chose that rule alone, so its network never acts' ;;
    *) echo "its network leaves the choice of that rule for gains of $1 and more" ;;
    esac
}

shipped=0
for policy in "$dir"/runs/*/seed-1/best.h5; do
    sc=$(basename "$(dirname "$(dirname "$policy")")")
    grep -q "^$sc,.*seed-1,learned," "$dir/results.csv" || continue
    newer "$dir/results.csv" "$policy" || die "$policy is newer than $dir/results.csv: make study again"
    cp "$policy" "$to/$sc.h5"
    config=$("$relmas" inspect "$to/$sc.h5" --config)
    {
        printf '# %s\n\nMeets %% of deadlines: %s.\n\n' "$sc" "$(rates "$sc")"
        printf 'Trained by `relmas train experiments/configs/study.yaml --set scenario.name=%s --seed 1`: the first\n' "$sc"
        printf 'of the seeds of `make study`, not the best. `relmas inspect %s --config` says all. Its rule is\n' "$sc"
        printf '%s with weights of its own; %s.\n\n' "$(value base)" "$(leaves "$(value margin)")"
        printf 'SLA rate in %% on held-out arrivals (`docs/RESULTS.md` has intervals and every other policy):\n\n'
        table "$sc"
    } >"$to/$sc.md"
    note "$to/$sc.h5"
    shipped=$((shipped + 1))
done
[ $shipped -gt 0 ] || die "'$dir/results.csv' has none of the policies of '$dir/runs'"
