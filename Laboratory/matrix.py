"""Runs the fault matrix: breaks what a wave holds, waits for the cases, mends, waits for their closing."""

import re
import time
from dataclasses import dataclass, field
from typing import Optional

from faults import Row


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
        """Closes what stays until a part is exchanged, as a technician would, so that the next wave opens cases of its own."""
        self.look(outcomes)
        for number in sorted(self.unexpected.keys() - self.known):
            self.known.add(number)
            self.say(f"a case that no row expects: {self.unexpected[number]}")
        for outcome in outcomes:
            for number in outcome.cases:
                if self.lab.site.case(number)["summary"]["state"] != "closed":
                    self.lab.site.close_case(number, "the laboratory has exchanged the part")


def chosen(rows, pattern):
    return [row for row in rows if not pattern or re.search(pattern, row.name)]
