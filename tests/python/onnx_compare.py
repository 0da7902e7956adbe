"""onnx_compare.py RELMAS MODEL.onnx... -- what `relmas import` makes of models, beside onnx_macs.py.

One line for each model: `ok`, `refused` with the message, `no reference` where the Python package onnx
cannot infer the sizes, or `DIFFERENT`; then the counts. For models that are not kept here, as those
that come with the package or that PyTorch exports.
"""

import collections
import json
import os
import subprocess
import sys
import tempfile

import onnx

import onnx_macs


def reference(path):
    """(MACs, weights), or None."""
    try:
        model = onnx.load(path, load_external_data=False)
        onnx_macs.set_inputs(model.graph, {})
        onnx_macs.modernise(model)
        found = list(onnx_macs.products(model))
    except Exception:  # whatever the package finds wrong
        return None
    return sum(macs for _, macs, _ in found), sum(size for _, _, size in found)


def imported(relmas, path, target):
    """(MACs, weights), or the message."""
    command = [relmas, "import", path, "-o", target, "--force", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0:
        summary = json.loads(done.stdout)
        return summary["macs"], summary["parameters"]
    if done.returncode == 2 and done.stderr.count("\n") == 1:
        return done.stderr.strip()
    sys.exit(f"{path}: exit code {done.returncode}: {done.stderr}")


def main():
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for path in sys.argv[2:]:
            ours = imported(sys.argv[1], path, os.path.join(folder, "x.yaml"))
            want = reference(path)
            verdict = ("refused" if isinstance(ours, str) else "no reference" if want is None else
                       "ok" if ours == want else "DIFFERENT")
            counts[verdict] += 1
            print(verdict, path, ours, want)
    print(dict(counts))


main()
