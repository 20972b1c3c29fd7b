#!/usr/bin/env python3
"""Reads a list of NUT variables in its own way: prints those that are numbers, as JSON."""
import json
import re
import sys

numbers = {}
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    match = re.match(r"^([A-Za-z0-9_.-]+\.[A-Za-z0-9_.-]+)\s*:\s*(-?[0-9]+(?:\.[0-9]+)?)\s*(?:#.*)?$", line)
    if match:
        numbers[match.group(1)] = float(match.group(2))
print(json.dumps(numbers))
