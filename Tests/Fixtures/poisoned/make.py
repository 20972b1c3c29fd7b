"""Twenty packs that were made to harm whoever runs them, and what the reader of packs says of each.

    Tests/Fixtures/poisoned/make.py            # writes NN-name.json beside this file, and expected.json
    Tests/Fixtures/poisoned/make.py --big DIR  # and those that are as large as the limits allow, which are not kept

`expected.json` says of each what it tries (`harm`) and what becomes of it at the door: `refused` (the whole pack) or
`skipped` (the pattern by itself) with words of the reason, or `taken`: the reader finds nothing wrong with it, and what it
does is bounded, so that it is for the trial to see. `sees` says by what a trial can know it. Beside the poison each pack
holds one good pattern, `disk.good`, which goes on wherever the poison is skipped.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

TEMPERATURE = "hw.temperature"
PENDING = 'hw.physical_disk.smart{attribute="197.raw"}'
ERRORS = 'hw.physical_disk.io_error{operation="any"}'
# Kinds of part that report a temperature.
WARM = ["disk", "cpu", "board", "chassis", "memory_controller", "dimm", "gpu", "nic", "controller", "psu"]


def text(title="A part of the server is failing"):
    return {"title": title, "description": "It is.", "impact": "It stops.", "action": "Exchange it."}


def pattern(name, **changes):
    fields = {
        "id": name, "revision": "1", "status": "active", "evidence": "B", "applies_to": {"component": "disk"},
        "when": f"{TEMPERATURE} > 90", "urgency": "order", "suspects": [{"part": "self", "certainty": "0.9"}],
        "action": "replace-now", "provenance": "vendor's rule", "sources": ["a test"],
        "text": {"en": text(), "de": text("Ein Teil des Servers fällt aus")},
    }
    fields.update({key.rstrip("_"): value for key, value in changes.items()})
    return {key: value for key, value in fields.items() if value is not None}


GOOD = pattern("disk.good", when=f"{PENDING} >= 16", urgency="plan", action="replace-planned")


def pack(*patterns, **changes):
    content = {"format": 1, "engine_level": 5, "version": "poison", "patterns": [GOOD, *patterns]}
    content.update(changes)
    return content


def model(**changes):
    content = {
        "format": 1, "name": "m", "features": [{"name": "a", "expression": TEMPERATURE}], "split": "<=",
        "link": "sigmoid", "factor": 1, "base": 0, "average": False, "sets": [],
        "trees": [{"nodes": "L..", "feature": [0], "threshold": [50], "leaf": [-1, 1], "cover": [5, 4]}],
        "provenance": "a test", "training": {"data": "none", "by": "hand", "seed": 1},
    }
    content.update(changes)
    return content


def doubling(levels):
    """Names of `let` each of which uses the one before it twice."""
    names = {"x0": TEMPERATURE}
    for level in range(1, levels):
        names[f"x{level}"] = f"x{level - 1} + x{level - 1}"
    return names


def windows(count, first=0):
    """As many memories of 48 steps over more than a year, each for itself as its length is its own."""
    names = {f"w{number}": f"avg_over_time({TEMPERATURE}[{576_000 - first - number}m])" for number in range(count)}
    return names, " or ".join(f"w{number} > 1000" for number in range(count))


def packs():
    _, any_of_many = windows(32)
    yield "orders-everywhere", "an order for every part that tells a temperature, at the first look", "taken", "", \
        "orders foretold on every server", \
        pack(*[pattern(f"{kind.replace('_', '-')}.poison", applies_to={"component": kind}, when=f"{TEMPERATURE} > -274")
               for kind in WARM])
    yield "orders-in-turn", "an order for each disk an hour after it was first seen", "taken", "", \
        "orders foretold on every server", pack(pattern("disk.poison", when=f"known_for({TEMPERATURE}) > 1h"))
    yield "closes-everything", "explains every fault of the server, so that none is told", "skipped", \
        "`explains` names faults by their family at least", "", \
        pack(pattern("disk.poison", when=f"{TEMPERATURE} > -274", urgency="inform", explains=["* anywhere"]))
    families = [
        "airflow", "backplane", "board-battery", "cable", "chassis", "controller", "cpu", "disk", "enclosure", "fan",
        "filesystem", "gpu", "hardware", "mains", "memory", "nic", "optic", "pcie", "pool", "psu", "raid", "server",
        "temperature", "ups", "voltage",
    ]
    yield "closes-by-families", "explains every family of faults, one by one, by a fault that always stands", "taken", "", \
        "faults that stand and that it would clear", \
        pack(pattern("chassis.poison", applies_to={"component": ["board", "chassis", "disk"]},
                     when=f"{TEMPERATURE} > -274", urgency="inform",
                     explains=[f"{family}.* anywhere" for family in families]))
    yield "floods-watch", "a fault or the end of one for each degree that a temperature rises or falls", "taken", "", \
        "faults foretold by the thousand", \
        pack(*[pattern(f"disk.poison-{degrees}", when=f"{TEMPERATURE} > {degrees}.5", urgency="watch", action="watch")
               for degrees in range(20, 60)])
    yield "reopens", "a fault that clears while its condition holds, and opens again with the next reading", "taken", "", \
        "faults foretold by the thousand; lint says clears-while-it-holds", \
        pack(pattern("disk.poison", when=f"{TEMPERATURE} + 0 > -274", clear=f"{TEMPERATURE} + 0 > -274",
                     urgency="watch", action="watch"))
    yield "circle", "three patterns that look for each other's faults and not their own, without end", "taken", "", \
        "faults foretold by the thousand; `problems(between:)` names the circle", \
        pack(*[pattern(f"disk.poison-{own}", urgency="watch", action="watch",
                       when=f'{TEMPERATURE} > -274 and active("disk.poison-{other}", self) < 1')
               for own, other in (("a", "b"), ("b", "c"), ("c", "a"))])
    yield "explodes", "definitions that double 31 times over: two thousand million steps", "skipped", \
        "more than 500 steps", "", pack(pattern("disk.poison", let=doubling(32), when="x31 > 1"))
    yield "deep-expression", "four hundred brackets in one condition", "skipped", "parentheses nest more than 40 deep", "", \
        pack(pattern("disk.poison", when="(" * 400 + f"{TEMPERATURE} > 1" + ")" * 400))
    nested = "x"
    for _ in range(60):
        nested = [nested]
    yield "deep-json", "lists within lists, for a reader that recurses", "refused", "nests more than 32 levels", "", \
        pack(pattern("disk.poison", flags=nested))
    yield "huge-texts", "a title of ten thousand characters, for every ticket", "skipped", \
        "`title` has 10000 characters; the limit is 2000", "", \
        pack(pattern("disk.poison", text={"en": text("x" * 10_000), "de": text("y" * 10_000)}))
    yield "terminal", "texts that clear the screen of whoever reads them", "skipped", "holds control characters", "", \
        pack(pattern("disk.poison", text={"en": text("\x1b[2J\x1b]0;root\x07All is well"), "de": text("\x1b[2JGut")}))
    yield "model-overflow", "a model whose leaves add up to infinity", "refused", "it lies within", "", \
        pack(pattern("disk.poison", when='model("m") > 0.5 and ' + f"{TEMPERATURE} > 0"),
             models={"m": model(trees=[{"nodes": "L..", "feature": [0], "threshold": [50], "leaf": [1e300, 1e300],
                                        "cover": [5, 4]}] * 8)})
    yield "model-deep", "a tree of a thousand levels, for an evaluation that recurses", "refused", "deep", "", \
        pack(pattern("disk.poison", when='model("m") > 0.5 and ' + f"{TEMPERATURE} > 0"),
             models={"m": model(trees=[{
                 "nodes": "L" * 1_000 + "." * 1_001, "feature": [0] * 1_000, "threshold": [50] * 1_000,
                 "leaf": [1] * 1_001, "cover": [1] * 1_001}])})
    yield "same-name", "a second pattern of a name that is taken, told apart by a blank", "refused", \
        "two patterns are called disk.good", "", pack(pattern(" disk.good", when=f"{TEMPERATURE} > -274"))
    yield "borrowed-class", "reports as another maker's fault, with an order", "taken", "", \
        "orders foretold on every server", \
        pack(pattern("disk.poison", class_="disk.ata.media-failing", when=f"{TEMPERATURE} > -274"))
    yield "hungry", "sixteen patterns of 32 windows of a year: five hundred memories for each disk", "taken", "", \
        "memory and time of the trial", \
        pack(*[pattern(f"disk.poison-{number}", urgency="inform", let=windows(32, 32 * number)[0], when=any_of_many)
               for number in range(16)])
    slow = " or ".join([f"abs({TEMPERATURE} - {number}) < 0" for number in range(55)])
    yield "slow", "eight conditions of five hundred steps, judged at each reading", "taken", "", \
        "time of the trial", \
        pack(*[pattern(f"disk.poison-{number}", urgency="inform", action="watch",
                       when=f"sequence({TEMPERATURE} > 1000, {slow}, 1h)") for number in range(8)])
    yield "selects", "two variants by three hundred names with stars, each held against each", "skipped", \
        "the limit is 256", "", \
        pack(pattern("disk.poison", variants=[
            {"with": {"model": ["*" + "a*" * 20 + str(number) for number in range(300)]}, "when": f"{TEMPERATURE} > 1"}
            for _ in range(2)]))
    yield "silence", "an order wherever a reading did not come for a second", "taken", "", \
        "orders foretold on every server with a gap", \
        pack(pattern("disk.poison", when=f"absent_over_time({PENDING}[1s])"))


def big():
    """As large as the limits allow: made on demand, for the trial's bounds of time and memory."""
    _, any_of_many = windows(32)
    yield "big-hungry", pack(*[
        pattern(f"disk.poison-{number}", urgency="inform", let=windows(32, 32 * number)[0], when=any_of_many)
        for number in range(4_000)])
    yield "big-slow", pack(*[
        pattern(f"disk.poison-{number}", urgency="inform", when=" or ".join(
            [f"abs({TEMPERATURE} - {term}.{number}) < 0" for term in range(55)])) for number in range(4_000)])
    yield "big-many", pack(*[
        pattern(f"disk.poison-{number}", when=f"{TEMPERATURE} > {number}", urgency="inform") for number in range(19_999)])
    yield "big-one-too-many", pack(*[
        pattern(f"disk.poison-{number}", when=f"{TEMPERATURE} > {number}", urgency="inform") for number in range(20_000)])


def write(folder, name, content):
    with open(os.path.join(folder, f"{name}.json"), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        file.write("\n")


def main():
    expected = {}
    for number, (name, harm, outcome, words, sees, content) in enumerate(packs(), 1):
        file = f"{number:02}-{name}"
        write(HERE, file, content)
        expected[file] = {"harm": harm, "outcome": outcome, "words": words, "sees": sees}
    with open(os.path.join(HERE, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file, indent=1, ensure_ascii=False)
        file.write("\n")
    if len(sys.argv) == 3 and sys.argv[1] == "--big":
        os.makedirs(sys.argv[2], exist_ok=True)
        for name, content in big():
            write(sys.argv[2], name, content)


if __name__ == "__main__":
    main()
