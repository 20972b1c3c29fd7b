#!/usr/bin/env python3
"""Reads trees of /sys in its own way, so that the agent's reading has something to be compared with.

sysfs.py ready KIND NAME FOLDER   makes the recording NAME ready as FOLDER/sys; prints whether it is there
sysfs.py hwmon ROOT               numbers of chips: {"temp1_input of coretemp": [..]}
sysfs.py fabric ROOT              troubles that RDMA and Fibre Channel ports count: {"mlx5_0/1/out_of_sequence": 3}
sysfs.py thermal ROOT             degrees, shares of cooling and microjoules: {"cpu-thermal": 12.4}
sysfs.py bonds ROOT               links of bonds that are up, of how many: {"bond0": [1, 2]}
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


def fabric(root):
    found = {}
    for path in glob.glob(f"{root}/sys/class/infiniband/*/ports/*/hw_counters/*"):
        parts = path.split("/")
        if (text(path) or "").isdigit():
            found["/".join([parts[-5], parts[-3], parts[-1]])] = int(text(path))
    for path in glob.glob(f"{root}/sys/class/infiniband/*/ports/*/counters/port_rcv_discards"):
        parts = path.split("/")
        if (text(path) or "").isdigit():
            found["/".join([parts[-5], parts[-3], parts[-1]])] = int(text(path))
    for path in glob.glob(f"{root}/sys/class/fc_host/*/statistics/*"):
        value = int(text(path) or "0", 16)
        if value != 2 ** 64 - 1:
            found["/".join([path.split("/")[-3], os.path.basename(path)])] = value
    return found


def thermal(root):
    found = {}
    for zone in glob.glob(f"{root}/sys/class/thermal/thermal_zone*"):
        if not glob.glob(f"{zone}/hwmon*") and text(f"{zone}/temp"):
            found[text(f"{zone}/type")] = int(text(f"{zone}/temp")) / 1000
    for device in glob.glob(f"{root}/sys/class/thermal/cooling_device*"):
        if int(text(f"{device}/max_state") or 0) > 0:
            # -1: intel_powerclamp does not clamp.
            state = max(0, int(text(f"{device}/cur_state") or 0))
            found[text(f"{device}/type")] = state / int(text(f"{device}/max_state"))
    return found


def bonds(root):
    found = {}
    for bond in glob.glob(f"{root}/sys/class/net/*/bonding"):
        place = os.path.dirname(bond)
        members = (text(f"{bond}/slaves") or "").split()
        up = [m for m in members if text(f"{place}/slave_{m}/bonding_slave/mii_status") == "up"]
        found[os.path.basename(place)] = [len(up), len(members)]
    return found


if __name__ == "__main__":
    command, rest = sys.argv[1], sys.argv[2:]
    commands = {"ready": ready, "hwmon": hwmon, "fabric": fabric, "thermal": thermal, "bonds": bonds}
    print(json.dumps(commands[command](*rest)))
