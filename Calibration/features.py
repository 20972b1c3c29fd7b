"""Features of the model: name -> (engine expression, how it is computed from the running state).

The expression is what the pattern says; the computation here must give the same number for every drive and day.
"""
from __future__ import annotations

import numpy as np

from histories import TRACKED, WORDS, Histories

MAIN = ["5", "187", "197", "198"]
"""Attributes that say most; 188 is decoded and only joins the counts."""

ENGINE_NAME = {**{a: f"smart_{a}" for a in TRACKED}, **{w: f"bits(smart_188, {bit}, 16)" for w, bit in WORDS.items()}}
"""How an attribute is written in an engine expression (the raw value of that attribute)."""

MODEL = "model"
"""The one category: the drive's model."""


class View:
    """Looks running state up for many (drive, day) pairs at once."""

    def __init__(self, f: Histories, drive: np.ndarray, day: np.ndarray):
        self.f, self.drive, self.day = f, drive, day
        self.now = f.record(drive, day)
        self._back: dict[int, np.ndarray] = {}

    def back(self, days: int) -> np.ndarray:
        if days not in self._back:
            self._back[days] = self.f.record(self.drive, self.day - days)
        return self._back[days]

    def value(self, a: str) -> np.ndarray:
        return self.f.value[a][self.now]

    def missing(self, a: str) -> np.ndarray:
        return np.isnan(self.value(a))

    def lifetime_max(self, a: str) -> np.ndarray:
        return self.f.lifetime_max[a][self.now]

    def increase(self, a: str, days: int) -> np.ndarray:
        rise = self.f.rise_sum[a][self.now] - self.f.rise_sum[a][self.back(days)]
        return np.where(self.missing(a), np.nan, rise)

    def rises(self, a: str, days: int) -> np.ndarray:
        count = self.f.rise_days[a][self.now] - self.f.rise_days[a][self.back(days)]
        return np.where(self.missing(a), np.nan, count.astype("float64"))

    def since_first_nonzero(self, a: str) -> np.ndarray:
        return self.day - self.f.first_nonzero[a][self.now]

    def since_last_increase(self, a: str) -> np.ndarray:
        return self.day - self.f.last_increase[a][self.now]

    def known_for(self) -> np.ndarray:
        return (self.day - self.f.first[self.drive]).astype("float64")

    def count_nonzero(self, attributes) -> np.ndarray:
        return sum((np.nan_to_num(self.value(a)) > 0).astype("float64") for a in attributes)

    def count_rose(self, attributes, days: int) -> np.ndarray:
        return sum((np.nan_to_num(self.increase(a, days)) > 0).astype("float64") for a in attributes)


def gate(v: View) -> np.ndarray:
    """The model is asked only where one of these is non-zero; elsewhere it predicts nothing."""
    return v.count_nonzero(["5", "187", "188a", "197", "198"]) > 0


GATE = "smart_5 > 0 or smart_187 > 0 or bits(smart_188, 0, 16) > 0 or smart_197 > 0 or smart_198 > 0"


def table() -> list[tuple[str, str, object]]:
    """(name, engine expression, function of a View) in the order of the model's columns."""
    rows: list[tuple[str, str, object]] = []

    def add(name: str, expression: str, function) -> None:
        rows.append((name, expression, function))

    def value(a):
        add(f"v{a}", ENGINE_NAME[a], lambda v: v.value(a))

    def increase(a, *windows):
        for w in windows:
            add(f"inc{a}_{w}", f"increase({ENGINE_NAME[a]}[{w}d])", lambda v, w=w: v.increase(a, w))

    def rises(a, *windows):
        for w in windows:
            add(f"rises{a}_{w}", f"rises({ENGINE_NAME[a]}[{w}d])", lambda v, w=w: v.rises(a, w))

    def since(a, first=True, last=True):
        if first:
            add(f"first{a}", f"days_since(first_nonzero({ENGINE_NAME[a]}))", lambda v: v.since_first_nonzero(a))
        if last:
            add(f"last{a}", f"days_since(last_increase({ENGINE_NAME[a]}))", lambda v: v.since_last_increase(a))

    for a in MAIN:
        value(a)
        if a in ("197", "198"):
            add(f"max{a}", f"lifetime_max({ENGINE_NAME[a]})", lambda v, a=a: v.lifetime_max(a))
        increase(a, 3, 7, 14, 30, 60, 120)
        rises(a, 7, 30, 120)
        since(a)
    value("188a")
    increase("188a", 7, 30, 120)
    since("188a")
    value("188b")
    value("189")
    increase("189", 7, 30, 120)
    since("189", first=False)
    value("196")
    increase("196", 7, 30)
    value("10")
    value("12")
    increase("12", 7, 30, 120)
    since("12", first=False)
    add("hours", "smart_9", lambda v: v.f.value["9"][v.now])
    add("known", "known_for(smart_5) / 86400", lambda v: v.known_for())
    def engine_list(attributes, form):
        return ", ".join(form.format(ENGINE_NAME[a]) for a in attributes)

    five = ["5", "187", "188a", "197", "198"]
    add("nonzero5", f"count({engine_list(five, '{} > 0')})", lambda v: v.count_nonzero(five))
    add("nonzero4", f"count({engine_list(MAIN, '{} > 0')})", lambda v: v.count_nonzero(MAIN))
    for w in (7, 14, 30, 90):
        form = "increase({}[" + str(w) + "d]) > 0"
        add(f"rose4_{w}", f"count({engine_list(MAIN, form)})", lambda v, w=w: v.count_rose(MAIN, w))
    return rows


def matrix(f: Histories, drive: np.ndarray, day: np.ndarray, known_models: list[str]) -> np.ndarray:
    """Columns of `table()`, then the model's category code (missing where unknown)."""
    v = View(f, drive, day)
    rows = table()
    out = np.empty((len(drive), len(rows) + 1), "float32")
    for i, (_, _, function) in enumerate(rows):
        out[:, i] = function(v)
    code = {m: float(i) for i, m in enumerate(known_models)}
    per_drive = np.array([code.get(m, np.nan) for m in f.model], "float32")
    out[:, -1] = per_drive[drive]
    return out


def names() -> list[str]:
    return [name for name, _, _ in table()] + [MODEL]


def gated_days(f: Histories, since: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """All (drive, day) on which the gate holds, from the first reading to the day before failure or the last record."""
    until = np.r_[f.day[1:], 0]
    last = np.r_[f.code[1:] != f.code[:-1], True]
    until[last] = f.day[last] + 1
    stop = np.where(f.failed, f.end, f.end + 1)[f.code]  # the failure day itself does not count
    until = np.minimum(until, stop)
    holds = gate(View(f, f.code, f.day)) & (until > np.maximum(f.day, since))
    records = np.flatnonzero(holds)
    start = np.maximum(f.day[records], since)
    length = until[records] - start
    row = np.repeat(records, length)
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return f.code[row], np.repeat(start, length) + offset
