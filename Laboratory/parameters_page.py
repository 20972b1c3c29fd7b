"""PARAMETERS.md: the counts, out of what the programs showed."""

import datetime
import json
import os
import statistics

import peers
import quantities
import trees

ON_TREES = ["agent", peers.NODE_EXPORTER, peers.COLLECTD, peers.NETDATA]
IN_GUEST = ["agent", *peers.PEERS]
NOTHING = "–"


def cell(count):
    return f"{count:,}" if count else NOTHING


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|",
            *("| " + " | ".join(str(value) for value in row) + " |" for row in rows)]


def total(parameters):
    return sum(len(parts) for parts in parameters.values())


def of_subject(parameters, subject):
    return sum(len(parts) for (of, _), parts in parameters.items() if of == subject)


def by_subject(columns):
    """Rows of subjects, one column of counts for each program, and their sums. columns: parameters of several looks."""
    rows = [
        [subject, *(cell(sum(of_subject(look, subject) for look in looks)) for looks in columns)]
        for subject in quantities.SUBJECTS]
    rows = [row for row in rows if any(value != NOTHING for value in row[1:])]
    return [*rows, ["**together**", *(f"**{sum(map(total, looks)):,}**" for looks in columns)]]


def by_probe(shown, on_tree):
    """How many parameters come from each of the agent's probes."""
    found = {}
    for series in shown:
        probe = series.name.split(" ")[0]
        found.setdefault(probe, []).append(series)
    return {probe: total(quantities.parameters("agent", some, on_tree)) for probe, some in found.items()}


def unseen_rows(looks, programs):
    """What other programs see of more parts than the agent; quantities that are alike in all else stand in one row."""
    found = {}
    for name, seen in looks.items():
        for program in programs[1:]:
            for subject, quantity, theirs, ours in quantities.unseen(seen[program], seen["agent"]):
                entry = found.setdefault((subject, program, quantity), {"places": [], "theirs": 0, "ours": 0})
                entry["places"].append(name)
                entry["theirs"] += theirs
                entry["ours"] += ours
    rows = {}
    for (subject, program, quantity), entry in sorted(found.items()):
        alike = (subject, program, places(entry["places"]), quantities.purpose(subject, quantity))
        row = rows.setdefault(alike, {"quantities": [], "theirs": 0, "ours": 0})
        row["quantities"].append(quantity.removeprefix("InfiniBand: ") if row["quantities"] else quantity)
        row["theirs"] += entry["theirs"]
        row["ours"] += entry["ours"]
    return [
        [subject, ", ".join(row["quantities"]), program, where, row["theirs"], cell(row["ours"]), why or "**not seen**"]
        for (subject, program, where, why), row in sorted(rows.items(), key=lambda entry: (entry[0][3] != "", entry[0]))]


def places(names):
    names = sorted(names)
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


UNSEEN_HEAD = ["subject", "quantities, in its words", "program", "seen in", "its parts", "the agent's", "why"]


def trees_part(kept):
    looks = {
        name: {program: quantities.parameters(program, series, True) for program, series in tree["programs"].items()}
        for name, tree in kept.items()}
    rows, blank = [], []
    for name, seen in looks.items():
        counts = [total(seen[program]) for program in ON_TREES]
        notes = ["edited"] * kept[name]["edited"] + ["no /sys"] * (not kept[name]["has_sys"])
        if any(counts):
            rows.append([name + (f" ({', '.join(notes)})" if notes else ""), *map(cell, counts)])
        else:
            blank.append(name)

    def together(words, wanted):
        return [f"**{words}**", *(
            f"**{sum(total(seen[program]) for name, seen in looks.items() if wanted(kept[name])):,}**"
            for program in ON_TREES)]

    rows += [
        together("captures with /sys", lambda tree: tree["has_sys"] and not tree["edited"]),
        together("all with /sys", lambda tree: tree["has_sys"]), together("all", lambda tree: True)]
    whole = {name: seen for name, seen in looks.items() if kept[name]["has_sys"]}
    return [
        "## Recorded trees", "",
        f"{len(kept)} trees of `../shared/fixtures` ({', '.join(f'`{kind}`' for kind in trees.KINDS)}); *edited* ones were",
        "put together for the tests of programs. Most hold a part of `/sys`, recorded for one purpose (processors, PCI, one",
        "class), so that all programs see little of them. Where a recording lost the links of `/sys/class` and `/sys/bus`,",
        "they are made again from its devices. What the running kernel says of itself (its clock, its file systems) counts",
        "for nobody. A recording without `/sys` shows the agent nothing: it takes devices from there, as they are in a",
        "machine, and their counts from `/proc`; the two tables below leave it out.", "",
        "The agent reads a tree with `--root`; node_exporter with `--path.sysfs` and `--path.procfs`; what knows the one",
        "`/sys` alone (libsensors in the agent and in collectd, netdata) is shown it by umockdev, in a network of its own.",
        *(f"{program} sees none: {why}." for program, why in peers.NO_TREES.items()),
        "Probes of the agent that ask a tool or a device (SMART, IPMI, UPS, RAID controllers) see no tree either.", "",
        *table(["tree", *ON_TREES], rows), "",
        *([f"Nobody sees anything in {len(blank)}: {', '.join(blank)}.", ""] if blank else []),
        "### Trees by subject", "",
        *table(["subject", *ON_TREES], by_subject([[seen[program] for seen in whole.values()] for program in ON_TREES])), "",
        "### What another program sees in a tree, of more parts than the agent", "",
        *table(UNSEEN_HEAD, unseen_rows(whole, ON_TREES)), ""]


def outputs_part(kept):
    rows = []
    for probe, files in kept.items():
        counts = [total(quantities.parameters("agent", series, True)) for series in files.values() if series is not None]
        told = [count for count in counts if count]
        rows.append([
            probe, len(files), len(told), len(files) - len(counts), f"{statistics.median(told):.0f}" if told else NOTHING,
            cell(max(told, default=0)), cell(sum(told))])
    return [
        "## Recorded answers of tools and controllers", "",
        "What `callhome-agent probe NAME --input FILE` sees in recordings that are no trees. No other program here can be",
        "shown them. *Refused*: the recording holds no answer of the kind, or no whole one; many hold a list of devices or a",
        "single resource, and no reading.", "",
        *table(["probe", "recordings", "with parameters", "refused", "median of those", "most", "together"], rows), ""]


def guest_part(kept):
    seen = {program: quantities.parameters(program, series) for program, series in kept["programs"].items()}
    return [
        "## In the virtual server", "",
        "The laboratory's: SATA, SCSI and NVMe disks, two md arrays, chips on an i2c bus, a memory controller, a management",
        "controller (IPMI), PCIe ports, and a UPS made up by NUT's dummy-ups. All programs ran in it at the same time, each",
        "with all plugins or collectors that can see its hardware. Then were injected: " + ", ".join(kept["injected"])
        + ". An event counts for who told of it.", "",
        *kept["notes"], "Debian's netdata has no plugin for IPMI or NVMe.", "",
        *table(["subject", *IN_GUEST], by_subject([[seen[program]] for program in IN_GUEST])), "",
        "### What another program sees in it, of more parts than the agent", "",
        *table(UNSEEN_HEAD, unseen_rows({"the virtual server": seen}, IN_GUEST)), ""]


def probes_part(kept):
    on_trees = {}
    for name, tree in kept.get("trees", {}).items():
        for probe, count in by_probe(tree["programs"]["agent"], True).items():
            on_trees.setdefault(probe, []).append((count, name))
    in_guest = by_probe(kept["guest"]["programs"]["agent"], False) if "guest" in kept else {}
    rows = []
    for probe in sorted({*on_trees, *in_guest, *kept.get("outputs", {})}):
        some = [entry for entry in on_trees.get(probe, []) if entry[0]]
        answers = kept.get("outputs", {}).get(probe, {})
        recorded = sum(
            total(quantities.parameters("agent", series, True)) for series in answers.values() if series is not None)
        rows.append([
            probe, cell(sum(count for count, _ in some)), cell(max(some)[0] if some else 0), cell(recorded),
            cell(in_guest.get(probe, 0))])
    rows = [row for row in rows if any(value != NOTHING for value in row[1:])]
    return [
        "## The agent's, by probe", "",
        *table(["probe", "recorded trees, together", "most in one", "recorded answers, together", "virtual server"], rows), "",
        "In the virtual server, what one look shows and what the running agent told the site besides (means over time).", ""]


def page(folder):
    kept = {}
    for what in ("trees", "outputs", "guest"):
        path = f"{folder}/{what}.json"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                kept[what] = json.load(file)
    if "guest" in kept:
        kept["guest"]["programs"] = {
            program: peers.listed(series) for program, series in kept["guest"]["programs"].items()}
    for tree in kept.get("trees", {}).values():
        tree["programs"] = {program: peers.listed(series) for program, series in tree["programs"].items()}
    for files in kept.get("outputs", {}).values():
        for name, series in files.items():
            files[name] = None if series is None else peers.listed(series)
    text = [
        "# How many parameters, and who sees what", "",
        f"{datetime.date.today().isoformat()}. `Laboratory/parameters` writes this page.", "",
        *quantities.__doc__.split("\n\n")[1].splitlines(), "",
        "Counted in the same way for all: Callhome's agent, node_exporter 1.5, rasdaemon 0.6.8, smartd 7.3, collectd 5.12 and",
        "netdata 1.37, each as Debian 12 has it, with all that sees hardware switched on. Counts say how much a program looks",
        "at, and not whether it makes anything of it.", ""]
    text += trees_part(kept["trees"]) if "trees" in kept else []
    text += outputs_part(kept["outputs"]) if "outputs" in kept else []
    text += guest_part(kept["guest"]) if "guest" in kept else []
    text += probes_part(kept)
    return "\n".join(text)
