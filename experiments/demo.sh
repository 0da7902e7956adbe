#!/bin/sh
# demo.sh RELMAS -- the main job: trains a policy for about one minute on two cores, saves it, and
# compares it with the baselines on held-out arrivals. Interrupted, it goes on where it was.
set -eu
relmas=$1
run=runs/demo

if ls "$run"/step-*.h5 >/dev/null 2>&1; then
    "$relmas" train --resume "$run"
else
    "$relmas" train default --out "$run"
fi
echo
"$relmas" eval "$run" fcfs-h edf-h edf-h+ edf-queue srpt-queue-bw dr-queue-bw \
    edf-h-bw+ edf-paced-bw edf-reserve-bw admit-reserve-bw
