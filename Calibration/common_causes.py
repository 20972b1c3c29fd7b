#!/usr/bin/env python3
"""How many failures of one enclosure, node, rack or room within a time are one case and no chance.

usage: common_causes.py DATA_DIR [--results DIR]

For each unit, number and time: failures at which the rule "so many within the time" holds, and how many do when the failures keep
their times and are given other failures' places (within the same model; slots: within the same slot position). What is above
is shared: `not chance` = 1 - expected / observed. Places are kept, so that crowded ones stay crowded; times are kept, so that days
of much work stay such.
"""
import argparse
import csv
import datetime
import gzip
import os

import numpy as np

from histories import file_hash

SEED = 1
PERMUTATIONS = 200
SLOTS, SSD = "disk_failures_by_slot.csv", "ssd_failed.csv.gz"
HOUR, DAY = 3600, 86400
TIMES = {"1 h": HOUR, "6 h": 6 * HOUR, "1 d": DAY, "7 d": 7 * DAY, "30 d": 30 * DAY}
NUMBERS = (2, 3, 4, 5, 6, 8)
CERTAIN = 0.9


def holds(unit: np.ndarray, time: np.ndarray) -> dict[tuple[int, str], int]:
    """At how many failures the last so many of the unit lie within the time."""
    order = np.lexsort((time, unit))
    u, t = unit[order], time[order]
    out = {}
    for k in NUMBERS:
        same = u[k - 1:] == u[:len(u) - k + 1]
        gap = t[k - 1:] - t[:len(t) - k + 1]
        for name, seconds in TIMES.items():
            out[k, name] = int((same & (gap <= seconds)).sum())
    return out


def permuted(unit: np.ndarray, time: np.ndarray, within: np.ndarray, rng) -> dict[tuple[int, str], np.ndarray]:
    """The same with the places dealt anew within each class."""
    classes = [np.flatnonzero(within == c) for c in np.unique(within)]
    many = []
    for _ in range(PERMUTATIONS):
        moved = unit.copy()
        for members in classes:
            moved[members] = unit[rng.permutation(members)]
        many.append(holds(moved, time))
    return {key: np.array([m[key] for m in many]) for key in many[0]}


def table(title: str, unit: np.ndarray, time: np.ndarray, within: np.ndarray, rng) -> tuple[list[str], list[str]]:
    seen, chance = holds(unit, time), permuted(unit, time, within, rng)
    n = len(unit)
    out = [f"### {title}", "", f"{len(np.unique(unit))} units with a failure.", "",
           "| within | " + " | ".join(f"{k} or more" for k in NUMBERS) + " |", "|---|" + "--:|" * len(NUMBERS)]
    least = []
    for name in TIMES:
        cells, first = [], None
        for k in NUMBERS:
            expected, most = chance[k, name].mean(), np.percentile(chance[k, name], 97.5)
            share = 1 - expected / seen[k, name] if seen[k, name] else float("nan")
            cells.append(f"{seen[k, name]} / {expected:.1f} ({100 * share:.0f} %)" if seen[k, name] else f"0 / {expected:.1f}")
            if first is None and seen[k, name] >= 10 and 1 - most / seen[k, name] >= CERTAIN:
                first = k
        least.append(str(first) if first else "–")
        out.append(f"| {name} | " + " | ".join(cells) + " |")
    follow = ", ".join(f"{100 * seen[2, name] / n:.1f} % within {name}" for name in TIMES)
    return out + ["", f"Follow another of the unit: {follow}.", ""], [title, *least]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--results", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
    o = parser.parse_args()
    rng = np.random.RandomState(SEED)
    out, summary = [], []
    with open(os.path.join(o.data, SLOTS), newline="") as file:
        slots = list(csv.DictReader(file))
    time = np.array([datetime.datetime.strptime(r["Timestamp"], "%Y-%m-%dT%H:%M:%S%z").timestamp() for r in slots])
    nothing = np.zeros(len(slots), int)
    def code(*names):
        return np.unique(["/".join(r[n] for n in names) for r in slots], return_inverse=True)[1]
    places = {
        "Exchanges: one enclosure": (code("SSC", "SSU", "Enclosure"), nothing), "Exchanges: one storage unit (SSU)": (code("SSC", "SSU"), nothing),
        "Exchanges: one rack": (code("Rack id"), nothing), "Exchanges: one slot": (code("SSC", "SSU", "Enclosure", "Slot"), code("Slot")),
    }
    out += ["## Exchanges of disks of a storage system", "", f"{len(slots)} exchanges from {slots[0]['Timestamp'][:10]} to {slots[-1]['Timestamp'][:10]}.", ""]
    for title, (unit, within) in places.items():
        text, line = table(title, unit, time, within, rng)
        out += text
        summary.append(line)
    # Of how many minutes a case is made, and which slots: neighbours point at the backplane.
    enclosure = code("SSC", "SSU", "Enclosure")
    order = np.lexsort((time, enclosure))
    slot = np.array([int(r["Slot"]) for r in slots])[order]
    e, t = enclosure[order], time[order]
    pair = (e[1:] == e[:-1]) & (t[1:] - t[:-1] <= DAY)
    gap = (t[1:] - t[:-1])[pair] / 60
    out += [f"Gaps of pairs of one enclosure within a day, minutes: 10th percentile {np.percentile(gap, 10):.0f}, median {np.median(gap):.0f}, 90th {np.percentile(gap, 90):.0f}; "
            f"the next slot beside it in {100 * np.mean(np.abs(np.diff(slot))[pair] == 1):.1f} %, the same slot in {100 * np.mean(np.diff(slot)[pair] == 0):.1f} %.", ""]
    sizes: dict[int, int] = {}
    run = 1
    for i in range(1, len(e) + 1):
        if i < len(e) and e[i] == e[i - 1] and t[i] - t[i - 1] <= DAY:
            run += 1
        else:
            sizes[run] = sizes.get(run, 0) + 1
            run = 1
    cases = sum(sizes.values())
    out += ["Cases if everything of one enclosure within a day of the last is one:", "", "| exchanges in the case | 1 | 2 | 3 | 4 | 5 to 9 | 10 or more | cases in all | instead of |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
            "| cases | " + " | ".join(str(sizes.get(k, 0)) for k in (1, 2, 3, 4)) + f" | {sum(v for k, v in sizes.items() if 5 <= k < 10)} | {sum(v for k, v in sizes.items() if k >= 10)} | {cases} | {len(slots)} |", ""]
    ssd = []
    with gzip.open(os.path.join(o.data, SSD), "rt", newline="") as file:
        for r in csv.DictReader(file):
            ssd.append((datetime.datetime.fromisoformat(r["failure_time"]).replace(tzinfo=datetime.timezone.utc).timestamp(), r["node_id"], r["rack_id"], r["machine_room_id"], r["model"], r["disk_id"]))
    time = np.array([r[0] for r in ssd])
    model = np.unique([r[4] for r in ssd], return_inverse=True)[1]
    out += ["## Failed SSDs of data centres", "", f"{len(ssd)} failures of two years. Dealt anew within the model.", ""]
    for title, k in (("SSDs: one node", 1), ("SSDs: one rack", 2), ("SSDs: one room", 3)):
        unit = np.unique([r[k] for r in ssd], return_inverse=True)[1]
        text, line = table(title, unit, time, model, rng)
        out += text
        summary.append(line)
    again = np.unique([r[5] for r in ssd], return_counts=True)[1]
    out += [f"{(again > 1).sum()} disks have more than one record ({(again - 1).sum()} records): a disk that came back fails again in its node. Without repeats of one disk:", ""]
    first: dict[str, int] = {}
    for i in np.argsort(time, kind="stable"):
        first.setdefault(ssd[i][5], i)
    kept = np.array(sorted(first.values()))
    for title, k in (("SSDs: one node, each disk once", 1), ("SSDs: one rack, each disk once", 2)):
        unit = np.unique([ssd[i][k] for i in kept], return_inverse=True)[1]
        text, line = table(title, unit, time[kept], model[kept], rng)
        out += text
        summary.append(line)
    head = ["# Common causes", "", f"Made by `common_causes.py`, seed {SEED}, {PERMUTATIONS} permutations.", "", "```", *(f"{file_hash(os.path.join(o.data, n))}  {n}" for n in (SLOTS, SSD)), "```", "",
            f"## Least number that is no chance", "", f"The least number of failures of one unit within the time of which at least {100 * CERTAIN:.0f} % are no chance (against the 97.5th percentile of the permutations; ten or more seen).", "",
            "| unit | " + " | ".join(TIMES) + " |", "|---|" + "--:|" * len(TIMES), *("| " + " | ".join(l) + " |" for l in summary), "",
            "Below, each cell: failures at which the rule holds / expected by chance (share that is no chance).", ""]
    with open(os.path.join(o.results, "common-causes.md"), "w") as file:
        file.write("\n".join(head + out))


if __name__ == "__main__":
    main()
