"""The result table in Markdown."""


def seconds(value):
    return "" if value is None else f"{value:.0f} s"


def table(outcomes):
    lines = [
        "| fault | injected | case | part named | to the case | of it waits the pattern | limit | closed after mending | "
        "result |", "|---|---|---|---|---|---|---|---|---|"]
    for outcome in outcomes:
        row = outcome.row
        told = ", ".join(sorted(set(row.classes) & set(outcome.classes))) or ", ".join(row.classes)
        case = f"`{told}` {outcome.urgency}" if told else "none"
        closing = seconds(outcome.to_closing)
        if outcome.said and closing:
            closing += f", said to be {outcome.said}"
        elif row.closes_within is None and outcome.cases and not closing:
            closing = "later, by design"
        result = outcome.result + (f": {outcome.note}" if outcome.note else "")
        lines.append(
            f"| {row.name} | {row.injection} | {case} | {row.part} | "
            f"{seconds(outcome.to_case)} | {row.waits} | {row.within} s | {closing} | {result} |")
    return "\n".join(lines)


def page(date, about, outcomes, unexpected, healthy):
    good = sum(outcome.result == "ok" for outcome in outcomes)
    skipped = sum(outcome.result == "skipped" for outcome in outcomes)
    text = [
        "# Results of the laboratory", "",
        f"{date}: {good} of {len(outcomes)} rows as they should be, {skipped} skipped. `make lab` writes this page.", "",
        *about, "",
        "*Said to be replaced, or repaired*: the case stays until the part is exchanged, or for the hours or days that the "
        "pattern looks back; when the wave is over the part is mended and that is said on the server (`callhome replaced`, "
        "`callhome repaired`), and the case has to close by it. *Later, by design*: nothing is mended.", "",
        table(outcomes), "", "## Cases that no row expected", ""]
    text += [f"- {words}" for words in unexpected] or ["None."]
    text += ["", "## Healthy running", "", *healthy, ""]
    return "\n".join(text)
