"""Manual pages out of what the programs tell of themselves: their commands (`PROGRAM --experimental-dump-help`) and the
keys of their configuration (`PROGRAM check-config --keys`), both JSON.

    packaging/manual_page.py PROGRAM 1|5    # prints the page of a built program
"""

import json
import os
import subprocess
import sys

from version import version


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
        if subcommand["commandName"] != "help" and subcommand.get("shouldDisplay", True):
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


# As Sources/Daemon/ConfigurationFile.swift reads it.
SYNTAX = """\
Each line is KEY = VALUE. Empty lines and lines that begin with # or ; are comments; there are no sections. Files of {path}.d whose \
names end in .conf are read after the file itself, in the order of their names. The last assignment of a key counts; for lists \
(values between commas) every assignment adds to the ones before. An empty value sets a key back to its default.

Times have units as in systemd.time(7): 500ms, 90s, 5min, 2h, 14d; a bare number counts seconds. Sizes are 65536, 64KiB, 64MiB, 2GiB. \
What is yes or no may be true, on, 1 or false, off, 0. * in a key stands for a name of your choice.

A secret never stands in the file: the value is the path of a file that not everyone may read, or the name of a credential \
(LoadCredential= of systemd.exec(5))."""


def paragraphs(text):
    return [line for part in text.split("\n\n") for line in (".PP", roff(part))]


def configuration_page(program, name, file, version):
    """The page of section 5 for the configuration file of the program at a path."""
    answer = subprocess.run([program, "check-config", "--keys"], check=True, capture_output=True).stdout
    path = f"/etc/callhome/{file}"
    lines = [
        f'.TH {name.upper()}.CONF 5 "" "Callhome {version}"', ".SH NAME",
        f"{roff(name)}.conf \\- what {roff(name)} is told", ".SH SYNOPSIS", f"{roff(path)}", ".br", f"{roff(path)}.d/*.conf",
        ".SH DESCRIPTION",
        roff(f"Every key has a default, and the file may be missing. {name} check-config tells all that is wrong with it; "
             f"a change counts from the next start: systemctl restart {name}."),
        *paragraphs(SYNTAX.format(path=path)), ".SH KEYS"]
    for key in json.loads(answer):
        default = f"Without it: {key['default']}." if key["default"] else ""
        # As it is written: what stands first may be a value.
        lines += [".TP", f".B {roff(key['name'])}", roff(f"{key['meaning']}. {default}".strip())]
    lines += [".SH SEE ALSO", f".BR {roff(name)} (1)"]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("1", "5"):
        sys.exit(__doc__)
    program, section = sys.argv[1:]
    name = os.path.basename(program)
    if section == "1":
        print(manual_page(program, name, version()), end="")
    else:
        print(configuration_page(program, name, name.removeprefix("callhome-") + ".conf", version()), end="")


if __name__ == "__main__":
    main()
