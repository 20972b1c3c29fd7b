#!/usr/bin/env python3
"""Write, for each model, features-NAME.yaml: where `callhome patterns import-model --features` finds each number.

usage: export_features.py [DIR]     (default: this folder)
"""
import os
import re
import sys

from ensemble import LEFT_OUT, ORDER, PLAN
from features import GATE, MODEL, table


def signals(expression: str) -> str:
    """smart_197 -> the signal's name in patterns."""
    return re.sub(r"\bsmart_(\d+)\b", r'hw.physical_disk.smart{attribute="\1.raw"}', expression)


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for model in (PLAN, ORDER):
        with open(os.path.join(folder, f"features-{model}.yaml"), "w") as out:
            out.write("# Made by export_features.py from features.py; the pattern asks the model only where this holds:\n")
            out.write(f"# {signals(GATE)}\n")
            for name, expression, _ in table():
                if name not in LEFT_OUT[model]:
                    out.write(f"{name}: '{signals(expression)}'\n")
            out.write(f"{MODEL}: {{attribute: model}}\n")


if __name__ == "__main__":
    main()
