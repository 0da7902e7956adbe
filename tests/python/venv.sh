#!/bin/sh
# venv.sh [torch] -- makes .venv (git-ignored) with numpy, and with torch on demand, for the scripts
# that compute golden values. The product needs no Python. Run from the top of the tree.
set -eu
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check numpy==2.3.5
[ "${1-}" != torch ] || .venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
