#!/usr/bin/env python3
"""Rules and a tree ensemble for memory modules, measured on modules that they have not seen.

usage: memory_modules.py DATA_DIR [--results DIR] [--repeats N]

Nested: modules are cut into five folds; whatever is chosen (rules, thresholds) is chosen on four of them, thresholds of scores by
another four folds within these; the fifth is judged. All of it for N cuts. Intervals: modules drawn with replacement.
"""
import argparse
import os

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, export_text

from histories import file_hash
from memory_features import WINDOWS, expressions, table_column

SEED = 1
OUTER, INNER = 5, 4
DRAWS = 2000
FARS = (0.005, 0.01, 0.02)
INPUTS = ("dimm_looks.csv.gz", "dimm_looks_platform_b_wide.csv.gz", "dimm_tickets.csv.gz")
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.03, "num_leaves": 7, "min_data_in_leaf": 10, "feature_fraction": 0.3,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5, "max_bin": 63, "num_threads": 1, "deterministic": True,
    "force_row_wise": True, "seed": SEED, "verbose": -1,
}
ROUNDS = 300
MOST_RULES, LEAST_GAIN, LEAST_FOUND = 3, 0.01, 10


class Looks:
    """The looks of one platform."""

    def __init__(self, table: pd.DataFrame, windows: list[str]):
        self.names = [f"{f}_{w}" for w in windows for f in expressions()]
        self.X = np.column_stack([table[table_column(f, w)].to_numpy(float) for w in windows for f in expressions()])
        self.y = table.label.to_numpy() == 1
        self.module, self.serial = pd.factorize(table.serial_number)
        self.modules = len(self.serial)
        self.time = table.prediction_timestamp.to_numpy()
        self._drawn = None

    def drawn(self, draws: int) -> np.ndarray:
        """How often each module is in each of the samples with replacement."""
        if self._drawn is None:
            rng = np.random.RandomState(SEED)
            self._drawn = np.array([np.bincount(rng.randint(0, self.modules, self.modules), minlength=self.modules) for _ in range(draws)], "float32")
        return self._drawn

    def column(self, name: str) -> np.ndarray:
        return self.X[:, self.names.index(name)]

    def cuts(self, rows: np.ndarray, count: int, seed: int):
        """(rows to learn from, rows to judge) by module, as many failing ones in each."""
        rng = np.random.RandomState(seed)
        fold = np.zeros(self.modules, int)
        failing = np.unique(self.module[rows[self.y[rows]]])
        for part in (failing, np.setdiff1d(self.module[rows], failing)):
            fold[rng.permutation(part)] = np.arange(len(part)) % count
        for k in range(count):
            held = fold[self.module[rows]] == k
            yield rows[~held], rows[held]


# Scores: (looks, rows to learn from, rows to score) -> numbers

def column_score(name):
    return lambda d, train, test: d.column(name)[test]


def random_score(d, train, test):
    return np.random.RandomState(SEED + int(test.sum()) % 1000003).random(len(test))


def tree_score(depth):
    def score(d, train, test):
        tree = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=15, random_state=SEED).fit(d.X[train], d.y[train])
        return tree.predict_proba(d.X[test])[:, 1]
    return score


def booster_of(d, train):
    return lgb.train(PARAMETERS, lgb.Dataset(d.X[train], d.y[train], feature_name=d.names), ROUNDS)


def ensemble_score(d, train, test):
    return booster_of(d, train).predict(d.X[test], num_threads=1)


def thresholds(score: np.ndarray, y: np.ndarray) -> dict:
    """Where F1 is highest, and the lowest score that stays within each false-alarm rate. It holds at or above."""
    levels, at = np.unique(score, return_inverse=True)
    found = np.cumsum(np.bincount(at[y], minlength=len(levels))[::-1])[::-1]
    false = np.cumsum(np.bincount(at[~y], minlength=len(levels))[::-1])[::-1]
    f1 = 2 * found / (found + false + y.sum())
    out = {"own": levels[f1.argmax()]}
    for far in FARS:
        fits = np.flatnonzero(false <= far * (~y).sum())
        out[far] = levels[fits[0]] if len(fits) else np.inf
    return out


def judge_score(d: Looks, score, seed: int):
    """Decisions at every point, and the scores, of looks that had no say."""
    holds = {point: np.zeros(len(d.y), bool) for point in ("own", *FARS)}
    ranks = np.zeros(len(d.y))
    for train, test in d.cuts(np.arange(len(d.y)), OUTER, seed):
        inner = np.zeros(len(d.y))
        for learn, held in d.cuts(train, INNER, seed):
            inner[held] = score(d, learn, held)
        limits = thresholds(inner[train], d.y[train])
        ranks[test] = score(d, train, test)
        for point, limit in limits.items():
            holds[point][test] = ranks[test] >= limit
    return holds, ranks


# Rules that a person can read: up to three, of up to three conditions each.

def atoms(d: Looks, windows: list[str]) -> tuple[list[str], np.ndarray]:
    labels, lines = [], []
    at_least = {
        "dq_count_2": (1, 2, 5), "dq_count_1": (2, 5, 10, 20), "dq_count_4": (1, 5, 20), "all_ce_log_num": (2, 3, 5, 10, 20, 40),
        "read_ce_log_num": (1, 3, 5, 10, 20), "all_ce_count": (2, 3, 5, 10, 24, 50, 100), "fault_row_num": (1, 2, 3, 5),
        "fault_column_num": (1, 2, 3, 5), "several_devices": (1,), "max_burst_interval": (1, 4), "max_dq_interval": (1, 2),
    }
    below = {"scrub_ce_log_num": (1, 5, 10), "dq_count_4": (1, 5), "several_devices": (1,), "all_ce_log_num": (10, 20)}
    for window in windows:
        for feature, limits in at_least.items():
            for limit in limits:
                labels.append(f"{feature}_{window} >= {limit}")
                lines.append(d.column(f"{feature}_{window}") >= limit)
        for feature, limits in below.items():
            for limit in limits:
                labels.append(f"{feature}_{window} < {limit}")
                lines.append(d.column(f"{feature}_{window}") < limit)
    return labels, np.array(lines)


def choose_rules(hits: np.ndarray, y: np.ndarray, budget: float | None) -> list[tuple[int, ...]]:
    """Greedy: each rule is the conjunction that lifts F1 most, or within a budget of false alarms finds most for its cost."""
    chosen: list[tuple[int, ...]] = []
    covered = np.zeros(len(y), bool)

    def value(found, false):
        all_found, all_false = found + (covered & y).sum(), false + (covered & ~y).sum()
        if budget is None:
            worth = 2 * all_found / (all_found + all_false + y.sum())
        else:
            worth = np.where(all_false <= budget * (~y).sum(), found / (false + 0.1 * budget * (~y).sum()), -1)
        return np.where(found >= LEAST_FOUND, worth, -1)

    numbers = hits.astype("float32")
    while len(chosen) < MOST_RULES:
        good, bad = numbers[:, y & ~covered], numbers[:, ~y & ~covered]
        pairs = value(good @ good.T, bad @ bad.T)
        best, most = None, -1.0
        for flat in np.argsort(-np.triu(pairs + 2), axis=None)[:15]:
            a, b = divmod(int(flat), len(hits))
            triples = value(good @ (good[a] * good[b]), bad @ (bad[a] * bad[b]))
            # A further condition must be worth its words.
            for rule, worth in ((tuple(sorted({a, b})), pairs[a, b]), (tuple(sorted({a, b, int(triples.argmax())})), triples.max() - 0.003 * len(chosen))):
                if worth > most + (0.003 if best and len(rule) > len(best) else 0):
                    best, most = rule, worth
        before = 2 * (covered & y).sum() / ((covered).sum() + y.sum())
        if best is None or most <= 0 or (budget is None and most < before + LEAST_GAIN):
            break
        chosen.append(best)
        covered |= hits[list(best)].all(0)
    return chosen


def apply_rules(hits: np.ndarray, rules: list[tuple[int, ...]]) -> np.ndarray:
    return np.logical_or.reduce([hits[list(r)].all(0) for r in rules]) if rules else np.zeros(hits.shape[1], bool)


def words(labels: list[str], rules: list[tuple[int, ...]]) -> list[str]:
    return [" and ".join(labels[i] for i in r) for r in rules]


def judge_rules(d: Looks, hits: np.ndarray, seed: int):
    holds = {point: np.zeros(len(d.y), bool) for point in ("own", *FARS)}
    for train, test in d.cuts(np.arange(len(d.y)), OUTER, seed):
        for point in holds:
            rules = choose_rules(hits[:, train], d.y[train], None if point == "own" else point)
            holds[point][test] = apply_rules(hits[:, test], rules)
    return holds, None


# Figures

def figures(holds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    found, false = (weight * (holds & y)).sum(), (weight * (holds & ~y)).sum()
    bad, good = (weight * y).sum(), (weight * ~y).sum()
    return {"P": found / max(found + false, 1e-9), "R": found / bad, "F1": 2 * found / (found + false + bad), "FAR": false / good}


def recall_at(ranks: np.ndarray, y: np.ndarray, weight: np.ndarray, far: float) -> float:
    """Recall where the threshold is moved so that just this share of these healthy looks is exceeded (ties: none of them)."""
    order = np.argsort(-ranks, kind="stable")
    false = np.cumsum((weight * ~y)[order])
    over = np.flatnonzero(false > far * false[-1])
    limit = ranks[order][over[0]] if len(over) else -np.inf
    return (weight * (y & (ranks > limit))).sum() / (weight * y).sum()


def interval(function, d: Looks, draws: int) -> tuple[float, float, float]:
    values = [function(w[d.module]) for w in d.drawn(DRAWS)[:draws]]
    return (function(np.ones(len(d.y))), *np.percentile(values, [2.5, 97.5]))


def shown(values, percent=True) -> str:
    k = 100 if percent else 1
    form = "{:.1f} ({:.1f}–{:.1f})" if percent else "{:.2f} ({:.2f}–{:.2f})"
    return form.format(*(k * v for v in values))


def all_figures(all_holds: list[np.ndarray], d: Looks) -> dict[str, tuple[float, float, float]]:
    """Means over the cuts, with intervals: counts by module, times how often each module was drawn."""
    drawn = np.vstack([np.ones(d.modules, "float32"), d.drawn(DRAWS)])
    values: dict[str, list[np.ndarray]] = {n: [] for n in ("P", "R", "F1", "FAR")}
    for h in all_holds:
        counts = np.column_stack([np.bincount(d.module, x, d.modules) for x in (h & d.y, h & ~d.y, d.y, ~d.y)]).astype("float32")
        found, false, bad, good = (drawn @ counts).T
        for name, value in (("P", found / np.maximum(found + false, 1e-9)), ("R", found / bad), ("F1", 2 * found / (found + false + bad)), ("FAR", false / good)):
            values[name].append(value)
    means = {n: np.mean(v, axis=0) for n, v in values.items()}
    return {n: (v[0], *np.percentile(v[1:], [2.5, 97.5])) for n, v in means.items()}


def row(label: str, all_holds: list[np.ndarray], d: Looks) -> str:
    measured = all_figures(all_holds, d)
    cells = [shown(measured[n], n != "F1") for n in ("P", "R", "F1", "FAR")]
    spread = [figures(h, d.y, np.ones(len(d.y)))["F1"] for h in all_holds]
    return f"| {label} | " + " | ".join(cells) + f" | {min(spread):.2f}–{max(spread):.2f} |"


HEAD = ["| method | precision % | recall % | F1 | false alarms % | F1 by cut |", "|---|--:|--:|--:|--:|--:|"]


def leads(d: Looks, holds: np.ndarray, tickets: pd.DataFrame) -> str:
    times = tickets.groupby("sn_name").alarm_time.apply(np.array)
    hours = []
    for i in np.flatnonzero(holds & d.y):
        later = [t - d.time[i] for t in times.get(d.serial[d.module[i]], []) if t >= d.time[i]]
        if later:
            hours.append(min(later) / 3600)
    h = np.array(hours)
    return f"{np.median(h):.1f} h | {100 * (h >= 1).mean():.0f} % | {100 * (h >= 6).mean():.0f} % | {100 * (h >= 24).mean():.0f} % | {100 * (h >= 72).mean():.0f} %"


def proposals(d: Looks, window: str, recent: str) -> dict[str, np.ndarray]:
    """The proposed rules and what they are made of."""
    c = d.column
    two, several = c(f"dq_count_2_{window}") >= 1, c(f"several_devices_{window}") >= 1
    read = c(f"read_ce_log_num_{recent}") >= 1
    many = (c(f"all_ce_log_num_{window}") >= 3) & (c(f"scrub_ce_log_num_{window}") < 10)
    out = {
        f"D: several devices in {window}, a demand error in {recent}": several & read,
        f"L: exactly two lines in {window}, a demand error in {recent}": two & read,
        f"N: 3 different errors in {window}, fewer than 10 by scrubbing": many,
        f"R: two rows of two columns each in {window}": c(f"fault_row_num_{window}") >= 2,
        f"R and N": (c(f"fault_row_num_{window}") >= 2) & many,
        "D or L": (several | two) & read,
        "D or L or N": ((several | two) & read) | many,
        f"several devices in {window}": several, f"exactly two lines in {window}": two,
    }
    return out


def costs(title: str, d: Looks, rules: dict[str, np.ndarray]) -> list[str]:
    """What a rule wastes for each failing module that it finds; an early look is no waste."""
    early = np.isin(d.module, d.module[d.y]) & ~d.y
    other = ~d.y & ~early
    out = [f"### {title}", "", f"{d.y.sum()} looks before a ticket, {early.sum()} about eight days before one, {other.sum()} at modules without ticket.", "",
           "| rule | found | precision % | recall % | F1 | false alarms % | held 8 days before | wasted: no ticket | % of these | wasted for one found | if these were four times as many |",
           "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for name, h in rules.items():
        m = all_figures([h], d)
        found, wasted = (h & d.y).sum(), (h & other).sum()
        out.append(f"| {name} | {found} | {shown(m['P'])} | {shown(m['R'])} | {shown(m['F1'], False)} | {shown(m['FAR'])} | {(h & early).sum()} ({100 * h[early].mean():.0f} %) | {wasted} | {100 * h[other].mean():.2f} | "
                   + (f"{wasted / found:.2f} | {4 * wasted / found:.2f} |" if found else "– | – |"))
    return out + [""]


def platform(d: Looks, title: str, methods: dict, repeats: int, windows: list[str], tickets, fixed: dict[str, np.ndarray]) -> list[str]:
    out = [f"## {title}", "", f"{len(d.y)} looks at {d.module.max() + 1} modules, {d.y.sum()} of them before a ticket.", ""]
    labels, hits = atoms(d, windows)
    kept: dict[str, tuple] = {}
    for name, score in methods.items():
        runs = [judge_rules(d, hits, s + 1) if score is None else judge_score(d, score, s + 1) for s in range(repeats)]
        kept[name] = ({p: [r[0][p] for r in runs] for p in runs[0][0]}, [r[1] for r in runs])
        print(title, name, [round(figures(h, d.y, np.ones(len(d.y)))["F1"], 3) for h in kept[name][0]["own"]], flush=True)
    out += ["### At each method's own point (highest F1 on the modules that it was chosen on)", "", *HEAD]
    out += [row(f"{n} (fixed)", [h], d) for n, h in fixed.items()] + [row(n, k[0]["own"], d) for n, k in kept.items()] + [""]
    for far in FARS:
        out += [f"### Thresholds chosen inside for {100 * far:g} % false alarms", "", *HEAD]
        out += [row(n, k[0][far], d) for n, k in kept.items()] + [""]
    out += ["### Recall % where the threshold is moved to just that share of false alarms", "", "| method | 0.5 % | 1 % | 2 % |", "|---|--:|--:|--:|"]
    for n, (_, ranks) in kept.items():
        if ranks[0] is not None:
            cells = [shown(interval(lambda w, f=f: float(np.mean([recall_at(r, d.y, w, f) for r in ranks])), d, 200)) for f in FARS]
            out.append(f"| {n} | " + " | ".join(cells) + " |")
    failing = np.isin(d.module, d.module[d.y]) & ~d.y
    out += ["", "### Lead: from the look to the ticket, and earlier looks at modules that failed later", "",
            "The look is the last one before the ticket: the time is the least lead, a rule may have held before.", "",
            "| method | median | ≥1 h | ≥6 h | ≥24 h | ≥72 h | holds days before the last week | of looks at modules without ticket |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for n, h in [(n, h) for n, h in fixed.items()] + [(n, k[0]["own"][0]) for n, k in kept.items()] + [(f"{n}, 2 %", k[0][0.02][0]) for n, k in kept.items() if "random" not in n]:
        if (h & d.y).any():
            out.append(f"| {n} | {leads(d, h, tickets)} | {100 * h[failing].mean():.1f} % of {failing.sum()} | {100 * h[~d.y & ~failing].mean():.1f} % |")
    everything = {p: words(labels, choose_rules(hits, d.y, None if p == "own" else p)) for p in ("own", *FARS)}
    out += ["", "### Rules that all modules together choose", ""]
    for p, rules in everything.items():
        held = apply_rules(hits, choose_rules(hits, d.y, None if p == "own" else p))
        f = figures(held, d.y, np.ones(len(d.y)))
        out += [f"- {'highest F1' if p == 'own' else f'{100 * p:g} % false alarms'} (on what they were chosen on: P {f['P']:.2f} R {f['R']:.2f} F1 {f['F1']:.2f} FAR {100 * f['FAR']:.2f} %):"]
        for r in rules:
            one = np.logical_and.reduce([hits[labels.index(c)] for c in r.split(" and ")])
            out += [f"  - `{r}`: {(one & d.y).sum()} before a ticket, {(one & ~d.y).sum()} others"]
    return out + [""], kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--results", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "results"))
    parser.add_argument("--repeats", type=int, default=5)
    o = parser.parse_args()
    looks = pd.read_csv(os.path.join(o.data, INPUTS[0]))
    tickets = pd.read_csv(os.path.join(o.data, INPUTS[2]))
    a = Looks(looks[looks.serial_number_type == "A"], list(WINDOWS))
    b = Looks(looks[looks.serial_number_type == "B"], ["15m", "1h"])
    wide = pd.read_csv(os.path.join(o.data, INPUTS[1]))
    wide = wide.rename(columns={f"m2patch_{s}_{table_column(f, w)[:-len(w) - 1]}": table_column(f, w) for w, s in WINDOWS.items() for f in expressions()})
    missing = [f for f in expressions() if table_column(f, "6h") not in wide]
    print("not in the wide table:", missing, flush=True)
    out = ["# Memory modules", "", f"Made by `memory_modules.py`, seed {SEED}, {o.repeats} cuts into {OUTER} folds by module, {DRAWS} draws of modules for the intervals (95 %).", ""]
    out += ["```", *(f"{file_hash(os.path.join(o.data, n))}  {n}" for n in INPUTS), "```", ""]
    fixed_a = {
        "errors on exactly two lines, 6 h": a.column("dq_count_2_6h") >= 1,
        "24 or more errors, 6 h": a.column("all_ce_count_6h") >= 24,
        "two lines and two beats or more, 6 h": (a.column("max_dq_interval_6h") >= 1) & (a.column("max_burst_interval_6h") >= 1),
        "several devices, 6 h": a.column("several_devices_6h") >= 1,
    }
    methods_a = {
        "random": random_score, "rate only (errors in 6 h)": column_score("all_ce_count_6h"),
        "number of errors on exactly two lines, 6 h": column_score("dq_count_2_6h"), "plain rules": None,
        "tree of depth 4": tree_score(4), "ensemble": ensemble_score,
    }
    text, kept = platform(a, "Platform A", methods_a, o.repeats, list(WINDOWS), tickets, fixed_a)
    out += text
    fixed_b = {
        "two rows with two columns each, 1 h": b.column("fault_row_num_1h") >= 2,
        "several devices, 1 h": b.column("several_devices_1h") >= 1,
        "two such rows or several devices, 1 h": (b.column("fault_row_num_1h") >= 2) | (b.column("several_devices_1h") >= 1),
        "errors on exactly two lines, 1 h": b.column("dq_count_2_1h") >= 1,
        "24 or more errors, 1 h": b.column("all_ce_count_1h") >= 24,
    }
    methods_b = {
        "random": random_score, "rate only (errors in 1 h)": column_score("all_ce_count_1h"),
        "number of errors on exactly two lines, 1 h": column_score("dq_count_2_1h"),
        "number of such rows, 1 h": column_score("fault_row_num_1h"), "tree of depth 2": tree_score(2), "ensemble": ensemble_score,
    }
    text, _ = platform(b, "Platform B", methods_b, o.repeats, ["15m", "1h"], tickets, fixed_b)
    out += text
    w = Looks(pd.concat([wide, pd.DataFrame(0, wide.index, [table_column(f, "6h") for f in missing])], axis=1), ["6h"])
    out += ["### The wide table of platform B (six hours; other looks at the same modules)", "", *HEAD]
    for name, h in {
        "two rows with two columns each, 6 h": w.column("fault_row_num_6h") >= 2, "several devices, 6 h": w.column("several_devices_6h") >= 1,
        "errors on exactly two lines, 6 h": w.column("dq_count_2_6h") >= 1,
    }.items():
        out.append(row(f"{name} (fixed)", [h], w))
    out += [""]
    tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=15, random_state=SEED).fit(a.X, a.y)
    out += ["### Tree of depth 4 that all modules of platform A give", "", "```", export_text(tree, feature_names=a.names, decimals=0, show_weights=True).strip(), "```", ""]
    ranks = np.mean(kept["ensemble"][1], axis=0)
    out += ["## Proposed rules and what they waste", "", "Written by hand after the rules above, on the same modules: slightly flattered. The ensemble's scores are of unseen modules.", ""]
    out += costs("Platform A", a, {**proposals(a, "6h", "15m"), **{f"ensemble, score ≥ {x:g}": ranks >= x for x in (0.2, 0.35, 0.5, 0.6, 0.7)}})
    out += costs("Platform B", b, proposals(b, "1h", "15m"))
    # What a score has meant: of looks that the ensemble had not seen.
    out += ["### What the ensemble's scores have meant (platform A, unseen modules)", "", "| score from | looks | before a ticket | others | precision | recall | false alarms |", "|--:|--:|--:|--:|--:|--:|--:|"]
    for s in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8):
        h = ranks >= s
        f = figures(h, a.y, np.ones(len(a.y)))
        out.append(f"| {s:.2f} | {h.sum()} | {(h & a.y).sum()} | {(h & ~a.y).sum()} | {100 * f['P']:.1f} % | {100 * f['R']:.1f} % | {100 * f['FAR']:.2f} % |")
    with open(os.path.join(o.results, "memory-modules.md"), "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
