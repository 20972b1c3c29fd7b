"""OBSERVER.md."""

import datetime
import json
import os


LIMITS = [
    "## What this machine cannot show", "",
    "- QEMU's disks count no errors: their ATA error log, `num_err_log_entries` and `media_errors` stay at nought whatever is "
    "done to them, and neither they nor scsi_debug tell of grown defects. Hence the refused commands, which real disks count, "
    "are counted in the traces.",
    "- Whether a certain disk's firmware spins up on a command on which the standards say that it does not.",
    "- `drivetemp` finds no sensor in QEMU's SATA disk, RAID controllers with disks behind them do not exist here, and QEMU "
    "itself hangs with an NVMe disk that does not answer.",
    "- Times of a real machine: the guest's processor, its disks and whatever else the host does share the host's processors, so "
    "that a program that runs makes reads slower before it has asked any disk (the control of part c). How much slower a real "
    "disk gets, a real machine has to tell."]


class Page:
    """Verdicts and sections by part, written after each: a host that fails later takes nothing away, and parts may be
    looked at in several runs, each with its date."""

    # a and b are proven by the same looks.
    PARTS = ("ab", "c", "d")

    def __init__(self, say, path, memory, about):
        """say: where verdicts are told as they come; memory: the file that keeps parts from run to run."""
        self.say, self.path, self.memory, self.about = say, path, memory, about
        self.parts = {}
        if os.path.exists(memory):
            with open(memory, encoding="utf-8") as file:
                self.parts = json.load(file)
        self.verdicts, self.section = [], []

    def verdict(self, what, seen, good):
        self.verdicts.append([what, seen, good])
        self.say(f"{'good' if good else 'NOT GOOD'}: {what}: {seen}")

    def done(self, part):
        date = datetime.date.today().isoformat()
        self.parts[part] = {"date": date, "about": self.about, "verdicts": self.verdicts, "section": self.section}
        self.verdicts, self.section = [], []
        with open(self.memory, "w", encoding="utf-8") as file:
            json.dump(self.parts, file)
        self.write()

    @property
    def lines(self):
        return [line for part in self.PARTS for line in self.parts.get(part, {}).get("verdicts", [])]

    @property
    def missing(self):
        return [part for part in self.PARTS if part not in self.parts]

    @property
    def is_good(self):
        return not self.missing and all(good for _, _, good in self.lines)

    def write(self):
        seen = [self.parts[part] for part in self.PARTS if part in self.parts]
        text = [
            "# What looking does to the hardware", "",
            f"{' and '.join(sorted({part['date'] for part in seen}))}: {sum(good for _, _, good in self.lines)} of "
            f"{len(self.lines)} lines as they should be"
            + (f"; not looked at: {', '.join(self.missing)}" if self.missing else "")
            + ". `Laboratory/observe` writes this page.", "", *dict.fromkeys(line for part in seen for line in part["about"]), "",
            "| | seen | verdict |", "|---|---|---|"]
        text += [f"| {what} | {seen} | {'as it should be' if good else '**not as it should be**'} |"
                 for what, seen, good in self.lines]
        for part in seen:
            text += ["", *part["section"]]
        text += ["", *LIMITS]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")
