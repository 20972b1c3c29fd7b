#!/usr/bin/env python3
"""Features of a memory module's corrected errors: how they are counted from raw errors, and the engine expression of each.

usage: memory_features.py DATA_DIR            compare with the looks of the table that can be recomputed
       memory_features.py DATA_DIR --looks N  features of N random times of all raw errors, as CSV, to compare an engine with
       memory_features.py DATA_DIR --errors   all raw errors with their bits, as CSV: what an engine is told
       memory_features.py DATA_DIR --replay   when the proposed rules hold first on the modules with raw errors
       memory_features.py --export DIR        features-memory.yaml: all features with their expressions, and
                                              features-memory-bits.yaml: those of the model that ships, for `import-model`

A window is closed at both ends. All but `*_ce_count` count different (device, bank, row, column, parity) once, however often
the error came; `bank` is the bank within its group, as in the table. Parity: 4 bits of lines for each of 8 beats.
"""
import argparse
import csv
import gzip
import math
import os
import random
from collections import defaultdict

SEED = 1
WINDOWS = {"15m": 900, "1h": 3600, "6h": 21600}
RECOMPUTED = ("sn_3", "sn_4191", "sn_7219", "sn_16171", "sn_58122")
"""Modules whose raw errors of stage 2 are those that the look was made of."""

CELL, ERROR = "hw.memory.cell_error", 'hw.memory.error{error.type="corrected"}'


def bits_where(label: str = "") -> str:
    """Bits that an agent has just been told, of eight beats as here; a locked log repeats those of an older error."""
    return f'hw.memory.error_bits{{{label}log="fresh",burst="8"}}'


BITS, DEMAND, SCRUB = bits_where(), bits_where('source="demand",'), bits_where('source="scrub",')


def expressions() -> dict[str, str]:
    """Feature (without its window) → engine expression, with WINDOW for the window. Only these features are learnt from.

    The table's storms count runs of what is left after repeats are removed, its fault modes are made of what is counted
    here, and `log_happen_frequency` is the window over `all_ce_log_num`: they are left out. `*_ce_count` weigh repeats;
    the agent cannot tell reads from scrubs there without the bits, hence only the sum.
    """
    out = {
        "all_ce_count": f"events({ERROR}, WINDOW)",
        "all_ce_log_num": f'distinct("error", {BITS}, WINDOW)',
        "read_ce_log_num": f'distinct("error", {DEMAND}, WINDOW)',
        "scrub_ce_log_num": f'distinct("error", {SCRUB}, WINDOW)',
        "read_ce_count": f"events({DEMAND}, WINDOW)",
        "scrub_ce_count": f"events({SCRUB}, WINDOW)",
        "several_devices": f'min(max(distinct("device", {CELL}, WINDOW) - 1, 0), 1)',
        "fault_row_num": f'groups("device,bank,row", "column", 2, {CELL}, WINDOW)',
        "fault_column_num": f'groups("device,bank,column", "row", 2, {CELL}, WINDOW)',
        "error_bit_count": f'sum_of("bits", "error", {BITS}, WINDOW)',
        "error_dq_count": f'sum_of("lines", "error", {BITS}, WINDOW)',
        "error_burst_count": f'sum_of("beats", "error", {BITS}, WINDOW)',
        "max_dq_interval": f'max_of("line_span", {BITS}, WINDOW)',
        "max_burst_interval": f'max_of("beat_span", {BITS}, WINDOW)',
    }
    for feature, label, most in (("dq_count", "lines", 4), ("burst_count", "beats", 8)):
        for n in range(1, most + 1):
            bits = bits_where(f'{label}="{n}",')
            out[f"{feature}_{n}"] = f'distinct("error", {bits}, WINDOW)'
    return out


def table_column(feature: str, window: str) -> str:
    """The column of `dimm_looks.csv.gz` that holds a feature."""
    if feature == "several_devices":
        return f"fault_mode_others_{window}"
    return f"{feature.replace('dq_count_', 'dq_count=').replace('burst_count_', 'burst_count=')}_{window}" \
        if feature[-1].isdigit() else f"{feature}_{window}"


def bits_of(parity: int) -> tuple[int, list[int], list[int]]:
    """Number of wrong bits, the lines and the beats that have any."""
    lines = [line for line in range(4) if any(parity >> (4 * beat + line) & 1 for beat in range(8))]
    beats = [beat for beat in range(8) if parity >> (4 * beat) & 15]
    return parity.bit_count(), lines, beats


class Error:
    """One line of the raw errors."""

    def __init__(self, row: dict[str, str]):
        def number(name: str) -> int:
            """-1 where the source does not say; NaN in the data."""
            value = row[name]
            return -1 if value in ("", "nan") or math.isnan(float(value)) else int(float(value))
        self.time = int(row["LogTime"])
        self.kind = row["error_type_full_name"]
        self.device, self.bank, self.row, self.column = (number(n) for n in ("deviceID", "BankId", "RowId", "ColumnId"))
        self.parity = max(number("RetryRdErrLogParity"), 0)
        self.key = (self.device, self.bank, self.row, self.column, self.parity)


def read_errors(data: str) -> dict[tuple[str, str], list[Error]]:
    """Errors by module and source, in the order of the file; uncorrected ones are among them."""
    out: dict[tuple[str, str], list[Error]] = defaultdict(list)
    with gzip.open(os.path.join(data, "dimm_errors_raw.csv.gz"), "rt", newline="") as file:
        for row in csv.DictReader(file):
            out[row["serial_number"], row["source"]].append(Error(row))
    return out


def features_of(errors: list[Error], now: int, seconds: int) -> dict[str, int]:
    """All features of one window that ends now."""
    window = [e for e in errors if now - seconds <= e.time <= now]
    first: dict[tuple, Error] = {}
    for e in window:
        first.setdefault(e.key, e)
    once = list(first.values())
    columns_of_row, rows_of_column = defaultdict(set), defaultdict(set)
    for e in once:
        columns_of_row[e.device, e.bank, e.row].add(e.column)
        rows_of_column[e.device, e.bank, e.column].add(e.row)
    bits = [bits_of(e.parity) for e in once]
    out = {
        "all_ce_count": len(window), "all_ce_log_num": len(once),
        "fault_row_num": sum(len(s - {-1}) >= 2 for s in columns_of_row.values()),
        "fault_column_num": sum(len(s - {-1}) >= 2 for s in rows_of_column.values()),
        "error_bit_count": sum(b[0] for b in bits), "error_dq_count": sum(len(b[1]) for b in bits),
        "error_burst_count": sum(len(b[2]) for b in bits),
        "max_dq_interval": max((b[1][-1] - b[1][0] for b in bits if b[1]), default=0),
        "max_burst_interval": max((b[2][-1] - b[2][0] for b in bits if b[2]), default=0),
    }
    for name, kind in (("read", "CE.READ"), ("scrub", "CE.SCRUB")):
        out[f"{name}_ce_count"] = sum(e.kind == kind for e in window)
        out[f"{name}_ce_log_num"] = sum(e.kind == kind for e in once)
    for n in range(1, 5):
        out[f"dq_count_{n}"] = sum(len(b[1]) == n for b in bits)
    for n in range(1, 9):
        out[f"burst_count_{n}"] = sum(len(b[2]) == n for b in bits)
    out["several_devices"] = int(len({e.device for e in once} - {-1}) > 1)
    return out


def compare(data: str) -> bool:
    errors = read_errors(data)
    checked = wrong = 0
    with gzip.open(os.path.join(data, "dimm_looks.csv.gz"), "rt", newline="") as file:
        for look in csv.DictReader(file):
            if look["serial_number"] in RECOMPUTED:
                for window, seconds in WINDOWS.items():
                    counted = features_of(errors[look["serial_number"], "stage2"], int(look["prediction_timestamp"]), seconds)
                    for feature in expressions():
                        checked += 1
                        if counted[feature] != float(look[table_column(feature, window)]):
                            wrong += 1
                            print(look["serial_number"], window, feature, counted[feature], look[table_column(feature, window)])
    print(f"{checked} features of {len(RECOMPUTED)} looks in {len(WINDOWS)} windows compared, {wrong} differ")
    return wrong == 0


def random_times(modules: dict[tuple[str, str], list[Error]], count: int):
    """Half of the times are those of errors, the others up to six hours after one; every module comes equally often."""
    rng = random.Random(SEED)
    listed = sorted(modules.items())
    for _ in range(count):
        key, errors = rng.choice(listed)
        yield key, rng.choice(errors).time + (0 if rng.random() < 0.5 else rng.randint(1, 21600))


def random_looks(data: str, count: int) -> None:
    modules = read_errors(data)
    names = list(expressions())
    print(",".join(["serial_number", "source", "time"] + [f"{n}_{w}" for w in WINDOWS for n in names]))
    for (serial, source), now in random_times(modules, count):
        errors = modules[serial, source]
        counted = [features[n] for s in WINDOWS.values() for features in [features_of(errors, now, s)] for n in names]
        print(",".join(map(str, [serial, source, now] + counted)))


def print_errors(data: str) -> None:
    """As the agent's events would tell them; -1 where the source does not say."""
    kinds = {"CE.READ": "demand", "CE.SCRUB": "scrub"}
    print("serial_number,source,time,kind,device,bank,row,column,parity,bits,lines,beats,line_span,beat_span")
    for (serial, source), errors in sorted(read_errors(data).items()):
        for e in errors:
            bits, lines, beats = bits_of(e.parity)
            spans = (lines[-1] - lines[0], beats[-1] - beats[0]) if bits else (0, 0)
            kind = kinds.get(e.kind, "corrected" if e.kind.startswith("CE") else "uncorrected")
            print(",".join(map(str, [serial, source, e.time, kind, e.device, e.bank, e.row, e.column, e.parity, bits, len(lines), len(beats), *spans])))


def replay(data: str) -> None:
    """At every error of a module (the sources number them apart): the proposed rules of memory-modules.md."""
    tickets: dict[str, list[int]] = defaultdict(list)
    with gzip.open(os.path.join(data, "dimm_tickets.csv.gz"), "rt", newline="") as file:
        for row in csv.DictReader(file):
            tickets[row["sn_name"]].append(int(row["alarm_time"]))
    modules = {key: [e for e in errors if e.kind.startswith("CE")] for key, errors in read_errors(data).items()}
    print("| module | corrected errors | over days | ticket | D first | L first | N first |")
    print("|---|--:|--:|---|---|---|---|")
    for (serial, source), errors in sorted(modules.items()):
        errors.sort(key=lambda e: e.time)
        first: dict[str, int] = {}
        for now in sorted({e.time for e in errors}):
            near = [e for e in errors if now - WINDOWS["6h"] <= e.time <= now]
            six, recent = features_of(near, now, WINDOWS["6h"]), features_of(near, now, WINDOWS["15m"])
            read = recent["read_ce_log_num"] >= 1
            for name, holds in (("D", six["several_devices"] and read), ("L", six["dq_count_2"] and read),
                                ("N", six["all_ce_log_num"] >= 3 and six["scrub_ce_log_num"] < 10)):
                if holds:
                    first.setdefault(name, now)
        start, ticket = errors[0].time, min(tickets.get(serial, [0]))
        def told(name: str) -> str:
            if name not in first:
                return "–"
            return f"{(ticket - first[name]) / 3600:.1f} h before it" if ticket else f"on day {(first[name] - start) / 86400:.1f}"
        print(f"| {serial}, {source} | {len(errors)} | {(errors[-1].time - start) / 86400:.1f} | {'after ' + format((ticket - start) / 3600, '.1f') + ' h' if ticket else 'none'} | " + " | ".join(map(told, "DLN")) + " |")


def model_features() -> list[str]:
    """What the model that ships may ask: a server keeps each of them for each of its modules, so they are few.

    Within six hours all but the numbers of errors by beats, which the sums and the span of beats stand for; within a
    quarter of an hour how many errors there are, and who met them.
    """
    return [f"{n}_6h" for n in expressions() if not n.startswith("burst_count_")] + [
        f"{n}_15m" for n in ("all_ce_count", "read_ce_log_num", "scrub_ce_log_num", "read_ce_count")]


def export(folder: str) -> None:
    whole = {f"{n}_{w}": e.replace("WINDOW", w) for w in WINDOWS for n, e in expressions().items()}
    for name, features, words in (
        ("features-memory", list(whole), "all features that were tried"),
        ("features-memory-bits", model_features(), "those of the model `memory-bits`, which is asked within 15 minutes of an error"),
    ):
        with open(os.path.join(folder, f"{name}.yaml"), "w") as out:
            out.write(f"# Made by memory_features.py: {words}.\n")
            for feature in features:
                out.write(f"{feature}: '{whole[feature]}'\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?")
    parser.add_argument("--looks", type=int)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--replay", action="store_true")
    parser.add_argument("--export")
    options = parser.parse_args()
    if options.export:
        export(options.export)
    elif options.looks:
        random_looks(options.data, options.looks)
    elif options.errors:
        print_errors(options.data)
    elif options.replay:
        replay(options.data)
    elif not compare(options.data):
        raise SystemExit(1)
