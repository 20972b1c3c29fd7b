#!/usr/bin/env python3
"""Reads trees of /sys in its own way, so that the agent's reading has something to be compared with.

sysfs.py ready KIND NAME FOLDER   makes the recording NAME ready as FOLDER/sys; prints whether it is there
sysfs.py hwmon ROOT               numbers of chips: {"temp1_input of coretemp": [..]}
"""
import collections
import glob
import json
import os
import re
import sys


def text(path):
    try:
        with open(path, errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def ready(kind, name, folder):
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path.insert(0, f"{package}/Laboratory")
    import trees
    for tree in trees.recorded(f"{os.path.dirname(package)}/shared/fixtures"):
        if (tree.kind, tree.name) == (kind, name):
            trees.make_ready(tree, folder)
            return True
    return False


def hwmon(root):
    found = collections.defaultdict(list)
    factor = {"in": 1e3, "temp": 1e3, "curr": 1e3, "humidity": 1e3, "power": 1e6, "energy": 1e6, "fan": 1}
    for chip in glob.glob(f"{root}/sys/class/hwmon/*"):
        place = chip if text(f"{chip}/name") else f"{chip}/device"
        if not text(f"{place}/name"):
            continue
        for path in glob.glob(f"{place}/*_input"):
            feature = os.path.basename(path)
            kind = re.match(r"[a-z]+", feature).group()
            value = text(path)
            if kind in factor and value is not None and re.fullmatch(r"-?\d+", value):
                found[f"{feature} of {text(f'{place}/name')}"].append(int(value) / factor[kind])
    return {key: sorted(values) for key, values in found.items()}


if __name__ == "__main__":
    command, rest = sys.argv[1], sys.argv[2:]
    print(json.dumps({"ready": ready, "hwmon": hwmon}[command](*rest)))
