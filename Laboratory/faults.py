"""What is broken in the laboratory, how it is mended, and what the collector is to say of it.

One row, one fault. Rows of one wave are broken at the same time: they are independent of each other, and the waiting times
of their patterns pass together. What one pattern would put down to another fault of the table (hot parts to a stopped fan,
rails to a failed power supply) is in another wave. A row whose probe the installed agent does not have is skipped, and said so.
"""

import time
from dataclasses import dataclass
from typing import Callable, Optional

from machine import DISKS


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
    # component or first suspect. No classes: no case may come.
    classes: tuple
    part: str
    # Seconds from injection to case; the table says what of it the pattern itself waits.
    within: int
    waits: str
    heal: Optional[Callable] = None
    # Seconds from mending to the closing of the case; None: the pattern stays until the part is exchanged, by design.
    closes_within: Optional[int] = None
    # For a case that stays: puts a good part in the place of the broken one; None: there is no more to it than to say so.
    exchange: Optional[Callable] = None
    # What is said of the part on the server then (`callhome replaced`, `callhome repaired`): one that keeps its serial number
    # is the same part, and was repaired. None: nothing is mended, and the case is closed by hand.
    says: Optional[str] = "replaced"
    # Looked at when the time is over, where no case may come: raises if something else is wrong.
    proof: Optional[Callable] = None


# Sectors of 512 bytes that injections break: a place that is tried again and again is one error, so there are several.
BAD_SECTORS = [4096 + 800 * number for number in range(12)]
# Machine check status of a corrected read error in a second-level cache: valid, enabled, address and misc valid, one
# error; MCACOD 0000 0001 RRRR TTLL (Intel SDM 3B, 16.9.2).
CACHE_ERROR = 0x8C00004000010136
# Of an uncorrected one that software may act on, found by the memory scrubber (SRAO): MCACOD 00C0h.
SCRUBBED_ERROR = 0xBD000000000000C0


def device(name):
    """The guest's name of a disk, as a shell finds it."""
    return f"$(readlink -f $(ls /dev/disk/by-id/*LAB{name.upper()}* | grep -v -e -part | head -1))"


def read_disk(lab, name):
    """Reads the bad sectors directly, past the cache; that it fails is what is wanted."""
    blocks = " ".join(str(sector // 8) for sector in BAD_SECTORS)
    lab.run(
        f"for block in {blocks}; do dd if={device(name)} of=/dev/null bs=4096 skip=$block count=1 iflag=direct "
        "2>/dev/null; done; true", seconds=180)


def put_another_disk(lab):
    """A blank disk in the slot of the one that was pulled, taken into the array and written through."""
    lab.machine.plug_nvme("nvme1", f"{DISKS['nvme1']}NEW")
    lab.run(
        f"for second in $(seq 60); do [ -b \"{device('nvme1')}\" ] && break; sleep 1; done; "
        "mdadm /dev/md/second --remove detached; mdadm /dev/md/second --remove failed; "
        # Nothing to wait for is no failure: it may be done already.
        f"mdadm /dev/md/second --add {device('nvme1')} && {{ mdadm --wait /dev/md/second; true; }}", seconds=240)


def voltage_drifts(lab):
    lab.run("systemd-run --unit=drift sh -c "
            "'for volts in $(seq 191 -1 167); do /usr/lib/laboratory/board set lm85 volts3 $volts; sleep 15; done'")


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
        Row("voltage drifting", 7, ("chip-sensors",), voltage_drifts,
            "5 V rail sinks from 5.0 V by 26 mV every 15 s to 4.35 V, minimum 4.505 V (i2c-stub). What foretells it from its "
            "trend is in shadow, and that it has drifted away is told after 6 h, by design",
            ("voltage.rail-outside-limits",), "in3", 900, "its sinking below the minimum takes 285 s, then 5 min",
            lambda lab: lab.board("lm85 volts3 192"), 360),
        Row("over-temperature", 2, ("chip-sensors",),
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
        Row("disk read error", 1, ("kernel-log",),
            lambda lab: (lab.machine.disk_error("scsi0", BAD_SECTORS), read_disk(lab, "scsi0")),
            "twelve sectors fail, and each is read once (blkdebug)",
            ("disk.io-errors",), "LABSCSI0", 90, "10 errors",
            exchange=lambda lab: lab.machine.disk_heal("scsi0"), says="repaired"),
        Row("disk dead", 1, ("kernel-log",),
            lambda lab: (lab.machine.disk_dead("scsi3"), read_disk(lab, "scsi3")),
            "every read and write fails (blkdebug)",
            ("disk.io-errors", "disk.gone-offline"), "LABSCSI3", 90, "10 errors",
            exchange=lambda lab: (
                lab.machine.disk_heal("scsi3"),
                # A disk that the kernel gave up stays given up until somebody says otherwise.
                lab.run(f"echo running >/sys/block/$(basename {device('scsi3')})/device/state")), says="repaired"),
        Row("disk stands still", 1, ("disk-latency",),
            lambda lab: (
                lab.run(f"echo 3600 >/sys/block/$(basename {device('scsi4')})/device/timeout"),
                lab.machine.disk_slow("scsi4", 1),
                lab.run(f"systemd-run --unit=slow dd if={device('scsi4')} of=/dev/null bs=4096 count=4 iflag=direct")),
            "throttled to one byte a second, and read (QEMU). A disk that is merely slow is told after 3 h, by design",
            ("disk.stalled",), "LABSCSI4", 360, "120 s, then 2 samples",
            lambda lab: lab.machine.disk_heal("scsi4"), 900),
        Row("RAID1 member lost", 1, ("raid",),
            lambda lab: (
                lab.machine.disk_dead("scsi1"),
                lab.run("dd if=/dev/urandom of=/dev/md/first bs=64k count=4 oflag=direct conv=fsync; true")),
            "every read and write of a member fails (blkdebug), and the array is written",
            ("disk.dropped-from-array",), "LABSCSI1", 150, "2 samples",
            lambda lab: (
                lab.machine.disk_heal("scsi1"),
                lab.run(f"mdadm /dev/md/first --remove {device('scsi1')}; mdadm --zero-superblock {device('scsi1')}; "
                        f"mdadm /dev/md/first --add {device('scsi1')}")),
            # That the kernel dropped it is forgiven after a quarter of an hour in sync.
            1200),
        Row("disk pulled", 2, ("raid",),
            lambda lab: lab.machine.monitor.ask("device_del", {"id": "nvme1dev"}),
            "the NVMe disk of an array is unplugged (PCIe hot-plug)",
            ("disk.dropped-from-array",), "LABNVME1", 150, "2 samples", exchange=put_another_disk),
        Row("NVMe critical warning", 1, ("disk-health",),
            lambda lab: lab.nvme_warning("nvme0dev", 4), "critical warning bit 2, reliability (QEMU)",
            ("disk.nvme.reliability",), "LABNVME0", 1500, "2 samples 10 min apart",
            exchange=lambda lab: lab.nvme_warning("nvme0dev", 0), says="repaired"),
        Row("NVMe temperature", 7, ("chip-sensors",),
            lambda lab: (lab.nvme_temperature("nvme0dev").set(101)),
            "101 °C, critical 100 °C (QEMU's memory)",
            ("disk.temperature-above-limit", "disk.nvme.temperature"), "LABNVME0", 240, "3 samples, one a minute: each is a command to the disk",
            lambda lab: (lab.nvme_temperature("nvme0dev").set(50)), 420),
        Row("pending sectors and other SMART attributes rising", 1, ("disk-health",),
            lambda lab: (lab.ata.set(197, raw=24), lab.ata.set(198, raw=24), lab.ata.set(5, raw=2040)),
            "attributes 197 and 198 from 0 to 24, 5 from 0 to 2040 (QEMU's memory)",
            ("disk.ata.media-failing", "disk.ata.several-symptoms", "disk.hdd.failure-likely"), "LABSATA0", 1500,
            "2 samples 10 min apart",
            exchange=lambda lab: [lab.ata.set(number, raw=0) for number in (197, 198, 5)], says="repaired")]


def processor_rows():
    def cache_errors(lab):
        for _ in range(4):
            lab.machine.command_line(f"mce 0 3 {CACHE_ERROR:#x} 0 0x12346040 0x86")
            time.sleep(2)

    return [
        Row("corrected machine checks", 1, ("machine-checks",), cache_errors,
            "4 corrected errors of a second-level cache (QEMU's mce)",
            ("cpu.cache-errors",), "cpu", 60, "3 errors"),
        Row("uncorrected machine check", 7, ("machine-checks",),
            lambda lab: lab.machine.command_line(f"mce -b 0 9 {SCRUBBED_ERROR:#x} 0x5 0x12346000 0x8c"),
            "one that the memory scrubber found; the kernel takes the page out (QEMU's mce)",
            ("memory.poisoned", "memory.uncorrected-error", "cpu.uncorrected-error"), "server:main", 120, "one event",
            # The kernel keeps the page out until the next start.
            says=None)]


def link_rows():
    return [
        Row("PCIe correctable errors", 1, ("pcie",),
            lambda lab: lab.run("for i in 1 2 3 4 5 6 7 8; do pcie-error 01:00.0 0x40 0; sleep 0.5; done"),
            "8 bad TLPs of a network card (aer_inject)",
            ("pcie.corrected-link-errors",), "0000:01:00.0", 60, "6 errors", says="repaired"),
        Row("PCIe fatal error", 2, ("pcie",),
            lambda lab: lab.run("pcie-error 01:00.0 0 0x10"),
            "one data link protocol error of a network card (aer_inject)",
            ("pcie.fatal-error",), "0000:01:00.0", 60, "one error")]


def link_down(lab):
    for _ in range(8):
        for state in ("off", "on"):
            lab.machine.command_line(f"set_link nic1 {state}")
            time.sleep(2)


def network_rows():
    return [
        Row("link down and up again", 1, ("network",), link_down, "the cable of a network card is out 8 times (QEMU)",
            ("nic.flapping",), "52:54:00:00:00:02", 60, "6 changes; one that is out for good is told by no pattern, by design",
            says="repaired")]


def sensor_of_bmc(name, bit):
    """Puts a state of a discrete sensor of the BMC on, and off."""
    return (lambda lab: lab.bmc.set_bit(name, bit, True)), (lambda lab: lab.bmc.set_bit(name, bit, False))


def restart_bmc(lab):
    lab.bmc.stop()
    time.sleep(90)
    lab.bmc.start()


def bmc_is_read_again(lab):
    coverage = {probe["probe"]: probe for probe in lab.site.server()["coverage"]}
    if coverage["ipmi"]["state"] != "ok":
        raise AssertionError(f"ipmi is {coverage['ipmi']['state']}: {coverage['ipmi']['because']}")


def battery_low(lab):
    """The pattern waits a day, so that a cold night is no fault, and no clock put forward shortens that: the laboratory's
    pack (`laboratory.PATIENCE`) has it wait five minutes."""
    lab.bmc.set_value("VBAT", 110)


def management_rows():
    supply, mains = sensor_of_bmc("PSU1 Status", 1), sensor_of_bmc("PSU2 Status", 3)
    cover, drive = sensor_of_bmc("Chassis Intr", 0), sensor_of_bmc("Drive Slot 0", 1)
    return [
        Row("power supply failed", 2, ("ipmi",), supply[0], "PSU1 Status: failure detected (ipmi_sim, with SEL entry)",
            ("psu.failed",), "psu:ipmi/1", 240, "3 samples", exchange=supply[1]),
        Row("mains of a power supply lost", 1, ("ipmi",), mains[0],
            "PSU2 Status: input lost (ipmi_sim, with SEL entry)",
            ("psu.input-lost",), "psu:ipmi/2", 240, "2 samples", mains[1], 240),
        Row("chassis opened", 1, ("ipmi",), cover[0], "Chassis Intr: general intrusion (ipmi_sim, with SEL entry)",
            ("chassis.intrusion",), "Chassis Intr", 240, "2 samples", cover[1], 240),
        Row("drive fault in the event log", 1, ("ipmi",), drive[0], "Drive Slot 0: fault (ipmi_sim, with SEL entry)",
            ("enclosure.slot-fault", "hardware.says-failed"), "Drive Slot 0", 480, "2 samples and 5 min", drive[1], 480),
        # What the log said is watched for a day after it, whatever the fan does.
        Row("chassis fan slow", 1, ("ipmi",), lambda lab: lab.bmc.set_value("FAN1", 4), "FAN1 at 400 rpm (ipmi_sim)",
            ("fan.critical-alarm", "fan.logged-critical"), "FAN1", 600, "one entry in the event log",
            exchange=lambda lab: lab.bmc.set_value("FAN1", 56)),
        Row("management controller restarts", 3, ("ipmi",), restart_bmc, "the BMC is away for 90 s", (), "", 420,
            "no case", proof=bmc_is_read_again),
        Row("board battery low", 9, ("ipmi",), battery_low,
            "VBAT at 2.2 V (ipmi_sim); the laboratory's pack waits 5 min instead of a day",
            ("board-battery.low",), "battery of the main board", 600, "3 samples and 5 min",
            exchange=lambda lab: lab.bmc.set_value("VBAT", 152))]


def disturbed_rows():
    """A common fault while something else is wrong."""
    return [
        Row("agent killed meanwhile", 3, ("chip-sensors",),
            lambda lab: (
                lab.board("lm85 fan1 0; board set lm85 alarms2 0x04"),
                lab.run("for i in 1 2; do sleep 12; systemctl kill -s KILL callhome-agent; done")),
            "a fan stops; SIGKILL 12 s and 24 s later",
            ("fan.seized",), "fan1", 150, "3 samples and 30 s",
            lambda lab: lab.board("lm85 fan1 5200; board set lm85 alarms2 0"), 180),
        Row("agent starved", 4, ("chip-sensors",),
            lambda lab: (
                lab.run("for i in 1 2 3 4 5 6; do systemd-run --unit=load$i sh -c 'while :; do :; done'; done"),
                lab.board("lm85 fan4 0; board set lm85 alarms2 0x20")),
            "six busy loops on two processors, at higher priority than the agent's; then a fan stops",
            ("fan.seized",), "fan4", 240, "3 samples and 30 s",
            lambda lab: (lab.run("systemctl stop 'load*'"), lab.board("lm85 fan4 4980; board set lm85 alarms2 0")), 300),
        Row("management controller hangs meanwhile", 8, ("chip-sensors", "ipmi"),
            lambda lab: (lab.bmc.hang(), lab.board("lm85 fan2 0; board set lm85 alarms2 0x08")),
            "the BMC takes commands and never answers (ipmi_sim stopped); then a fan stops",
            ("fan.seized",), "fan2", 90, "3 samples and 30 s",
            lambda lab: (lab.bmc.go_on(), lab.board("lm85 fan2 5150; board set lm85 alarms2 0")), 300),
        Row("clock wrong by decades", 5, ("chip-sensors",),
            lambda lab: (lab.run("date -s 1998-01-01"), lab.board("lm85 fan1 0; board set lm85 alarms2 0x04")),
            "clock set to 1998, then a fan stops",
            ("fan.seized",), "fan1", 180, "3 samples and 30 s",
            lambda lab: (lab.run("hwclock --hctosys"), lab.board("lm85 fan1 5200; board set lm85 alarms2 0")), 300)]


def prepare(lab):
    """Before the agent looks first: two arrays, and attributes that QEMU's SATA disk lacks, at nought."""
    for name, members in (("first", ("scsi1", "scsi2")), ("second", ("nvme1", "scsi5"))):
        lab.run(
            f"mdadm --create /dev/md/{name} --name={name} --level=1 --raid-devices=2 --metadata=1.2 --run "
            f"--assume-clean {' '.join(device(member) for member in members)}")
    for old, new in ((3, 197), (4, 198)):
        lab.ata.rename(old, new)
        lab.ata.set(new, raw=0, value=100, worst=100)


ROWS = (
    sensor_rows() + memory_rows() + disk_rows() + processor_rows() + link_rows() + network_rows() + management_rows()
    + disturbed_rows())
