#!/usr/bin/env python3
"""Which drives are slow beside their siblings: every rule by its margin, with load as covariate, and with the labels permuted.

usage: slow_disks.py DATA_DIR [--results DIR]

Drives of one host are taken for one kind (the data names no model). A drive's ratio is its latency over the median of the other
drives of the host in the same period. A day has three recorded hours; nothing finer than means of five minutes is in the data.
"""
import argparse
import csv
import gzip
import os
from collections import defaultdict

import numpy as np

from histories import file_hash

SEED = 1
NAME = "disk_latency_5min.csv.gz"
PERMUTATIONS = 20000
LIMITS = (1.2, 1.3, 1.4, 1.5, 1.75, 2.0)
LATENCY, LOAD, MEDIAN, HIGHEST = 0, 1, 2, 3


def read(data: str):
    """(drives, times, values[drive, time, latency|load|median|highest of the 15-second samples], slow, host of each drive); what was not recorded is NaN."""
    rows = defaultdict(dict)
    slow = {}
    times = set()
    with gzip.open(os.path.join(data, NAME), "rt", newline="") as file:
        for r in csv.DictReader(file):
            key = (r["host"], r["disk_id"])
            slow[key] = r["slow"] == "1"
            times.add(int(r["ts"]))
            rows[key][int(r["ts"])] = tuple(float(r[n] or "nan") for n in ("lat_mean", "thr_mean", "lat_med", "lat_max"))
    drives, moments = sorted(rows), np.array(sorted(times))
    place = {t: i for i, t in enumerate(moments)}
    values = np.full((len(drives), len(moments), 4), np.nan)
    for d, key in enumerate(drives):
        for t, v in rows[key].items():
            values[d, place[t]] = v
    return drives, moments, values, np.array([slow[k] for k in drives]), np.array([k[0] for k in drives])


def means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Means over periods; what was not recorded counts nothing."""
    out = []
    for g in np.unique(groups):
        part = values[:, groups == g]
        with np.errstate(invalid="ignore"):
            out.append(np.nansum(part, axis=1) / np.sum(~np.isnan(part), axis=1))
    return np.stack(out, axis=1)


def ratios(values: np.ndarray, host: np.ndarray) -> np.ndarray:
    """Over the median of the other drives of the host."""
    out = np.full(values.shape, np.nan)
    for h in np.unique(host):
        mine = np.flatnonzero(host == h)
        for d in mine:
            out[d] = values[d] / np.nanmedian(values[mine[mine != d]], axis=0)
    return out


def corrected(values: np.ndarray, host: np.ndarray) -> np.ndarray:
    """Ratios over what the drive's load lets expect: by host, a straight line of log latency over log load of the *other* drives."""
    out = np.full(values.shape[:2], np.nan)
    log = np.log(np.where(values > 0, values, np.nan))[:, :, :2]
    for h in np.unique(host):
        mine = np.flatnonzero(host == h)
        for d in mine:
            others = mine[mine != d]
            middle = np.nanmedian(log[others], axis=0)
            y = (log[others, :, LATENCY] - middle[:, LATENCY]).ravel()
            x = (log[others, :, LOAD] - middle[:, LOAD]).ravel()
            ok = ~(np.isnan(x) | np.isnan(y))
            slope = (x[ok] @ y[ok]) / (x[ok] @ x[ok])
            out[d] = np.exp(log[d, :, LATENCY] - middle[:, LATENCY] - slope * (log[d, :, LOAD] - middle[:, LOAD]))
    return out


def worst_day(ratio: np.ndarray, day: np.ndarray, share: float) -> np.ndarray:
    """For each drive the limit that it just exceeds in this share of the periods of its worst day (1 = in every period)."""
    out = np.zeros(len(ratio))
    for g in np.unique(day):
        part = ratio[:, day == g]
        low = np.nanquantile(part, 1 - share, axis=1, method="lower") if share < 1 else np.nanmin(part, axis=1)
        out = np.fmax(out, low)
    return out


def longest_run(holds: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Longest run of periods of one day in which it holds."""
    out = np.zeros(len(holds), int)
    for g in np.unique(day):
        run = np.zeros(len(holds), int)
        for column in holds[:, day == g].T:
            run = np.where(column, run + 1, 0)
            out = np.maximum(out, run)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--results", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
    o = parser.parse_args()
    drives, times, values, slow, host = read(o.data)
    label = ["/".join(d) for d in drives]
    hour, day = times // 3600, times // 86400
    whole = np.isin(hour, [h for h in np.unique(hour) if (hour == h).sum() == 12])
    partly = ratios(means(values[:, :, LATENCY], hour), host)
    times, values, hour, day = times[whole], values[:, whole], hour[whole], day[whole]
    hourly = np.stack([means(values[:, :, k], hour) for k in (LATENCY, LOAD)], axis=2)
    hour_day = np.array([h // 24 for h in np.unique(hour)])
    out = ["# Slow disks", "", f"Made by `slow_disks.py`, seed {SEED}.", "", "```", f"{file_hash(os.path.join(o.data, NAME))}  {NAME}", "```", "",
           f"{len(drives)} drives of {len(set(host))} hosts, {slow.sum()} verified as slow: {', '.join(label[i] for i in np.flatnonzero(slow))}. "
           f"{len(np.unique(hour_day))} days of {len(np.unique(hour)) // len(np.unique(hour_day))} whole hours, {len(times)} means of five minutes a drive.", ""]
    with np.errstate(invalid="ignore"):
        out += ["Latency of the slow drives, 5-minute means: " + "; ".join(
            f"{label[i]} median {np.nanmedian(values[i, :, 0]) / 1000:.3f} ms, {np.nanmin(values[i, :, 0]) / 1000:.3f} to {np.nanmax(values[i, :, 0]) / 1000:.3f} ms" for i in np.flatnonzero(slow)) + ".", ""]
    scales = {
        "hourly means": (ratios(hourly[:, :, LATENCY], host), hour_day),
        "hourly means, load taken out": (corrected(hourly, host), hour_day),
        "5-minute means": (ratios(values[:, :, LATENCY], host), day),
        "5-minute means, load taken out": (corrected(values, host), day),
    }
    out += ["## Margin", "", "The highest limit at which a drive is still found: it exceeds it in that share of the periods of one recorded day.", "",
            "| periods | share of the day's | " + " | ".join(label[i] for i in np.flatnonzero(slow)) + " | highest healthy | which | margin of the nearest |", "|---|--:|" + "--:|" * slow.sum() + "--:|---|--:|"]
    score = {}
    for name, (ratio, d) in scales.items():
        for share in (1.0, 0.9, 0.75, 0.5):
            s = worst_day(ratio, d, share)
            score[name, share] = s
            top = np.flatnonzero(~slow)[np.argmax(s[~slow])]
            out.append(f"| {name} | {100 * share:.0f} % | " + " | ".join(f"{s[i]:.2f}" for i in np.flatnonzero(slow)) +
                       f" | {s[top]:.2f} | {label[top]} | ×{s[slow].min() / s[top]:.2f} |")
    out += ["", "## Days on which it holds, by limit", "", "In every hour (hourly means), or in three quarters of the 5-minute means, of a recorded day.", "",
            "| limit | hourly: slow drives' days | healthy drives | 5-minute: slow drives' days | healthy drives |", "|--:|--:|--:|--:|--:|"]
    for limit in LIMITS:
        cells = []
        for name, share in (("hourly means", 1.0), ("5-minute means", 0.75)):
            ratio, d = scales[name]
            days = np.stack([np.nanmean(ratio[:, d == g] > limit, axis=1) >= share for g in np.unique(d)], axis=1)
            cells += [" and ".join(str(days[i].sum()) for i in np.flatnonzero(slow)) + f" of {days.shape[1]}", str(days[~slow].any(1).sum())]
        out.append(f"| {limit:g} | " + " | ".join(cells) + " |")
    ratio, d = scales["5-minute means"]
    out += ["", "## Persistence at five minutes", "", "Share of the 5-minute means above the limit, and longest run within one day (36 = the whole recorded day).", "",
            "| limit | slow drives' share | longest run | highest healthy share | longest healthy run | healthy drives that ever exceed it |", "|--:|--:|--:|--:|--:|--:|"]
    for limit in LIMITS:
        above = ratio > limit
        share, run = above.mean(1), longest_run(above, d)
        out.append(f"| {limit:g} | " + " and ".join(f"{100 * share[i]:.0f} %" for i in np.flatnonzero(slow)) + " | " + " and ".join(str(run[i]) for i in np.flatnonzero(slow)) +
                   f" | {100 * share[~slow].max():.1f} % | {run[~slow].max()} | {above[~slow].any(1).sum()} |")
    hours, hd = scales["hourly means"]
    out += ["", f"Single hours of healthy drives reach {np.nanmax(hours[~slow]):.2f} times ({np.nanmax(partly[~slow]):.2f} with the hours of which one sample was recorded), single 5-minute means {np.nanmax(ratio[~slow]):.2f} times.", ""]
    # A mean of one minute lies between the samples of 15 seconds: of these the data tell the highest and the median.
    middle = np.stack([np.nanmedian(values[(host == host[i]) & (np.arange(len(drives)) != i), :, LATENCY], axis=0) for i in range(len(drives))])
    peak, usual = values[:, :, HIGHEST] / middle, values[:, :, MEDIAN] / middle
    out += ["## What can be said of one-minute sums", "",
            "They are not in the data. A minute's mean is at most the highest 15-second sample of its five minutes: the share of a day's minutes above a limit is at most that of the 5-minute periods whose highest sample is. "
            "For the slow drives, the share of periods whose *median* sample is above.", "",
            "| limit | healthy: highest share of a day, bound | healthy drive-days with a bound above 25 % | above 50 % | above 75 % | slow drives: days with 75 % of the medians above |", "|--:|--:|--:|--:|--:|--:|"]
    for limit in LIMITS:
        bound = np.stack([(peak[:, d == g] > limit).mean(1) for g in np.unique(d)], axis=1)[~slow]
        days = np.stack([(usual[:, d == g] > limit).mean(1) >= 0.75 for g in np.unique(d)], axis=1)
        out.append(f"| {limit:g} | {100 * bound.max():.0f} % | {(bound > 0.25).sum()} of {bound.size} | {(bound > 0.5).sum()} | {(bound > 0.75).sum()} | " + " and ".join(str(days[i].sum()) for i in np.flatnonzero(slow)) + " |")
    out += [""]
    out += ["## A floor", "", "With a floor on the latency itself (hourly means, 1.5 times, in every hour of a day):", "", "| floor | slow drives found |", "|--:|--:|"]
    for floor in (0, 50, 100, 150, 1000, 10000):
        found = 0
        for i in np.flatnonzero(slow):
            found += any(((hours[i, hd == g] > 1.5) & (hourly[i, hd == g, LATENCY] > floor)).all() for g in np.unique(hd))
        out.append(f"| {floor / 1000:g} ms | {found} of {slow.sum()} |")
    out += ["", "## Load", "", "| what | value |", "|---|--:|"]
    load = ratios(values[:, :, LOAD], host)
    out.append(f"| load of the slow drives over their siblings' median (median) | {', '.join(f'{np.nanmedian(load[i]):.2f}' for i in np.flatnonzero(slow))} |")
    out.append(f"| load of healthy drives, 1st and 99th percentile of 5-minute means | {np.nanpercentile(load[~slow], 1):.2f} to {np.nanpercentile(load[~slow], 99):.2f} |")
    x, y = np.log(load[~slow]).ravel(), np.log(ratio[~slow]).ravel()
    ok = np.isfinite(x) & np.isfinite(y)
    out.append(f"| correlation of log latency and log load among healthy siblings | {np.corrcoef(x[ok], y[ok])[0, 1]:.2f} |")
    within = [np.corrcoef(np.log(values[i, :, 1][k]), np.log(values[i, :, 0][k]))[0, 1] for i in range(len(drives)) for k in [np.isfinite(values[i]).all(1) & (values[i] > 0).all(1)]]
    out.append(f"| the same in time within a drive, median over drives | {np.median(within):.2f} |")
    out += ["", "## How many siblings it takes", "", "Hourly means, 1.5 times in every hour of a day, with so many other drives of the host drawn at random (five draws a drive):", "",
            "| siblings | slow drives found | healthy drives found, of 358 |", "|--:|--:|--:|"]
    rng = np.random.RandomState(SEED)
    for siblings in (1, 2, 3, 5, 8):
        found = false = 0.0
        draws = 5
        for _ in range(draws):
            for i in range(len(drives)):
                others = rng.permutation(np.flatnonzero((host == host[i]) & (np.arange(len(drives)) != i)))[:siblings]
                r = hourly[i, :, LATENCY] / np.nanmedian(hourly[others, :, LATENCY], axis=0)
                hit = any((r[hd == g] > 1.5).all() for g in np.unique(hd))
                found += hit and slow[i]
                false += hit and not slow[i]
        out.append(f"| {siblings} | {found / draws:.2f} of {slow.sum()} | {false / draws:.2f} |")
    out += ["", "## Slow labels permuted among hosts", "",
            f"The labels are moved to other drives {PERMUTATIONS} times, each to a random drive of another random host. Below: how often the rule (hourly means, 1.5 times, every hour of a day) "
            "finds both of the moved labels, one of them, and how often the margin is as wide as the true one.", ""]
    s = score["hourly means", 1.0]
    hosts = np.unique(host)
    both = one = wide = 0
    true_margin = s[slow].min() / s[~slow].max()
    for _ in range(PERMUTATIONS):
        chosen = [rng.choice(np.flatnonzero(host == h)) for h in rng.choice(hosts, slow.sum(), replace=False)]
        moved = np.zeros(len(drives), bool)
        moved[chosen] = True
        hits = (s[moved] > 1.5).sum()
        both += hits == slow.sum()
        one += hits == 1
        wide += s[moved].min() / s[~moved].max() >= true_margin
    exact = 1 / (len(hosts) * (len(hosts) - 1) / 2 * 12 * 12)
    out += ["| outcome | share |", "|---|--:|", f"| both found | {both}/{PERMUTATIONS} |", f"| one found | {one}/{PERMUTATIONS} |", f"| margin ≥ ×{true_margin:.2f} | {wide}/{PERMUTATIONS} |",
            f"| the true labels by chance (exact) | {exact:.1e} |", ""]
    with open(os.path.join(o.results, "slow-disks.md"), "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
