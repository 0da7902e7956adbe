#!/bin/sh
# ship.sh RELMAS -- `make ship` and `make ablation` in small: the first seed of a study becomes a shipped
# policy with a card that says its results, and the table of an ablation is what its evaluations say.
. tests/support/cli.sh
ship() { run "$1" sh "$tree/experiments/study/ship.sh" "$relmas"; }
export STUDY_DIR=out SHIP_DIR=shipped

ship 2
holds "there is no 'out/results.csv', make study first" "$tmp/err"
run 0 "$relmas" train tiny --steps 600 --seed 1 --set 'train.margins=[1000]' --out out/runs/light-m/seed-1
echo 'scenario,load,policy,group,episodes,sla_rate,ci95_lo,ci95_hi,energy_uj_per_job' >out/results.csv
ship 2
holds "results.csv' has none of the policies of" "$tmp/err"
cat >>out/results.csv <<'END'
light-m,0.8,early,ours,50,0.99,0,1,1
light-m,0.8,list,published,200,0.80,0,1,1
light-m,0.8,queue,published,200,0.81,0,1,1
light-m,0.8,paced,ours,200,0.85,0,1,1
light-m,0.8,seer,reference,200,0.999,0,1,1
light-m,0.8,out/runs/light-m/seed-1,learned,200,0.90,0,1,1
light-m,0.8,out/runs/light-m/seed-2,learned,200,0.92,0,1,1
END
ship 0
holds '^Meets % of deadlines: 90.00 at load 0.8\.$' shipped/light-m.md
holds '^\| 0.8 \| 90.00 \| 91.00 \| 81.00, queue \| 85.00, paced \|$' shipped/light-m.md
holds 'dr-reserve-bw with weights of its own; validation chose that rule alone' shipped/light-m.md
run 0 "$relmas" inspect shipped/light-m.h5 --same out/runs/light-m/seed-1/best.h5
sleep 1
touch out/runs/light-m/seed-1/best.h5
ship 2
holds 'best.h5 is newer than out/results.csv: make study again' "$tmp/err"

printf 'variant,settings\ndefault,\ndueling,dqn.dueling=true dqn.n_step=4\n' >variants.csv
export STUDY_VARIANTS=variants.csv STUDY_SEEDS=2 STUDY_EPISODES=2 STUDY_STEPS=4000 STUDY_DIR=parts STUDY_LOADS=0.8
run 0 sh "$tree/experiments/study/ablation.sh" "$relmas"
[ "$(grep -c '^ablation: train' "$tmp/err")" -eq 4 ] || fail 'not four trainings'
cp parts/ABLATION.md once.md
run 0 "$relmas" inspect parts/dueling/seed-2/best.h5 --config
holds '^ +dueling: true( |$)'
said=$(awk -F'[|(]' '/^\| dueling/ { print $3 + 0 }' once.md)
awk -F, -v said="$said" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } /seed-/ { sum += 50 * $at["sla_rate"] }
    END { exit !(sum - said < 0.006 && said - sum < 0.006) }' parts/dueling/results.csv || fail "the table says $said"
run 0 sh "$tree/experiments/study/ablation.sh" "$relmas"
[ ! -s "$tmp/err" ] || fail 'a second call does something'
same 'a second call says the same' once.md parts/ABLATION.md
STUDY_EPISODES=3 run 0 sh "$tree/experiments/study/ablation.sh" "$relmas"
holds ', 3 episodes$' parts/ABLATION.md
STUDY_STEPS=5000 run 2 sh "$tree/experiments/study/ablation.sh" "$relmas"
holds 'parts/default/seed-1 was trained with another configuration than .*: remove it, or give another STUDY_DIR' "$tmp/err"
STUDY_SEEDS=two run 2 sh "$tree/experiments/study/ablation.sh" "$relmas"
holds "STUDY_SEEDS is 'two', want a whole number from 1" "$tmp/err"
verdict
