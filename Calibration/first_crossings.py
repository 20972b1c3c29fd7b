#!/usr/bin/env python3
"""Hazard tables from first crossings, and on how many healthy drives each condition ever holds.

usage: first_crossings.py DATA_DIR [--cache DIR] [--out DIR]

A *first crossing* is the first day on which a condition holds on a drive, when it did not hold on the drive's first
day. (What is already there on the first reading is counted apart: nobody knows how old it is.) The share that fails
within H days is the Kaplan-Meier estimate: drives that leave the data earlier count as long as they were seen.
"""
import argparse
import json
import os

import numpy as np
import pandas as pd

from histories import NEVER, Histories, file_hash, load

HORIZONS = (7, 30, 90, 180)
LARGE_MODEL = 200


def rise(f: Histories, name: str, days: int) -> np.ndarray:
    """increase(name[days]) at every record."""
    return f.rise_sum[name] - f.rise_sum[name][f.record(f.code, f.day - days)]


def rose_days(f: Histories, name: str, days: int) -> np.ndarray:
    return f.rise_days[name] - f.rise_days[name][f.record(f.code, f.day - days)]


def conditions(f: Histories) -> dict[str, np.ndarray]:
    """Every condition at every record. Rising conditions become true only at records, so first days are exact."""
    with np.errstate(invalid="ignore"):
        v = f.value
        table: dict[str, np.ndarray] = {}

        def levels(name: str, label: str, limits) -> None:
            for limit in limits:
                table[f"{label} >= {limit}"] = v[name] >= limit

        levels("197", "197", (1, 2, 4, 8, 16, 32, 64, 100, 250))
        levels("198", "198", (1, 2, 4, 8, 16, 32, 64, 250))
        levels("187", "187", (1, 2, 4, 10, 20, 35, 65, 100))
        levels("5", "5", (1, 4, 16, 70, 260, 500, 1100, 2000, 4500))
        levels("188a", "188 low word", (1, 2, 5, 10, 50, 100))
        levels("188b", "188 middle word", (1, 3, 10))
        levels("188c", "188 high word", (1,))
        levels("189", "189", (1, 13, 30, 100))
        levels("196", "196", (1, 4, 11, 27, 100, 260))
        levels("10", "10", (1, 4, 10))
        for days in (1, 7):
            for name, limits in (("197", (1, 8, 16)), ("198", (1, 8, 16)), ("187", (1, 4, 10)), ("5", (1, 8, 16, 100)),
                                 ("188a", (1, 5)), ("189", (1, 10)), ("12", (1, 3)), ("196", (1, 8)), ("10", (1,))):
                r = rise(f, name, days)
                for limit in limits:
                    table[f"increase({name.replace('188a', '188 low word')}[{days}d]) >= {limit}"] = r >= limit
        for name in ("5", "187", "197", "198"):
            for k in (2, 3):
                table[f"{name} rose on {k} of 7 days"] = rose_days(f, name, 7) >= k
            table[f"{name} rose on 3 of 30 days"] = rose_days(f, name, 30) >= 3
        five = sum((np.nan_to_num(v[n]) > 0).astype(int) for n in ("5", "187", "188a", "197", "198"))
        four = sum((np.nan_to_num(v[n]) > 0).astype(int) for n in ("5", "187", "197", "198"))
        table["any of 5, 187, 188 low word, 197, 198 non-zero"] = five >= 1
        for k in (2, 3, 4):
            table[f"at least {k} of 5, 187, 188 low word, 197, 198 non-zero"] = five >= k
        for k in (1, 2, 3, 4):
            table[f"at least {k} of 5, 187, 197, 198 non-zero"] = four >= k
        grew7 = sum((rise(f, n, 7) > 0).astype(int) for n in ("5", "187", "197", "198"))
        grew30 = sum((rise(f, n, 30) > 0).astype(int) for n in ("5", "187", "197", "198"))
        for k in (1, 2, 3):
            table[f"at least {k} of 5, 187, 197, 198 rose within 7 d"] = grew7 >= k
        table["at least 3 of 5, 187, 197, 198 rose within 30 d"] = grew30 >= 3
        table["at least 4 of 5, 187, 197, 198 rose within 30 d"] = grew30 >= 4
        table["187 >= 1 and 197 >= 1"] = (v["187"] >= 1) & (v["197"] >= 1)
        table["187 >= 1 and 5 >= 1"] = (v["187"] >= 1) & (v["5"] >= 1)
        table["187 >= 1 and 189 >= 1"] = (v["187"] >= 1) & (v["189"] >= 1)
        table["5 >= 1 and 197 >= 1"] = (v["5"] >= 1) & (v["197"] >= 1)
        table["5 >= 16 and 197 >= 16"] = (v["5"] >= 16) & (v["197"] >= 16)
        table["187 >= 10 and 197 >= 16"] = (v["187"] >= 10) & (v["197"] >= 16)
        table["187 >= 35 and 197 >= 1"] = (v["187"] >= 35) & (v["197"] >= 1)
        table["197 >= 16 and 198 >= 16"] = (v["197"] >= 16) & (v["198"] >= 16)
        table["increase(187[7d]) >= 1 and increase(197[7d]) >= 1"] = (rise(f, "187", 7) >= 1) & (rise(f, "197", 7) >= 1)
        table["increase(5[7d]) >= 1 and increase(197[7d]) >= 1"] = (rise(f, "5", 7) >= 1) & (rise(f, "197", 7) >= 1)
        table["increase(5[30d]) >= 100"] = rise(f, "5", 30) >= 100
        table["197 fell, 5 rose within 7 d (remapped)"] = (
            (v["197"] < v["197"][f.record(f.code, f.day - 7)]) & (rise(f, "5", 7) >= 1))
    return table


def first_true(f: Histories, holds: np.ndarray) -> np.ndarray:
    """First day per drive on which the condition holds, NEVER if it does not; failure day itself does not count."""
    first = np.full(len(f), np.iinfo(np.int64).max)
    usable = holds & ~(f.failed[f.code] & (f.day == f.end[f.code]))
    np.minimum.at(first, f.code[usable], f.day[usable])
    return np.where(first == np.iinfo(np.int64).max, NEVER, first)


def kaplan_meier(days: np.ndarray, failed: np.ndarray, horizon: int) -> float:
    order = np.argsort(days, kind="stable")
    days, failed = days[order], failed[order]
    alive = 1.0
    n = len(days)
    for day in np.unique(days[failed & (days <= horizon)]):
        at_risk = n - np.searchsorted(days, day)
        alive *= 1 - np.count_nonzero(failed & (days == day)) / at_risk
    return 1 - alive


def table_of(f: Histories) -> list[dict]:
    rows = []
    healthy = ~f.failed
    sizes = pd.Series(f.model[healthy]).value_counts()
    large = sizes[sizes >= LARGE_MODEL].index
    failed_with_history = f.failed & (f.end - f.first >= 1)
    years = ((f.end - f.first + 1).sum()) / 365.25
    for name, holds in conditions(f).items():
        first = first_true(f, holds)
        ever = first != NEVER
        crossed = ever & (first > f.first)
        at_start = ever & (first == f.first)
        if not ever.any():
            rows.append({"condition": name, "drives": 0})
            continue
        row: dict = {"condition": name, "drives": int(crossed.sum()), "failed": int((crossed & f.failed).sum())}
        wait = (f.end - first)[crossed]
        for h in HORIZONS:
            row[f"fail_within_{h}d"] = round(kaplan_meier(wait, f.failed[crossed], h), 3) if crossed.any() else None
            row[f"failures_within_{h}d"] = int((f.failed[crossed] & (wait <= h)).sum())
        old = (f.end - first)[at_start]
        row["already_at_first_reading"] = int(at_start.sum())
        row["already_fail_within_90d"] = (round(kaplan_meier(old, f.failed[at_start], 90), 3) if at_start.sum() >= 10 else None)
        row["recall_ever"] = round(float(ever[failed_with_history].mean()), 4)
        lead = (f.end - first)
        row["recall_lead_7d"] = round(float((ever & (lead >= 7))[failed_with_history].mean()), 4)
        row["healthy_ever"] = round(float(ever[healthy].mean()), 5)
        row["never_failing_per_1000_drive_years"] = round(float((ever & healthy).sum() / years * 1000), 2)
        worst = sorted(((float(ever[healthy & (f.model == m)].mean()), m) for m in large), reverse=True)
        row["worst_models"] = [{"model": m, "share": round(s, 4), "drives": int(sizes[m])} for s, m in worst[:6] if s > 0]
        row["models_over_1_percent"] = sum(s > 0.01 for s, _ in worst)
        rows.append(row)
    return rows


RETIRED_UNLABELLED = ["ST3000DM001", "ST1500DL003", "ST31500341AS"]
"""Models that left the fleet in large numbers without a failure record: visibly sick drives count as healthy."""


def recent_hazards(f: Histories) -> tuple[list[dict], str]:
    """Shares for crossings since 2014-04 (most attributes were recorded only from then on), with and without models
    that were retired without a label."""
    since = (pd.Timestamp("2014-04-01") - pd.Timestamp("2010-01-01")).days
    retired = np.isin(f.model, RETIRED_UNLABELLED)
    out = ["## Fleet, first crossings since 2014-04 only", "",
           "Most attributes were recorded only from 2014 on, and " + ", ".join(RETIRED_UNLABELLED) + " were retired in numbers without a failure",
           "record (sick drives that count as healthy). *Recommended as hazard table of a rule*: the columns without these models.", "",
           "| condition | crossed | ≤7 d | ≤30 d | ≤90 d | without the three: crossed | ≤7 d | ≤30 d | ≤90 d | failures ≤30/≤90 d |", "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    rows = []
    for name, holds in conditions(f).items():
        first = first_true(f, holds)
        crossed = (first != NEVER) & (first > f.first) & (first >= since)
        row: dict = {"condition": name}
        for label, mask in (("all", crossed), ("kept", crossed & ~retired)):
            if not mask.any():
                continue
            wait = (f.end - first)[mask]
            row[label] = {"crossed": int(mask.sum())} | {f"fail_within_{h}d": round(kaplan_meier(wait, f.failed[mask], h), 3) for h in (7, 30, 90)} | {
                f"failures_within_{h}d": int((f.failed[mask] & (wait <= h)).sum()) for h in (7, 30, 90)}
        rows.append(row)
        if "kept" in row:
            a, k = row["all"], row["kept"]
            out.append(f"| {name} | {a['crossed']} | " + " | ".join(percent(a[f'fail_within_{h}d']) for h in (7, 30, 90)) + f" | {k['crossed']} | " +
                       " | ".join(percent(k[f'fail_within_{h}d']) for h in (7, 30, 90)) + f" | {k['failures_within_30d']}/{k['failures_within_90d']} |")
    return rows, "\n".join(out) + "\n"


def percent(x, digits=0) -> str:
    return "–" if x is None else f"{100 * x:.{digits}f} %"


def markdown(title: str, f: Histories, rows: list[dict]) -> str:
    years = ((f.end - f.first + 1).sum()) / 365.25
    out = [f"## {title}", "",
           f"{len(f):,} drives, {int(f.failed.sum()):,} failed, {years:,.0f} drive-years.", "",
           "| condition | crossed | of these failed | ≤7 d | ≤30 d | ≤90 d | failures ≤30/≤90 d | at first reading (fail ≤90 d) | recall ever | recall, lead ≥7 d | healthy ever | never failing per 1,000 dy | worst model (healthy) | models >1 % |",
           "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|"]
    for r in rows:
        if r["drives"] == 0 and "failed" not in r:
            continue
        worst = "; ".join(f"{w['model']} {percent(w['share'], 1)}" for w in r["worst_models"][:2]) or "–"
        out.append("| " + " | ".join([
            r["condition"], f"{r['drives']}", f"{r['failed']}", percent(r["fail_within_7d"]), percent(r["fail_within_30d"]),
            percent(r["fail_within_90d"]), f"{r['failures_within_30d']}/{r['failures_within_90d']}",
            f"{r['already_at_first_reading']} ({percent(r['already_fail_within_90d'])})", percent(r["recall_ever"], 1),
            percent(r["recall_lead_7d"], 1), percent(r["healthy_ever"], 2), f"{r['never_failing_per_1000_drive_years']}",
            worst, str(r["models_over_1_percent"])]) + " |")
    absent = [r["condition"] for r in rows if r["drives"] == 0 and "failed" not in r]
    if absent:
        out += ["", "Never held: " + ", ".join(absent) + "."]
    return "\n".join(out) + "\n"


def normalized_storms(path: str) -> str:
    """Normalised values on the last day of healthy drives: which fixed limits are alarm storms."""
    d = pd.read_csv(path, low_memory=False)
    out = ["## Cross-section of 2019: share of drives on which a condition holds on the last day", "",
           "| condition | model | healthy drives | healthy % | failed drives | failed % |", "|---|---|--:|--:|--:|--:|"]
    def column(name):
        return pd.to_numeric(d[name], errors="coerce") if name in d else pd.Series(np.nan, index=d.index)
    checks = {
        "5 raw >= 1": column("smart_5_raw") >= 1, "5 raw >= 16": column("smart_5_raw") >= 16, "5 raw >= 260": column("smart_5_raw") >= 260,
        "187 raw >= 1": column("smart_187_raw") >= 1, "187 raw >= 35": column("smart_187_raw") >= 35,
        "197 raw >= 1": column("smart_197_raw") >= 1, "197 raw >= 16": column("smart_197_raw") >= 16,
        "198 raw >= 1": column("smart_198_raw") >= 1, "196 raw >= 1": column("smart_196_raw") >= 1, "196 raw >= 11": column("smart_196_raw") >= 11,
        "10 raw >= 1": column("smart_10_raw") >= 1, "184 raw >= 1": column("smart_184_raw") >= 1,
        "184 normalised <= 99": column("smart_184_normalized") <= 99, "187 normalised < 100": column("smart_187_normalized") < 100,
        "199 raw >= 1": column("smart_199_raw") >= 1, "3 normalised < 96": column("smart_3_normalized") < 96,
        "195 normalised <= 24": column("smart_195_normalized") <= 24, "22 raw < 100": column("smart_22_raw") < 100,
        "1 normalised < 70": column("smart_1_normalized") < 70, "7 normalised < 70": column("smart_7_normalized") < 70,
        "189 normalised < 88": column("smart_189_normalized") < 88,
        "5 normalised < 100": column("smart_5_normalized") < 100, "183 normalised < 99": column("smart_183_normalized") < 99,
    }
    sizes = d.groupby("model").size()
    for name, holds in checks.items():
        source = f"smart_{name.split()[0]}_{'raw' if ' raw ' in name else 'normalized'}"
        if source not in d:
            continue
        for model, size in sizes.items():
            here = (d.model == model) & d[source].notna()
            good, bad = here & (d.failure == 0), here & (d.failure == 1)
            if good.sum() >= LARGE_MODEL:
                out.append(f"| {name} | {model} | {good.sum()} | {percent(holds[good].mean(), 2)} | {bad.sum()} | {percent(holds[bad].mean(), 1) if bad.sum() else '–'} |")
    return "\n".join(out) + "\n"


def last_day_recall(path: str) -> str:
    """Failed drives of 2020-2025 on their failure day: upper bound of what a rule can see."""
    d = pd.read_csv(path, low_memory=False)
    num = lambda c: pd.to_numeric(d[c], errors="coerce") if c in d else pd.Series(np.nan, index=d.index)
    ssd = d.model.str.contains("SSD|CT250|CT500|DELLBOSS|WDS|MTFD|Micron|Seagate BarraCuda|ZA", case=False, regex=True)
    out = ["## Failure-day rows of 2020 to 2025 (no healthy drives: recall only, flattered by the last day)", ""]
    rows = []
    for label, mask in (("HDD", ~ssd), ("SATA SSD", ssd)):
        n = int(mask.sum())
        for cond, holds in {
            "5 >= 1": num("smart_5_raw") >= 1, "5 >= 260": num("smart_5_raw") >= 260, "187 >= 1": num("smart_187_raw") >= 1,
            "187 >= 35": num("smart_187_raw") >= 35, "188 low word >= 1": (num("smart_188_raw").fillna(0).astype("int64") & 0xFFFF) >= 1,
            "188 middle word >= 1": (num("smart_188_raw").fillna(0).astype("int64") // 65536 % 65536) >= 1,
            "197 >= 1": num("smart_197_raw") >= 1, "197 >= 16": num("smart_197_raw") >= 16, "197 >= 250": num("smart_197_raw") >= 250,
            "198 >= 1": num("smart_198_raw") >= 1, "196 >= 1": num("smart_196_raw") >= 1, "10 >= 1": num("smart_10_raw") >= 1,
            "184 >= 1": num("smart_184_raw") >= 1, "199 >= 1": num("smart_199_raw") >= 1, "200 >= 1": num("smart_200_raw") >= 1,
            "22 raw < 100": num("smart_22_raw") < 100, "23 normalised < 100": num("smart_23_normalized") < 100,
            "24 normalised < 100": num("smart_24_normalized") < 100, "18 normalised < 100": num("smart_18_normalized") < 100,
            "173/177/231/202/233 normalised <= 10": sum((num(f"smart_{i}_normalized") <= 10).astype(int) for i in (173, 177, 202, 231, 233)) > 0,
            "any of 5, 187, 197, 198 non-zero": (num("smart_5_raw") > 0) | (num("smart_187_raw") > 0) | (num("smart_197_raw") > 0) | (num("smart_198_raw") > 0),
        }.items():
            rows.append((label, cond, n, float(holds[mask].mean())))
    out += ["| kind | condition | failed drives | holds on |", "|---|---|--:|--:|"]
    out += [f"| {a} | {b} | {c} | {percent(s, 1)} |" for a, b, c, s in rows if s > 0]
    models = d[~ssd].model.value_counts().head(14).index
    out += ["", "By model (share of failed drives with any of 5, 187, 197, 198 non-zero on the last day):", "", "| model | failed | share |", "|---|--:|--:|"]
    anyof = (num("smart_5_raw") > 0) | (num("smart_187_raw") > 0) | (num("smart_197_raw") > 0) | (num("smart_198_raw") > 0)
    out += [f"| {m} | {(d.model == m).sum()} | {percent(anyof[d.model == m].mean(), 1)} |" for m in models]
    return "\n".join(out) + "\n"


def snapshots(path: str) -> str:
    """ST12000NM0007, 2020: snapshot of all drives and the last days of the failed."""
    d = pd.read_csv(path, low_memory=False)
    failed_serials = set(d[d.failure == 1].serial_number)
    bad = d.serial_number.isin(failed_serials)
    out = ["## ST12000NM0007, 2020 (snapshots: healthy 1 to 2 days, failed about 11 days)", "",
           "| condition | healthy drives | healthy % | failed drives | failed % (any day before the failure day) |", "|---|--:|--:|--:|--:|"]
    checks = {"5 >= 1": d.smart_5_raw >= 1, "5 >= 260": d.smart_5_raw >= 260, "187 >= 1": d.smart_187_raw >= 1, "187 >= 35": d.smart_187_raw >= 35,
              "197 >= 1": d.smart_197_raw >= 1, "197 >= 16": d.smart_197_raw >= 16, "197 >= 250": d.smart_197_raw >= 250, "198 >= 1": d.smart_198_raw >= 1,
              "188 low word >= 1": (d.smart_188_raw.fillna(0).astype("int64") & 0xFFFF) >= 1,
              "188 middle word >= 1": (d.smart_188_raw.fillna(0).astype("int64") // 65536 % 65536) >= 1,
              "any of 5, 187, 197, 198": (d.smart_5_raw > 0) | (d.smart_187_raw > 0) | (d.smart_197_raw > 0) | (d.smart_198_raw > 0)}
    healthy_n, failed_n = d[~bad].serial_number.nunique(), len(failed_serials)
    for name, holds in checks.items():
        h = d[~bad & holds].serial_number.nunique() / healthy_n
        b = d[bad & holds & (d.failure == 0)].serial_number.nunique() / failed_n
        out.append(f"| {name} | {healthy_n} | {percent(h, 2)} | {failed_n} | {percent(b, 1)} |")
    return "\n".join(out) + "\n"


def failed_only(path: str, title: str) -> str:
    f = Histories(path)
    usable = f.failed & (f.end - f.first >= 1)
    out = [f"## {title}", "", f"{int(usable.sum())} failed drives with history.", "", "| condition | ever before the failure day | with lead ≥7 d |", "|---|--:|--:|"]
    for name, holds in conditions(f).items():
        if "[" in name and "7d" not in name:
            continue
        first = first_true(f, holds)
        ever = first != NEVER
        if ever[usable].mean() > 0.01:
            out.append(f"| {name} | {percent(ever[usable].mean(), 1)} | {percent((ever & (f.end - first >= 7))[usable].mean(), 1)} |")
    return "\n".join(out) + "\n"


def toshiba(path: str) -> str:
    d = pd.read_csv(path, low_memory=False)
    # In this set the failure flag is repeated on every row of a failed drive.
    bad = d.groupby("serial_number").failure.transform("max") > 0
    out = ["## Toshiba MQ01ABF050, 2019 (last 10 days)", "", "| condition | healthy drives | healthy % | failed drives | failed % |", "|---|--:|--:|--:|--:|"]
    last = d.groupby("serial_number").date.transform("max")
    early = (d.date < last)
    nh, nf = d[~bad].serial_number.nunique(), d[bad].serial_number.nunique()
    for name, holds in {
        "5 >= 1": d.smart_5_raw >= 1, "5 >= 16": d.smart_5_raw >= 16, "5 >= 260": d.smart_5_raw >= 260, "5 >= 1100": d.smart_5_raw >= 1100,
        "196 >= 1": d.smart_196_raw >= 1, "196 >= 11": d.smart_196_raw >= 11, "197 >= 1": d.smart_197_raw >= 1, "197 >= 16": d.smart_197_raw >= 16,
        "197 >= 250": d.smart_197_raw >= 250, "199 >= 1": d.smart_199_raw >= 1, "191 >= 100": d.smart_191_raw >= 100,
        "10 normalised < 100": d.smart_10_normalized < 100}.items():
        h = d[~bad & holds].serial_number.nunique() / nh
        b = d[bad & holds & early].serial_number.nunique() / nf
        out.append(f"| {name} | {nh} | {percent(h, 1)} | {nf} | {percent(b, 1)} |")
    return "\n".join(out) + "\n"


def alibaba(path: str) -> str:
    d = pd.read_csv(path, low_memory=False)
    n = d.serial_number.nunique()
    failure_day = d.groupby("serial_number").date.transform("max")
    before = d[d.date < failure_day]
    lead = (pd.to_datetime(failure_day) - pd.to_datetime(d.date)).dt.days[before.index]
    out = ["## SATA SSD, one data-centre model, the 30 days before failure (no healthy drives: recall only)", "",
           f"{n} failed drives.", "", "| condition | ever before the failure day | with lead ≥7 d |", "|---|--:|--:|"]
    def line(name, holds):
        a = before[holds].serial_number.nunique() / n
        b = before[holds & (lead >= 7)].serial_number.nunique() / n
        if a > 0:
            out.append(f"| {name} | {percent(a, 1)} | {percent(b, 1)} |")
    for attribute, limits in {"5": (1, 10, 20, 40), "181": (1, 10), "182": (1, 10), "183": (1, 2), "184": (1,), "187": (1, 10), "195": (1,), "199": (1,)}.items():
        for limit in limits:
            line(f"{attribute} raw >= {limit}", before[f"smart_{attribute}_raw"] >= limit)
        delta = before.groupby("serial_number")[f"smart_{attribute}_raw"].diff()
        line(f"{attribute} raw rose from one day to the next", delta > 0)
    for attribute, limits in {"177": (16, 6), "180": (16, 11), "5": (99, 90, 10)}.items():
        for limit in limits:
            line(f"{attribute} normalised <= {limit}", before[f"smart_{attribute}_normalized"] <= limit)
    return "\n".join(out) + "\n"


def nvme(path: str) -> str:
    d = pd.read_csv(path, low_memory=False).sort_values(["serial_number", "date"])
    n = d.serial_number.nunique()
    out = ["## Healthy NVMe (Intel P3608): on how many drives a condition ever holds", "", f"{n} drives, none labelled failed.", "",
           "| condition | drives | share | first seen after the first 14 days |", "|---|--:|--:|--:|"]
    first = pd.to_datetime(d.groupby("serial_number").date.transform("min"))
    age = (pd.to_datetime(d.date) - first).dt.days
    g = d.groupby("serial_number")
    day_rise = lambda c: g[c].diff()
    base = lambda c: d[c] - g[c].transform("first")
    checks = {"critical_warnings != 0": d.critical_warnings != 0, "device_status not Healthy": d.device_status != "Healthy"}
    for limit in (99, 90, 50, 15, 10):
        checks[f"available_spare <= {limit}"] = d.available_spare <= limit
    for limit in (10, 50, 80, 90, 95, 100):
        checks[f"percentage_used >= {limit}"] = d.percentage_used >= limit
    for column in ("media_errors", "error_info_log_entries", "end_to_end_error_detection_count", "erase_fail_count", "program_fail_count", "crc_error_count", "thermal_throttle_count"):
        for limit in (1, 10, 100):
            checks[f"{column} >= {limit}"] = d[column] >= limit
        checks[f"{column} rose from one day to the next"] = day_rise(column) > 0
        checks[f"{column} rose by >= 10 within a day"] = day_rise(column) >= 10
        checks[f"{column} rose by >= 10 since the first reading"] = base(column) >= 10
    checks["unsafe_shutdowns rose from one day to the next"] = day_rise("unsafe_shutdowns") > 0
    checks["unsafe_shutdowns rose by >= 3 within a day"] = day_rise("unsafe_shutdowns") >= 3
    for days in (7, 30):
        past = d[["serial_number", "date", "unsafe_shutdowns"]].copy()
        past["date"] = (pd.to_datetime(past.date) + pd.Timedelta(days=days)).dt.strftime("%Y-%m-%d")
        merged = d.merge(past, on=["serial_number", "date"], how="left", suffixes=("", "_then"))
        delta = (merged.unsafe_shutdowns - merged.unsafe_shutdowns_then).to_numpy()
        for limit in (3, 5, 10):
            checks[f"unsafe_shutdowns rose by >= {limit} within {days} d"] = pd.Series(delta >= limit, index=d.index)
    for limit in (45, 50, 55, 60, 70, 75, 80):
        checks[f"temperature_celsius >= {limit}"] = d.temperature_celsius >= limit
        checks[f"highest_lifetime_temperature >= {limit}"] = d.highest_lifetime_temperature >= limit
    for name, holds in checks.items():
        count = d[holds].serial_number.nunique()
        later = d[holds & (age >= 14)].serial_number.nunique()
        out.append(f"| {name} | {count} | {percent(count / n, 2)} | {later} |")
    out += ["", "device_status values: " + ", ".join(f"{k} ({v} rows)" for k, v in d.device_status.value_counts().items()),
            "", "Lowest available_spare %s, highest percentage_used %s, highest media_errors %s." % (d.available_spare.min(), d.percentage_used.max(), d.media_errors.max())]
    return "\n".join(out) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data")
    p.add_argument("--cache")
    p.add_argument("--out", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
    a = p.parse_args()
    at = lambda name: os.path.join(a.data, name + ".csv.gz")
    text = ["# First crossings: what follows when a condition holds for the first time", "",
            "Made by `Calibration/first_crossings.py`. Sources: Backblaze Drive Stats, Alibaba SSD open data, NERSC drive health (see `Calibration/README.md`).", "",
            "*crossed*: drives on which the condition did not hold on the first day and held later. Shares are Kaplan-Meier estimates, so that drives that leave the data early",
            "count as long as they were seen. *failures ≤30/≤90 d*: the number of failures each share rests on. *at first reading*: the condition held on the drive's first day.",
            "*recall*: of all failed drives with history, the condition held on any day before the failure day (whole life, latched). *healthy ever*: share of drives without recorded",
            "failure on which it held on any day. *models >1 %*: models with at least 200 healthy drives on which it held on more than 1 % of them at any time.", ""]
    result: dict = {"inputs": {}, "sets": {}}
    for name, title in (("bb2013_2016_fleet_changepoints", "Whole fleet, 2013 to 2016"), ("bb2018_st4000dm000_all_changepoints", "ST4000DM000, 2018 (all drives of the model)")):
        f = load(at(name), a.cache)
        rows = table_of(f)
        result["inputs"][name] = file_hash(at(name))
        result["sets"][name] = rows
        text.append(markdown(title, f, rows))
    f = load(at("bb2013_2016_fleet_changepoints"), a.cache)
    rows, section = recent_hazards(f)
    result["sets"]["bb2013_2016_fleet since 2014-04"] = rows
    text.append(section)
    healthy = ~f.failed
    sizes = pd.Series(f.model[healthy]).value_counts()
    large = list(sizes[sizes >= LARGE_MODEL].index)
    text += ["## Alarm storms: share of healthy drives per model on which a condition ever holds (fleet, models with ≥200 healthy drives)", ""]
    cond = conditions(f)
    chosen = ["5 >= 1", "5 >= 16", "5 >= 70", "5 >= 260", "5 >= 1100", "187 >= 1", "187 >= 35", "188 low word >= 1", "188 low word >= 10", "189 >= 1", "189 >= 13", "189 >= 30",
              "196 >= 1", "196 >= 11", "197 >= 1", "197 >= 16", "197 >= 250", "198 >= 1", "198 >= 16", "10 >= 1",
              "at least 2 of 5, 187, 197, 198 non-zero", "at least 3 of 5, 187, 197, 198 non-zero", "increase(197[7d]) >= 1", "increase(5[7d]) >= 16"]
    firsts = {c: first_true(f, cond[c]) != NEVER for c in chosen}
    text += ["| model (healthy drives) | " + " | ".join(chosen) + " |", "|---|" + "--:|" * len(chosen)]
    storms: dict = {}
    for m in large:
        here = healthy & (f.model == m)
        shares = [float(firsts[c][here].mean()) for c in chosen]
        storms[m] = {"drives": int(here.sum())} | {c: round(s, 4) for c, s in zip(chosen, shares)}
        text.append(f"| {m} ({int(here.sum())}) | " + " | ".join("0" if s == 0 else f"{100 * s:.1f}" for s in shares) + " |")
    text.append("")
    result["healthy_share_by_model"] = storms
    for name, make in (("bb2019_lastday_4models", normalized_storms), ("bb2020_2025_failed_lastday", last_day_recall), ("bb2020_st12000nm0007_snapshot", snapshots),
                       ("bb2019_mq01abf050_10d", toshiba), ("alibaba_mb1_ssd_failed_30d", alibaba), ("nersc_nvme_p3608_healthy", nvme)):
        text.append(make(at(name)))
        result["inputs"][name] = file_hash(at(name))
    for name, title in (("bb2024q1_st12000nm0008_failed", "ST12000NM0008, 2024 Q1 (failed drives only)"), ("bb2019q1_mixed_failed", "Seven models, 2019 Q1 (failed drives only)")):
        text.append(failed_only(at(name), title))
        result["inputs"][name] = file_hash(at(name))
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.out, "first-crossings.md"), "w") as out:
        out.write("\n".join(text))
    with open(os.path.join(a.out, "first-crossings.json"), "w") as out:
        json.dump(result, out, indent=1)


if __name__ == "__main__":
    main()
