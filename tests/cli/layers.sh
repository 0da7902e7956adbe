#!/bin/sh
# layers.sh RELMAS -- check_layers.sh passes what is here, and catches what it is there for.
. tests/support/cli.sh
for d in base nn rl env accel_models checkpoints experiments; do
    mkdir $d
    cp "$tree/$d"/*.[ch] $d/
done
run 0 sh "$tree/tests/check_layers.sh"
caught() { # caught FILE LINE: code that does not belong there
    file=$1
    cp "$file" "$tmp/kept"
    echo "$2" >>"$file"
    run 1 sh "$tree/tests/check_layers.sh"
    holds "$file" "$tmp/err"
    cp "$tmp/kept" "$file"
}
caught base/rng.c '#include "nn/mlp.h"'
caught nn/mlp.c '#include "env/env.h"'
caught nn/mlp.h '#include "accel_models/accel.h"'
caught accel_models/ws.c '#include "nn/gemm.h"'
caught env/sim.c '#include "rl/dqn.h"'
caught rl/dqn.c '#include "env/sim.h"'
caught rl/dqn.c '#include "checkpoints/checkpoint.h"'
caught checkpoints/save.c '#include "rl/dqn.h"'
caught env/sim.c '#include "experiments/commands.h"'
caught nn/mlp.c '#include <cblas.h>'
caught experiments/cmd_train.c '#include <hdf5.h>'
caught env/sim.c '    printf("x");'
caught rl/dqn.c '    exit(1);'
caught base/log.c '    fputs("x", stdout);'
caught env/sim.c '    p = malloc(4);'
caught base/csv.c '    free(p);'
run 0 sh "$tree/tests/check_layers.sh"
verdict
