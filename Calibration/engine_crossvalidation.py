#!/usr/bin/env python3
"""Measures the whole pack with the engine itself, on drives that its models have not seen.

usage: engine_crossvalidation.py CALLHOME PATTERNS MODELS_DIR DATA [--work DIR] [options of `callhome patterns backtest`]

For each of the five folds, the patterns are taken with the models of that fold (MODELS_DIR/NAME-foldK.json, written by
train.py) and replayed on the fold's drives only; the counts are added up. Plain rules are measured along with it: their
thresholds were chosen on the same data, so that only the models' part is unseen.
"""
import csv, gzip, hashlib, json, pathlib, shutil, subprocess, sys, tempfile

NAMES = ["hdd-plan", "hdd-order"]


def serials(path):
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path) as file:
        rows = csv.reader(file)
        column = next(rows).index("serial_number")
        return {row[column] for row in rows}


def fold(serial):
    return hashlib.sha256(serial.encode()).digest()[1] % 5


def count(row):
    """Turns the shares of a result into counts that can be added up."""
    row["early"] = sum(row["comparison"]["leads"][7:])
    leads = row["order"]["leads"]
    row["orderedEarly"] = sum(leads[1:])
    row["soon"] = sum(leads[:5])


def add(total, row):
    for key, value in row.items():
        if isinstance(value, dict):
            add(total.setdefault(key, {}), value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            total[key] = total.get(key, 0) + value


def share(part, whole):
    return f"{100 * part / whole:.2f} %" if whole else "–"


def main():
    callhome, patterns, models, data, *options = sys.argv[1:]
    here = pathlib.Path(__file__).parent
    drives = serials(data)
    total, rules = {}, {}
    with tempfile.TemporaryDirectory() as work:
        for k in range(5):
            folder = pathlib.Path(work, f"patterns{k}")
            shutil.copytree(patterns, folder)
            for name in NAMES:
                subprocess.run(
                    [callhome, "patterns", "import-model", f"{models}/{name}-fold{k}.json", "-o", f"{folder}/models/{name}.json",
                     "--features", here / f"features-{name}.yaml", "--categories", f"{models}/categories-{name}.json",
                     "--calibration", f"{models}/calibration-{name}.json"], check=True, stdout=subprocess.DEVNULL)
            names = pathlib.Path(work, f"drives{k}")
            names.write_text("\n".join(sorted(s for s in drives if fold(s) == k)) + "\n")
            out = subprocess.run(
                [callhome, "patterns", "backtest", data, "--patterns", str(folder), "--drives", str(names), "--json", *options],
                check=True, stdout=subprocess.PIPE).stdout
            result = json.loads(out)
            for row in [result["pack"], *result["patterns"], *result["baselines"]]:
                count(row)
            one = {key: result[key] for key in ["population", "pack"]}
            one["years"] = result["driveYears"]
            add(total, one)
            for row in result["patterns"]:
                add(rules.setdefault(row["name"], {}), row)
            for row in result["baselines"]:
                add(rules.setdefault("baseline: " + row["name"], {}), row)
            print(f"fold {k}: {row_words(one['pack'], one['population'], one['years'])}", flush=True)
    print(f"all: {row_words(total['pack'], total['population'], total['years'])}")
    for name, row in sorted(rules.items()):
        if row["comparison"]["predicted"] or row["comparison"]["falseAlarms"]:
            print(f"  {name}: {row_words(row, total['population'], total['years'])}")


def row_words(row, population, years):
    """Recall and false alarms in the window, and what the orders of whole lives cost."""
    compared, order = row["comparison"], row["order"]
    failed, healthy = population["failed"], population["healthy"]
    return (
        f"recall {share(compared['predicted'], failed)} ({share(row['early'], failed)} with 7 days or more), "
        f"FAR {share(compared['falseAlarms'], healthy)}; per 1,000 drive-years {1000 * order['drives'] / years:.1f} ordered, "
        f"{1000 * order['neverFailed'] / years:.2f} for nothing, {share(row['soon'], order['drives'])} of them failed within "
        f"90 days; orders reach {share(row['orderedEarly'], failed)} of the failures 7 days or more before")


if __name__ == "__main__":
    main()
