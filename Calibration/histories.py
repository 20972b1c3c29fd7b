"""Drive histories as the engine sees them: one round per day, a value holds until the drive's next record.

Everything a feature needs is kept per *record* (change point) as a running state, so that a window of W days is the
difference of two look-ups: state(t) - state(t - W). This is exactly what replaying every day would give.
"""
from __future__ import annotations

import hashlib
import os

import numpy as np
import pandas as pd

EPOCH = pd.Timestamp("2010-01-01")
NEVER = -1_000_000
"""Day that stands for "has not happened"."""

LEVELS = {"197", "198"}
"""Attributes that are levels, not counters: a fall counts nothing, and what rises after it counts."""

MARK_DAYS = 1
"""Days for which a counter that fell counts nothing up to where it was: all others are persistent (`CounterFall.swift`)."""

WORDS = {"188a": 0, "188b": 16, "188c": 32}
"""Seagate packs three 16-bit words into 188: name of the word -> its lowest bit."""

TRACKED = ["5", "10", "12", "187", "188a", "188b", "188c", "189", "196", "197", "198"]
"""Attributes of which a running state is kept."""


def wrapped(old: float, new: float) -> float | None:
    """How much a counter rose that wrapped: from the top sixteenth of 32 or 16 bits into the bottom one; else None."""
    for top in (1 << 32, 1 << 16):
        if top - top // 16 <= old < top and new < top // 16:
            return top - old + new
    return None


def correct_after_falls(rise: np.ndarray, value: np.ndarray, day: np.ndarray, step: np.ndarray, starts: np.ndarray):
    """Corrects what counters rose by after they fell, as the engine counts persistent ones. Few drives have a fall."""
    ends = np.r_[starts[1:], len(value)]
    for drive in np.unique(np.searchsorted(starts, np.flatnonzero(step < 0), side="right") - 1):
        fall = None  # (the highest value before it, its day, whether it was taken for a wrap)
        for i in range(starts[drive] + 1, ends[drive]):
            old, new = value[i - 1], value[i]
            if np.isnan(old) or new == old:
                continue
            valid = fall if fall and day[i] - fall[1] <= MARK_DAYS else None
            if new > old:
                if valid and new >= valid[0]:
                    rise[i], fall = new - valid[0], None
                elif valid and not valid[2]:
                    rise[i] = 0.0
            elif (over := wrapped(old, new)) is not None:
                rise[i], fall = over, (old, day[i], True)
            else:
                fall = (max(old, valid[0]) if valid and not valid[2] else old, day[i], False)


def file_hash(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def fold_of(serial: str, folds: int = 5) -> int:
    """The cross-validation fold of a drive: a hash of its serial number, the same rule in all sets."""
    return hashlib.sha256(str(serial).encode()).digest()[1] % folds


class Histories:
    """Readings of all drives of one set, with the running state that window expressions need."""

    def __init__(self, path: str):
        self.path = path
        d = pd.read_csv(path, low_memory=False)
        d["day"] = (pd.to_datetime(d["date"]) - EPOCH).dt.days.astype("int64")
        d = d.sort_values(["serial_number", "day"], kind="stable")
        d = d.drop_duplicates(["serial_number", "day"], keep="last")
        failure_day = d["day"].where(d["failure"] > 0).groupby(d["serial_number"]).transform("max")
        d = d[~(d["day"] > failure_day)].reset_index(drop=True)  # a few drives have rows after their failure

        self.code, self.serial = pd.factorize(d["serial_number"])
        self.code = self.code.astype("int64")
        self.day = d["day"].to_numpy("int64")
        self.key = self.code * 100_000 + self.day
        grouped = d.groupby(self.code)
        self.first = grouped["day"].min().to_numpy()
        self.last = grouped["day"].max().to_numpy()
        self.failed = grouped["failure"].max().to_numpy() > 0
        self.model = grouped["model"].first().to_numpy()
        self.end = self.last.astype("int64")  # of a failed drive this is the failure day
        self.fold = np.array([fold_of(s) for s in self.serial])

        held = d[[c for c in d.columns if c.startswith("smart_")]].groupby(self.code).ffill()
        self.columns = [c for c in held.columns if held[c].notna().mean() > 0.0]
        n = len(d)
        starts = np.zeros(n, bool)
        starts[np.r_[0, np.flatnonzero(np.diff(self.code)) + 1]] = True
        self.value: dict[str, np.ndarray] = {}
        self.normalized: dict[str, np.ndarray] = {}
        for column in self.columns:
            parts = column.split("_")
            if parts[1].isdigit():
                target = self.value if parts[2] == "raw" else self.normalized
                target[parts[1]] = held[column].to_numpy("float64")
        if "188" in self.value:
            packed = self.value["188"]
            whole = np.nan_to_num(packed).astype("int64")
            for name, shift in WORDS.items():
                self.value[name] = np.where(np.isnan(packed), np.nan, (whole >> shift) & 0xFFFF)

        self.rise_sum: dict[str, np.ndarray] = {}
        self.rise_days: dict[str, np.ndarray] = {}
        self.lifetime_max: dict[str, np.ndarray] = {}
        self.first_nonzero: dict[str, np.ndarray] = {}
        self.last_increase: dict[str, np.ndarray] = {}
        for name in TRACKED:
            if name not in self.value:
                self.value[name] = np.full(n, np.nan)
            v = self.value[name]
            before = np.r_[np.nan, v[:-1]]
            before[starts] = np.nan
            step = v - before
            rise = np.where(np.isnan(step) | (step < 0), 0.0, step)
            if name not in LEVELS:
                correct_after_falls(rise, v, self.day, step, np.flatnonzero(starts))
            self.rise_sum[name] = np.cumsum(rise)
            self.rise_days[name] = np.cumsum(rise > 0)
            self.lifetime_max[name] = pd.Series(v).groupby(self.code).cummax().to_numpy()
            nonzero = pd.Series(np.where(np.nan_to_num(v) > 0, self.day, np.inf))
            first = nonzero.groupby(self.code).cummin().to_numpy()
            self.first_nonzero[name] = np.where(np.isinf(first), np.nan, first)
            rose = pd.Series(np.where(rise > 0, self.day, -np.inf))
            latest = rose.groupby(self.code).cummax().to_numpy()
            self.last_increase[name] = np.where(np.isinf(latest), np.nan, latest)
        # running sums go on over drives; the row before a drive's first record is never looked up (see `window`)
        self.first_record = np.flatnonzero(starts)

    def __len__(self) -> int:
        return len(self.serial)

    def record(self, drive: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Index of the record that holds on that day; before the first reading: the first record (a baseline)."""
        i = np.searchsorted(self.key, drive * 100_000 + day, side="right") - 1
        return np.maximum(i, self.first_record[drive])


def load(path: str, cache: str | None = None) -> Histories:
    """Load a set; parsed form is kept in `cache` under the file's hash."""
    if cache:
        import pickle
        os.makedirs(cache, exist_ok=True)
        kept = os.path.join(cache, os.path.basename(path) + "." + file_hash(path)[:12] + ".pickle")
        if os.path.exists(kept):
            with open(kept, "rb") as stream:
                return pickle.load(stream)  # our own file, written below
        made = Histories(path)
        with open(kept, "wb") as stream:
            pickle.dump(made, stream, protocol=5)
        return made
    return Histories(path)
