"""OBSERVER.md."""

import datetime
import json
import os


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
            + ". `Laboratory/observe` writes this page.", "", *dict.fromkeys(part["about"] for part in seen), "",
            "| | seen | verdict |", "|---|---|---|"]
        text += [f"| {what} | {seen} | {'as it should be' if good else '**not as it should be**'} |"
                 for what, seen, good in self.lines]
        for part in seen:
            text += ["", *part["section"]]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")
