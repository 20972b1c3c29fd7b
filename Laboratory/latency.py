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
# Seconds: udev's settling and ProbeSchedule.settlingTime.
PROMPTING = 2
# The control takes the processor as a look does, and asks nothing: the same program for as long, which sends no command.
BUSY = "timeout {look} nice -n 5 sh -c 'while :; do smartctl -h >/dev/null; done'"
# With the agent or without; what is done at a sixth and at two thirds of a run.
WAYS = {
    "without": (False, None), "control": (False, BUSY), "shipped": (True, None), "looks": (True, "looks prompt")}


class Latencies:
    """99th percentiles of completion times in milliseconds, by way."""

    def __init__(self, look):
        # Seconds that a look at all disks takes.
        self.look = look
        self.runs = {way: [] for way in WAYS}
        # Runs of smartctl that asked the disk meanwhile.
        self.asked = {way: [] for way in WAYS}

    def median(self, way):
        return statistics.median(self.runs[way])

    def spread(self, way):
        return max(self.runs[way]) - min(self.runs[way])

    def difference(self, way, other):
        return self.median(way) - self.median(other)

    def is_equal(self, way, other):
        """Below the spread of the equal runs without the way's doing, or below a hundredth."""
        return self.difference(way, other) < max(self.spread(other), SHARE * self.median(other))


def p99(lab, disk, seconds, meanwhile):
    beside = f"(sleep {seconds // 6}; {meanwhile}; sleep {seconds // 2}; {meanwhile}) & " if meanwhile else ""
    answer = lab.run(beside + FIO.format(disk=disk, seconds=seconds) + "; wait", seconds=seconds + 180)
    read = json.loads(answer[answer.index("{"):answer.rindex("}") + 1])["jobs"][0]["read"]
    return read["clat_ns"]["percentile"]["99.000000"] / 1e6


def measure(lab, rounds, seconds, wait_until_running, say):
    """Runs in turn, forth and back, so that what drifts falls on all ways."""
    # Less what passes from the prompt until smartctl is started.
    look = max(1, round(statistics.mean(json.loads(lab.run("looks take 2", seconds=300))["seconds"]) - PROMPTING))
    found = Latencies(look)
    disk = faults.device(DISK)
    name = lab.run(f"basename {disk}")
    running = True
    for number in range(rounds):
        for way in list(WAYS) if number % 2 == 0 else reversed(WAYS):
            with_agent, meanwhile = WAYS[way]
            if running != with_agent:
                running = with_agent
                lab.run(f"systemctl {'start' if running else 'stop'} callhome-agent", seconds=180)
                if running:
                    wait_until_running()
            lab.run("looks told")
            found.runs[way].append(p99(lab, disk, seconds, meanwhile and meanwhile.format(look=look)))
            found.asked[way].append(json.loads(lab.run("looks told"))["runs"].get(name, 0))
            say(f"p99 {way}: {found.runs[way][-1]:.2f} ms; smartctl asked the disk {found.asked[way][-1]} times")
    if not running:
        lab.run("systemctl start callhome-agent", seconds=180)
        wait_until_running()
    return found
