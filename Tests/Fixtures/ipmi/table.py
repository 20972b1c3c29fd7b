#!/usr/bin/env python3
"""Reads `ipmitool sensor` in its own way: prints name, reading and limits of every row that has a reading, as JSON."""
import json
import sys

rows = []
for line in open(sys.argv[1], encoding="utf-8"):
    columns = [column.strip() for column in line.rstrip("\n").split("|")]
    if len(columns) < 10 or columns[2] == "discrete":
        continue
    try:
        reading = float(columns[1])
    except ValueError:
        continue
    limits = {}
    for name, column in zip(("lnr", "lcr", "lnc", "unc", "ucr", "unr"), columns[4:10]):
        if column != "na":
            limits[name] = float(column)
    rows.append({"name": columns[0], "reading": reading, "limits": limits})
print(json.dumps(rows))
