#!/bin/sh
# resume.sh RELMAS -- a run that was cut, stopped or killed and resumed is the run that was not:
# the same bits in every array of the checkpoint and in the best policy, for any number of threads.
. tests/support/cli.sh

export SOURCE_DATE_EPOCH=0
# Short, but with everything in it: learning, scheduled validations, checkpoints. A round is 128
# decisions, so that 3500 is not a multiple; 7000 lies before the end of the schedules.
set="--set train.checkpoint_every=2000 --set train.evaluate_every=2500 --set train.learn_start=1000
     --set train.keep=100 --set train.replay=4000 --set train.evaluate_episodes=4"
train() { # train CODE ARGUMENTS...
    want=$1
    shift
    run "$want" "$relmas" train "$@"
}

# shellcheck disable=SC2086
{
train 0 tiny $set --steps 7000 --out whole --threads 2
train 0 tiny $set --steps 7000 --out one --threads 1
same_run 'one thread and two' whole one

for threads in 1 2; do
    train 0 tiny $set --steps 3500 --out halves$threads --threads $threads
    train 0 --resume halves$threads --steps 3500 --threads $((3 - threads))
    holds 'resuming .* at 3584 decisions, to 7000' "$tmp/err"
    same_run "halves, $threads threads first" whole halves$threads
done
train 0 --resume "$(newest halves1)"
holds 'resuming .* to 200000' "$tmp/err"

# from an older checkpoint by name
cp -r whole older
rm "$(newest older)"
train 0 --resume "$(newest older)" --threads 1
same_run 'from an older checkpoint' whole older

# with every option of the network and the loss
heads="--set dqn.context=true --set dqn.dueling=true --set dqn.quantiles=5 --set dqn.noisy=true
       --set dqn.gap=0.4 --set dqn.lr_schedule=cosine --set dqn.lr_warmup=50 --set dqn.demo_weight_final=0.01"
train 0 tiny $set $heads --steps 7000 --out heads --threads 2
train 0 tiny $set $heads --steps 3500 --out headhalves --threads 1
train 0 --resume headhalves --steps 3500 --threads 2
same_run 'with all options' heads headhalves
run 0 "$relmas" eval heads --set scenario.loads=0.8 --episodes 2

# another seed is another run
train 0 tiny $set --steps 7000 --out other --seed 2
run 1 "$relmas" inspect "$(newest whole)" --same "$(newest other)"
holds 'differ, first in /'
}

# --- a finished run says so ---
# shellcheck disable=SC2086
train 0 tiny $set --set train.steps=500 --out done
train 0 --resume done
holds 'is finished .*--steps N goes on' "$tmp/err"

# --- stopped in the middle ---
# Long enough to be hit; when the signal comes is left to chance.
long="$set --set train.steps=30000 --set train.checkpoint_every=10000"
await() { # await FILE: until it is there
    tries=0
    while [ ! -e "$1" ] && [ $tries -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
}
stop_at_some_moment() { # stop_at_some_moment SIGNAL DIR: leaves the exit code in $code
    # shellcheck disable=SC2086
    "$relmas" train tiny $long --out "$2" >"$tmp/out" 2>"$tmp/err" </dev/null &
    pid=$!
    await "$2/best.h5"
    kill -"$1" $pid
    wait $pid
    code=$?
    checks=$((checks + 1))
}
# shellcheck disable=SC2086
train 0 tiny $long --out long
# A shell starts its background jobs deaf to SIGINT; the program listens all the same.
for signal in INT:130 TERM:143; do
    dir=stopped-${signal%:*}
    stop_at_some_moment "${signal%:*}" $dir
    if [ $code -ne 0 ]; then # else it was done before the signal came
        [ $code -eq "${signal#*:}" ] || fail "exit code $code after ${signal%:*}"
        holds "resume with: relmas train --resume $dir" "$tmp/err"
        [ -n "$(ls $dir/step-*.h5)" ] || fail "${signal%:*} leaves no checkpoint"
        train 0 --resume $dir
    fi
    same_run "stopped by ${signal%:*}" long $dir
done

# --- killed, without a chance to save ---
# shellcheck disable=SC2086
"$relmas" train tiny $set --set train.steps=30000 --out killed >"$tmp/out" 2>"$tmp/err" </dev/null &
pid=$!
await killed/step-000008064.h5
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
: >killed/best.h5.tmp-999999999 # what a process leaves that dies while saving
train 0 --resume killed
# the two runs differ in how often they save, which the configuration holds
run 0 "$relmas" inspect killed/best.h5
same_metrics killed long killed
[ -e killed/best.h5.tmp-999999999 ] && fail 'a stale temporary file stays'

# --- free-running: not the same bits, but the same counts, and it stops and goes on ---
# shellcheck disable=SC2086
{
free="$set --set train.free_running=true"
train 0 tiny $free --steps 7000 --out free
holds 'free-running: .*not reproducible' "$tmp/err"
holds '^(relmas: )?[0-9.]+k decisions/s in training alone' "$tmp/err"
[ "$(basename "$(newest free)")" = step-000007040.h5 ] || fail 'free-running: another number of decisions'
run 0 "$relmas" inspect "$(newest free)" --config
holds 'free_running: true' "$tmp/out"
train 0 --resume free --steps 3000 --threads 1
[ -e free/step-000010112.h5 ] || fail 'free-running: resumed to another number of decisions'
[ "$(cut -d, -f1 free/metrics.csv | tr '\n' ' ')" = 'decisions 2560 5120 7552 10112 ' ] ||
    fail "free-running: validations at $(cut -d, -f1 free/metrics.csv | tr '\n' ' ')"
long="$long --set train.free_running=true"
}
stop_at_some_moment INT stopped-free
if [ $code -ne 0 ]; then
    [ $code -eq 130 ] || fail "exit code $code after INT, free-running"
    holds 'resume with: relmas train --resume stopped-free' "$tmp/err"
    train 0 --resume stopped-free
fi
[ -e stopped-free/step-000030080.h5 ] || fail 'free-running: stopped and resumed to another end'

# --- the newest checkpoint is damaged ---
cp -r whole hurt
printf 'XXXX' | dd of="$(newest hurt)" bs=1 seek=5000 conv=notrunc 2>/dev/null
train 0 --resume hurt --threads 1
holds "^(relmas: )?(warning: )?passed over .*$(basename "$(newest whole)")" "$tmp/err"
same_run 'past a damaged checkpoint' whole hurt

# --- a teacher that is chosen: the run knows its name, and a resumed one does not choose again ---
train 0 tiny $set --set env.teacher=auto --steps 1000 --out taught
holds '^(relmas: )?best rule: [a-z+-]+, [0-9.]+ % of deadlines on validation seeds; next [a-z+-]+, ' "$tmp/err"
teacher=$(sed -n 's/^.*best rule: \([^,]*\),.*/\1/p' "$tmp/err")
run 0 "$relmas" inspect taught/best.h5 --config
holds "^ *base: \"$teacher\"( |$)"
run 0 "$relmas" list schedulers
holds "^$teacher "
train 2 --resume taught --set env.teacher=edf-h
holds "rule.base '$teacher' is not env.teacher 'edf-h'" "$tmp/err"
train 2 --resume taught --set rule.base=edf-h
holds 'env.teacher, rule.base, train.tune and train.tune_energy belong to a new run, not to --resume' "$tmp/err"
train 2 --resume taught --set train.tune=9
train 2 --resume taught --set train.tune_energy=0.1
holds 'belong to a new run' "$tmp/err"
train 0 --resume taught --steps 200
! grep -q 'of deadlines on validation seeds' "$tmp/err" || fail 'a resumed run chose its teacher again'

# --- a rule that is tuned: once, before the training; what follows is as repeatable ---
tuned='--set train.tune=12 --set train.margins=[0.01,1000]'
train 0 tiny $set $tuned --steps 3000 --out tuned --threads 2
holds '^(relmas: )?tuned dr-reserve-bw: score [0-9.]+ % instead of [0-9.]+ % on the seeds' "$tmp/err"
awk '/tuned dr-reserve-bw/ { for (i = 1; i < NF; i++) if ($i == "score") exit !($(i + 1) >= $(i + 5)) }' "$tmp/err" ||
    fail 'tuning left a worse rule than it began with'
train 0 tiny $set $tuned --steps 2600 --out parts --threads 1
run 0 "$relmas" inspect parts/best.h5 --config
grep -A 17 '^rule:' "$tmp/out" >before
train 0 --resume parts --steps 400
! grep -q 'tuned' "$tmp/err" || fail 'a resumed run tuned again'
same_run 'tuned, one thread and two, whole and in parts' tuned parts
run 0 "$relmas" inspect parts/best.h5 --config
grep -A 17 '^rule:' "$tmp/out" | grep -v margin >"$tmp/a"
grep -v margin before >"$tmp/b"
same 'the tuned rule stays' "$tmp/a" "$tmp/b"
holds '^ +margin: (0.01|1000)( |$)'
train 0 tiny $set --set train.tune=12 --steps 500 --seed 9 --out another
run 0 "$relmas" inspect another/best.h5 --config
grep -A 17 '^rule:' "$tmp/out" | grep -v margin >"$tmp/a"
! cmp -s "$tmp/a" "$tmp/b" || fail 'another seed tuned to the same weights'
train 0 tiny $set $tuned --set train.tune_energy=50 --steps 500 --out frugal
run 0 "$relmas" inspect frugal/best.h5 --config
grep -A 17 '^rule:' "$tmp/out" | grep -v margin >"$tmp/a"
! cmp -s "$tmp/a" "$tmp/b" || fail 'the price of energy changed nothing'

cp -r tuned older
sed '1s/,margin,/,/' tuned/metrics.csv >older/metrics.csv
train 2 --resume older --steps 100
holds 'metrics.csv. has the columns of another version: move it away' "$tmp/err"

# --- stopped while it tunes: nothing to resume, nothing in the way ---
"$relmas" train tiny $set --set train.tune=1000000 --out tuning >"$tmp/out" 2>"$tmp/err" &
pid=$!
tries=0
until [ -d tuning ] || [ $tries -gt 100 ]; do tries=$((tries + 1)) && sleep 0.1; done
sleep 0.5
kill -INT $pid
wait $pid
code=$?
checks=$((checks + 1))
[ $code -eq 130 ] || fail "exit code $code of a training that was stopped while it tuned"
holds 'stopped before the training: nothing to go on from, start again' "$tmp/err"
train 0 tiny $set --steps 500 --out tuning

# --- a new run from what another found ---
run 0 "$relmas" inspect taught/best.h5 --config
cp "$tmp/out" again.yaml
train 0 again.yaml --steps 500 --out again
! grep -q 'of deadlines on validation seeds' "$tmp/err" || fail 'the teacher was known, and chosen again'
run 0 "$relmas" inspect again/best.h5 --config
holds "^ *base: \"$teacher\"( |$)"

# --- weights by hand ---
train 0 tiny $set --set rule.crowd=1.5 --set rule.kept=0 --set rule.margin=0.25 --steps 500 --out byhand
run 0 "$relmas" inspect byhand/best.h5 --config
holds '^ +crowd: 1.5( |$)'
holds '^ +kept: 0( |$)'
holds '^ +margin: 0.25( |$)'
holds '^ +bytes: 2( |$)' # the teacher's own
train 2 tiny --set env.teacher=auto --set rule.crowd=1.5 --out never
holds 'weights \(rule\.\*\) want a rule by name ' "$tmp/err"
train 2 tiny --set rule.base=edf-h --out never
holds "rule.base 'edf-h' is not env.teacher 'dr-reserve-bw'" "$tmp/err"
train 2 tiny --set env.teacher=auto --set rule.base=magma --out never
holds "rule.base 'magma' plans whole rounds" "$tmp/err"
[ ! -e never ] || fail 'a run that was refused left a folder'
verdict
