"""Disks and a management controller that stop answering, and what becomes of all else meanwhile."""

import json
import time
from dataclasses import dataclass, field

import disk_commands
import faults

# Seconds of quiet and of standstill; IPMI's deadline, the longest of those that hang, passes within.
QUIET, STANDSTILL, RECOVERY = 150, 330, 900
# Those that what hangs belongs to.
TOUCHED = ("disk-health", "ipmi")
# Of an interval, and of seconds, by which knowledge may get older than the interval: a look takes its time, too.
SLACK, SLACK_SECONDS = 1.5, 10
# Processes that may be out: the agent, one program for each thing that hangs (two disks, the BMC), and one that works.
PROCESSES = 5
THROTTLED = "scsi4"


@dataclass
class Standstill:
    quiet: dict
    during: dict
    intervals: dict
    # Runs of smartctl by disk while nothing answered.
    asked: dict
    silent: list
    # Seconds from mending until it was asked and answered.
    back: dict = field(default_factory=dict)
    processes_after: int = 0

    def limit(self, probe):
        return self.intervals[probe] * SLACK + SLACK_SECONDS

    @property
    def others(self):
        """Probes that had something to see and that nothing hangs of."""
        return [
            name for name, probe in self.quiet["probes"].items()
            if name not in TOUCHED and probe["states"][-1][1] == "ok" and self.limit(name) < STANDSTILL]

    @property
    def late(self):
        return [
            name for name in self.others
            if self.during["probes"][name]["oldest"] > self.limit(name)
            or any(state != "ok" for _, state, _ in self.during["probes"][name]["states"])]

    def table(self):
        lines = [
            "| probe | interval | oldest knowledge, quiet | while nothing answers | looks meanwhile | limit |",
            "|---|---|---|---|---|---|"]
        for name in self.others:
            lines.append(
                f"| {name} | {self.intervals[name]:.0f} s | {self.quiet['probes'][name]['oldest']} s | "
                f"{self.during['probes'][name]['oldest']} s | {self.during['probes'][name]['looks']} | "
                f"{self.limit(name):.0f} s |")
        return lines


def start_watching(lab, seconds, name):
    lab.run(f"systemd-run --unit={name} --property=StandardOutput=file:/run/{name}.json looks ages {seconds}")


def watched(lab, name, seconds):
    lab.run(f"while systemctl --quiet is-active {name}; do sleep 1; done", seconds=seconds + 120)
    return json.loads(lab.run(f"cat /run/{name}.json"))


def answers(lab, silent):
    """Of the kernel's scsi_debug: it takes commands and drops each of them (opts 4), or answers again."""
    lab.run(f"cd /sys/bus/pseudo/drivers/scsi_debug; echo {1 if silent else 0} >every_nth; echo {4 if silent else 0} >opts")


def measure(lab, debug_disks, say):
    intervals = {
        line.split(".")[1]: float(line.split(" = ")[1].rstrip("s"))
        for line in lab.run("callhome-agent check-config").splitlines() if ".interval = " in line and line[:6] == "probe."}
    start_watching(lab, QUIET, "quiet")
    quiet = watched(lab, "quiet", QUIET)
    say(f"quiet: {max(quiet['processes'])} processes at most")
    lab.run("looks told")
    disk = faults.device(THROTTLED)
    lab.run(f"echo 3600 >/sys/block/$(basename {disk})/device/timeout")
    lab.machine.disk_slow(THROTTLED, 1)
    lab.run(f"systemd-run --unit=slow dd if={disk} of=/dev/null bs=4096 count=4 iflag=direct")
    answers(lab, silent=True)
    lab.bmc.hang()
    start_watching(lab, STANDSTILL, "standstill")
    for _ in range(3):
        lab.run("looks prompt")
        time.sleep(STANDSTILL / 3)
    during = watched(lab, "standstill", STANDSTILL)
    asked = json.loads(lab.run("looks told"))["runs"]
    found = Standstill(quiet, during, intervals, asked, debug_disks)
    say(f"standstill: late are {found.late or 'none'}, processes {max(during['processes'])} at most, asked {asked}")
    lab.bmc.go_on()
    answers(lab, silent=False)
    lab.machine.disk_heal(THROTTLED)
    recover(lab, found, say)
    return found


def recover(lab, found, say):
    """Waits until both are asked again and answer."""
    def coverage():
        return json.loads(lab.run("looks coverage"))

    before = coverage()["ipmi"].get("lastSuccess")
    begun, prompted = time.monotonic(), 0
    while time.monotonic() < begun + RECOVERY and len(found.back) < len(TOUCHED):
        time.sleep(5)
        if "disk-health" not in found.back and time.monotonic() > prompted + 120:
            lab.run("looks prompt")
            prompted = time.monotonic()
        seconds = round(time.monotonic() - begun)
        told = disk_commands.Told()
        told.add(json.loads(lab.run("looks told")))
        late = {disk for disk, code in told.failures if code.endswith("timed out")}
        if "disk-health" not in found.back and all(told.runs[disk] and disk not in late for disk in found.silent):
            found.back["disk-health"] = seconds
        ipmi = coverage()["ipmi"]
        if "ipmi" not in found.back and ipmi["state"] == "ok" and ipmi.get("lastSuccess") != before:
            found.back["ipmi"] = seconds
    time.sleep(30)
    found.processes_after = min(json.loads(lab.run("looks ages 20"))["processes"])
    say(f"mended: asked again after {found.back}; {found.processes_after} processes")
