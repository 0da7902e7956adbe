#!/bin/sh
# onnx.sh [MODEL.onnx...] -- writes the models and MACs of tests/golden/onnx anew, with the Python
# package onnx in .venv (git-ignored); given models, prints theirs instead. The product needs no
# Python, and no test runs this. Run from the top of the tree.
set -eu
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check numpy==2.3.5 onnx==1.23.2
if [ $# -gt 0 ]; then
    exec .venv/bin/python tests/python/onnx_macs.py "$@"
fi
.venv/bin/python tests/python/make_onnx.py tests/golden/onnx
.venv/bin/python tests/python/onnx_macs.py tests/golden/onnx/*.onnx >tests/golden/onnx/macs.csv
if [ -e ../shared/models ]; then
    .venv/bin/python tests/python/onnx_macs.py ../shared/models/*.onnx >tests/golden/onnx/shared.csv
fi
