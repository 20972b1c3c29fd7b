"""Runs the fault matrix: breaks what a wave holds, waits for the cases, mends, waits for their closing."""

import re
import shlex
import time
from dataclasses import dataclass, field
from typing import Optional

from faults import Row

# Seconds from what is said on the server to the closing of the case: nothing is looked at anew for it.
DECLARED = 90


@dataclass
class Outcome:
    """What came of one row."""
    row: Row
    result: str = "no case"  # ok, no case, late, twice, not closed, skipped, failed
    note: str = ""
    # Seconds by the host's clock since 1970; None: it has not come to that.
    injected: Optional[float] = None
    mended: Optional[float] = None
    # Seconds.
    to_case: Optional[float] = None
    to_closing: Optional[float] = None
    # What was said of the part on the server.
    said: str = ""
    cases: list = field(default_factory=list)
    urgency: str = ""
    classes: list = field(default_factory=list)
    is_done: bool = False

    @property
    def is_good(self):
        return self.result in ("ok", "skipped")


def words_of(detail):
    """Everything in a case by which a part may be named."""
    summary, faults = detail["summary"], detail["faults"]
    things = [summary["suspect"], *(suspect for fault in faults for suspect in fault["suspects"][:1])]
    words = [fault["component"] for fault in faults]
    for thing in things:
        words += [thing.get("component") or "", thing["name"], *(str(word) for word in thing["part"].values())]
    return words


def declarations(detail, verb):
    """What is typed on the server for each part of a case; of what is no part of its own, as a cable, its fault is over."""
    lines = set()
    for fault in detail["faults"]:
        suspect = fault["suspects"][0].get("component")
        if suspect:
            lines.add(f"callhome {verb} {shlex.quote(suspect)}")
        else:
            lines.add(f"callhome repaired {shlex.quote(fault['component'])} --fault {shlex.quote(fault['class'])}")
    return sorted(lines)


class Matrix:
    """Rows on one running laboratory."""

    def __init__(self, lab, rows, probes, say):
        self.lab = lab
        self.rows = rows
        self.probes = probes
        self.say = say
        self.unexpected = {}  # case number: words
        self.known = set()
        self.outcomes = []

    def run(self, after_wave):
        for wave in sorted({row.wave for row in self.rows}):
            self.run_wave([row for row in self.rows if row.wave == wave])
            after_wave()

    # One wave

    def run_wave(self, rows):
        outcomes = []
        for row in rows:
            outcome = Outcome(row)
            self.outcomes.append(outcome)
            missing = [probe for probe in row.needs if probe not in self.probes]
            if missing:
                outcome.result, outcome.note = "skipped", f"this agent has no probe {', '.join(missing)}"
                self.say(f"{row.name}: skipped: {outcome.note}")
                continue
            outcome.injected = time.time()
            if self.act(outcome, row.inject):
                outcomes.append(outcome)
            elif row.heal:
                self.mend(outcome)  # Half broken is broken.
        while True:
            self.look(outcomes)
            closed = {case["number"]: case for case in self.lab.site.cases() if case["state"] == "closed"}
            for outcome in outcomes:
                if not outcome.is_done:
                    self.advance(outcome, closed)
            if all(outcome.is_done for outcome in outcomes):
                break
            time.sleep(1)
        self.tidy(outcomes)

    def advance(self, outcome, closed):
        """One step of a row: from broken to its case, to mended, to the closing of the case."""
        row, now = outcome.row, time.time()
        if not row.classes:
            if now >= outcome.injected + row.within:
                self.judge_silence(outcome)
        elif not outcome.cases:
            # A late case is worth more than none.
            if now >= outcome.injected + 2 * row.within:
                self.say(f"{row.name}: no case within {2 * row.within} s")
                if row.heal:
                    self.mend(outcome)
                outcome.is_done = True
        elif row.heal is None:
            outcome.is_done = True
        elif outcome.mended is None:
            outcome.is_done = not self.mend(outcome) or row.closes_within is None
        elif outcome.cases[0] in closed:
            outcome.to_closing = closed[outcome.cases[0]]["closedAt"] / 1000 - outcome.mended
            self.say(f"{row.name}: closed after {outcome.to_closing:.1f} s")
            if outcome.to_closing > row.closes_within:
                outcome.note = f"closed late (limit {row.closes_within} s)"
            outcome.is_done = True
        elif now >= outcome.mended + 2 * row.closes_within:
            outcome.result = "not closed"
            self.say(f"{row.name}: not closed within {2 * row.closes_within} s")
            outcome.is_done = True

    def act(self, outcome, action):
        try:
            action(self.lab)
            return True
        except Exception as error:  # One row that cannot be broken or mended is no reason to lose the others.
            outcome.result, outcome.note = "failed", f"{type(error).__name__}: {error}"[:300]
            self.say(f"{outcome.row.name}: {outcome.note}")
            return False

    def mend(self, outcome):
        done = self.act(outcome, outcome.row.heal)
        outcome.mended = time.time()
        return done

    def judge_silence(self, outcome):
        """The time is over in which no case might come."""
        came = sorted(self.unexpected.keys() - self.known)
        outcome.result, outcome.note = ("failed", f"cases {', '.join(came)}") if came else ("ok", "")
        if not came and outcome.row.proof:
            self.act(outcome, outcome.row.proof)
        outcome.is_done = True
        self.say(f"{outcome.row.name}: {outcome.result} {outcome.note}")

    def look(self, outcomes):
        """Takes each new case to the row it belongs to."""
        for case in self.lab.site.cases():
            if case["number"] in self.known:
                continue
            detail = self.lab.site.case(case["number"])
            owner = next((outcome for outcome in outcomes if self.belongs(detail, outcome.row)), None)
            if owner is None:
                # It may become the wanted one when the next fault joins it.
                self.unexpected[case["number"]] = self.told(detail)
                continue
            self.known.add(case["number"])
            self.unexpected.pop(case["number"], None)
            self.claim(owner, case, detail)

    @staticmethod
    def belongs(detail, row):
        classes = {fault["class"] for fault in detail["faults"]}
        return bool(classes & set(row.classes)) and any(row.part in word for word in words_of(detail))

    @staticmethod
    def told(detail):
        summary = detail["summary"]
        classes = ", ".join(sorted({f"{fault['class']} ({fault['component']})" for fault in detail["faults"]}))
        return f"{summary['number']} {summary['urgency']} {summary['title']!r}: {classes}"

    def claim(self, outcome, case, detail):
        outcome.cases.append(case["number"])
        if len(outcome.cases) > 1:
            outcome.result = "twice"
            outcome.note = f"cases {', '.join(outcome.cases)}"
            return
        outcome.to_case = case["openedAt"] / 1000 - outcome.injected
        outcome.urgency = case["urgency"]
        outcome.classes = [fault["class"] for fault in detail["faults"]]
        outcome.result = "ok" if outcome.to_case <= outcome.row.within else "late"
        self.say(f"{outcome.row.name}: case after {outcome.to_case:.1f} s: {self.told(detail)}")

    # Afterwards

    def tidy(self, outcomes):
        """Ends what stays until a part is exchanged, as a technician would: the part is mended, that is said on the server,
        and the case closes by that. What stays even so is closed by hand, so that the next wave opens cases of its own; its
        fault goes on at the agent, and may explain what the next wave breaks."""
        self.look(outcomes)
        for number in sorted(self.unexpected.keys() - self.known):
            self.known.add(number)
            self.say(f"a case that no row expects: {self.unexpected[number]}")
        said = [outcome for outcome in outcomes if self.open_cases(outcome) and self.say_mended(outcome)]
        end = time.monotonic() + DECLARED
        while any(self.open_cases(outcome) for outcome in said) and time.monotonic() < end:
            time.sleep(1)
        for outcome in said:
            self.judge_closing(outcome)
        for outcome in outcomes:
            for number in self.open_cases(outcome):
                self.lab.site.close_case(
                    number, f"it stayed although the part was {outcome.said}" if outcome.said else "nothing was mended")

    def open_cases(self, outcome):
        return [number for number in outcome.cases if self.lab.site.case(number)["summary"]["state"] != "closed"]

    def say_mended(self, outcome):
        """Mends what a case that stays is about, and says so on the server; False where nothing is mended."""
        row = outcome.row
        if row.says is None or outcome.result == "failed":
            return False
        if row.exchange and not self.act(outcome, row.exchange):
            return False
        outcome.mended = time.time()
        details = [self.lab.site.case(number) for number in self.open_cases(outcome)]
        lines = sorted({line for detail in details for line in declarations(detail, row.says)})
        if not self.act(outcome, lambda lab: [lab.run(f"{line} --because 'by the laboratory'") for line in lines]):
            return False
        # Some cases see for themselves that the part was exchanged.
        outcome.said = row.says if lines else ""
        return True

    def judge_closing(self, outcome):
        """What is said to be mended has no open case."""
        still = self.open_cases(outcome)
        if still:
            outcome.result = "not closed"
            outcome.note = f"{', '.join(still)} is open {DECLARED} s after the part was {outcome.said}"
            self.say(f"{outcome.row.name}: {outcome.note}")
            return
        closed = max(self.lab.site.case(number)["summary"]["closedAt"] for number in outcome.cases)
        # It may have closed while the part was still being exchanged.
        outcome.to_closing = max(0, closed / 1000 - outcome.mended)
        self.say(f"{outcome.row.name}: {outcome.said or 'mended'}: closed after {outcome.to_closing:.1f} s")


def chosen(rows, pattern):
    return [row for row in rows if not pattern or re.search(pattern, row.name)]
