#!/usr/bin/env python3
"""Reads recordings of network ports in its own way, so that the agent's reading has something to be compared with.

network.py module FILE...      numbers of `ethtool -m` texts
network.py infiniband FOLDER   counters of /sys/class/infiniband
network.py nvidia FILE...      numbers of `nvidia-smi -q -x`, card by card
"""
import glob
import json
import re
import sys
import xml.etree.ElementTree as xml


def first(text, pattern):
    match = re.search(pattern, text, re.M)
    return float(match.group(1)) if match else None


def module(path):
    text = open(path, errors="replace").read()
    return {
        "temperature": first(text, r"^\s*Module temperature\s+: ([-\d.]+) degrees C"),
        "voltage": first(text, r"^\s*Module voltage\s+: ([\d.]+) V"),
        "bias": first(text, r"^\s*Laser bias current\s+: ([\d.]+) mA"),
        "tx": first(text, r"^\s*Laser output power\s+: [\d.]+ mW / ([-\d.]+) dBm"),
        "rx": first(text, r"^\s*Receiver signal average optical power\s+: [\d.]+ mW / ([-\d.]+) dBm"),
        "alarms": len(re.findall(r"(?:alarm|warning)\s+: On\s*$", text, re.M)),
    }


def infiniband(root):
    found = {}
    for path in glob.glob(f"{root}/*/ports/*/counters/*"):
        parts = path.split("/")
        found[f"{parts[-5]}/{parts[-3]}/{parts[-1]}"] = float(open(path).read())
    return found


def number(card, path):
    node = card.find(path)
    match = re.match(r"\s*([-\d.]+)", node.text or "") if node is not None else None
    return float(match.group(1)) if match else None


def nvidia(path):
    cards = []
    for card in xml.parse(path).getroot().findall("gpu"):
        cards.append({
            "temperature": number(card, "temperature/gpu_temp"),
            "fan": number(card, "fan_speed"),
            "replays": number(card, "pci/replay_counter"),
            "single": number(card, "ecc_errors/aggregate/single_bit/total"),
            "double": number(card, "ecc_errors/aggregate/double_bit/total"),
            "sram": number(card, "ecc_errors/aggregate/sram_correctable"),
            "dram": number(card, "ecc_errors/aggregate/dram_correctable"),
        })
    return cards


if __name__ == "__main__":
    kind, *paths = sys.argv[1:]
    print(json.dumps([{"module": module, "infiniband": infiniband, "nvidia": nvidia}[kind](path) for path in paths]))
