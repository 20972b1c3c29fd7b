"""The version of programs, packages, manual pages and pattern pack, from the one place that has it, and what is new in it.

    packaging/version.py    # prints the version
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = "Sources/Reports/CallhomeVersion.swift"


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def version():
    found = re.search(r'current = "([^"]+)"', read(SOURCE))
    if not found:
        sys.exit(f"{SOURCE} names no version: `static let current = \"1.2.3\"`")
    return found[1]


def news():
    """The points of the newest entry of CHANGELOG.md, each in one line; it has to be of this version."""
    _, *entries = re.split(r"^## ", read("CHANGELOG.md"), flags=re.M)
    title, _, text = entries[0].partition("\n") if entries else ("", "", "")
    if title.split(" ")[0] != version():
        sys.exit(f"CHANGELOG.md begins with {title!r}, and the version is {version()} ({SOURCE}): name one the same")
    return [re.sub(r"\s+", " ", point) for point in re.findall(r"^- (.*(?:\n  .*)*)", text, re.M)]


if __name__ == "__main__":
    print(version())
