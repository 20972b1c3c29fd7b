#!/usr/bin/env python3
"""Back-tests the shipped pack and the simple baselines on every calibration set, and writes one table for both measures.

usage: engine_tables.py CALLHOME PATTERNS DATA_DIR > results/engine.md

The engine's own back-test does the measuring. The two models in the pack were trained on the fleet of 2013 to 2016 and on
2018: on these sets (and on those that share drives with them) its figures are of drives that they have seen. What they do on
drives that they have not seen is measured by `engine_crossvalidation.py`.
"""
import json, pathlib, subprocess, sys

# Sets whose last days are all there is of a drive say nothing of what was foretold; false alarms are counted all the same.
OPTIONS = {
    "bb2013_2016_fleet_changepoints": ["--since", "2014-04-01"],
    "bb2018_st4000dm000_daily": ["--gap", "30"],
    "bb2018_st4000dm000_all_changepoints": ["--gap", "30"],
    "bb2013_2016_fleet_daily_sample": ["--gap", "0"],
    "bb2013_fleet_40d": ["--gap", "0"],
    "bb2016q2_st4000dm000_full": ["--gap", "0"],
    "bb2016_3models_normalized_only": ["--gap", "0"],
}


def share(value):
    return "–" if value is None else f"{100 * value:.2f} %"


def number(value):
    return "–" if value is None else f"{value:.1f}"


def main():
    callhome, patterns, data = sys.argv[1:]
    print("# The shipped pack and simple baselines on each calibration set, by the engine\n")
    print("`Calibration/engine_tables.py`; models have seen the drives of the fleet and of 2018. Compare: recall and false-alarm rate (FAR) in 30-day windows.")
    print("Decide: parts ordered in whole lives, per 1,000 drive-years.\n")
    for path in sorted(pathlib.Path(data).glob("*.csv.gz")):
        name = path.name.removesuffix(".csv.gz")
        run = subprocess.run(
            [callhome, "patterns", "backtest", str(path), "--patterns", patterns, "--baselines", "--json",
             "--thresholds", str(path.parent / "vendor_thresholds.json"), *OPTIONS.get(name, [])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        print(f"## {name}\n")
        if run.returncode:
            print(f"Refused: {run.stderr.strip()}\n")
            continue
        result = json.loads(run.stdout)
        people = result["population"]
        print(f"{people['drives']} drives, {people['failed']} failed and {people['healthy']} healthy with enough history, "
              f"{result['driveYears']:.0f} drive-years{', options ' + ' '.join(OPTIONS[name]) if name in OPTIONS else ''}\n")
        print("| method | foretold | recall | with 7 days | false alarms | FAR | ordered | fail in 90 d | never fail | recall 7 d |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for row in [result["pack"], *result["baselines"]]:
            compare, order = row["comparison"], row["order"]
            print(f"| {row['name']} | {compare['predicted']} | {share(compare.get('recall'))} | {share(compare.get('recallWithLead'))} "
                  f"| {compare['falseAlarms']} | {share(compare.get('falseAlarmRate'))} "
                  f"| {number(order.get('perThousandDriveYears'))} | {share(order.get('failSoon'))} "
                  f"| {number(order.get('neverFailedPerThousandDriveYears'))} | {share(order.get('recallWithLead'))} |")
        print(flush=True)


main()
