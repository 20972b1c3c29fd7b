"""What the running agent does to the latency of a disk that is read all the time."""

import json
import statistics

import faults

FIO = (
    "fio --name=latency --readonly --filename={disk} --direct=1 --rw=randread --bs=4k --iodepth=1 --rate_iops=100 "
    "--time_based --runtime={seconds} --output-format=json")
DISK = "scsi0"
# A difference below this share counts as none.
SHARE = 0.01


class Latencies:
    """99th percentiles of completion times in milliseconds, without and with the agent."""

    def __init__(self):
        self.runs = {"without": [], "with": []}
        # Runs of smartctl that asked the disk meanwhile, by run with the agent.
        self.asked = []

    @property
    def medians(self):
        return {way: statistics.median(runs) for way, runs in self.runs.items()}

    @property
    def difference(self):
        return self.medians["with"] - self.medians["without"]

    @property
    def spread(self):
        """Of the runs without the agent, which are all equal."""
        return max(self.runs["without"]) - min(self.runs["without"])

    @property
    def is_good(self):
        return self.difference < max(self.spread, SHARE * self.medians["without"])


def p99(lab, disk, seconds):
    # Prompted by the clock in both ways alike, so that the agent alone is the difference.
    answer = lab.run(
        f"(sleep {seconds // 6}; looks prompt; sleep {seconds // 2}; looks prompt) & "
        + FIO.format(disk=disk, seconds=seconds) + "; wait", seconds=seconds + 180)
    read = json.loads(answer[answer.index("{"):answer.rindex("}") + 1])["jobs"][0]["read"]
    return read["clat_ns"]["percentile"]["99.000000"] / 1e6


def measure(lab, rounds, seconds, wait_until_running, say):
    """Runs in turn (without, with, with, without, …), so that what drifts falls on both ways."""
    found = Latencies()
    disk = faults.device(DISK)
    name = lab.run(f"basename {disk}")
    running = True
    for number in range(rounds):
        for way in (("without", "with") if number % 2 == 0 else ("with", "without")):
            if running != (way == "with"):
                running = not running
                lab.run(f"systemctl {'start' if running else 'stop'} callhome-agent", seconds=180)
                if running:
                    wait_until_running()
            lab.run("looks told")
            found.runs[way].append(p99(lab, disk, seconds))
            asked = json.loads(lab.run("looks told"))["runs"].get(name, 0)
            if running:
                found.asked.append(asked)
            say(f"p99 {way} the agent: {found.runs[way][-1]:.2f} ms; smartctl asked the disk {asked} times")
    if not running:
        lab.run("systemctl start callhome-agent", seconds=180)
        wait_until_running()
    return found
