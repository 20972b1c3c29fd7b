"""Manual pages out of what the programs tell of themselves (`PROGRAM --experimental-dump-help`, JSON)."""

import json
import subprocess


def roff(text):
    """Text as groff takes it: no line becomes a request, no hyphen a soft one."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def written(name):
    return {"long": "--", "short": "-", "longWithSingleDash": "-"}[name["kind"]] + name["name"]


def argument_lines(argument):
    names = ", ".join(written(name) for name in argument.get("names") or [])
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        head = f"<{value}>"
    elif argument["kind"] == "option":
        head = f"{names} <{value}>"
    else:
        head = names
    text = " ".join(part for part in (argument.get("abstract"), argument.get("discussion")) if part)
    if argument.get("allValues"):
        text += f" One of: {', '.join(argument['allValues'])}."
    if argument.get("defaultValue"):
        text += f" Without it: {argument['defaultValue']}."
    return [".TP", f".B {roff(head)}", roff(text.strip() or "\\&")]


def command_lines(command, above=()):
    """A command and, below it, its subcommands."""
    path = (*above, command["commandName"])
    shown = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
    lines = [f".SS {roff(' '.join(path))}"] if above else []
    if above and command.get("abstract"):
        lines += [roff(command["abstract"]), ".PP"]
    if command.get("discussion"):
        lines += [roff(command["discussion"]).replace("\n", "\n.br\n"), ".PP"]
    for argument in shown:
        lines += argument_lines(argument)
    for subcommand in command.get("subcommands", []):
        if subcommand["commandName"] != "help":
            lines += command_lines(subcommand, path)
    return lines


def manual_page(program, name, version):
    """The page of section 1 for the program at a path."""
    answer = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout
    command = json.loads(answer)["command"]
    lines = [
        f'.TH {name.upper()} 1 "" "Callhome {version}"', ".SH NAME",
        f"{roff(name)} \\- {roff(command['abstract'].rstrip('.'))}", ".SH SYNOPSIS", f".B {roff(name)}",
        "[<subcommand>] [<options>]", ".SH DESCRIPTION", *command_lines(command)]
    return "\n".join(lines) + "\n"
