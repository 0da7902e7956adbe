"""scalesim_macs.py TOPOLOGY.csv... -- MACs of SCALE-Sim topologies by SCALE-Sim's own formulas.

Prints file, layers and MACs, or file and why it cannot be read. It shares nothing with the importer
but the format: rows are cut at commas and read by place, as scalesim/topology_utils.py does
(version 3: outputs are ceil((input - filter + stride) / stride), names with DP are repeated for each
channel). Beyond SCALE-Sim it reads tabs, passes over empty rows and headings, and does not lose the
last cell of a row without a trailing comma.
"""

import math
import sys


def rows(path):
    with open(path, encoding="utf-8-sig") as f:
        lines = f.read().splitlines()
    separator = "," if "," in lines[0] else "\t"
    header = [c.replace("\u00a0", " ").strip() for c in lines[0].split(separator)]
    for number, line in enumerate(lines[1:], 2):
        cells = [c.strip() for c in line.split(separator)]
        if any(cells[1:]):
            yield header, number, cells


def macs(header, cells):
    if header[1].upper() == "M":
        m, n, k = (int(c) for c in cells[1:4])
        return m * n * k
    h, w, r, s, channels, filters, stride = (int(c) for c in cells[1:8])
    if min(h, w, r, s, channels, filters, stride) < 1 or r > h or s > w:
        raise ValueError("sizes")
    out = math.ceil((h - r + stride) / stride) * math.ceil((w - s + stride) / stride)
    return out * r * s * channels * filters


def main():
    for path in sys.argv[1:]:
        total, layers = 0, 0
        try:
            for header, number, cells in rows(path):
                layers += 1
                total += macs(header, cells)
            print(f"{path},{layers},{total}")
        except (ValueError, IndexError) as error:
            print(f"{path},line {number},{error}")


main()
