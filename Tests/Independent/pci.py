#!/usr/bin/env python3
"""Reads PCI functions in its own way, so that the agent's reading has something to be compared with.

pci.py tree FOLDER...  error totals and link of every function below the folders, as JSON
pci.py lspci FILE...   the LnkSta and LnkCap lines of `lspci -vv` recordings, as JSON
"""
import json
import os
import re
import sys

ADDRESS = re.compile(r"^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$")


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return None


def tree(root):
    functions = {}
    for folder, names, _ in os.walk(root):
        name = os.path.basename(folder)
        if not ADDRESS.match(name) or os.path.basename(os.path.dirname(folder)) == "devices":
            continue
        found = {}
        for kind, total in (("correctable", "COR"), ("nonfatal", "NONFATAL"), ("fatal", "FATAL")):
            match = re.search(r"^TOTAL_ERR_\w+ (\d+)$", read(f"{folder}/aer_dev_{kind}") or "", re.M)
            if match:
                found[f"TOTAL_ERR_{total}"] = int(match.group(1))
        for key in ("current_link_speed", "current_link_width"):
            match = re.match(r"([\d.]+)", read(f"{folder}/{key}") or "")
            if match and float(match.group(1)) > 0:
                found[key] = float(match.group(1))
        functions[name] = found
    return functions


def lspci(path):
    text = re.sub(r"\s+", " ", read(path) or "")
    found = {}
    for register in ("LnkCap", "LnkSta"):
        match = re.search(register + r": [^:]*?Speed ([\d.]+)GT/s[^,]*, Width x(\d+)", text)
        if match:
            found[register] = [float(match.group(1)), float(match.group(2))]
    return found


if __name__ == "__main__":
    kind, *paths = sys.argv[1:]
    print(json.dumps([{"tree": tree, "lspci": lspci}[kind](path) for path in paths]))
