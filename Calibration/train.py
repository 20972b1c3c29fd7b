#!/usr/bin/env python3
"""Train the disk models, measure everything by cross-validation over drives, write models and tables.

usage: train.py DATA_DIR --models DIR [--cache DIR] [--results DIR] [--threads N] [--no-plain-rules]

DATA_DIR holds the calibration sets (*.csv.gz). DIR gets hdd-plan.json and hdd-order.json (LightGBM's dump_model() with the
categories' names), one such pair per fold for back-tests on drives a model has not seen, and features.json.
"""
import argparse
import json
import os

import numpy as np
import pandas as pd

from ensemble import ALL_2018, DAILY_2018, FLEET, FOLDS, LEFT_OUT, ORDER, PLAN, TRAINED_ON, Set, cross_validate, open_sets, predict
from features import GATE, MODEL, View, gated_days, matrix, table
from histories import Histories, file_hash
from measure import NOTHING, trailing_max

PLAN_AT, ORDER_AT = 0.30, 0.705
NEW_DAYS = 14
"""First days of a drive on which nothing is ordered."""
VENDOR_SETS = [("bb2016q2_st4000dm000_full", "ST4000DM000"), ("bb2024q1_st12000nm0008_failed", "ST12000NM0008")]
FARS = (0.001, 0.005, 0.01)


class Changed:
    """The lives of a set with every daily series changed by a function."""

    def __init__(self, s: Set, function):
        self.s, self.function = s, function

    def dense(self, score, fill=NOTHING):
        for drive, line in self.s.lives.dense(score, fill):
            yield drive, self.function(line)


def latched(line):
    return np.maximum.accumulate(line)


def plan_and_order(line):
    """2 = order (stays), 1 = plan (clears at once)."""
    return np.maximum(np.maximum.accumulate(np.where(line >= 2, 1, 0)), line >= 1).astype("float32")


def percent(x: float, digits: int = 1) -> str:
    return f"{100 * x:.{digits}f} %"


def flags(s: Set, holds: np.ndarray) -> np.ndarray:
    return np.where(holds, 1, 0).astype("float32")


def union(s: Set, plan_at: float, order_at: float, new_days: int = NEW_DAYS) -> np.ndarray:
    order = (s.score[ORDER] >= order_at) & (s.known >= new_days)
    return np.where(order, 2, s.score[PLAN] >= plan_at).astype("float32")


def fixed(s: Set, name: str, score: np.ndarray, function=lambda line: line, at: float = 0.5) -> dict:
    r = s.compare.reduce(Changed(s, function), score)
    recall, timely = r.recall(at)
    return {"method": name, "far": r.far(at), "recall": recall, "recall_7d": timely}


def decided(s: Set, name: str, holds: np.ndarray) -> dict:
    return {"method": name} | s.decide.reduce(s.lives, flags(s, holds)).at(0.5)


def simple_rules(s: Set) -> dict[str, np.ndarray]:
    v = View(s.f, s.drive, s.day)
    five = v.count_nonzero(["5", "187", "188a", "197", "198"])
    four = ["5", "187", "197", "198"]
    return {"any of five > 0": five >= 1, "any of 5, 187, 197, 198 > 0": v.count_nonzero(four) >= 1, "at least 2 of five > 0": five >= 2,
            "at least 3 of five > 0": five >= 3, "increase of 5, 187, 197 or 198 within 7 days": v.count_rose(four, 7) >= 1}


def measure_set(s: Set) -> dict:
    out: dict = {"compare": [], "sweep": [], "decide": []}
    for name, holds in simple_rules(s).items():
        out["compare"].append(fixed(s, name, flags(s, holds)))
        out["decide"].append(decided(s, name, holds))
    for label, function in (("", lambda line: line), (", held for 14 days", lambda line: trailing_max(line, 14)), (", latched for ever", latched)):
        r = s.compare.reduce(Changed(s, function), s.score[PLAN])
        for far in FARS:
            threshold, recall, timely = r.at(far)
            out["sweep"].append({"method": f"{PLAN}{label}", "limit": far, "threshold": threshold, "recall": recall, "recall_7d": timely})
    for plan_at in (0.25, 0.28, PLAN_AT, 0.33, 0.36, 0.40):
        out["compare"].append(fixed(s, f"plan >= {plan_at} or order >= {ORDER_AT} (latched)", union(s, plan_at, ORDER_AT), plan_and_order))
    out["compare"].append(fixed(s, f"order >= {ORDER_AT} alone (latched)", flags(s, union(s, 2, ORDER_AT) == 2), latched))
    out["compare"].append(fixed(s, f"plan >= {PLAN_AT} alone, clears at once", s.score[PLAN], at=PLAN_AT))
    out["chosen"] = fixed(s, f"plan >= {PLAN_AT} or order >= {ORDER_AT} (latched)", union(s, PLAN_AT, ORDER_AT), plan_and_order)
    for order_at in (0.66, 0.68, 0.70, ORDER_AT, 0.71, 0.72, 0.74, 0.78):
        out["decide"].append(decided(s, f"order >= {order_at}", union(s, 2, order_at) == 2))
    out["decide"].append(decided(s, f"order >= {ORDER_AT}, also in the first {NEW_DAYS} days", union(s, 2, ORDER_AT, 0) == 2))
    out["decide"].append(decided(s, "the plan model as order, >= 0.72", (s.score[PLAN] >= 0.72) & (s.known >= NEW_DAYS)))
    return out


def by_fold(s: Set) -> list[dict]:
    """How much the figures of the chosen points differ from fold to fold: what noise to expect on other drives."""
    rows = []
    c, d = s.compare, s.decide
    all_failed, all_healthy = c.failed.copy(), c.healthy.copy()
    order = union(s, 2, ORDER_AT) == 2
    first = s.decide.reduce(s.lives, flags(s, order)).first_days(0.5)
    years, failed = (s.f.end - s.f.first + 1) / 365.25, s.f.failed & (s.f.end - s.f.first >= 1)
    for k in range(FOLDS):
        mine = s.f.fold == k
        c.failed, c.healthy = all_failed & mine, all_healthy & mine
        row = fixed(s, f"fold {k}", union(s, PLAN_AT, ORDER_AT), plan_and_order)
        drives = np.array([x for x in first if mine[x]])
        lead = s.f.end[drives] - np.array([first[x] for x in drives])
        bad = s.f.failed[drives]
        row |= {"never": float((~bad).sum() / years[mine].sum() * 1000), "order_recall_7d": float((bad & (lead >= 7)).sum() / (failed & mine).sum()),
                "fail_90d": float((bad & (lead <= 90)).mean())}
        rows.append(row)
    c.failed, c.healthy = all_failed, all_healthy
    return rows


def failed_only(path: str, boosters: dict, models: list[str], threads: int) -> dict:
    """Recall of the final models on failed drives of other years and models (no healthy drives there)."""
    f = Histories(path)
    drive, day = gated_days(f)
    X = matrix(f, drive, day, models)
    plan, order = (predict(m, boosters[m], X, threads) for m in (PLAN, ORDER))
    usable = f.failed & (f.end - f.first >= 1)
    lead = f.end[drive] - day
    def share(holds):
        hit = np.zeros(len(f), bool)
        hit[drive[holds & (lead <= 30)]] = True
        return float(hit[usable].mean())
    return {"failed": int(usable.sum()), "gate": share(np.ones(len(drive), bool)), "plan": share((plan >= PLAN_AT) | (order >= ORDER_AT)), "order": share(order >= ORDER_AT)}


SCORES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
HORIZONS = (7, 30, 90)


def hazards(s: Set, model: str) -> list[dict]:
    """From each score on: the share of drives that fail within so many days after they first reach it."""
    from first_crossings import kaplan_meier
    s.decide.reduce(s.lives, s.score[model])
    rows = []
    for score in SCORES:
        first = s.decide.first_days(score)
        drives = np.array(list(first))
        wait = s.f.end[drives] - np.array(list(first.values()))
        failed = s.f.failed[drives]
        rows.append({"score": score, "drives": len(drives), "failures_90d": int((failed & (wait <= 90)).sum()),
                     "hazard": {f"{h}d": round(kaplan_meier(wait, failed, h), 2) for h in HORIZONS}})
    return rows


def folds_table(rows: list[dict]) -> list[str]:
    lines = ["", f"### Chosen points (plan {PLAN_AT}, order {ORDER_AT}), by fold: the noise to expect on other drives", "",
             "| fold | FAR | recall | never fail per 1,000 dy | order recall, lead ≥7 d | fail ≤90 d |", "|---|--:|--:|--:|--:|--:|"]
    return lines + [f"| {x['method']} | {percent(x['far'], 2)} | {percent(x['recall'])} | {x['never']:.1f} | {percent(x['order_recall_7d'])} | {percent(x['fail_90d'])} |" for x in rows]


def vendor_thresholds(data: str, name: str, model: str) -> dict:
    """The drive's own verdict: a normalised value at or below the maker's threshold, where a set has normalised values."""
    with open(os.path.join(data, "vendor_thresholds.json")) as stream:
        attributes = json.load(stream)[model]["attributes"]
    d = pd.read_csv(os.path.join(data, name + ".csv.gz"), low_memory=False)
    d = d[d.model == model]
    tripped = np.zeros(len(d), bool)
    for number, a in attributes.items():
        column = f"smart_{number}_normalized"
        if a["threshold"] > 0 and a["prefail"] and column in d:
            tripped |= (d[column] <= a["threshold"]).to_numpy()
    bad = set(d[d.failure == 1].serial_number)
    hit = set(d[tripped & (d.failure == 0).to_numpy()].serial_number)
    healthy = set(d.serial_number) - bad
    return {"set": name, "model": model, "failed": len(bad), "recall": len(hit & bad) / max(1, len(bad)), "healthy": len(healthy), "far": len(hit & healthy) / len(healthy) if healthy else None}


def tables(result: dict) -> str:
    lines = ["# The models by cross-validation over drives", "",
             "Made by `Calibration/train.py`. Every drive is judged by a model that has not seen it (5 folds, by hash of the serial number).",
             "False-alarm rates are exact expectations over all possible 30-day windows of each healthy drive.", ""]
    for name in (FLEET, ALL_2018, DAILY_2018):
        r = result[name]
        lines += [f"## {name}", "", f"{r['drives']:,} drives, {r['failed']:,} failed; in the 30-day window {r['window_failed']:,} failed and {r['window_healthy']:,} healthy drives.", "",
                  "### Compare: the 30-day window", "", "| method | FAR | recall | recall, lead ≥7 d |", "|---|--:|--:|--:|"]
        lines += [f"| {x['method']} | {percent(x['far'], 2)} | {percent(x['recall'])} | {percent(x['recall_7d'])} |" for x in r["compare"]]
        lines += ["", "Score thresholds moved to a false-alarm rate (nothing latched unless said):", "", "| method | FAR | threshold | recall | recall, lead ≥7 d |", "|---|--:|--:|--:|--:|"]
        lines += [f"| {x['method']} | {percent(x['limit'])} | {x['threshold']:.3f} | {percent(x['recall'])} | {percent(x['recall_7d'])} |" for x in r["sweep"]]
        if name != DAILY_2018:  # a sample of the healthy drives: drive-years mean nothing there
            lines += ["", f"### Decide: whole lives ({r['years']:,.0f} drive-years), per 1,000 drive-years", "",
                      "| method | ordered | fail ≤90 d | never fail | recall, lead ≥7 d |", "|---|--:|--:|--:|--:|"]
            lines += [f"| {x['method']} | {x['ordered']:.1f} | {percent(x['fail_90d'])} | {x['never']:.2f} | {percent(x['recall_7d'])} |" for x in r["decide"]]
        if name != DAILY_2018:
            lines += folds_table(r["folds"])
        lines.append("")
    lines += ["## Failed drives of other years (no healthy drives: recall in the last 30 days only, final models)", "",
              "| set | failed | something non-zero | plan or order | order |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {n} | {x['failed']} | {percent(x['gate'])} | {percent(x['plan'])} | {percent(x['order'])} |" for n, x in result["failed_only"].items()]
    for m, rows in result["hazards"].items():
        lines += ["", f"## What a score of {m} means: share failing after a drive first reaches it (fleet, cross-validated)", "", "| score | drives | failures ≤90 d | ≤7 d | ≤30 d | ≤90 d |", "|--:|--:|--:|--:|--:|--:|"]
        lines += [f"| {x['score']} | {x['drives']} | {x['failures_90d']} | " + " | ".join(percent(v, 0) for v in x["hazard"].values()) + " |" for x in rows]
    lines += ["", "## Vendor thresholds (the drive's own verdict), where a set has normalised values", "", "| set | failed | recall | healthy | alarmed |", "|---|--:|--:|--:|--:|"]
    lines += [f"| {x['set']} ({x['model']}) | {x['failed']} | {percent(x['recall'])} | {x['healthy']} | {'–' if x['far'] is None else percent(x['far'], 2)} |" for x in result["vendor"]]
    if "plain" in result:
        lines += ["", "## Plain rules without trees (greedy choice of thresholds, increases, k-of-n and pairs, cross-validated)", "",
                  "| set | chosen for FAR ≤ | FAR on other drives | recall | rules (chosen on all drives) |", "|---|--:|--:|--:|---|"]
        lines += [f"| {x['set']} | {percent(x['limit'])} | {percent(x['far'], 2)} | {percent(x['recall'])} | {'; '.join(x['rules'])} |" for x in result["plain"]["compare"]]
        x = result["plain"]["decide"]
        lines += ["", f"Whole lives (fleet), chosen for at most 5 never failing and 60 % failing within 90 days: ordered {x['ordered']:.1f}, fail ≤90 d {percent(x['fail_90d'])}, "
                  f"never {x['never']:.2f}, recall with lead ≥7 d {percent(x['recall_7d'])}. Rules: {'; '.join(x['rules'])}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data")
    p.add_argument("--models", required=True)
    p.add_argument("--cache")
    p.add_argument("--results", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--no-plain-rules", action="store_true")
    a = p.parse_args()
    sets, models = open_sets(a.data, a.cache)
    folds, final = cross_validate(sets, a.threads)
    os.makedirs(a.models, exist_ok=True)
    os.makedirs(a.results, exist_ok=True)

    def dump(booster, name):
        with open(os.path.join(a.models, name + ".json"), "w") as out:
            json.dump(booster.dump_model() | {"pandas_categorical": [models]}, out)

    for model in (PLAN, ORDER):
        dump(final[model], model)
        for k, booster in enumerate(folds[model]):
            dump(booster, f"{model}-fold{k}")
    features = {m: [{"name": n, "expression": e} for n, e, _ in table() if n not in LEFT_OUT[m]] + [{"name": MODEL, "expression": 'attribute("model")', "categories": models}]
                for m in (PLAN, ORDER)}
    with open(os.path.join(a.models, "features.json"), "w") as out:
        json.dump({"gate": GATE, "models": features}, out, indent=1)
    for name, s in sets.items():
        np.savez(os.path.join(a.models, f"scores-{name}.npz"), serial=s.f.serial[s.drive].astype(str), day=s.day, plan=s.score[PLAN], order=s.score[ORDER])

    result: dict = {}
    for name, s in sets.items():
        result[name] = measure_set(s) | {"folds": by_fold(s), "drives": len(s.f), "failed": int(s.f.failed.sum()), "years": s.decide.years,
                                         "window_failed": int(s.compare.failed.sum()), "window_healthy": int(s.compare.healthy.sum())}
    result["failed_only"] = {n: failed_only(os.path.join(a.data, n + ".csv.gz"), final, models, a.threads) for n in ("bb2019q1_mixed_failed", "bb2024q1_st12000nm0008_failed")}
    result["hazards"] = {m: hazards(sets[FLEET], m) for m in (PLAN, ORDER)}
    for m, rows in result["hazards"].items():
        with open(os.path.join(a.models, f"calibration-{m}.json"), "w") as out:
            json.dump([{"score": x["score"], "hazard": x["hazard"]} for x in rows], out, indent=1)
        with open(os.path.join(a.models, f"categories-{m}.json"), "w") as out:
            json.dump({MODEL: models}, out)
    result["vendor"] = [vendor_thresholds(a.data, n, m) for n, m in VENDOR_SETS]
    if not a.no_plain_rules:
        import plain_rules
        result["plain"] = {"compare": [{"set": n} | plain_rules.cross_validate_compare(sets[n], far) for n in TRAINED_ON for far in FARS],
                           "decide": plain_rules.cross_validate_decide(sets[FLEET])}
    result["inputs"] = {n: file_hash(s.path) for n, s in sets.items()}
    result["thresholds"] = {"plan": PLAN_AT, "order": ORDER_AT, "order_not_in_first_days": NEW_DAYS}
    with open(os.path.join(a.results, "models.md"), "w") as out:
        out.write(tables(result))
    with open(os.path.join(a.results, "models.json"), "w") as out:
        json.dump(result, out, indent=1, default=float)


if __name__ == "__main__":
    main()
