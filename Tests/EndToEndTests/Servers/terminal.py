"""Runs a command with a terminal at which somebody answers, and with a file as standard input.

    terminal.py ANSWER FILE COMMAND [ARGUMENT...]

Prints what the terminal showed; ends as the command did.
"""
import os
import pty
import sys

answer, file, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.dup2(os.open(file, os.O_RDONLY), 0)
    os.execvp(command[0], command)
shown = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # the command closed its end
        break
    if not piece:
        break
    shown += piece
    if piece.rstrip().endswith(b"[yes/no]"):
        os.write(terminal, answer.encode() + b"\n")
print(shown.decode(), flush=True)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
