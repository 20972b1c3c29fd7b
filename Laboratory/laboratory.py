"""A laboratory: site, machine and management controller together, and the packages installed in the machine."""

import glob
import json
import os
import re
import shutil
import signal
import time

from bmc import ManagementController
from image import build_image
from machine import Machine
from process_memory import ATAAttributes, ATAPowerMode, NVMeTemperature, ProcessMemory
from collector import Site

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)

# Set for the laboratory alone, in a drop-in beside the shipped configuration: counters are read sooner, so that the time
# from injection to case is the pattern's and not the poll's. A disk is still asked for its health every ten minutes.
AGENT_SETTINGS = {
    "probe.memory-errors.interval": "10s", "probe.pcie.interval": "10s", "probe.network.interval": "10s",
    "probe.ipmi.interval": "30s"}


def impatient_pack():
    """A program for the guest that writes the laboratory's pack; it fails where a pattern is no longer there."""
    return (
        "import json; pack = json.load(open(\"%s\")); patience = %s; "
        "found = [entry for entry in pack[\"patterns\"] if entry[\"id\"] in patience]; "
        "assert len(found) == len(patience), found; "
        "[entry.update({\"for\": patience[entry[\"id\"]]}) for entry in found]; "
        "json.dump(pack, open(\"%s\", \"w\"))" % (SHIPPED_PACK, json.dumps(PATIENCE), LABORATORY_PACK))


# Patterns of the shipped pack that wait longer than the laboratory does, and for how long they wait in its pack: the time
# that they wait as shipped is a matter of their own tests.
PATIENCE = {"board-battery.low": "3 samples and 5m"}
SHIPPED_PACK, LABORATORY_PACK = "/usr/share/callhome/patterns.json", "/etc/callhome/laboratory-patterns.json"


class Laboratory:
    """What injections act on. site_lines: what the collector's configuration says besides."""

    def __init__(self, packages, cache, folder, processors=2, megabytes=1024, site_lines=()):
        self.packages = sorted(glob.glob(f"{packages}/callhome*.deb"))
        if not self.packages:
            raise SystemExit(f"no packages in {packages}: run make packages")
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.site = Site(
            os.path.join(ROOT, ".build/release/callhome-collector"), os.path.join(folder, "site"), site_lines)
        self.bmc = ManagementController(os.path.join(folder, "bmc"))
        self.machine = Machine(build_image(cache), os.path.join(folder, "machine"), processors, megabytes, self.bmc.port)
        self.run = self.machine.run
        self._memory = {}

    # Life

    def start(self):
        # Whoever is told to end stops the machine first, as after Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        seed = os.path.join(self.folder, "seed")
        shutil.rmtree(seed, ignore_errors=True)
        os.makedirs(seed)
        for package in self.packages:
            shutil.copy(package, seed)
        self.site.start()
        self.bmc.start()
        self.machine.start(seed)
        self.machine.wait_until_up()

    def stop(self):
        self.machine.stop()
        self.bmc.stop()
        self.site.stop()

    def install(self, settings=None):
        """Installs the packages as they are, shortens intervals and patterns' patience in a drop-in, and joins the site.

        settings: what the drop-in is to say; without it, AGENT_SETTINGS.
        """
        self.run(
            "mkdir -p /root/seed; tar -C /root/seed -xf /dev/disk/by-id/virtio-seed; "
            "dpkg --install /root/seed/callhome_*.deb /root/seed/callhome-agent_*.deb", seconds=300)
        known = set(re.findall(r"^(\S+) =", self.run("callhome-agent check-config"), re.M))
        wanted = AGENT_SETTINGS if settings is None else settings
        settings = {key: value for key, value in wanted.items() if key in known}
        self.run(f"python3 -c '{impatient_pack()}'")
        settings["patterns.pack"] = LABORATORY_PACK
        lines = "\n".join(f"{key} = {value}" for key, value in settings.items())
        self.run(
            f"printf '%s\\n' '{lines}' >/etc/callhome/agent.conf.d/laboratory.conf; systemctl restart callhome-agent; "
            f"callhome enroll {self.site.address} --token {self.site.token()}", seconds=180)
        return settings

    def probes(self):
        """Names of the probes that the installed agent has."""
        return re.findall(r"^probe\.(\S+)\.interval =", self.run("callhome-agent check-config"), re.M)

    def wait_for_first_look(self, seconds=300):
        """Until the site knows what every probe has seen first: patterns compare with it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            server = self.site.server()
            if server and server["coverage"] and all(probe["state"] != "starting" for probe in server["coverage"]):
                return server
            time.sleep(1)
        raise SystemExit(f"the agent has not told of a first look within {seconds} s")

    def reboot(self):
        """Restarts the guest in order, as an administrator would, and waits for its agent."""
        before = self.run("cat /proc/sys/kernel/random/boot_id")
        self.run("systemd-run --on-active=1 systemctl reboot")
        end = time.monotonic() + 400
        while time.monotonic() < end:
            time.sleep(3)
            try:
                if self.run("cat /proc/sys/kernel/random/boot_id", seconds=20) != before:
                    break
            except Exception:  # It is on its way down or up: QEMU's agent is not there, or says half a sentence.
                continue
        self.machine.wait_until_up()

    # Values inside QEMU

    @property
    def ata(self):
        if "ata" not in self._memory:
            self._memory["ata"] = ATAAttributes(ProcessMemory(self.machine.pid))
        return self._memory["ata"]

    @property
    def ata_power_mode(self):
        if "power" not in self._memory:
            self._memory["power"] = ATAPowerMode(ProcessMemory(self.machine.pid))
        return self._memory["power"]

    def nvme_temperature(self, device):
        if device not in self._memory:
            self._memory[device] = NVMeTemperature(ProcessMemory(self.machine.pid), self.machine, device)
        return self._memory[device]

    def nvme_warning(self, device, bits):
        """The critical warnings of the SMART log (NVM Express Base Specification, log page 02h, byte 0)."""
        self.machine.monitor.ask("qom-set", {
            "path": f"/machine/peripheral/{device}", "property": "smart_critical_warning", "value": bits})

    # Words for injections

    def board(self, words):
        self.run(f"board set {words}")

    def memory_error(self, kind, channel, slot, count=1, page=0x12345):
        self.run(
            f"echo '{kind} {slot} {channel} {count} {page:x} 40 3f' >/sys/kernel/debug/laboratory_memory/inject")
