"""networks.py TIMELOOP_CSV > networks.csv -- the shape columns of the reference results (standard
library only). Rows of accelerator `simba`: each shape is there once."""
import csv
import sys

NAMES = {"kws_dscnn": "kws"}
TYPES = {"conv1x1": "conv", "dw": "dwconv"}
SHAPE = "C K P Q R S stride_h stride_w dilation groups macs".split()

print("""# networks.csv -- layer shapes of published networks, which the tables in env/networks must contain.
# Provenance: shape columns of timeloop.csv (Timeloop v3.0.3 runs, 2026-11-22), one row per distinct
# shape of a network, by networks.py; names differ where one row stands for several layers.
# P, R: width; Q, S: height.
network,layer,type,""" + ",".join(SHAPE))
for row in csv.DictReader(open(sys.argv[1])):
    if row["accelerator"] == "simba":
        head = [NAMES.get(row["network"], row["network"]), row["layer"]]
        print(",".join(head + [TYPES.get(row["type"], row["type"])] + [row[k] for k in SHAPE]))
