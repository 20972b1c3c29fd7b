#!/usr/bin/env python3
"""Reads recorded /proc/mdstat files by regular expressions, for comparison with the agent's parser.

Usage: read-mdstat.py FILE...   prints per array: FILE NAME STATE LEVEL WANTED WORKING MEMBERS(name:flag,...)
"""
import os
import re
import sys

HEADER = re.compile(r"^[ \t]*(md\S*) : (active|inactive|broken)\b", re.M)

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    headers = list(HEADER.finditer(text))
    for number, header in enumerate(headers):
        end = headers[number + 1].start() if number + 1 < len(headers) else len(text)
        block = text[header.end():end]
        block = re.split(r"\n[ \t]*\r?\n|\n[ \t]*(?:unused devices|Personalities)", block)[0]
        read_only = re.match(r"\s*\((auto-)?read-only\)", block)
        rest = block[read_only.end():] if read_only else block
        level = re.match(r"\s*(raid\d+|linear|multipath|faulty)\b", rest)
        state = header.group(2)
        if read_only and read_only.group(1) is None:
            state = "readonly"
        members = []
        for member in re.finditer(r"(?<![\w\[])([a-zA-Z][\w!-]*)\[(\d+)\]((?:\([A-Z]\))*)", rest):
            flag = "F" if "(F)" in member.group(3) else "S" if "(S)" in member.group(3) else "-"
            members.append(member.group(1) + ":" + flag)
        counts = re.search(r"\[(\d+)/(\d+)\]", re.sub(r"\s", "", rest))
        print(os.path.basename(path), header.group(1), state, level.group(1) if level else "-",
              counts.group(1) if counts else "-", counts.group(2) if counts else "-",
              ",".join(members) or "-", sep="\t")
