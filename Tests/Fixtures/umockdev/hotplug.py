"""Plugs a disk into an empty made-up machine and pulls it, while COMMAND prints what it sees.

hotplug.py COMMAND...: COMMAND prints one line whenever it has looked; each line is passed on. After the first line the
disk is plugged, after the first line that names it the disk is pulled, and after the next line without it all is over.
Before it is pulled some program closes the disk ten times, which is told with SYNTH_UUID and must make nobody look: a line
that comes within three seconds of it is passed on with "looked for nothing" before it.
"""
import select
import subprocess
import sys

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

testbed = UMockdev.Testbed.new()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, bufsize=0)
disk = None
was_seen = False
for read in child.stdout:
    line = read.decode()
    print(line, end="", flush=True)
    if disk is None:
        disk = testbed.add_device(
            "block", "sdz", None, ["size", "1000"],
            ["ID_WWN", "0x5000123400000009", "ID_SERIAL_SHORT", "HOT1", "ID_MODEL", "MADEUP_HOT", "DEVTYPE", "disk"])
        testbed.uevent(disk, "add")
    elif not was_seen and "0x5000123400000009" in line:
        was_seen = True
        testbed.set_property(disk, "SYNTH_UUID", "0")
        for _ in range(10):
            testbed.uevent(disk, "change")
        if select.select([child.stdout], [], [], 3)[0]:
            print("looked for nothing: ", end="", flush=True)
        testbed.uevent(disk, "remove")
        testbed.remove_device(disk)
    elif was_seen and "0x5000123400000009" not in line:
        break
child.terminate()
child.wait(30)
