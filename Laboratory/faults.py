"""What is broken in the laboratory, how it is mended, and what the collector is to say of it.

One row, one fault. Rows of one wave are broken at the same time: they are independent of each other, and the waiting times
of their patterns pass together. A row whose probe the installed agent does not have is skipped, and said so.
"""

from dataclasses import dataclass
from typing import Callable, Optional


@dataclass(frozen=True)
class Row:
    name: str
    wave: int
    # Probes without which it cannot be seen.
    needs: tuple
    inject: Callable
    # How it is done, in words for the table.
    injection: str
    # Classes of faults one of which the case must hold, and what must stand in the name, id, serial or location of its
    # component or first suspect.
    classes: tuple
    part: str
    # Seconds from injection to case; the table says what of it the pattern itself waits.
    within: int
    waits: str
    heal: Optional[Callable] = None
    # Seconds from mending to the closing of the case; None: the pattern stays until the part is exchanged, by design.
    closes_within: Optional[int] = None


def read_disk(lab, disk_serial, times, operation="read"):
    """Reads (or writes) directly, past the cache; errors are what is wanted."""
    if operation == "read":
        what = "dd if=$disk of=/dev/null bs=4096 skip=512 count=1 iflag=direct"
    else:
        what = "dd if=/dev/zero of=$disk bs=4096 seek=512 count=1 oflag=direct"
    lab.run(
        f"disk=$(readlink -f /dev/disk/by-id/*{disk_serial} | head -1); "
        f"for i in $(seq {times}); do {what} 2>/dev/null; done; true", seconds=180)


def sensor_rows():
    return [
        Row("fan stopped", 1, ("chip-sensors",),
            lambda lab: lab.board("lm85 fan2 0; board set lm85 alarms2 0x08"), "tachometer still, alarm raised (i2c-stub)",
            ("fan.seized",), "fan2", 90, "3 samples and 30 s",
            lambda lab: lab.board("lm85 fan2 5150; board set lm85 alarms2 0"), 180),
        Row("fan slow", 1, ("chip-sensors",),
            lambda lab: lab.board("lm85 fan3 700"), "700 rpm, minimum 1200 (i2c-stub)",
            ("fan.below-minimum",), "fan3", 360, "5 min",
            lambda lab: lab.board("lm85 fan3 5300"), 360),
        Row("voltage out of range", 1, ("chip-sensors",),
            lambda lab: lab.board("lm85 volts4 170"), "12 V rail at 10.6 V, minimum 11.1 V (i2c-stub)",
            ("voltage.rail-outside-limits",), "in4", 360, "5 min",
            lambda lab: lab.board("lm85 volts4 192"), 360),
        Row("over-temperature", 1, ("chip-sensors",),
            lambda lab: lab.board("jc42 temp 97"), "memory sensor at 97 °C, critical 95 °C (i2c-stub)",
            ("temperature.above-critical",), "jc42", 120, "2 samples and 1 min",
            lambda lab: lab.board("jc42 temp 36"), 360)]


def memory_rows():
    return [
        Row("corrected memory errors", 1, ("memory-errors",),
            lambda lab: lab.memory_error("ce", channel=0, slot=0, count=60), "60 corrected errors of one DIMM (EDAC)",
            ("memory.corrected-errors",), "DIMM_A1", 60, "one look"),
        Row("uncorrected memory error", 1, ("memory-errors",),
            lambda lab: lab.memory_error("ue", channel=1, slot=0), "one uncorrected error of another DIMM (EDAC)",
            ("memory.uncorrected-error",), "DIMM_B1", 60, "one look")]


def disk_rows():
    return [
        Row("NVMe critical warning", 1, ("disk-health",),
            lambda lab: lab.nvme_warning("nvme0dev", 4), "critical warning bit 2, reliability (QEMU)",
            ("disk.nvme.reliability",), "LABNVME0", 120, "2 samples"),
        Row("NVMe temperature", 2, ("disk-health",),
            lambda lab: (lab.nvme_temperature("nvme1dev").set(83), lab.nvme_warning("nvme1dev", 2)),
            "83 °C and critical warning bit 1 (QEMU)",
            ("disk.nvme.temperature", "disk.temperature-above-limit", "temperature.above-limit"), "LABNVME1", 150,
            "3 samples",
            lambda lab: (lab.nvme_temperature("nvme1dev").set(50), lab.nvme_warning("nvme1dev", 0)), 180),
        Row("pending sectors rising", 1, ("disk-health",),
            lambda lab: lab.ata.set(197, raw=24), "attribute 197 from 0 to 24 (QEMU's memory)",
            ("disk.ata.media-failing",), "LABSATA0", 120, "2 samples"),
        Row("reallocated sectors rising", 2, ("disk-health",),
            lambda lab: lab.ata.set(5, raw=2040), "attribute 5 from 0 to 2040 (QEMU's memory)",
            ("disk.ata.reallocated",), "LABSATA0", 120, "2 samples"),
        Row("attribute below its threshold", 3, ("disk-health",),
            lambda lab: lab.ata.set(5, value=20, worst=20), "attribute 5 at 20, threshold 36 (QEMU's memory)",
            ("disk.ata.attribute-failed",), "LABSATA0", 120, "2 samples")]


def disturbed_rows():
    """A common fault while something else is wrong."""
    return [
        Row("agent killed meanwhile", 4, ("memory-errors",),
            lambda lab: (
                lab.run("systemctl kill -s KILL callhome-agent"), lab.memory_error("ce", channel=0, slot=1, count=60),
                lab.run("sleep 1; systemctl kill -s KILL callhome-agent; true")),
            "SIGKILL, corrected errors, SIGKILL",
            ("memory.corrected-errors",), "DIMM_A2", 120, "one look"),
        Row("agent starved", 5, ("chip-sensors",),
            lambda lab: (
                lab.run("for i in 1 2 3 4 5 6; do systemd-run --unit=load$i -p Nice=-10 "
                        "sh -c 'while :; do :; done'; done"),
                lab.board("lm85 fan4 0; board set lm85 alarms2 0x20")),
            "six busy loops at nice -10, then a fan stops",
            ("fan.seized",), "fan4", 240, "3 samples and 30 s",
            lambda lab: (lab.run("systemctl stop 'load*'"), lab.board("lm85 fan4 4980; board set lm85 alarms2 0")), 300),
        Row("clock wrong by decades", 6, ("chip-sensors",),
            lambda lab: (lab.run("date -s 1998-01-01"), lab.board("lm85 fan1 0; board set lm85 alarms2 0x04")),
            "clock set to 1998, then a fan stops",
            ("fan.seized",), "fan1", 180, "3 samples and 30 s",
            lambda lab: (lab.run("hwclock --hctosys"), lab.board("lm85 fan1 5200; board set lm85 alarms2 0")), 300)]


def prepare(lab):
    """Before the agent looks first: attributes that QEMU's SATA disk lacks, at nought."""
    for old, new in ((3, 197), (4, 198)):
        lab.ata.rename(old, new)
        lab.ata.set(new, raw=0, value=100, worst=100)


ROWS = sensor_rows() + memory_rows() + disk_rows() + disturbed_rows()
