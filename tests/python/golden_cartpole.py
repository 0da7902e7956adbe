#!/usr/bin/env python3
"""Writes tests/golden/cartpole/trajectories.csv: states of Gymnasium's CartPole-v1.

    python3 -m venv VENV && VENV/bin/pip install gymnasium==1.4.0
    VENV/bin/python tests/python/golden_cartpole.py > tests/golden/cartpole/trajectories.csv

Step 0 of a trajectory is its initial state; every further row is the state after `action`, as float64.
"""
import sys

import gymnasium
import numpy

STARTS = [[0.0, 0.0, 0.0, 0.0], [0.03, -0.02, 0.04, 0.01], [-0.04, 0.045, -0.03, -0.05],
          [1.9, 0.8, 0.02, 0.3], [-2.0, -0.9, -0.05, -0.2]]
RULES = [
    lambda s, t: 1,                                   # falls over
    lambda s, t: int(s[2] + s[3] > 0),                # balances, swinging
    lambda s, t: int(0.1 * s[0] + 0.3 * s[1] + 3 * s[2] + s[3] > 0),  # balances at the centre
    lambda s, t: int(s[2] + s[3] > 0),                # leaves the track on the right
    lambda s, t: (t // 2) % 2,                        # leaves it, or falls, on the left
]


def main():
    print("# CartPole-v1 of gymnasium %s, numpy %s; see tests/python/golden_cartpole.py"
          % (gymnasium.__version__, numpy.__version__))
    print("trajectory,step,action,x,x_dot,theta,theta_dot,terminated")
    for k, (start, rule) in enumerate(zip(STARTS, RULES)):
        env = gymnasium.make("CartPole-v1")
        env.reset(seed=0)
        env.unwrapped.state = numpy.array(start, dtype=numpy.float64)
        rows, state, done = [(0, -1, start, 0)], start, False
        while not done and len(rows) <= 100:
            action = rule(state, len(rows) - 1)
            _, reward, done, _, _ = env.step(action)
            assert reward == 1.0
            state = [float(v) for v in env.unwrapped.state]
            rows.append((len(rows), action, state, int(done)))
        for step, action, s, end in rows:
            print("%d,%d,%d,%s,%d" % (k, step, action, ",".join("%.17g" % v for v in s), end))


if __name__ == "__main__":
    sys.exit(main())
