"""The programs that watch hardware today: how each is run, on a recorded tree and in the guest, and what it shows.

What a program shows is a list of series: a name, and the part that it is of. What a name means stands in quantities.py.
"""

import csv
import json
import os
import re
import signal
import subprocess
import time
from typing import NamedTuple

NODE_EXPORTER, RASDAEMON, SMARTD, COLLECTD, NETDATA = "node_exporter", "rasdaemon", "smartd", "collectd", "netdata"
PEERS = [NODE_EXPORTER, RASDAEMON, SMARTD, COLLECTD, NETDATA]
# Why a program cannot be shown a tree.
NO_TREES = {
    RASDAEMON: "it reads the trace events of the running kernel, and has no other input",
    SMARTD: "it sends commands to devices, and has no other input"}

NODE_EXPORTER_PORT, NETDATA_PORT = 9100, 19999
# Looks at a program on a tree until it is left: on a busy host it takes long to have everything.
LOOKS = 60
# Seconds between two looks of netdata and collectd: a tree does not change, and the guest's processor is slow.
ON_TREE_INTERVAL, IN_GUEST_INTERVAL = 2, 10
# Everything of netdata that reads hardware, and nought as well as other values. The rest of it would be left out anyway.
NETDATA_CONFIGURATION = """[global]
    run as user = root
    update every = {interval}
[db]
    mode = ram
    retention = 120
    enable zero metrics = yes
[directories]
    cache = {folder}/cache
    lib = {folder}/lib
    log = {folder}/log
    home = {folder}/lib
    lock = {folder}/lock
[web]
    bind to = 127.0.0.1:{port}
[health]
    enabled = no
[ml]
    enabled = no
[plugins]
    apps = no
    cgroups = no
    tc = no
    idlejitter = no
    statsd = no
    slabinfo = no
    nfacct = no
    charts.d = no
[plugin:python.d]
    update every = {interval}
"""
# What `-a` has smartd check besides attributes (smartd.conf(5)): ATA and SCSI disks, and NVMe disks.
SMARTD_CHECKS = ["health", "error log", "self-test log", "self-test status"]
SMARTD_CHECKS_NVME = ["critical warning", "error log"]
UPSD_PORT = 3493
# Seconds for one answer out of the guest, whose processor is emulated on a host that may be busy.
PATIENCE = 600
UPS_VARIABLES = """battery.charge: 97
battery.runtime: 1820
battery.voltage: 27.1
device.mfr: Laboratory
device.model: Dummy 1500
device.serial: LABUPS0
device.type: ups
input.voltage: 231.4
ups.load: 23
ups.status: OL
ups.temperature: 29.5
ups.test.result: Done and passed"""
COLLECTD_ON_TREES = [
    "sensors", "thermal", "battery", "cpufreq", "infiniband", "interface", "disk", "md", "pcie_errors", "zfs_arc"]
COLLECTD_IN_GUEST = COLLECTD_ON_TREES + ["ethstat", "smart", "ipmi", "nut", "netlink", "mdevents"]


class Series(NamedTuple):
    """One line of what a program shows. (A named tuple is a list in JSON.)"""
    name: str
    part: str


def prometheus(text):
    """Series of the Prometheus text format."""
    found = []
    for line in text.splitlines():
        match = re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
        if match and not line.startswith("#"):
            labels = re.sub(r'(\w+)="((?:[^"\\]|\\.)*)"', r"\1=\2", match[2] or "")
            found.append(Series(match[1], labels))
    return found


def netdata_charts(text):
    """One series for each dimension of each chart of /api/v1/charts."""
    return [
        Series(f"{chart['context']}/{dimension['name']}", chart_id)
        for chart_id, chart in json.loads(text)["charts"].items() for dimension in chart["dimensions"].values()]


def collectd_list(paths_and_columns):
    """From collectd's CSV files: `host/plugin-instance/type-instance-2026-11-21`, a column for each value."""
    found = set()
    for path, columns in paths_and_columns:
        plugin, kind = path.split("/")[-2:]
        kind = re.sub(r"-\d{4}-\d\d-\d\d$", "", kind)
        kind, _, instance = kind.partition("-")
        plugin, _, of = plugin.partition("-")
        for column in columns:
            name = f"{plugin}/{kind}" + (f"/{column}" if len(columns) > 1 else "")
            found.add(Series(name, f"{of}/{instance}"))
    return sorted(found)


def collectd_configuration(folder, plugins, interval, more=""):
    return (
        f'Hostname "here"\nInterval {interval}\nBaseDir "{folder}"\nPIDFile "{folder}/pid"\n'
        f'LoadPlugin logfile\n<Plugin logfile>\n  File "{folder}/log"\n</Plugin>\n'
        + "".join(f"LoadPlugin {plugin}\n" for plugin in plugins)
        + f'LoadPlugin csv\n<Plugin csv>\n  DataDir "{folder}/csv"\n  StoreRates false\n</Plugin>\n'
        + '<Plugin infiniband>\n  IgnoreSelected true\n</Plugin>\n'
        + '<Plugin pcie_errors>\n  Source "sysfs"\n  ReportMasked true\n  PersistentNotifications true\n</Plugin>\n'
        + more)


def written_by_collectd(folder):
    rows = []
    for place, _, names in os.walk(f"{folder}/csv"):
        for name in names:
            with open(f"{place}/{name}", encoding="utf-8", errors="replace") as file:
                rows.append((f"{place}/{name}", next(csv.reader(file))[1:]))
    return rows


def observations(documents):
    """The agent's series: `probe signal` of a component, for each observation that has a value.

    What kind of component it is, and on which bus a disk is, stands before its id: `disk sata disk:serial-1`.
    """
    found = set()
    for probe, document in documents.items():
        components = {component["id"]: component for component in document.get("components", [])}
        for observation in document.get("observations", []):
            if "unavailable" not in observation["measurement"]:
                component = components.get(observation["component"], {"kind": "-"})
                bus = component.get("attributes", {}).get("bus", "-")
                found.add(Series(
                    f"{probe} {observation['signal']}", f"{component['kind']} {bus} {observation['component']}"))
    return sorted(found)


def listed(series):
    """Series as JSON keeps them."""
    return [Series(*one) for one in series]


def probe_of_agent(agent, name, *options, environment=None):
    """What one probe of the agent says: its document."""
    answer = subprocess.run(
        [agent, "probe", name, "--json", *options], env=environment or os.environ, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", timeout=120)
    if not answer.stdout:
        raise SystemExit(f"callhome-agent probe {name} {' '.join(options)}: {answer.stderr}")
    return json.loads(answer.stdout)["probes"][0]


class OnTree:
    """Runs programs on one recorded tree, each in a network of its own, and ends them by their process ids."""

    def __init__(self, tree, scratch, agent):
        self.tree = tree
        self.scratch = scratch
        self.agent = agent
        os.makedirs(scratch, exist_ok=True)

    def environment(self):
        """umockdev's library answers every look below /sys, and /proc where the tree has the file, from the tree."""
        return {**os.environ, "UMOCKDEV_DIR": self.tree, "LD_PRELOAD": "libumockdev-preload.so.0", "LC_ALL": "C.UTF-8"}

    def serve(self, command, url, settled, environment=None):
        """Starts a program that answers over HTTP, and gives what it says once it says no more than before.

        settled: how many answers of the same length in turn, 5 s apart, end the waiting.
        """
        script = (
            f'ip link set lo up; "$@" >"{self.scratch}/log" 2>&1 & program=$!; unset LD_PRELOAD; same=0; last=0; '
            f"for look in $(seq {LOOKS}); do sleep 5; curl -s --max-time 60 '{url}' >'{self.scratch}/answer'; "
            f"length=$(grep -o '\"name\"' '{self.scratch}/answer' | wc -l); "
            f"if [ -s '{self.scratch}/answer' ] && [ $length -le $last ]; then same=$((same + 1)); else same=0; last=$length; fi; "
            f"if [ $same -ge {settled} ]; then break; fi; done; kill $program; wait $program 2>/dev/null; true")
        subprocess.run(
            ["unshare", "--net", "sh", "-c", script, "sh", *command], env=environment or os.environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900)
        with open(f"{self.scratch}/answer", encoding="utf-8", errors="replace") as file:
            answer = file.read()
        if not answer:
            raise SystemExit(f"{command[0]} does not answer: see {self.scratch}/log")
        return answer

    def node_exporter(self):
        address = f"127.0.0.1:{NODE_EXPORTER_PORT}"
        return prometheus(self.serve(
            ["prometheus-node-exporter", f"--path.sysfs={self.tree}/sys", f"--path.procfs={self.tree}/proc",
             "--no-collector.netdev.netlink", "--collector.drm", f"--web.listen-address={address}"],
            f"http://{address}/metrics", settled=1))

    def netdata(self):
        folder = f"{self.scratch}/netdata"
        for name in ("cache", "lib", "log", "lock"):
            os.makedirs(f"{folder}/{name}", exist_ok=True)
        configuration = f"{folder}/netdata.conf"
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(NETDATA_CONFIGURATION.format(
                folder=folder, port=NETDATA_PORT, interval=ON_TREE_INTERVAL))
        return netdata_charts(self.serve(
            ["netdata", "-D", "-c", configuration], f"http://127.0.0.1:{NETDATA_PORT}/api/v1/charts", settled=5,
            environment=self.environment()))

    def collectd(self):
        folder = f"{self.scratch}/collectd"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/conf", "w", encoding="utf-8") as file:
            file.write(collectd_configuration(folder, COLLECTD_ON_TREES, ON_TREE_INTERVAL))
        program = subprocess.Popen(
            ["unshare", "--net", "collectd", "-f", "-C", f"{folder}/conf"], env=self.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(6)
        program.send_signal(signal.SIGTERM)
        try:
            program.wait(timeout=15)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        return collectd_list(written_by_collectd(folder))

    def probe(self, name):
        """What one probe of the agent says: its document. libsensors reads /sys alone, so that it is shown the tree."""
        if name == "chip-sensors":
            return probe_of_agent(self.agent, name, environment=self.environment())
        return probe_of_agent(self.agent, name, "--root", self.tree)


class InGuest:
    """Runs programs in the virtual server, with everything switched on that can see its hardware."""

    def __init__(self, lab):
        self.lab = lab

    def write(self, path, text):
        self.lab.run(f"mkdir -p $(dirname {path}); cat >{path} <<'END'\n{text}\nEND")

    def start_ups(self):
        """A UPS made up by NUT's own driver for tests."""
        self.write("/etc/nut/ups.conf", "[lab]\n  driver = dummy-ups\n  port = /etc/nut/lab.dev")
        self.write("/etc/nut/lab.dev", UPS_VARIABLES)
        self.write("/etc/nut/upsd.conf", f"LISTEN 127.0.0.1 {UPSD_PORT}")
        self.write("/etc/nut/nut.conf", "MODE=standalone")
        self.lab.run(
            "chgrp nut /etc/nut/*; systemctl unmask nut-server; systemctl daemon-reload; upsdrvctl start; "
            "systemctl start nut-server", seconds=300)

    def start(self):
        """Starts all that run by themselves; those that follow events are there before anything happens."""
        self.write("/run/table/netdata.conf", NETDATA_CONFIGURATION.format(
            folder="/run/table", port=NETDATA_PORT, interval=IN_GUEST_INTERVAL))
        self.write("/run/table/collectd.conf", collectd_configuration(
            "/run/table/collectd", COLLECTD_IN_GUEST, IN_GUEST_INTERVAL,
            '<Plugin ethstat>\n  Interface "enp1s0"\n</Plugin>\n'
            f'<Plugin nut>\n  UPS "lab@127.0.0.1:{UPSD_PORT}"\n</Plugin>\n'))
        # rasdaemon's instance of the trace buffer is to tell of each event, and not when it is half full, which
        # this rasdaemon does not ask the kernel for.
        self.lab.run(
            "mkdir -p /run/table/cache /run/table/lib /run/table/log /run/table/lock /run/table/collectd "
            "/run/table/smartd; systemctl unmask rasdaemon ras-mc-ctl; systemctl daemon-reload; "
            "mkdir /sys/kernel/tracing/instances/rasdaemon; "
            "echo 0 >/sys/kernel/tracing/instances/rasdaemon/buffer_percent; "
            "systemd-run --unit=table-rasdaemon rasdaemon -f -r; "
            "systemd-run --unit=table-node-exporter prometheus-node-exporter --collector.ethtool --collector.drm "
            f"--collector.wifi --web.listen-address=127.0.0.1:{NODE_EXPORTER_PORT}; "
            "systemd-run --unit=table-netdata netdata -D -c /run/table/netdata.conf; "
            "systemd-run --unit=table-collectd collectd -f -C /run/table/collectd.conf", seconds=300)

    def stop(self):
        self.lab.run("systemctl stop 'table-*'", seconds=300)

    def ask(self, url):
        return self.lab.run(
            f"python3 -c 'import urllib.request as r; print(r.urlopen(\"{url}\", timeout=500).read().decode())'",
            seconds=PATIENCE)

    def node_exporter(self):
        return prometheus(self.ask(f"http://127.0.0.1:{NODE_EXPORTER_PORT}/metrics"))

    def netdata(self):
        return netdata_charts(self.ask(f"http://127.0.0.1:{NETDATA_PORT}/api/v1/charts"))

    def collectd(self):
        """The header and the last line of each of its files."""
        lines = self.lab.run(
            "cd /run/table/collectd/csv && find . -type f -print0 | xargs -0 awk "
            """'FNR == 1 { if (file) print file "|" head "|" last; file = FILENAME; head = $0 } { last = $0 } """
            """END { print file "|" head "|" last }'""", seconds=PATIENCE).splitlines()
        rows = []
        for line in lines:
            path, head, last = line.split("|")
            if not ("nvme_temp_sensor" in path and float(last.split(",")[1]) <= 0):  # 0 K: the drive has no such sensor.
                rows.append((path, head.split(",")[1:]))
        return collectd_list(rows)

    def smartd(self):
        """What smartd says that it monitors, and its own log of the attributes that it follows (`-A`)."""
        said = self.lab.run(
            "cd /run/table/smartd; printf 'DEVICESCAN -a\\n' >conf; "
            "smartd -d -q onecheck -A /run/table/smartd/log. -c conf; "
            'for file in log.*.csv; do echo "$file|$(tail -1 "$file")"; done', seconds=PATIENCE, fine=tuple(range(64)))
        found = set()
        for device, kind in re.findall(r"Device: (\S+)( \[\S+\])?, is SMART capable\. Adding", said):
            checks = SMARTD_CHECKS_NVME if "nvme" in device else SMARTD_CHECKS
            kind = kind or (" nvme" if "nvme" in device else " scsi")
            found |= {Series(check, device + kind) for check in checks}
        for name, line in re.findall(r"^log\.(\S+)\.csv\|(.*)$", said, re.M):
            for identity, _, _ in re.findall(r"(\d+);(\d+);(\d+);", line):
                found |= {Series(f"attribute {identity}.{kind}", name) for kind in ("raw", "value")}
        return sorted(found)

    def rasdaemon(self):
        """One series for each kind of event of one part among the rows of its database."""
        said = self.lab.run(
            "python3 - <<'END'\n"
            "import sqlite3\n"
            "base = sqlite3.connect('/var/lib/rasdaemon/ras-mc_event.db')\n"
            "base.row_factory = sqlite3.Row\n"
            "for (table,) in base.execute(\"select name from sqlite_master where type='table'\").fetchall():\n"
            "    for row in base.execute(f'select * from {table}'):\n"
            "        keys = [key for key in ('err_type', 'label', 'mc', 'top_layer', 'middle_layer', 'dev_name', 'bank',\n"
            "                                'cpu', 'dev', 'page_type') if key in row.keys()]\n"
            "        print('|'.join([table, *(f'{key}={row[key]}' for key in keys)]))\n"
            "END", seconds=PATIENCE)
        return sorted({Series(*line.split("|", 1)) for line in said.splitlines() if "|" in line})
