"""What plain rules reach without the trees: a greedy list of thresholds, increases, k-of-n and pairs of them.

Rules are chosen on four fifths of the drives and measured on the fifth that had no say; `cross_validate` returns the
figures over all five and the list that all drives together would choose.
"""
from __future__ import annotations

import numpy as np

from ensemble import FOLDS, Set
from features import names

DRAWS = 4
"""Windows drawn at random per healthy drive."""
MOST_RULES = 15
PATIENCE = 0.1
"""Share of the alarm budget that is added to a rule's cost, so that not the purest but the most useful rule is first."""


def atoms(X: np.ndarray) -> dict[str, np.ndarray]:
    """Simple conditions on feature rows."""
    column = {n: X[:, i] for i, n in enumerate(names())}
    out: dict[str, np.ndarray] = {}
    with np.errstate(invalid="ignore"):
        for a, limits in {"5": (1, 16, 70, 260, 1100, 2000), "187": (1, 4, 10, 20, 35, 65), "197": (1, 8, 16, 32, 64, 250),
                          "198": (1, 8, 16, 32, 64), "188a": (1,)}.items():
            for limit in limits:
                out[f"{a} >= {limit}"] = column[f"v{a}"] >= limit
        for a, limits in {"5": (1, 16, 100), "187": (1, 4, 10), "197": (1, 8, 16, 32), "198": (1, 8, 16)}.items():
            for window in (3, 7, 14, 30):
                for limit in limits:
                    out[f"increase({a}[{window}d]) >= {limit}"] = column[f"inc{a}_{window}"] >= limit
        for a in ("5", "187", "197", "198"):
            for window, count in ((7, 2), (7, 3), (30, 3), (30, 5)):
                out[f"rises({a}[{window}d]) >= {count}"] = column[f"rises{a}_{window}"] >= count
        for k in (2, 3, 4):
            out[f"{k} of 5, 187, 197, 198 non-zero"] = column["nonzero4"] >= k
            out[f"{k} of 5, 187, 188, 197, 198 non-zero"] = column["nonzero5"] >= k
        for window in (7, 14, 30):
            for k in (1, 2, 3):
                out[f"{k} of 5, 187, 197, 198 rose within {window} d"] = column[f"rose4_{window}"] >= k
    return out


PARTNERS = ["5 >= 1", "5 >= 16", "187 >= 1", "187 >= 10", "197 >= 1", "197 >= 16", "198 >= 1", "increase(5[7d]) >= 1", "increase(187[7d]) >= 1",
            "increase(197[7d]) >= 1", "increase(197[30d]) >= 16", "increase(5[30d]) >= 16", "rises(197[30d]) >= 3", "rises(5[30d]) >= 3", "rises(187[30d]) >= 3",
            "2 of 5, 187, 197, 198 rose within 14 d", "2 of 5, 187, 197, 198 rose within 30 d"]


def pool(X: np.ndarray):
    """Yield (name, rows on which it holds): simple conditions and pairs of them."""
    simple = atoms(X)
    yield from simple.items()
    keys = list(simple)
    for a in PARTNERS:
        for b in keys:
            if b not in PARTNERS or a < b:
                yield f"{a} and {b}", simple[a] & simple[b]


class Windows:
    """Rows of the 30-day windows, grouped by unit (a failed drive, or one drawn window of a healthy drive)."""

    def __init__(self, s: Set, rng: np.random.RandomState):
        f, c = s.f, s.compare
        row_of = {}
        for d, a, b in zip(s.lives.drives, s.lives.starts, s.lives.stops):
            row_of[int(d)] = (a, b)
        rows, sizes, fold, bad = [], [], [], []
        for d in np.flatnonzero(c.failed):
            if int(d) in row_of:
                a, b = row_of[int(d)]
                i = a + np.searchsorted(s.day[a:b], f.end[d] - c.window)
                if i < b:
                    rows.append(np.arange(i, b)); sizes.append(b - i); fold.append(f.fold[d]); bad.append(True)
        for d in np.flatnonzero(c.healthy):
            if int(d) in row_of:
                a, b = row_of[int(d)]
                for _ in range(DRAWS):
                    end = c.low[d] + int(rng.random() * (c.high[d] - c.low[d] + 1))
                    i, j = a + np.searchsorted(s.day[a:b], [end - c.window + 1, end + 1])
                    if i < j:
                        rows.append(np.arange(i, j)); sizes.append(j - i); fold.append(f.fold[d]); bad.append(False)
        self.rows = np.concatenate(rows)
        self.starts = np.r_[0, np.cumsum(sizes)[:-1]]
        self.fold, self.bad = np.array(fold), np.array(bad)
        self.failed_total = np.array([(c.failed & (f.fold == k)).sum() for k in range(FOLDS)])
        self.healthy_total = np.array([(c.healthy & (f.fold == k)).sum() for k in range(FOLDS)]) * DRAWS


def greedy_compare(hits: np.ndarray, w: Windows, folds: list[int], far_limit: float) -> list[int]:
    here = np.isin(w.fold, folds)
    bad, good = hits[:, here & w.bad], hits[:, here & ~w.bad]
    failed, healthy = w.failed_total[folds].sum(), w.healthy_total[folds].sum()
    chosen: list[int] = []
    caught, alarmed = np.zeros(bad.shape[1], bool), np.zeros(good.shape[1], bool)
    while len(chosen) < MOST_RULES:
        gain = (bad & ~caught).sum(1)
        cost = (good & ~alarmed).sum(1)
        fits = (alarmed.sum() + cost) <= far_limit * healthy
        usable = fits & (gain >= max(3, 0.002 * failed))
        if not usable.any():
            break
        value = np.where(usable, gain / (cost + PATIENCE * far_limit * healthy), -1)
        best = int(np.argmax(value))
        chosen.append(best)
        caught |= bad[best]
        alarmed |= good[best]
    return chosen


def cross_validate_compare(s: Set, far_limit: float, seed: int = 7) -> dict:
    w = Windows(s, np.random.RandomState(seed))
    labels, lines = [], []
    for name, holds in pool(s.X[w.rows]):
        labels.append(name)
        lines.append(np.logical_or.reduceat(holds, w.starts))
    hits = np.array(lines)
    caught = alarmed = 0
    for k in range(FOLDS):
        chosen = greedy_compare(hits, w, [j for j in range(FOLDS) if j != k], far_limit)
        any_hit = hits[chosen].any(0)
        caught += int((any_hit & w.bad & (w.fold == k)).sum())
        alarmed += int((any_hit & ~w.bad & (w.fold == k)).sum())
    everything = greedy_compare(hits, w, list(range(FOLDS)), far_limit)
    return {"limit": far_limit, "recall": caught / w.failed_total.sum(), "far": alarmed / w.healthy_total.sum(),
            "rules": [labels[i] for i in everything]}


def first_days(s: Set, holds: np.ndarray) -> np.ndarray:
    """First day per drive of `s.lives.drives`, a far future where the rule never holds."""
    day = np.where(holds, s.day, np.iinfo("int32").max)
    return np.minimum.reduceat(day, s.lives.starts).astype("int32")


def greedy_decide(first: np.ndarray, s: Set, drives: np.ndarray, years: float, never_limit: float, precision: float) -> list[int]:
    f = s.f
    owner = s.lives.drives[drives]
    bad, end = f.failed[owner], f.end[owner]
    NEVER = np.iinfo("int32").max
    def figures(day):
        ordered = day < NEVER
        lead = end - day.astype("int64")
        return (ordered & ~bad).sum(-1), (ordered & bad & (lead >= 7)).sum(-1), (ordered & bad & (lead <= 90)).sum(-1), ordered.sum(-1)
    chosen: list[int] = []
    current = np.full(len(drives), NEVER, "int32")
    while len(chosen) < MOST_RULES:
        union = np.minimum(first[:, drives], current)
        never, timely, soon, ordered = figures(union)
        base = figures(current)
        fits = (never / years * 1000 <= never_limit) & (soon >= precision * ordered) & (timely > base[1] + 2)
        if not fits.any():
            break
        value = np.where(fits, (timely - base[1]) / (never - base[0] + PATIENCE * never_limit * years / 1000), -1)
        best = int(np.argmax(value))
        chosen.append(best)
        current = np.minimum(current, first[best, drives])
    return chosen


def cross_validate_decide(s: Set, never_limit: float = 5.0, precision: float = 0.6) -> dict:
    labels, lines = [], []
    for name, holds in pool(s.X):
        labels.append(name)
        lines.append(first_days(s, holds))
    first = np.array(lines)
    fold = s.f.fold[s.lives.drives]
    all_years = (s.f.end - s.f.first + 1) / 365.25
    result: dict[int, int] = {}
    NEVER = np.iinfo("int32").max
    def run(train):
        years = float(all_years[np.isin(s.f.fold, train)].sum())
        return greedy_decide(first, s, np.flatnonzero(np.isin(fold, train)), years, never_limit, precision)
    for k in range(FOLDS):
        chosen = run([j for j in range(FOLDS) if j != k])
        mine = np.flatnonzero(fold == k)
        if chosen:
            day = first[chosen][:, mine].min(0)
            result.update({int(s.lives.drives[m]): int(d) for m, d in zip(mine, day) if d < NEVER})
    return s.decide.of(result) | {"rules": [labels[i] for i in run(list(range(FOLDS)))]}
