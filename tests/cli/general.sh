#!/bin/sh
# general.sh RELMAS -- one policy trained on several scenarios, of systems of several sizes: the same bits
# for any number of threads and after a stop, evaluated on systems of other sizes, and lists that are wrong.
. tests/support/cli.sh
export SOURCE_DATE_EPOCH=0
cat >three.yaml <<'END'
name: three
dram_gbps: 20
accelerators:
- {preset: simba-16pe, count: 2}
- {preset: eyeriss-12x14, count: 1}
END
for system in tiny-2 ./three.yaml; do
    cat >"on-$(basename "$system" .yaml).yaml" <<END
scenario: {name: on-$(basename "$system" .yaml), system: $system, networks: light, episode_jobs: 100, loads: 0.8}
END
done
set="--set train.checkpoint_every=2000 --set train.evaluate_every=2500 --set train.learn_start=1000
     --set train.keep=100 --set train.replay=4000 --set train.evaluate_episodes=4"
list="--set train.scenarios=on-tiny-2.yaml,on-three.yaml"
# shellcheck disable=SC2086
{
for rules in dr-reserve-bw admit-reserve-bw edf-queue-bw; do # decisions per event, and one per sub-job
    options="$set $list --set env.teacher=$rules"
    run 0 "$relmas" train tiny $options --steps 7000 --out whole-$rules --threads 2
    holds 'scenario on-tiny-2: tiny-2' "$tmp/err"
    holds 'scenario on-three: three' "$tmp/err"
    run 0 "$relmas" train tiny $options --steps 7000 --out one-$rules --threads 1
    same_run "$rules, one thread and two" whole-$rules one-$rules
    run 0 "$relmas" train tiny $options --steps 3500 --out halves-$rules --threads 1
    run 0 "$relmas" train --resume halves-$rules --steps 3500 --threads 2
    same_run "$rules, halves" whole-$rules halves-$rules
done

# --- a scenario alone is a list of one ---
run 0 "$relmas" train tiny $set --steps 3000 --out bare
run 0 "$relmas" train tiny $set --set train.scenarios=on-tiny-2.yaml --steps 3000 --out listed
same_metrics 'a list of one' bare listed

# --- auto: the best rule of each scenario, and on another one the best of them and of all others ---
auto="$set $list --set env.teacher=auto --set train.tune=8 --set train.tune_energy=0"
run 0 "$relmas" train tiny $auto --steps 6000 --out auto --threads 2
cp "$tmp/err" auto.err
run 0 "$relmas" train tiny $auto --steps 3000 --out auto-halves --threads 1
run 0 "$relmas" train --resume auto-halves --steps 3000 --threads 2
grep -Eq 'the rule for|best rule:' "$tmp/err" && fail 'a resumed run looks for rules again'
same_run 'a rule for each, halves' auto auto-halves
run 0 "$relmas" inspect auto/best.h5 --config
cp "$tmp/out" found.yaml
holds "scenarios: \"on-tiny-2.yaml,on-three.yaml\""
run 0 "$relmas" train tiny $set $list --set env.teacher=auto --steps 500 --out plain
cp "$tmp/err" plain.err
}
sed -n 's/^the rule for //p' auto.err >said
printf 'on-tiny-2\non-three\n' >named
same 'a rule for each is said to be looked for' named said
checks=$((checks + 1))
[ "$(sed -n '/^rules:/,$p' found.yaml | grep -c ' - base: "')" = 2 ] || fail 'not two rules were kept'

# what is said of each is what its rule gets there; without tuning it is a scheduler by name
line=0
for scenario in on-tiny-2 on-three; do
    line=$((line + 1))
    teacher=$(sed -n 's/^best rule: \([^,]*\),.*/\1/p' plain.err | sed -n ${line}p)
    said=$(sed -n 's/^best rule: [^,]*, \([0-9.]*\) %.*/\1/p' plain.err | sed -n ${line}p)
    run 0 "$relmas" eval "$teacher" --scenario $scenario.yaml --seed 1020000000 --episodes 4 --format json
    awk -v said="$said" 'match($0, /"sla(_rate)?": *[0-9.]+/) { v = substr($0, RSTART, RLENGTH); sub(/.*: */, "", v); n++ }
        END { d = 100 * v - said; exit !(n == 1 && d < 0.006 && d > -0.006) }' "$tmp/out" ||
        fail "the teacher's $said % on $scenario is not what is evaluated"
done

# a validation is the mean over the scenarios
for scenario in on-tiny-2 on-three; do
    run 0 "$relmas" eval whole-dr-reserve-bw --scenario $scenario.yaml --seed 1020000000 --episodes 4 --format json
    cp "$tmp/out" $scenario.json
done
best=$(cut -d, -f12 whole-dr-reserve-bw/metrics.csv | sort -n | tail -n 1)
awk -v best="$best" 'match($0, /"sla(_rate)?": *[0-9.]+/) { v = substr($0, RSTART, RLENGTH); sub(/.*: */, "", v); sum += v; n++ }
    END { d = sum / 2 - best; exit !(n == 2 && d < 6e-6 && d > -6e-6) }' on-tiny-2.json on-three.json ||
    fail "the best validation, $best, is not the mean of what is evaluated"

for threads in 1 2; do
    run 0 "$relmas" eval auto --scenario on-three.yaml --set scenario.system=edge-4 --episodes 2 --threads $threads --format csv
    holds 'best rule: [-+a-z0-9]+( as found for scenario [12])?, [0-9.]+ % of deadlines' "$tmp/err"
    holds 'with its network, margin [0-9.]+: [0-9.]+ % of deadlines on the same seeds' "$tmp/err"
    sed 's/,[^,]*$//' "$tmp/out" >adapted-$threads.csv # without the wall time
done
same 'adapted by one thread and by two' adapted-1.csv adapted-2.csv
run 0 "$relmas" trace auto --scenario on-three.yaml --jobs 5 -o t.json
holds 'best rule:' "$tmp/err"
# shellcheck disable=SC2086
{
refused 2 "rules want env.teacher: auto, got 'dr-reserve-bw'" train found.yaml $set --set env.teacher=dr-reserve-bw --set rule.base=dr-reserve-bw --out bad
refused 2 "rules: base 'fastest' is no scheduler" train tiny $set $list --set env.teacher=auto --set 'rules=[{base: fastest}]' --out bad
refused 2 "'rules\[0\].kept' must be a whole number in 0..16, got '99'" train tiny --set 'rules=[{kept: 99}]' --out bad
}

# --- elsewhere: fewer SAs and more than any it was trained on ---
for system in tiny-2 default-6 server-8; do
    run 0 "$relmas" eval whole-dr-reserve-bw dr-reserve-bw --scenario on-three.yaml --set scenario.system=$system --episodes 2
done

# --- the shipped systems: found by name from any folder, 2 to 8 SAs, 16 to 64 GB/s; a list as it ships ---
for kind in systems scenarios; do
    run 0 "$relmas" list $kind
    grep -q -e general -e train- "$tmp/out" && fail "general $kind flood the list"
done
for file in "$tree"/env/scenarios/general/*.yaml; do
    shipped=general/$(basename "$file" .yaml)
    run 0 "$relmas" eval edf-queue-bw --scenario "$shipped" --episodes 1 --load 0.8 --set scenario.episode_jobs=10
    holds "^scenario ${shipped#general/} on t"
done
listed=$(sed -n 's/.*scenarios: "\(.*\)/\1/p; s/^    \(general.*\)"$/\1/p' "$tree/experiments/configs/general.yaml" | tr -d ' \n')
shipped=$(cd "$tree/env/scenarios" && ls general/train-*.yaml | sed 's/.yaml$//' | tr '\n' ,)
checks=$((checks + 2))
[ "$listed," = "$shipped" ] || fail "general.yaml trains on $listed instead of $shipped"
unseen='googlenet|inceptionv3|ssdmobilenet|tinyyolov2'
grep -Eq "$unseen" "$tree"/env/scenarios/general/train-*.yaml && fail 'a network that is held out is trained on'
run 0 "$relmas" train general --set train.steps=3000 --set env.teacher=dr-paced-bw --set train.evaluate_episodes=1 --out shipped
run 0 "$relmas" eval shipped --episodes 1 --load 0.8 --set scenario.episode_jobs=10
holds '^scenario mixed-m on default-6'
run 0 "$relmas" report shipped whole-edf-queue-bw -o r.html
holds '8 scenarios' r.html

# --- lists that are wrong ---
wrong() { # wrong REGEX LIST
    refused 2 "$1" train tiny --set "train.scenarios=$2" --set env.count=2 --out bad
}
wrong "train.scenarios: no 'mixd-m' in env/scenarios, did you mean 'mixed-m'" 'light-m,mixd-m'
refused 1 "train.scenarios: cannot open .*nowhere.yaml" train tiny --set train.scenarios=./nowhere.yaml --out bad
wrong "train.scenarios: ' , ' names no scenario" "' , '"
wrong "train.scenarios: names more scenarios than env.count, 2: want an environment for each" light-m,light-h,light-l
verdict
