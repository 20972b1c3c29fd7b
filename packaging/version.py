"""The version of programs, packages, manual pages and pattern pack, from the one place that has it, and what is new in it.

    packaging/version.py                                # prints the version
    packaging/version.py --set 9.8.7 [--unreleased]     # makes it another, in the source and as the changelog's newest entry

The day of a release is that of $SOURCE_DATE_EPOCH, or today.
"""

import argparse
import datetime
import os
import re
import sys
import time

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


def replace(name, pattern, text):
    """Replaces the first match in a file of this repository."""
    changed, count = re.subn(pattern, text, read(name), count=1, flags=re.M)
    if count != 1:
        sys.exit(f"{name}: nothing matches {pattern}")
    with open(os.path.join(ROOT, name), "w", encoding="utf-8") as file:
        file.write(changed)


def become(new, unreleased):
    """Makes `new` the version. The newest entry is renamed where it is not released yet: what was released stays."""
    number = r"(0|[1-9]\d*)"
    if not re.fullmatch(rf"{number}\.{number}\.{number}", new):
        sys.exit(f"{new} is no version: three numbers, as Semantic Versioning has them")
    if tuple(map(int, new.split("."))) < tuple(map(int, version().split("."))):
        sys.exit(f"{new} comes before {version()}: versions never fall")
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    day = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date().isoformat()
    title = f"## {new} ({'unreleased' if unreleased else day})"
    replace("CHANGELOG.md", r"^## \S+ \(unreleased\)$", title)
    replace(SOURCE, r'current = "[^"]+"', f'current = "{new}"')


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", dest="new", metavar="VERSION")
    options.add_argument("--unreleased", action="store_true", help="the changelog's entry gets no day yet")
    given = options.parse_args()
    if given.new:
        become(given.new, given.unreleased)
    print(version())
