#!/usr/bin/env python3
"""SSDs: what those that failed showed, how much of it the patterns' conditions find, and what the conditions do on a healthy fleet.

usage: ssd_failures.py FLEETS_DIR DISKS_DIR [--results DIR]

Failed: one record each, at the failure. Conditions on growth cannot be asked of it; they are asked of the 30 days of one model.
"""
import argparse
import csv
import gzip
import os
from collections import Counter, defaultdict

from histories import file_hash

FAILED, MB1, NVME = "ssd_failed.csv.gz", "alibaba_mb1_ssd_failed_30d.csv.gz", "nersc_nvme_p3608_healthy.csv.gz"
Z = 1.959964


def wilson(k: int, n: int) -> str:
    """Share with its 95 % interval."""
    if n == 0:
        return "–"
    p = k / n
    middle, half = (p + Z * Z / 2 / n) / (1 + Z * Z / n), Z / (1 + Z * Z / n) * (p * (1 - p) / n + Z * Z / 4 / n / n) ** 0.5
    return f"{100 * p:.1f} ({100 * max(0, middle - half):.1f}–{100 * (middle + half):.1f})"


def rows(path: str):
    with gzip.open(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def at_least(name, limit):
    return lambda r: bool(r.get(name)) and float(r[name]) >= limit


def at_most(name, limit):
    return lambda r: bool(r.get(name)) and float(r[name]) <= limit


COUNTERS = {"5": "r_5", "183": "r_183", "184": "r_184", "187": "r_187", "197": "r_197", "199": "r_199", "program": "r_program", "erase": "r_erase"}
"""The vendor's counters that are nought on a sound SSD. 183 counts bad blocks, as 5 does, on the models of vendor B."""

CONDITIONS = {
    "bad-blocks: 5 ≥ 20 (watch)": at_least("r_5", 20),
    "uncorrectable: 187 ≥ 1 (watch)": at_least("r_187", 1),
    "pending: 197 ≥ 1 (watch)": at_least("r_197", 1),
    "program-failures ≥ 10 (watch)": at_least("r_program", 10),
    "spare-low: reserve ≤ 10 + 5 (watch)": at_most("n_blocks", 15),
    "spare-low: reserve ≤ 10 (plan)": at_most("n_blocks", 10),
    "power-loss-protection: 175 ≤ 10 (plan)": at_most("n_175", 10),
    "attribute-failed: value of 5 ≤ 10 (plan)": at_most("n_5", 10),
    "life-left ≤ 1 (watch)": at_most("n_wearout", 1),
    "life-left ≤ 10 (inform)": at_most("n_wearout", 10),
}
PLAN = [n for n in CONDITIONS if "(plan)" in n]
DAMAGE = [n for n in CONDITIONS if "life-left" not in n]
WATCH = [n for n in CONDITIONS if "(inform)" not in n]
WORN = ["life-left ≤ 1 (watch)", "life-left ≤ 10 (inform)"]

CANDIDATES = {
    "5 ≥ 1": at_least("r_5", 1), "5 ≥ 5": at_least("r_5", 5), "program ≥ 1": at_least("r_program", 1), "erase ≥ 1": at_least("r_erase", 1),
    "183 ≥ 1": at_least("r_183", 1), "184 ≥ 1": at_least("r_184", 1), "199 ≥ 1": at_least("r_199", 1),
}
"""Looser or missing conditions: what they would add beyond those above."""


def failed_table(path: str) -> list[str]:
    by_model: dict[str, Counter] = defaultdict(Counter)
    hours: dict[str, list[float]] = defaultdict(list)
    for r in rows(path):
        for m in (r["model"], "all"):
            c = by_model[m]
            c["n"] += 1
            shows = any(at_least(n, 1e-9)(r) for n in COUNTERS.values())
            holds = {n: f(r) for n, f in CONDITIONS.items()}
            damage = any(holds[n] for n in DAMAGE)
            c["any"] += shows
            c["any or worn"] += shows or any(holds[n] for n in WORN)
            for name, column in COUNTERS.items():
                c["counter " + name] += at_least(column, 1e-9)(r)
            for name, h in holds.items():
                c[name] += h
            c["found"] += damage
            c["found of any"] += damage and shows
            c["watch"] += any(holds[n] for n in WATCH)
            c["plan"] += any(holds[n] for n in PLAN)
            c["anything"] += any(holds.values())
            for name, f in CANDIDATES.items():
                c["+" + name] += f(r) and not any(holds[n] for n in WATCH)
            if r["r_9"]:
                hours[m].append(float(r["r_9"]))
    models = sorted(by_model, key=lambda m: (m == "all", m))
    out = ["## What failed SSDs showed, and what the patterns find of it", "",
           "% of the failed of each model, with 95 % intervals. *Any counter*: " + ", ".join(COUNTERS) + " above nought at the failure: the ceiling of any rule on these. "
           "*Found*: a condition on damage holds (bad blocks, uncorrectable, pending, program failures, reserve, capacitor, value of 5). *With wear*: or the life is used up (watch). *Plan*: a condition that makes a ticket.", "",
           "| model | failed | median hours | any counter | found | found of those with a counter | with wear | plan | anything, informs too |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for m in models:
        c = by_model[m]
        h = sorted(hours[m])
        out.append(f"| {m} | {c['n']} | {h[len(h) // 2]:,.0f} | {wilson(c['any'], c['n'])} | {wilson(c['found'], c['n'])} | {wilson(c['found of any'], c['any'])} | {wilson(c['watch'], c['n'])} | {wilson(c['plan'], c['n'])} | {wilson(c['anything'], c['n'])} |")
    for title, names in (("Counters above nought, %", ["counter " + n for n in COUNTERS]), ("Each condition, %", list(CONDITIONS)), ("What looser conditions would add to *with wear*, % (without any healthy SATA SSD to say what they cost)", ["+" + n for n in CANDIDATES])):
        out += ["", f"### {title}", "", "| | " + " | ".join(models) + " |", "|---|" + "--:|" * len(models)]
        for n in names:
            out.append(f"| {n.replace('counter ', '').lstrip('+')} | " + " | ".join(f"{100 * by_model[m][n] / by_model[m]['n']:.1f}" for m in models) + " |")
    return out + [""]


def mb1_table(path: str) -> list[str]:
    """Growth in the last 30 days of one model: (first day, last day before failure) and 7-day rises."""
    lives: dict[str, list[dict[str, float]]] = defaultdict(list)
    for r in rows(path):
        if int(r["days_to_failure"]) >= 1:
            lives[r["serial_number"]].append({k: float(v) for k, v in r.items() if k.endswith("_raw") and v} | {"left": int(r["days_to_failure"])})
    def first(life, holds):
        for i, day in enumerate(life):
            if holds(life, i):
                return day["left"]
        return None
    def rise(name, limit):
        def holds(life, i):
            now = life[i].get(name, 0)
            return any(now - e.get(name, now) >= limit for e in life[max(0, i - 7):i])
        return holds
    conditions = {
        "bad-blocks: 5 ≥ 20": lambda l, i: l[i].get("smart_5_raw", 0) >= 20,
        "bad-blocks-growing: 5 rose by 5 in 7 days": rise("smart_5_raw", 5),
        "5 rose by 1 in 7 days": rise("smart_5_raw", 1),
        "program-failures: 181 ≥ 10": lambda l, i: l[i].get("smart_181_raw", 0) >= 10,
        "181 rose by 1 in 7 days": rise("smart_181_raw", 1),
        "erase-failures: 182 rose by 2 in 7 days and doubled": lambda l, i: rise("smart_182_raw", 2)(l, i) and min(e.get("smart_182_raw", 0) for e in l[max(0, i - 7):i + 1]) * 2 <= l[i].get("smart_182_raw", 0),
        "uncorrectable: 187 ≥ 1": lambda l, i: l[i].get("smart_187_raw", 0) >= 1,
        "187 rose by 1 in 7 days": rise("smart_187_raw", 1),
        "184 ≥ 1": lambda l, i: l[i].get("smart_184_raw", 0) >= 1,
        "link-crc: 199 rose by 1 in 7 days": rise("smart_199_raw", 1),
    }
    n = len(lives)
    out = [f"## Growth: the last 30 days of {n} failed SSDs of one model (MB1)", "", "| condition | holds on a day before the failure % | 7 or more days before % | 25 or more days before % |", "|---|--:|--:|--:|"]
    found = {c: {s: first(l, f) for s, l in lives.items()} for c, f in conditions.items()}
    for c, at in found.items():
        out.append(f"| {c} | " + " | ".join(wilson(sum(v is not None and v >= d for v in at.values()), n) for d in (1, 7, 25)) + " |")
    shipped = [c for c in conditions if ":" in c and "link" not in c]
    for title, names in (("any of the patterns' conditions on damage", shipped), ("any of these", list(conditions))):
        out.append(f"| **{title}** | " + " | ".join(wilson(sum(any(found[c][s] is not None and found[c][s] >= d for c in names) for s in lives), n) for d in (1, 7, 25)) + " |")
    return out + [""]


def nvme_table(path: str) -> list[str]:
    """Every condition of the NVMe patterns, day by day."""
    drives: set[str] = set()
    days = 0
    held: dict[str, set[str]] = defaultdict(set)
    before: dict[str, dict[str, float]] = {}
    most = Counter()
    wear: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for r in rows(path):
        s = r["serial_number"]
        drives.add(s)
        days += 1
        v = {k: float(r[k]) for k in ("available_spare", "media_errors", "percentage_used", "thermal_throttle_count", "program_fail_count", "erase_fail_count", "end_to_end_error_detection_count",
                                     "crc_error_count", "critical_warnings", "error_info_log_entries", "temperature_celsius", "timestamp", "power_on_hours") if r[k] != ""}
        old = before.get(s, v)
        def rose(k):
            return v.get(k, 0) - old.get(k, v.get(k, 0))
        warning = int(v.get("critical_warnings", 0))
        checks = {
            "order — reliability: critical warning “reliability” or “read only”": warning & 4 or warning & 8,
            "plan — power-loss-protection: critical warning": warning & 16,
            "plan — spare-low: spare < 10 % or critical warning": v.get("available_spare", 100) < 10 or warning & 1,
            "watch — spare-shrinking: spare ≤ 15 %": v.get("available_spare", 100) <= 15,
            "watch — media-errors: one new in a day, or more than 10": rose("media_errors") >= 1 or v.get("media_errors", 0) > 10,
            "watch — worn: 100 % used": v.get("percentage_used", 0) >= 100,
            "inform — worn: 90 % used": v.get("percentage_used", 0) >= 90,
            "watch — temperature: critical warning": warning & 2,
            "throttling: count rose (the pattern asks minutes, which are not in the data)": rose("thermal_throttle_count") >= 1,
            "no pattern — program failures ≥ 1": v.get("program_fail_count", 0) >= 1,
            "no pattern — program failures ≥ 10": v.get("program_fail_count", 0) >= 10,
            "no pattern — program failures rose in a day": rose("program_fail_count") >= 1,
            "no pattern — erase failures ≥ 1": v.get("erase_fail_count", 0) >= 1,
            "no pattern — end-to-end errors ≥ 1": v.get("end_to_end_error_detection_count", 0) >= 1,
            "no pattern — CRC errors rose in a day": rose("crc_error_count") >= 1,
            "no pattern — error log grew in a day": rose("error_info_log_entries") >= 1,
            "no pattern — spare below 100 %": v.get("available_spare", 100) < 100,
            "no pattern — spare below 90 %": v.get("available_spare", 100) < 90,
            "no pattern — spare fell within the year": v.get("available_spare", 100) < before.get(s, {}).get("first spare", v.get("available_spare", 100)),
        }
        for name, h in checks.items():
            held[name]
            if h:
                held[name].add(s)
        for k in ("media_errors", "percentage_used", "program_fail_count", "temperature_celsius"):
            most[k] = max(most[k], v.get(k, 0))
        wear[s].append((v.get("timestamp", 0), v.get("percentage_used", 0)))
        before[s] = v | {"first spare": before.get(s, {}).get("first spare", v.get("available_spare", 100))}
    n = len(drives)
    out = ["## False alarms: the healthy NVMe fleet", "", f"{n} Intel P3608, {days:,} drive-days of a year, no failure recorded ({most['percentage_used']:.0f} % used at most, {most['media_errors']:.0f} media errors at most, {most['temperature_celsius']:.0f} °C).", "",
           "| condition | drives on which it held | % of drives (95 %) |", "|---|--:|--:|"]
    for name, s in held.items():
        out.append(f"| {name} | {len(s)} | {wilson(len(s), n)} |")
    ticket = set().union(*(s for name, s in held.items() if name.startswith(("order", "plan"))))
    out.append(f"| **any order or plan** | {len(ticket)} | {wilson(len(ticket), n)} |")
    watch = set().union(*(s for name, s in held.items() if name.startswith("watch")))
    out.append(f"| **any watch** | {len(watch)} | {wilson(len(watch), n)} |")
    return out + [""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fleets")
    parser.add_argument("disks")
    parser.add_argument("--results", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
    o = parser.parse_args()
    inputs = [(o.fleets, FAILED), (o.disks, MB1), (o.disks, NVME)]
    out = ["# SSDs", "", "Made by `ssd_failures.py`.", "", "```", *(f"{file_hash(os.path.join(d, n))}  {n}" for d, n in inputs), "```", ""]
    out += failed_table(os.path.join(o.fleets, FAILED)) + mb1_table(os.path.join(o.disks, MB1)) + nvme_table(os.path.join(o.disks, NVME))
    with open(os.path.join(o.results, "ssd-failures.md"), "w") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    main()
