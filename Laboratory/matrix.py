"""Runs the fault matrix: breaks what a wave holds, waits for the cases, mends, waits for their closing."""

import re
import time
from dataclasses import dataclass, field
from typing import Optional

from faults import Row


@dataclass
class Outcome:
    """What came of one row. Times in seconds."""
    row: Row
    result: str = "no case"  # ok, no case, late, twice, not closed, skipped, failed
    to_case: Optional[float] = None
    to_closing: Optional[float] = None
    cases: list = field(default_factory=list)
    note: str = ""

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
        self.claimed = {}  # case number: outcome
        self.unexpected = {}  # case number: words
        self.known = {case["number"] for case in lab.site.cases()}
        self.outcomes = []

    def run(self):
        for wave in sorted({row.wave for row in self.rows}):
            self.run_wave([row for row in self.rows if row.wave == wave])
        return self.outcomes

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
            elif self.act(outcome, row.inject):
                outcome.injected = time.time()
                outcomes.append(outcome)
            elif row.heal:
                # Half broken is broken.
                self.act_quietly(outcome)
        self.wait_for_cases(outcomes)
        for outcome in outcomes:
            self.mend(outcome)
        self.wait_for_closings([outcome for outcome in outcomes if outcome.row.closes_within and outcome.cases])
        self.tidy(outcomes)

    def act(self, outcome, action):
        try:
            action(self.lab)
            return True
        except Exception as error:  # One row that cannot be broken or mended is no reason to lose the others.
            outcome.result, outcome.note = "failed", f"{type(error).__name__}: {error}"[:300]
            self.say(f"{outcome.row.name}: {outcome.note}")
            return False

    def wait_for_cases(self, outcomes):
        while True:
            self.look(outcomes)
            waiting = [
                outcome for outcome in outcomes
                if not outcome.cases and time.time() < outcome.injected + 2 * outcome.row.within]
            if not waiting:
                break
            time.sleep(1)
        for outcome in outcomes:
            if not outcome.cases:
                self.say(f"{outcome.row.name}: no case within {2 * outcome.row.within} s")

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
        outcome.told = [fault["class"] for fault in detail["faults"]]
        outcome.result = "ok" if outcome.to_case <= outcome.row.within else "late"
        self.say(f"{outcome.row.name}: case after {outcome.to_case:.1f} s: {self.told(detail)}")

    # Afterwards

    def mend(self, outcome):
        if outcome.row.heal and self.act_quietly(outcome):
            outcome.healed = time.time()

    def act_quietly(self, outcome):
        before = outcome.result
        note = outcome.note
        done = self.act(outcome, outcome.row.heal)
        if done:
            outcome.result, outcome.note = before, note
        return done

    def wait_for_closings(self, outcomes):
        waiting = [outcome for outcome in outcomes if hasattr(outcome, "healed")]
        while waiting:
            closed = {case["number"]: case for case in self.lab.site.cases() if case["state"] == "closed"}
            self.look(self.outcomes)
            for outcome in list(waiting):
                case = closed.get(outcome.cases[0])
                if case:
                    outcome.to_closing = case["closedAt"] / 1000 - outcome.healed
                    self.say(f"{outcome.row.name}: closed after {outcome.to_closing:.1f} s")
                    waiting.remove(outcome)
                elif time.time() > outcome.healed + 2 * outcome.row.closes_within:
                    outcome.result = "not closed"
                    self.say(f"{outcome.row.name}: not closed")
                    waiting.remove(outcome)
            time.sleep(1)
        for outcome in outcomes:
            if outcome.to_closing and outcome.to_closing > outcome.row.closes_within:
                outcome.note = f"closed late (limit {outcome.row.closes_within} s)"

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
