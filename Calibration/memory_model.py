#!/usr/bin/env python3
"""The small ensemble for memory modules that ships as `memory-bits`: measured on modules that it has not seen, then trained on all.

usage: memory_model.py DATA_DIR --models DIR [--results DIR] [--repeats N]

DIR gets memory-bits.json, LightGBM's dump_model(), for `callhome patterns import-model`. The results get memory-model.md, and
memory-model-scores.txt: what LightGBM says at the times of `memory_features.py DATA_DIR --looks 1000`, in that order, to hold
the engine against. Nested as in memory_modules.py: thresholds are chosen on modules of which none is judged by them.
"""
import argparse
import hashlib
import json
import os

import lightgbm as lgb
import numpy as np
import pandas as pd

from histories import file_hash
from memory_features import SEED as LOOKS_SEED, WINDOWS, features_of, model_features, random_times, read_errors
from memory_modules import FARS, HEAD, INNER, INPUTS, OUTER, PARAMETERS, SEED, Looks, costs, figures, interval, recall_at, row, shown, thresholds

NAME = "memory-bits"
ROUNDS, LEARNING_RATE = 100, 0.06
"""Three times fewer trees than the ensemble of memory_modules.py, each learning twice as fast."""
ASKED_AT = 0.47
"""Where the pattern plans: 2 % false alarms. Near the mean of the thresholds chosen inside."""
LOOKS = 1000
RAW = "dimm_errors_raw.csv.gz"
SCORES = (0.1, 0.2, 0.3, 0.4, 0.45, ASKED_AT, 0.5, 0.55, 0.6, 0.65, 0.7)


def columns(d: Looks) -> list[int]:
    return [d.names.index(n) for n in model_features()]


def fit(d: Looks, rows: np.ndarray) -> lgb.Booster:
    data = lgb.Dataset(d.X[np.ix_(rows, columns(d))], d.y[rows], feature_name=model_features())
    return lgb.train({**PARAMETERS, "learning_rate": LEARNING_RATE}, data, ROUNDS)


def score(booster: lgb.Booster, X: np.ndarray) -> np.ndarray:
    return booster.predict(X, num_threads=1)


def judge(d: Looks, seed: int):
    """Decisions at every point, scores and chosen limits, of looks that had no say."""
    holds = {point: np.zeros(len(d.y), bool) for point in ("own", *FARS)}
    ranks, chosen = np.zeros(len(d.y)), []
    X = d.X[:, columns(d)]
    for train, test in d.cuts(np.arange(len(d.y)), OUTER, seed):
        inner = np.zeros(len(d.y))
        for learn, held in d.cuts(train, INNER, seed):
            inner[held] = score(fit(d, learn), X[held])
        limits = thresholds(inner[train], d.y[train])
        ranks[test] = score(fit(d, train), X[test])
        chosen.append(limits)
        for point, limit in limits.items():
            holds[point][test] = ranks[test] >= limit
    return holds, ranks, chosen


def vector(errors, now: int) -> list[float]:
    windows = {w: features_of(errors, now, s) for w, s in WINDOWS.items()}
    return [windows[n.rsplit("_", 1)[1]][n.rsplit("_", 1)[0]] for n in model_features()]


def first_raised(errors, booster: lgb.Booster) -> tuple[int | None, float]:
    """When the pattern holds first, asked at every error, and the highest score of the life."""
    times = sorted({e.time for e in errors})
    scores = score(booster, np.array([vector(errors, t) for t in times], float))
    asked = [t for t, s in zip(times, scores) if s >= ASKED_AT]
    return (asked[0] if asked else None), float(scores.max())


def replay(data: str, d: Looks, booster: lgb.Booster) -> list[str]:
    """The modules of which every error is known: by the model that ships, and by one that has not learnt from the module."""
    tickets = pd.read_csv(os.path.join(data, "dimm_tickets.csv.gz")).groupby("sn_name").alarm_time.min().to_dict()
    out = ["| module | errors | ticket | in the table learnt from | raised | highest score | raised by a model that has not learnt from it | its highest score |", "|---|--:|---|---|---|--:|---|--:|"]
    for (serial, source), errors in sorted(read_errors(data).items()):
        start, ticket = min(e.time for e in errors), tickets.get(serial)
        # The sources number modules apart: only those of the second stage are those of the table.
        known = np.isin(d.module, [i for i, s in enumerate(d.serial) if s == serial]) if source == "stage2" else np.zeros(len(d.y), bool)
        other = fit(d, np.flatnonzero(~known)) if known.any() else booster

        def told(at: int | None) -> str:
            if at is None:
                return "–"
            return f"{(ticket - at) / 3600:.2f} h before the ticket" if ticket else f"on day {(at - start) / 86400:.1f}"
        (mine, high), (theirs, other_high) = first_raised(errors, booster), first_raised(errors, other)
        cell = f"after {(ticket - start) / 3600:.1f} h" if ticket else "none"
        label = "before a ticket" if (known & d.y).any() else "without ticket" if known.any() else "no"
        out.append(f"| {serial}, {source} | {len(errors)} | {cell} | {label} | {told(mine)} | {high:.2f} | {told(theirs)} | {other_high:.2f} |")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--models", required=True)
    parser.add_argument("--results", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
    parser.add_argument("--repeats", type=int, default=3)
    o = parser.parse_args()
    table = pd.read_csv(os.path.join(o.data, INPUTS[0]))
    a = Looks(table[table.serial_number_type == "A"], list(WINDOWS))
    every = np.arange(len(a.y))
    booster = fit(a, every)
    os.makedirs(o.models, exist_ok=True)
    dump = json.dumps(booster.dump_model(), sort_keys=True).encode()
    with open(os.path.join(o.models, f"{NAME}.json"), "wb") as file:
        file.write(dump)

    runs = [judge(a, s + 1) for s in range(o.repeats)]
    ranks = np.mean([r[1] for r in runs], axis=0)
    nodes = sum(2 * t["num_leaves"] - 1 for t in booster.dump_model()["tree_info"])
    out = [f"# The model `{NAME}`", "",
           f"Made by `memory_model.py`: LightGBM {lgb.__version__}, seed {SEED}, {ROUNDS} trees of {PARAMETERS['num_leaves']} leaves at most ({nodes} nodes), learning rate {LEARNING_RATE}, "
           f"{len(model_features())} features (`features-memory-bits.yaml`), platform A: {len(a.y)} looks at {a.modules} modules, {a.y.sum()} of them before a ticket. "
           f"{o.repeats} cuts into {OUTER} folds by module, thresholds chosen by {INNER} folds within the others; intervals (95 %) by drawing modules.", "",
           "```", *(f"{file_hash(os.path.join(o.data, n))}  {n}" for n in (INPUTS[0], INPUTS[2], RAW)),
           f"{hashlib.sha256(dump).hexdigest()}  {NAME}.json, as LightGBM dumped it, keys sorted", "```", "",
           "## On modules that it has not seen", "", *HEAD]
    for point, name in (("own", "highest F1"), *((f, f"threshold chosen for {100 * f:g} %") for f in FARS)):
        out.append(row(name, [r[0][point] for r in runs], a))
    out.append(row(f"score ≥ {ASKED_AT:g} (as the pattern asks)", [r[1] >= ASKED_AT for r in runs], a))
    out += ["", "Recall where the threshold is moved to just that share of false alarms: " + "; ".join(
        f"{100 * f:g} %: {shown(interval(lambda w, f=f: float(np.mean([recall_at(r[1], a.y, w, f) for r in runs])), a, 200))} %" for f in FARS) + ".", ""]
    for point in ("own", *FARS):
        limits = [c[point] for r in runs for c in r[2]]
        label = "for the highest F1" if point == "own" else f"for {100 * point:g} % false alarms"
        out.append(f"- Thresholds chosen inside {label}: {np.mean(limits):.3f} in the mean of {len(limits)}, {min(limits):.3f} to {max(limits):.3f}.")
    bits = (a.column("read_ce_count_15m") + a.column("scrub_ce_count_15m")) >= 1
    asked = ranks >= ASKED_AT
    out += ["", f"The pattern asks only where bits were told within 15 minutes: on {100 * bits.mean():.1f} % of the looks, {int((asked & a.y & bits).sum())} of {int((asked & a.y).sum())} that are found.", "",
            "## What a score has meant", "", "Mean of the cuts' scores, each of a model that had not seen the module.", "",
            "| score from | looks | before a ticket | others | precision | recall | false alarms |", "|--:|--:|--:|--:|--:|--:|--:|"]
    for s in SCORES:
        h = ranks >= s
        f = figures(h, a.y, np.ones(len(a.y)))
        out.append(f"| {s:.2f} | {h.sum()} | {(h & a.y).sum()} | {(h & ~a.y).sum()} | {100 * f['P']:.1f} % | {100 * f['R']:.1f} % | {100 * f['FAR']:.2f} % |")
    out += ["", "## What it wastes, beside L", ""]
    two = (a.column("dq_count_2_6h") >= 1) & (a.column("read_ce_log_num_15m") >= 1)
    out += costs("Platform A", a, {f"score ≥ {ASKED_AT:g}": asked, "L": two, "both": asked & two, "either": asked | two, f"score ≥ {ASKED_AT:g} without L": asked & ~two})
    out += ["## On the modules of which every error is known", "",
            "Asked at every error. What was in the table that the model learnt from says little: there the last two columns count.", "", *replay(o.data, a, booster)]
    with open(os.path.join(o.results, "memory-model.md"), "w") as file:
        file.write("\n".join(out) + "\n")

    errors = read_errors(o.data)
    X = np.array([vector(errors[key], now) for key, now in random_times(errors, LOOKS)], float)
    with open(os.path.join(o.results, "memory-model-scores.txt"), "w") as file:
        file.write(f"# LightGBM's score at each of the {LOOKS} times of memory_features.py --looks {LOOKS} (seed {LOOKS_SEED}); made by memory_model.py.\n")
        file.writelines(f"{s!r}\n" for s in map(float, score(booster, X)))


if __name__ == "__main__":
    main()
