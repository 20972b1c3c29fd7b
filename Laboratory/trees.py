"""Recorded trees of machines, made ready so that any program can be shown them.

Archives and folders of recordings differ: some hold `/sys` and `/proc` of a machine, some a class or a bus of it, and some
lost their links on the way. What a kernel would have made of the same devices is made again; no value is.
"""

import glob
import os
import re
import shutil
import tarfile
from dataclasses import dataclass

# The folders of /sys that a recording may begin with when it begins below /sys.
BELOW_SYS = {"block", "bus", "class", "dev", "devices", "firmware", "fs", "kernel", "module"}
# Kinds of recordings that are trees, with where in /sys the part of a tree was taken from.
KINDS = {"sysfs": "sys", "aer": "sys", "edac": "sys/devices/system/edac", "nic": "sys/class/infiniband"}
# Put together or edited for the tests of programs: their values are real in form only.
EDITED = {"node_exporter-sys", "procfs-sys", "node_exporter-edac", "telegraf-temp-general", "telegraf-temp-with_name"}
# What a kernel always has, and a program without it would read of the machine that it runs on.
EMPTY_FILES = ["proc/diskstats", "proc/mdstat", "proc/net/dev", "proc/self/net/dev", "proc/interrupts"]
# Class of a device folder by its name, as kernels link it from /sys/class.
CLASS_BY_FOLDER = [
    (re.compile(r"/hwmon/?(hwmon\d+)$"), "hwmon"), (re.compile(r"/(hwmon\d+)$"), "hwmon"),
    (re.compile(r"/thermal/((?:thermal_zone|cooling_device)\d+)$"), "thermal"),
    (re.compile(r"/powercap/.*?([^/]+:\d+)$"), "powercap"), (re.compile(r"/net/([^/]+)$"), "net"),
    (re.compile(r"/nvme/(nvme\d+)$"), "nvme"), (re.compile(r"/power_supply/([^/]+)$"), "power_supply"),
    (re.compile(r"/scsi_host/(host\d+)$"), "scsi_host"), (re.compile(r"/infiniband/([^/]+)$"), "infiniband"),
    (re.compile(r"/enclosure/([^/]+)$"), "enclosure"), (re.compile(r"/dmi/(id)$"), "dmi"),
    (re.compile(r"/rtc/(rtc\d+)$"), "rtc"), (re.compile(r"/watchdog/(watchdog\d+)$"), "watchdog")]
PCI_ADDRESS = re.compile(r"/([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$")
LONGEST_LINK = 300


@dataclass(frozen=True)
class Tree:
    """One recording; `path` is an archive or a folder."""
    kind: str
    name: str
    path: str

    @property
    def is_edited(self):
        return self.name in EDITED


def recorded(fixtures):
    """All recorded trees, in order of their names."""
    found = []
    for kind in KINDS:
        for path in sorted(glob.glob(f"{fixtures}/{kind}/*")):
            if os.path.isdir(path) or path.endswith(".tar.bz2"):
                found.append(Tree(kind, os.path.basename(path).removesuffix(".tar.bz2"), path))
    return found


def make_ready(tree, folder):
    """Unpacks a recording as `folder`/sys and `folder`/proc."""
    shutil.rmtree(folder, ignore_errors=True)
    raw = f"{folder}/raw"
    if os.path.isdir(tree.path):
        shutil.copytree(tree.path, raw, symlinks=True)
    else:
        with tarfile.open(tree.path) as archive:
            archive.extractall(raw)
    for place, folders, _ in os.walk(raw):
        os.chmod(place, 0o755)
    top = raw
    while not {"sys", "proc"} & set(os.listdir(top)) and len(os.listdir(top)) == 1 and tree.kind == "sysfs":
        if BELOW_SYS & set(os.listdir(top)):
            break
        top = os.path.join(top, os.listdir(top)[0])
    if {"sys", "proc"} & set(os.listdir(top)):
        for name in os.listdir(top):
            os.rename(f"{top}/{name}", f"{folder}/{name}")
    else:
        place = f"{folder}/{KINDS[tree.kind]}"
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.rename(top, place)
    shutil.rmtree(raw, ignore_errors=True)
    os.makedirs(f"{folder}/sys", exist_ok=True)
    restore_links(f"{folder}/sys")
    link_classes(f"{folder}/sys")
    for name in EMPTY_FILES:
        fill(f"{folder}/{name}", "")
    processors = sorted(
        int(os.path.basename(path)[3:]) for path in glob.glob(f"{folder}/sys/devices/system/cpu/cpu[0-9]*"))
    fill(f"{folder}/proc/stat", "".join(f"cpu{number} 0 0 0 0 0 0 0 0 0 0\n" for number in ["", *processors]))


def fill(path, text):
    if not os.path.lexists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def restore_links(top):
    """A link that went through version control without links is a small file that holds its target."""
    for place, _, names in os.walk(top):
        for name in names:
            path = f"{place}/{name}"
            if os.path.islink(path) or os.path.getsize(path) > LONGEST_LINK:
                continue
            with open(path, "rb") as file:
                target = file.read().decode("utf-8", "replace")
            if target.startswith("../") and "\n" not in target.strip() and os.path.exists(f"{place}/{target.strip()}"):
                os.remove(path)
                os.symlink(target.strip(), path)


def link_classes(top):
    """Links devices from /sys/class and /sys/bus/pci, where the recording has the devices alone."""
    for place, folders, _ in os.walk(f"{top}/devices"):
        for name in folders:
            path = f"{place}/{name}"
            if os.path.islink(path):
                continue
            for form, kind in CLASS_BY_FOLDER:
                match = form.search(path)
                if match:
                    link(f"{top}/class/{kind}/{match[1]}", path)
                    if kind != "dmi":
                        link(f"{path}/subsystem", f"{top}/class/{kind}", dangling=True)
                        up = os.path.dirname(path)
                        up = os.path.dirname(up) if os.path.basename(up) == kind else up
                        if not up.endswith("/devices/virtual"):
                            link(f"{path}/device", up)
                    break
            match = PCI_ADDRESS.search(path)
            if match:
                link(f"{top}/bus/pci/devices/{match[1]}", path)
                link(f"{path}/subsystem", f"{top}/bus/pci")
        if "/block/" in f"{place}/" and os.path.exists(f"{place}/stat") and os.path.basename(
                os.path.dirname(place)) == "block":
            link(f"{top}/block/{os.path.basename(place)}", place)
            link(f"{top}/class/block/{os.path.basename(place)}", place)


def link(path, target, dangling=False):
    if os.path.lexists(path) or not (dangling or os.path.exists(target)):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(os.path.relpath(target, os.path.dirname(path)), path)
