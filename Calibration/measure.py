"""Both measures of the data's README: the 30-day window (compare) and the whole life (decide).

An alarm series is given as (drive, day, score) rows: days without a row have no score. Healthy drives' false-alarm
rate is computed exactly over *all* possible windows of each drive instead of one drawn at random: the same
expectation, without the noise of the draw.
"""
from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from histories import Histories

NOTHING = -1.0
"""Score of a day on which nothing is predicted."""


class Lives:
    """Dense daily scores per drive, only of drives that have any row."""

    def __init__(self, f: Histories, drive: np.ndarray, day: np.ndarray):
        self.f = f
        change = np.flatnonzero(np.diff(drive)) + 1
        self.starts = np.r_[0, change]
        self.stops = np.r_[change, len(drive)]
        self.drives = drive[self.starts]
        self.drive, self.day = drive, day

    def dense(self, score: np.ndarray, fill=NOTHING):
        """Yield (drive, scores for every day from the first reading to the last usable day)."""
        f = self.f
        for d, a, b in zip(self.drives, self.starts, self.stops):
            stop = f.end[d] if f.failed[d] else f.end[d] + 1
            line = np.full(stop - f.first[d], fill, "float32")
            line[self.day[a:b] - f.first[d]] = score[a:b]
            yield d, line


class Compare:
    """Recall against false-alarm rate in the 30-day window."""

    def __init__(self, f: Histories, since: int, gap: int, window: int = 30):
        self.f, self.window = f, window
        self.failed = f.failed & (f.end - f.first >= 1) & (f.end >= since)
        low, high = np.maximum(f.first, since) + window - 1, f.last - gap
        self.healthy = ~f.failed & (high >= low)
        self.low, self.high = low, high

    def reduce(self, lives: Lives, score: np.ndarray, fill=NOTHING):
        """Per failed drive: highest score in the window and in its part with lead >= 7 d; healthy: window maxima."""
        f, W = self.f, self.window
        n = len(f)
        top, top7 = np.full(n, fill, "float32"), np.full(n, fill, "float32")
        maxima, weights = [], []
        for d, line in lives.dense(score, fill):
            if self.failed[d]:
                top[d] = line[-W:].max() if len(line) else fill
                lead7 = line[-W:-6]
                top7[d] = lead7.max() if len(lead7) else fill
            elif self.healthy[d]:
                # window that ends on e covers e-W+1..e: a filter that looks back
                sliding = trailing_max(line, W, fill)
                a, b = self.low[d] - f.first[d], self.high[d] - f.first[d] + 1
                part = sliding[a:b]
                values, counts = np.unique(part, return_counts=True)
                keep = values > fill
                maxima.append(values[keep])
                weights.append(counts[keep] / (b - a))
        cat = lambda parts: np.concatenate(parts) if parts else np.zeros(0)
        return Reduced(top[self.failed], top7[self.failed], cat(maxima), cat(weights), int(self.healthy.sum()))


def trailing_max(line: np.ndarray, W: int, fill=NOTHING) -> np.ndarray:
    """Maximum of the last W values up to and including each position."""
    if len(line) == 0:
        return line
    padded = np.concatenate([np.full(W - 1, fill, line.dtype), line])
    # the filter is centred: its position i sees i - W // 2 … i - W // 2 + W - 1
    return maximum_filter1d(padded, W, mode="constant", cval=fill)[np.arange(len(line)) + W // 2]


class Reduced:
    def __init__(self, top, top7, maxima, weights, healthy_count):
        self.top, self.top7, self.maxima, self.weights = top, top7, maxima, weights
        self.healthy_count = healthy_count
        order = np.argsort(-maxima, kind="stable")
        self.sorted = maxima[order]
        self.cumulative = np.cumsum(weights[order]) / healthy_count

    def far(self, threshold: float) -> float:
        return float(self.weights[self.maxima >= threshold].sum() / self.healthy_count)

    def threshold(self, far: float) -> float:
        """Lowest threshold whose false-alarm rate stays within the limit."""
        i = np.searchsorted(self.cumulative, far, side="right")
        if i >= len(self.sorted):
            return float(self.sorted[-1]) if len(self.sorted) else 1.0
        return float(np.nextafter(self.sorted[i], np.inf, dtype="float32"))

    def recall(self, threshold: float) -> tuple[float, float]:
        return float((self.top >= threshold).mean()), float((self.top7 >= threshold).mean())

    def at(self, far: float) -> tuple[float, float, float]:
        t = self.threshold(far)
        return t, *self.recall(t)


class Decide:
    """Parts ordered over whole lives: the first order counts, one part per drive."""

    def __init__(self, f: Histories):
        self.f = f
        self.years = float((f.end - f.first + 1).sum() / 365.25)
        self.failed = f.failed & (f.end - f.first >= 1)

    def reduce(self, lives: Lives, score: np.ndarray):
        """Running maxima per drive, so that first crossings of any threshold are cheap."""
        self.lines = [(d, np.maximum.accumulate(line)) for d, line in lives.dense(score)]
        return self

    def first_days(self, threshold: float) -> dict[int, int]:
        out = {}
        for d, line in self.lines:
            i = int(np.searchsorted(line, threshold))  # running maximum is sorted
            if i < len(line):
                out[int(d)] = int(self.f.first[d] + i)
        return out

    def at(self, threshold: float) -> dict:
        return self.of(self.first_days(threshold))

    def of(self, first: dict[int, int]) -> dict:
        f = self.f
        drives = np.array(list(first), "int64")
        days = np.array(list(first.values()), "int64")
        failed = f.failed[drives]
        lead = f.end[drives] - days
        n = len(drives)
        return {
            "ordered": n / self.years * 1000,
            "fail_90d": float((failed & (lead <= 90)).sum() / n) if n else float("nan"),
            "never": float((~failed).sum() / self.years * 1000),
            "recall_7d": float((failed & (lead >= 7)).sum() / self.failed.sum()),
            "recall": float(failed.sum() / self.failed.sum()),
            "count": n,
        }
