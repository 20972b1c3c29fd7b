"""Values that QEMU keeps for its made-up disks and offers no command for: they are changed in the memory of its process.

Needs root, and the layout of Debian 12's QEMU 7.2, which is looked for and never assumed: whatever is not found exactly
once is an error.
"""

import os
import re
import struct

CELSIUS_AT_ZERO_KELVIN = 273
# NvmeCtrl starts at 323 K.
NVME_START_KELVIN = 0x143
# smart_attributes of hw/ide/core.c: twelve ints a row; the first rows have these attribute ids.
ATA_ROW_INTS = 12
ATA_IDS = [1, 3, 4, 5, 9, 12]


class NotFound(Exception):
    """The value is not where this QEMU should have it."""


class ProcessMemory:
    """The memory of a running process."""

    def __init__(self, pid):
        self.pid = pid

    def areas(self):
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as file:
            for line in file:
                begin, end, rights, name = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)", line).groups()
                yield int(begin, 16), int(end, 16), rights, name

    def find(self, pattern, wanted, longest=1 << 30):
        """Addresses of a byte string in the areas for which `wanted(rights, name)` holds."""
        found = []
        with open(f"/proc/{self.pid}/mem", "rb", 0) as memory:
            for begin, end, rights, name in self.areas():
                if end - begin > longest or not wanted(rights, name):
                    continue
                try:
                    memory.seek(begin)
                    data = memory.read(end - begin)
                except OSError:
                    continue  # An area that cannot be read, such as [vvar].
                at = data.find(pattern)
                while at >= 0:
                    found.append(begin + at)
                    at = data.find(pattern, at + 1)
        return found

    def read(self, address, length):
        with open(f"/proc/{self.pid}/mem", "rb", 0) as memory:
            memory.seek(address)
            return memory.read(length)

    def write(self, address, data):
        with open(f"/proc/{self.pid}/mem", "r+b", 0) as memory:
            memory.seek(address)
            memory.write(data)


class ATAAttributes:
    """The SMART table that all emulated SATA disks share."""

    def __init__(self, memory):
        self.memory = memory
        start = struct.pack("<3i", 1, 3, 0)
        tables = [
            address for address in memory.find(start, lambda rights, name: "qemu-system" in name and "r" in rights)
            if self.ids(address) == ATA_IDS]
        if len(tables) != 1:
            raise NotFound(f"{len(tables)} SMART tables in QEMU")
        self.table = tables[0]

    def ids(self, table):
        return [struct.unpack("<i", self.memory.read(table + 4 * ATA_ROW_INTS * row, 4))[0]
                for row in range(len(ATA_IDS))]

    def row(self, attribute):
        for row in range(len(ATA_IDS) + 1):
            address = self.table + 4 * ATA_ROW_INTS * row
            if struct.unpack("<i", self.memory.read(address, 4))[0] == attribute:
                return address
        raise NotFound(f"no SMART attribute {attribute}")

    def set(self, attribute, raw=None, value=None, worst=None):
        """A row is id, two flag bytes, value, worst, six raw bytes and the threshold, each in an int."""
        row = self.row(attribute)
        if value is not None:
            self.memory.write(row + 12, struct.pack("<i", value))
        if worst is not None:
            self.memory.write(row + 16, struct.pack("<i", worst))
        if raw is not None:
            self.memory.write(row + 20, struct.pack("<6i", *raw.to_bytes(6, "little")))

    def rename(self, attribute, new):
        """Makes another attribute of a row, such as 197 (pending sectors), which QEMU's disks lack."""
        self.memory.write(self.row(attribute), struct.pack("<i", new))


class ATAPowerMode:
    """What all emulated SATA disks answer to CHECK POWER MODE: QEMU's never sleep, and so say that they do not.

    The answer is a constant in QEMU's code: s->nsector = 0xff; return true (cmd_check_power_mode of hw/ide/core.c).
    """
    # ATA/ATAPI Command Set 3 (ACS-3), CHECK POWER MODE.
    STANDBY, ACTIVE = b"\x00", b"\xff"
    BEFORE = b"\xc7\x87\x8c\x02\x00\x00"
    AFTER = b"\x00\x00\x00\xb8\x01\x00\x00\x00\xc3"

    def __init__(self, memory):
        self.memory = memory
        found = memory.find(
            self.BEFORE + self.ACTIVE + self.AFTER, lambda rights, name: "qemu-system" in name and "x" in rights)
        if len(found) != 1:
            raise NotFound(f"{len(found)} places may be the answer to CHECK POWER MODE")
        self.address = found[0] + len(self.BEFORE)

    def set(self, mode):
        self.memory.write(self.address, mode)


class NVMeTemperature:
    """The temperature of one emulated NVMe disk: it stands before `smart_critical_warning`, which the monitor can set."""

    def __init__(self, memory, machine, device):
        self.memory = memory
        path = f"/machine/peripheral/{device}"
        before = machine.monitor.ask("qom-get", {"path": path, "property": "smart_critical_warning"})
        found = None
        for mark in (1, 8, 9, 16, 25):
            machine.monitor.ask("qom-set", {"path": path, "property": "smart_critical_warning", "value": mark})
            pattern = NVME_START_KELVIN.to_bytes(2, "little") + bytes([mark])
            here = set(memory.find(pattern, lambda rights, name: rights.startswith("rw") and name in ("", "[heap]")))
            found = here if found is None else found & here
        machine.monitor.ask("qom-set", {"path": path, "property": "smart_critical_warning", "value": before})
        if len(found) != 1:
            raise NotFound(f"{len(found)} places may be the temperature of {device}")
        self.address = found.pop()

    def set(self, celsius):
        self.memory.write(self.address, (celsius + CELSIUS_AT_ZERO_KELVIN).to_bytes(2, "little"))


def is_possible():
    """Whether this process may write another's memory."""
    return os.geteuid() == 0
