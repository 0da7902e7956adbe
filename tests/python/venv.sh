#!/bin/sh
# venv.sh [torch] [rliable] -- makes .venv (git-ignored) with numpy, and with torch or rliable on demand,
# for the scripts that compute golden values. The product needs no Python. Run from the top of the tree.
set -eu
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check numpy==2.3.5
for package; do
    case $package in
    torch) .venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 ;;
    rliable) .venv/bin/pip install --quiet --disable-pip-version-check rliable==1.2.0 "pandas<3" ;;
    *) echo "venv.sh: unknown package '$package', torch or rliable" >&2 && exit 2 ;;
    esac
done
