"""golden_stats.py -- computes tests/golden/stats/rliable.h with numpy, and with rliable (Agarwal et al.,
NeurIPS 2021): quantiles, the interquartile mean with its stratified bootstrap interval over runs, and
the interval of a mean over two crossed samples.
Run from the top of the tree: sh tests/python/venv.sh rliable && .venv/bin/python tests/python/golden_stats.py
"""
import platform
from importlib.metadata import version

import numpy as np
from rliable import library, metrics

SEED, REPS = 20260101, 50000
RUNS, TASKS = 7, 4  # scores of 7 seeds on 4 scenarios
ROWS, COLS = 5, 60  # differences of 5 seeds in 60 episodes
OUT = "tests/golden/stats/rliable.h"

rng = np.random.default_rng(SEED)


def array(name, x):
    values = [f"{v:.17g}" for v in np.asarray(x).reshape(-1)]
    lines = ["    " + ", ".join(values[i : i + 4]) for i in range(0, len(values), 4)]
    return f"static const double {name}[{len(values)}] = {{\n" + ",\n".join(lines) + "};\n"


# Scenarios differ much, seeds little: what the strata are for.
scores = rng.normal([0.99, 0.9, 0.7, 0.4], [0.004, 0.02, 0.05, 0.05], (RUNS, TASKS))
np.random.seed(1)  # rliable draws from numpy's global generator
point, interval = library.get_interval_estimates(
    {"": scores}, lambda s: np.array([metrics.aggregate_iqm(s)]), reps=REPS)
point, interval = point[""][0], interval[""][:, 0]

# Seeds and episodes are both samples; every seed plays the same episodes.
diff = (rng.normal(0.004, 0.003, (ROWS, 1)) + rng.normal(0, 0.01, (1, COLS))
        + rng.normal(0, 0.005, (ROWS, COLS)))
means = np.empty(REPS)
for r in range(REPS):
    means[r] = diff[np.ix_(rng.integers(0, ROWS, ROWS), rng.integers(0, COLS, COLS))].mean()
crossed = np.quantile(means, [0.025, 0.975])

some = np.sort(rng.normal(size=9))
asked = [0, 0.025, 0.25, 0.5, 0.61, 0.975, 1]
with open(OUT, "w") as f:
    f.write("/* rliable.h -- quantiles, interquartile means and bootstrap intervals of others.\n"
            f" * Computed by tests/python/golden_stats.py: rliable {version('rliable')}, arch {version('arch')}, "
            f"scipy {version('scipy')},\n * numpy {np.__version__}, Python {platform.python_version()}; seed {SEED}, "
            f"{REPS} resamples. Do not edit. */\n")
    f.write(f"enum {{ G_RUNS = {RUNS}, G_TASKS = {TASKS}, G_ROWS = {ROWS}, G_COLS = {COLS} }};\n")
    f.write("/* [task][run]; interquartile mean of all and its interval, runs resampled within tasks */\n")
    f.write(array("G_SCORES", scores.T) + array("G_IQM", [point, *interval]))
    f.write("/* [row][column]; mean and its interval, rows and columns resampled */\n")
    f.write(array("G_DIFF", diff) + array("G_CROSSED", [diff.mean(), *crossed]))
    f.write("/* ascending; numpy.quantile of them */\n")
    f.write(array("G_SORTED", some) + array("G_ASKED", asked) + array("G_QUANTILES", np.quantile(some, asked)))
