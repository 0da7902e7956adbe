#!/bin/sh
# errors.sh RELMAS -- whatever is wrong with the input, one line says what and where, the exit code
# is 2 (1 where the machine refuses), and nothing is printed or written.
. tests/support/cli.sh

# names
refused 2 "no 'tinny' in experiments/configs, did you mean 'tiny'\?" train tinny
refused 2 "no 'mixd-m' in env/scenarios, did you mean 'mixed-m'\?" eval edf-queue --scenario mixd-m
refused 2 "list: unknown kind 'system', did you mean systems\?" list system
refused 2 'KIND is missing, .*networks\|accelerators' list
refused 2 "policy 'edf-queu' is no .* did you mean 'edf-queue'\?" eval edf-queu --scenario light-m
refused 2 "no 'alexnt' in env/networks, did you mean 'alexnet'\?" costs --network alexnt
refused 2 "no 'simba-16p' in accel_models/presets, did you mean 'simba-16pe'\?" costs --accel simba-16p
refused 2 "no 'tiny-3' in env/systems, did you mean 'tiny-2'\?" \
    eval edf-queue --scenario light-m --set scenario.system=tiny-3
refused 2 "no 'alexnt' in env/networks" eval edf-queue --set scenario.networks=alexnt
refused 1 "cannot open 'no/such.yaml': No such file" train no/such.yaml
refused 1 "cannot open './none.csv': No such file" costs --layers ./none.csv

# counts and combinations
refused 2 'CONFIG' train
refused 2 "unexpected|more than|CONFIG" train tiny default
refused 2 'not to --resume' train --resume x --seed 3
refused 2 'POLICY' eval
refused 2 'FILE' inspect
refused 2 'KIND' list
refused 2 '--network or --layers, not both' costs --network alexnet --layers x.csv

# numbers
refused 2 "'--steps' must be a whole number in 1\.\.1e15, got '0'" train tiny --steps 0
refused 2 "'--steps' must be .* got '-5'" train tiny --steps=-5
refused 2 "'--steps' must be .* got '5x'" train tiny --steps 5x
refused 2 "'--threads' must be .* got '0'" train tiny --threads 0
refused 2 "'--threads' needs a value" train tiny --threads
refused 2 "'--seed' is given twice" train tiny --seed 1 --seed 2
refused 2 "'--episodes' must be" eval edf-queue --episodes 0
refused 2 "'--format' must be one of table, csv, json, got 'xml'" eval edf-queue --format xml
refused 2 "'--policy' must be one of hardware, timeloop, got 'best'" costs --policy best
for load in 0 -1 x 0.5, 0.5,,1 nan 1e9; do refused 2 '--load' eval edf-queue --load=$load; done

# settings
refused 2 "--set .*: .*'dqn.lrr'.* did you mean '(dqn\.)?lr'" train tiny --set dqn.lrr=1
refused 2 "--set .*: .*'dqn.batch' must be a whole number in" train tiny --set dqn.batch=0
refused 2 "--set .*: .*'dqn.batch' must be .* got 'many'" train tiny --set dqn.batch=many
refused 2 '--set' train tiny --set dqn.batch
refused 2 '--set' train tiny --set =3
refused 2 "--set .*: .*'env.reward' must be one of" train tiny --set env.reward=none
refused 2 'env.load_hi' train tiny --set env.load_lo=2 --set env.load_hi=1
refused 2 '--set' eval edf-queue --set scenario.episode_jobs=-3

# YAML files
printf 'scenario:\n  name: light-m\ntrain:\n  stepz: 5\n' >key.yaml
refused 2 "^relmas: key.yaml:4: .*stepz.* did you mean '(train\.)?steps'" train key.yaml
printf 'train:\n  steps: [1, 2\n' >open.yaml
refused 2 '^relmas: open.yaml:[0-9]+: ' train open.yaml
printf 'train:\n  steps: many\n' >text.yaml
refused 2 "^relmas: text.yaml:2: 'train.steps' must be a whole number" train text.yaml
printf 'train:\n  steps: 5\n  steps: 6\n' >twice.yaml
refused 2 '^relmas: twice.yaml:3: ' train twice.yaml
printf 'a: &x 1\n' >anchor.yaml
refused 2 '^relmas: anchor.yaml:1: ' train anchor.yaml
head -c 300 /dev/urandom >noise.yaml
refused 2 '^relmas: noise.yaml:[0-9]+: ' train noise.yaml
printf 'scenario:\n  qos_factor: fast\n' >scenario.yaml
refused 2 "^relmas: ./scenario.yaml:2: 'scenario.qos_factor' must be" eval edf-queue --scenario ./scenario.yaml
printf 'name: n\nlayers: []\n' >net.yaml
refused 2 '^relmas: ./net.yaml:[0-9]+: ' costs --network ./net.yaml
printf 'name: a\ndataflow: ws\n' >accel.yaml
refused 2 "^relmas: ./accel.yaml:[0-9]+: '.*' is missing" costs --accel ./accel.yaml

# CSV files of layers
csv() { # csv REGEX TEXT [ARGUMENTS]
    pattern=$1 text=$2
    shift 2
    printf "$text" >l.csv
    refused 2 "^relmas: l.csv:$pattern" costs --layers l.csv --format csv "$@"
}
csv '1: the file is empty' ''
csv "1: there is no column 'S', add it" 'C,K,P,Q,R\n1,1,1,1,1\n' --accel simba
csv "1: unknown column 'grups', did you mean 'groups'" 'C,K,P,Q,R,S,grups\n1,1,1,1,1,1,1\n' --accel simba
csv "2: 'C' must be a whole number in 1..16777216, got 'x'" 'C,K,P,Q,R,S\nx,1,1,1,1,1\n' --accel simba
csv "3: 'S' must be .* got nothing" 'C,K,P,Q,R,S\n1,1,1,1,1,1\n1,1,1,1,1,\n' --accel simba
csv "2: 'K' must be .* got '1e99'" 'C,K,P,Q,R,S\r\n1,1e99,1,1,1,1\r\n' --accel simba
csv '2: 5 cells, but the header names 6 columns' 'C,K,P,Q,R,S\n1,1,1,1,1\n' --accel simba
csv '2: layer: its sizes exceed' 'C,K,P,Q,R,S\n16e6,16e6,16e6,1,1,1\n' --accel simba
csv "2: layer: 'groups' 3 must divide" 'C,K,P,Q,R,S,groups\n4,4,1,1,1,1,3\n' --accel simba
csv "2: 'type' must be one of conv" 'type,C,K,P,Q,R,S\nconf,1,1,1,1,1,1\n' --accel simba
csv "3: no 'simbaa' in accel_models/presets" 'accelerator,C,K,P,Q,R,S\nsimba,1,1,1,1,1,1\nsimbaa,1,1,1,1,1,1\n'
csv '2: a quote is opened and never closed' 'C,K,P,Q,R,S\n"1,1,1,1,1,1\n' --accel simba

# checkpoints
echo 'no checkpoint' >text.h5
: >empty.h5
for c in "eval" "inspect" "train --resume"; do
    # shellcheck disable=SC2086
    refused 2 'text.h5' $c text.h5
    # shellcheck disable=SC2086
    refused 2 "'empty.h5' is empty" $c empty.h5
done
run 0 "$relmas" train tiny --steps 200 --out run
good=$(ls run/step-*.h5)
size=$(wc -c <"$good")
head -c $((size / 2)) "$good" >cut.h5
{ head -c $((size / 2)) "$good"; printf XYZW; tail -c $((size - size / 2 - 4)) "$good"; } >damaged.h5
for f in cut.h5 damaged.h5; do
    refused 2 "$f" eval $f
    refused 2 "$f" inspect $f
    refused 2 "$f" train --resume $f
done
refused 2 "'run/best.h5' is a frozen policy" train --resume run/best.h5
refused 2 "already holds a run" train tiny --out run
refused 2 "--resume 'nowhere'" train --resume nowhere
mkdir void
refused 1 "'void' holds no checkpoint" train --resume void
refused 1 "'void' holds no checkpoint" eval void
run 2 "$relmas" train --resume run --set 'dqn.hidden=[16]' --steps 100
holds "^relmas: .*'/policy/W0' is .*expected .*x 16" "$tmp/err"

# places that cannot be written
: >file
refused 1 "file" train tiny --steps 100 --out file/run
for c in "costs --network kws --accel simba" "list networks" "--help" "inspect run/best.h5"; do
    checks=$((checks + 1))
    # shellcheck disable=SC2086
    "$relmas" $c >/dev/full 2>"$tmp/err" && fail "a full disk goes unnoticed: $c"
done
[ -e runs ] && fail 'something was written into runs/'
verdict
