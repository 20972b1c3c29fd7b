#!/usr/bin/env python3
"""Counts hardware messages in recorded kernel logs, in its own way: one regular expression per kind over whole lines.

Prints a line for each file: its name, and kind=count for each kind that occurs. Used to check the agent's own reading.
"""
import re
import sys

DISK = r"(?:sd[a-z]+|hd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+(?:c\d+)?n\d+|mmcblk\d+)(?:p?\d+)?"
KINDS = {
    "ata-reset": re.compile(r"\bata[0-9.]+: (?:hard|soft) resetting (?:link|port)"),
    "io-error": re.compile(r"(?:I/O|timeout) error, dev " + DISK + r", sector(?!.*op 0x[0-9a-f]+:\((?!READ|WRITE\)|FLUSH))"),
    "medium-error": re.compile(r"critical medium error, dev " + DISK + r", sector"),
    "nvme-timeout": re.compile(r"nvme nvme\d+: I/O .*timeout, (?:aborting|disable controller|completion polled)"),
    "xid": re.compile(r"NVRM: Xid \([^)]*\): \d+"),
    "md-member-failed": re.compile(r"md/\S+ Disk failure on " + DISK),
    "aer": re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]: .*(?:PCIe|CXL) Bus Error: severity=(?:Correct|Uncorrect\w+ \((?:Non-)?Fatal)"),
    "edac": re.compile(r"EDAC MC\d+: (?:\d+ )?(?:CE|UE) "),
}
# Machine checks: AMD's decoder writes the flags beside the number; of raw ones the number itself is read (Intel SDM 3B 16.3.2).
FLAGS = re.compile(r"\[Hardware Error\]: CPU:\d+ \S+ MC\d+_STATUS\[([^\]]*)\]: 0x[0-9a-f]+")
RAW = re.compile(r"CPU \d+: Machine Check(?: Exception| Event)?: [0-9a-f]+ Bank \d+: ([0-9a-f]{16})")


def severity(line):
    """`check-corrected` and the like; None for other lines."""
    if match := FLAGS.search(line):
        flags = match.group(1).split("|")
        if "UE" in flags:
            return "check-fatal" if "PCC" in flags else "check-uncorrected"
        return "check-deferred" if "Deferred" in flags else "check-corrected"
    if match := RAW.search(line):
        bits = f"{int(match.group(1), 16):064b}"
        valid, uncorrected, corrupt, signalled, action = (bits[63 - number] == "1" for number in (63, 61, 57, 56, 55))
        if not valid:
            return None
        if not uncorrected:
            return "check-corrected"
        return "check-fatal" if corrupt else "check-uncorrected" if signalled or action else "check-deferred"
    return None


# What other programs logged: `host program[123]: …` behind a time.
OTHERS = re.compile(
    r"^\W*(?:[A-Z][a-z]{2} +\d+ [\d:]{8}|\d{4}-\d\d-\d\dT\S+|\[ *\d+\.\d+\]) \S+ (?!kernel:)\S+\[\d+\]: ")

# A place of a disk that is tried again within five minutes is one failed access.
PLACE = re.compile(r"error, dev (" + DISK + r"), sector (\d+)(?!.*\(FLUSH)")
UPTIME = re.compile(r"\[ *(\d+\.\d{6})\]")


def is_repeated(line, last):
    match = PLACE.search(line)
    if not match:
        return False
    uptime = UPTIME.search(line)
    time = float(uptime.group(1)) if uptime else None
    known = last.get(match.group(1))
    if known and known[0] == match.group(2) and (time is None or known[1] is None or time - known[1] < 300):
        return True
    last[match.group(1)] = (match.group(2), time)
    return False


for path in sys.argv[1:]:
    counts = {}
    last = {}
    with open(path, "rb") as file:
        for line in file.read().decode("utf-8", "replace").split("\n"):
            if OTHERS.match(line):
                continue
            kinds = [kind for kind, pattern in KINDS.items() if pattern.search(line)]
            if any("error" in kind for kind in kinds) and is_repeated(line, last):
                continue
            for kind in filter(None, kinds + [severity(line)]):
                counts[kind] = counts.get(kind, 0) + 1
    print(path.rsplit("/", 1)[-1], *(f"{kind}={count}" for kind, count in sorted(counts.items())), sep="\t")
