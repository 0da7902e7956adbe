#!/bin/sh
# peers.sh -- makes a Python environment in build/peers (PyTorch for CPUs, ONNX Runtime, numpy, onnx)
# and measures the learner in turn with them. `make bench-peers` calls it; `make check` never does.
# Run from the top of the tree:  sh tests/bench/peers.sh build/release [--rounds N] [--seconds S]
# On an idle machine: all numbers are wall time, taken in turn, medians of the rounds.
set -eu
bench=$1/tests/bench/bench_learner
shift
venv=build/peers
if [ ! -e "$venv/installed" ]; then
    echo "installing PyTorch, ONNX Runtime, numpy and onnx in $venv" >&2
    python3 -m venv "$venv"
    pip="$venv/bin/pip install --quiet --disable-pip-version-check --retries 1"
    # The wheels for CPUs are a tenth of the size of those for GPUs; PyPI's do too.
    $pip torch --index-url https://download.pytorch.org/whl/cpu 2>/dev/null || $pip torch
    $pip numpy onnx onnxruntime
    touch "$venv/installed"
fi
exec "$venv/bin/python" tests/bench/peers.py --bench "$bench" "$@"
