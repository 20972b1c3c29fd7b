"""Training of the two tree ensembles: which days are learnt from, cross-validation over drives, and the final models."""
from __future__ import annotations

import os

import lightgbm as lgb
import numpy as np
import pandas as pd

from features import MODEL, gated_days, matrix, names
from histories import EPOCH, load
from measure import Compare, Decide, Lives

FLEET = "bb2013_2016_fleet_changepoints"
ALL_2018 = "bb2018_st4000dm000_all_changepoints"
DAILY_2018 = "bb2018_st4000dm000_daily"
TRAINED_ON = [FLEET, ALL_2018]
"""DAILY_2018 holds the same failed drives and a sample of the same healthy ones: it is only measured."""

PLAN, ORDER = "hdd-plan", "hdd-order"
LEFT_OUT = {PLAN: set(), ORDER: {"hours", "known"}}
"""Power-on hours and time since the first reading help to find more drives, but make the dearer decision less sure:
they partly tell the calendar (when a batch came or was retired), not the drive's state."""

FOLDS = 5
SEED = 1
SMALLEST_MODEL = 100
"""Drive models with fewer drives than this have no category of their own (unknown = missing)."""

POSITIVE_DAYS = 14
"""The last days before a failure that are labelled as failing."""
QUIET_DAYS = 60
"""Days of a failed drive from here on before its failure count as healthy; those between are not learnt from."""
TAIL_DAYS = 30
"""The last days of a drive without a recorded failure are not learnt from: nobody knows what followed."""
NEGATIVE_RATE = 0.1
"""Share of the healthy days that is learnt from: neighbouring days are nearly the same."""

ROUNDS = 150
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.065, "num_leaves": 31, "min_data_in_leaf": 60, "feature_fraction": 0.5,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 5, "cat_smooth": 50, "min_data_per_group": 200,
    "max_cat_threshold": 16, "max_bin": 127, "deterministic": True, "force_row_wise": True, "seed": SEED, "verbose": -1,
}


class Set:
    """One calibration set: its drives, all gated days with their features, and both measures."""

    def __init__(self, data: str, name: str, cache: str | None, since: str, gap: int):
        self.name = name
        self.path = os.path.join(data, name + ".csv.gz")
        self.f = f = load(self.path, cache)
        self.drive, self.day = gated_days(f)
        self.to_end = f.end[self.drive] - self.day
        self.failed = f.failed[self.drive]
        self.fold = f.fold[self.drive]
        self.known = self.day - f.first[self.drive]
        self.lives = Lives(f, self.drive, self.day)
        self.compare = Compare(f, (pd.Timestamp(since) - EPOCH).days, gap)
        self.decide = Decide(f)
        self.score = {m: np.zeros(len(self.drive), "float32") for m in (PLAN, ORDER)}


def open_sets(data: str, cache: str | None) -> tuple[dict[str, Set], list[str]]:
    sets = {
        FLEET: Set(data, FLEET, cache, "2014-04-01", 60),
        ALL_2018: Set(data, ALL_2018, cache, "2010-01-01", 30),
        DAILY_2018: Set(data, DAILY_2018, cache, "2010-01-01", 30),
    }
    counts = pd.concat([pd.Series(sets[n].f.model) for n in TRAINED_ON]).value_counts()
    models = sorted(counts[counts >= SMALLEST_MODEL].index)
    for s in sets.values():
        s.X = matrix(s.f, s.drive, s.day, models)
    return sets, models


def sample(s: Set, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are learnt from, and their labels."""
    positive = s.failed & (s.to_end <= POSITIVE_DAYS)
    negative = (~s.failed & (s.to_end >= TAIL_DAYS)) | (s.failed & (s.to_end > QUIET_DAYS))
    rows = np.flatnonzero(positive | (negative & (rng.random(len(negative)) < NEGATIVE_RATE)))
    return rows, positive[rows].astype("float32")


def columns_of(model: str) -> list[int]:
    return [i for i, n in enumerate(names()) if n not in LEFT_OUT[model]]


def fit(model: str, X: np.ndarray, y: np.ndarray, threads: int) -> lgb.Booster:
    columns = columns_of(model)
    labels = [names()[i] for i in columns]
    data = lgb.Dataset(X[:, columns], y, feature_name=labels, categorical_feature=[labels.index(MODEL)])
    return lgb.train({**PARAMETERS, "num_threads": threads}, data, ROUNDS)


def predict(model: str, booster: lgb.Booster, X: np.ndarray, threads: int) -> np.ndarray:
    return booster.predict(X[:, columns_of(model)], num_threads=threads)


def cross_validate(sets: dict[str, Set], threads: int) -> tuple[dict[str, list[lgb.Booster]], dict[str, lgb.Booster]]:
    """Fill `score` of every set with predictions for drives the model has not seen; also train on all drives."""
    rng = np.random.RandomState(SEED)
    parts = [(sets[n], *sample(sets[n], rng)) for n in TRAINED_ON]
    X = np.concatenate([s.X[rows] for s, rows, _ in parts])
    y = np.concatenate([labels for _, _, labels in parts])
    fold = np.concatenate([s.fold[rows] for s, rows, _ in parts])
    folds: dict[str, list[lgb.Booster]] = {PLAN: [], ORDER: []}
    final = {}
    for model in (PLAN, ORDER):
        for k in range(FOLDS):
            booster = fit(model, X[fold != k], y[fold != k], threads)
            for s in sets.values():
                rows = np.flatnonzero(s.fold == k)
                s.score[model][rows] = predict(model, booster, s.X[rows], threads)
            folds[model].append(booster)
        final[model] = fit(model, X, y, threads)
        print(f"{model}: {FOLDS} folds and the final model trained on {len(y)} days, {int(y.sum())} of them before a failure", flush=True)
    return folds, final
