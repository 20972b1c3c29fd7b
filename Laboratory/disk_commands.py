"""Which commands a look may send to a disk, and which a sleeping one answers without waking up."""

from collections import Counter, defaultdict

# By operation code and service action: SPC-5 and SBC-4. A stopped disk, and one in a standby or idle condition, answers
# them as it is (SBC-4, power conditions); START STOP UNIT and whatever reaches the medium would start it.
ASLEEP = {
    "scsi 00": "TEST UNIT READY", "scsi 03": "REQUEST SENSE", "scsi 12": "INQUIRY", "scsi 1a": "MODE SENSE(6)",
    "scsi 5a": "MODE SENSE(10)", "scsi 25": "READ CAPACITY(10)", "scsi 9e/10": "READ CAPACITY(16)",
    "scsi a0": "REPORT LUNS",
    # ACS-3: neither makes a disk leave its standby condition.
    "ata ec": "IDENTIFY DEVICE", "ata e5": "CHECK POWER MODE"}
# What is asked of a disk that is awake: its memory of itself, and nothing of the user's data.
AWAKE = ASLEEP | {
    "scsi 4d": "LOG SENSE", "scsi 37": "READ DEFECT DATA(10)", "scsi b7": "READ DEFECT DATA(12)",
    "scsi 1c": "RECEIVE DIAGNOSTIC RESULTS", "scsi a3/0c": "REPORT SUPPORTED OPERATION CODES",
    "ata b0/d0": "SMART READ DATA", "ata b0/d1": "SMART READ THRESHOLDS", "ata b0/d5": "SMART READ LOG",
    "ata b0/da": "SMART RETURN STATUS", "ata 2f": "READ LOG EXT", "ata 47": "READ LOG DMA EXT",
    "nvme admin nvme_admin_identify": "Identify", "nvme admin nvme_admin_get_log_page": "Get Log Page",
    "nvme admin nvme_admin_get_features": "Get Features"}
# An envelope: the ATA command in it is written down, and judged, by itself.
ENVELOPE = {"scsi 85": "ATA PASS-THROUGH(16)", "scsi a1": "ATA PASS-THROUGH(12)"}
NAMES = AWAKE | ENVELOPE


class Told:
    """What `looks` told, added up over its calls."""

    def __init__(self):
        self.commands, self.failures, self.runs = Counter(), Counter(), Counter()
        self.seconds = []
        self.counters = {}

    def add(self, told):
        for disk, code, program, count in told["commands"]:
            self.commands[disk, code, program] += count
        for disk, code, count in told["failures"]:
            self.failures[disk, code] += count
        self.runs.update(told["runs"])
        self.seconds += told["seconds"]
        self.counters = told["counters"]

    def forbidden(self, asleep=()):
        """Commands that were sent and may not be; `asleep`: the disks that sleep."""
        found = []
        for (disk, code, program), count in sorted(self.commands.items()):
            allowed = ASLEEP if disk in asleep else AWAKE
            if code not in allowed and code not in ENVELOPE:
                found.append(f"{self.name(code)} to {disk} by {program}: {count}")
        return found

    @staticmethod
    def name(code):
        return NAMES.get(code, code)

    def table(self, kinds):
        """One row for disks that were sent the same."""
        sent = defaultdict(list)
        for (disk, code, program), count in sorted(self.commands.items()):
            sent[disk].append(
                f"{self.name(code)} {count}" + ("" if program == "smartctl" else f" ({program})"))
        rows = defaultdict(list)
        for disk, words in sent.items():
            rows[kinds.get(disk, "?"), self.runs[disk], ", ".join(words)].append(disk)
        lines = ["| disk | runs of smartctl | commands, each |", "|---|---|---|"]
        for (kind, runs, words), disks in rows.items():
            lines.append(f"| {', '.join(disks)}: {kind} | {runs} | {words} |")
        return lines
