#!/bin/sh
# trace.sh RELMAS -- `relmas trace`: an episode becomes a file that viewers open, whole and true.
. tests/support/cli.sh

keeps_rules() { # keeps_rules FILE: as viewers apply them
    run 0 awk -f "$tree/tests/support/json.awk" "$1"
    run 0 awk -f "$tree/tests/support/trace.awk" "$1"
}
small() { # small FILE POLICY ARGUMENTS...: a short episode
    file=$1
    shift
    run 0 "$relmas" trace "$@" --jobs 12 -o "$file" --force
    cp "$tmp/out" said
    keeps_rules "$file"
}

# --- to a file: a summary on stdout, nothing on stderr ---
run 0 "$relmas" trace edf-queue --scenario light-m --load 0.9 --jobs 25 -o trace.json
[ -s "$tmp/err" ] && fail "a summary on stdout comes with chatter: $(cat "$tmp/err")"
holds '^edf-queue, scenario light-m on default-6, load 0.9, seed [0-9]+: [0-9.]+ ms$'
holds '^requests  25: [0-9]+ met, [0-9]+ late, 0 dropped, 0 rejected; SLA [0-9.]+ %$'
holds '^sub-jobs  [0-9]+ on 6 SAs, busy [0-9.]+ %; slowed by contention to [0-9.]+ x, at most [0-9.]+ x$'
holds '^next: open trace.json in https://ui.perfetto.dev'
cp "$tmp/out" summary.txt
keeps_rules trace.json
holds '"thread_name", "args": \{"name": "SA 0 simba-16pe"\}' trace.json
holds '"name": "kws/conv1", "cat": "kws", "args": \{"job": [0-9]+, "tenant": 2, "network": "kws", "layer": "conv1", "isolated_us": ' trace.json

# --- to stdout, again, with another number of threads: the same bytes ---
run 0 "$relmas" trace edf-queue --scenario light-m --load 0.9 --jobs 25 --threads 1
same 'the trace on stdout' trace.json "$tmp/out"
sed '/^next/d' summary.txt >"$tmp/a"
same 'the summary on stderr' "$tmp/a" "$tmp/err"
run 0 "$relmas" trace edf-queue --scenario light-m --load 0.9 --jobs 25 --seed 5 -o -
cmp -s trace.json "$tmp/out" && fail 'other arrivals, same trace'

# --- the rules can be broken ---
broken() { # broken WHAT SED-SCRIPT
    sed "$2" trace.json >broken.json
    checks=$((checks + 1))
    cmp -s trace.json broken.json && fail "nothing is broken: $1"
    awk -f "$tree/tests/support/trace.awk" broken.json 2>/dev/null && fail "not noticed: $1"
}
broken 'a flow without an end' '0,/"ph": "f"/{/"ph": "f"/d;}'
broken 'a lost sub-job' '0,/"ph": "X"/{/"ph": "X"/d;}'
broken 'a longer sub-job' '0,/"dur": [0-9]*/s//"dur": 99999/'
broken 'a flow bound to nothing' '0,/"ph": "t", "pid": 2, "tid": 10[0-9], "ts": [0-9]/s//&9/'
broken 'another end' '0,/"name": "met"/s//"name": "late"/'
broken 'other bytes' 's/"bytes": [0-9]*/&0/'

# --- all schedulers; every way to end; whatever else changes an episode ---
for s in $("$relmas" list schedulers | cut -d' ' -f1); do
    small any.json "$s" --scenario light-m --set scenario.system=tiny-2 --load 1.2 --set scenario.replan_us=100
done
small firm.json fcfs-h --scenario light-m --load 3 --set scenario.late=firm
holds '"name": "dropped"' firm.json
holds '"name": "dropped [a-z]*", "cat": "miss", "s": "t"' firm.json
small full.json fcfs-h --scenario light-m --load 2 --set scenario.max_jobs=2
holds '"name": "rejected"' full.json
small slow.json edf-queue --scenario light-m --set scenario.decision_us=30
small late.json edf-h --scenario light-m --load 2 --set scenario.arbitration=proportional \
    --set scenario.warmup_jobs=3 --set scenario.cooldown_jobs=2
holds '"counted": false' late.json
holds '^requests  17: .* of those that count$' said
awk 'BEGIN { print "time"; for (i = 0; i < 6; i++) print 1; print 2; print 3; print 3 }' >times.csv
small burst.json edf-queue --scenario light-m --set scenario.arrivals=trace --set scenario.trace=times.csv
run 0 "$relmas" train tiny --steps 2000 --out run
small learned.json run
holds '^run, scenario light-m ' said

# --- the numbers are eval's of the same episode: of baselines of both kinds, of a learned policy ---
as_eval() { # as_eval POLICY
    run 0 "$relmas" trace "$1" --scenario light-m --load 0.9 --seed 7 --jobs 40 -o same.json --force
    sla=$(sed -n 's/.*SLA \([0-9.]*\) %.*/\1/p' "$tmp/out")
    busy=$(sed -n 's/.*busy \([0-9.]*\) %.*/\1/p' "$tmp/out")
    run 0 "$relmas" eval "$1" --scenario light-m --load 0.9 --seed 7 --episodes 1 --set scenario.episode_jobs=40
    holds "^$1 +$sla \[.* $busy %"
}
as_eval edf-queue
as_eval prema
as_eval run

# --- networks and systems of the user's, whatever their names ---
cat >own.yaml <<'END'
name: own
input: {channels: 8, height: 16, width: 16}
layers:
- {name: a, type: conv, k: 8, kernel: 3, pad: 1}
- {name: b, type: conv, k: 8, kernel: 1, from: [a]}
- {name: c, type: conv, k: 8, kernel: 1, from: [a]}
- {name: d, type: concat, from: [b, c]}
- {name: e, type: fc, k: 10}
END
cat >odd.yaml <<'END'
name: 'odd "\ é'
dram_gbps: 20
accelerators: [{preset: simba-16pe, count: 2, name: 's "1"'}]
END
small own.json edf-queue --set scenario.system=./odd.yaml --set scenario.networks=./own.yaml,kws
[ "$(awk -f "$tree/tests/support/trace.awk" -v net=own own.json)" -gt 0 ] || fail 'own network without a sub-job'
holds '"name": "own/b", ' own.json
holds '"args": \{"name": "odd \\"\\\\ é"\}' own.json
holds '"args": \{"name": "SA 1 s \\"1\\""\}' own.json

# --- what is there stays there; nothing is left half written ---
echo keep >old.json
refused 2 "trace: 'old.json' exists, give --force to replace it" trace edf-queue -o old.json
[ "$(cat old.json)" = keep ] || fail 'a refused trace wrote to the file'
mkdir folder
refused 2 "'folder' is a folder" trace edf-queue -o folder
refused 1 "cannot create 'no/such/x.json'" trace edf-queue --jobs 5 -o no/such/x.json
if [ -e /dev/full ]; then
    run 1 "$relmas" trace edf-queue --jobs 5 -o /dev/full
    holds "cannot write '/dev/full'" "$tmp/err"
fi
"$relmas" trace edf-queue --scenario light-m --jobs 100000000 -o killed.json >"$tmp/out" 2>"$tmp/err" &
job=$!
tries=0
until [ -n "$(find . -name 'killed.json.tmp-*' -size +1k)" ] || [ $tries -eq 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
checks=$((checks + 1))
[ $tries -lt 300 ] || fail 'the trace does not grow as it is made'
kill -TERM $job
wait $job 2>/dev/null
code=$?
[ $code -eq 143 ] || fail "exit code $code instead of 143 after SIGTERM"
ls ./*.tmp-* killed.json >"$tmp/out" 2>/dev/null && fail "left behind: $(cat "$tmp/out")"

# --- usage ---
refused 2 'POLICY is missing' trace -o x.json
refused 2 'at most 1 POLICY is taken' trace edf-queue fcfs-h
refused 2 "policy 'edf-quue' is no .*, did you mean 'edf-queue'" trace edf-quue
refused 2 '--load' trace edf-queue --load 0
refused 2 '--jobs' trace edf-queue --jobs 0
refused 2 "scenario.late" trace edf-queue --set scenario.late=hard
run 0 "$relmas" trace --help
holds '^  relmas trace edf-queue '
ls x.json >/dev/null 2>&1 && fail 'a refused trace left a file'
verdict
