"""The virtual server: QEMU with a rich set of hardware, its monitor, and the guest agent that runs commands inside.

There is no KVM: the processor is emulated, so that a boot takes half a minute. Everything listens on unix sockets or on
the loopback interface.
"""

import base64
import json
import os
import signal
import socket
import subprocess
import time

DISK_BYTES = 64 << 20
# Name of the block node, serial number.
# There is one SATA disk, since all that QEMU emulates share one table of SMART attributes.
SCSI_DISKS = [f"scsi{number}" for number in range(6)]
DISKS = {name: f"LAB{name.upper()}" for name in ("sata0", "nvme0", "nvme1", *SCSI_DISKS)}


class MachineError(Exception):
    """What the machine refused, or that it did not answer."""


class JSONSocket:
    """One QEMU monitor or guest agent: a line of JSON each way."""

    def __init__(self, path, patience):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rw", encoding="utf-8", errors="replace")

    def ask(self, command, arguments=None):
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        self.stream.write(json.dumps(request) + "\n")
        self.stream.flush()
        while True:
            line = self.stream.readline()
            if not line:
                raise MachineError(f"{command}: QEMU closed the connection")
            answer = json.loads(line)
            if "error" in answer:
                raise MachineError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def close(self):
        self.socket.close()


class Machine:
    """One virtual server. `start` boots it, `stop` ends it by its process id."""

    def __init__(self, image, folder, processors=2, megabytes=1024, bmc_port=None):
        self.image = image
        self.folder = folder
        self.processors = processors
        self.megabytes = megabytes
        self.bmc_port = bmc_port
        self.process = None
        self._monitor = None
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    # Starting and stopping

    def start(self, seed):
        """Boots with fresh disks.

        seed: a folder that the guest finds as a tar on the disk with the serial number `seed`.
        """
        for name in os.listdir(self.folder):
            if name.endswith((".sock", ".qcow2", ".log", ".tar")) or name.removesuffix(".img") in DISKS:
                os.remove(self.path(name))
        subprocess.run(["tar", "-C", seed, "-cf", self.path("seed.tar"), "."], check=True)
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", self.image.root, self.path("root.qcow2")],
            check=True)
        for name in DISKS:
            with open(self.path(f"{name}.img"), "wb") as file:
                file.truncate(DISK_BYTES)
        log = open(self.path("qemu.log"), "wb")
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def command(self):
        command = [
            "qemu-system-x86_64", "-name", "callhome-laboratory", "-machine", "q35",
            "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "SandyBridge", "-smp", str(self.processors),
            "-m", str(self.megabytes), "-nodefaults", "-no-user-config", "-display", "none",
            "-kernel", self.image.kernel, "-initrd", self.image.ramdisk,
            "-append", "console=ttyS0,115200 panic=-1 quiet",
            "-chardev", f"file,id=console,path={self.path('console.log')}", "-serial", "chardev:console",
            "-qmp", f"unix:{self.path('monitor.sock')},server=on,wait=off",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=guest,path={self.path('guest.sock')},server=on,wait=off",
            "-device", "virtserialport,chardev=guest,name=org.qemu.guest_agent.0",
            "-drive", f"if=none,id=root,file={self.path('root.qcow2')},format=qcow2,cache=unsafe",
            "-device", "virtio-blk-pci,drive=root,serial=root",
            "-drive", f"if=none,id=seed,file={self.path('seed.tar')},format=raw,readonly=on",
            "-device", "virtio-blk-pci,drive=seed,serial=seed"]
        command += self.network() + self.disks()
        if self.bmc_port:
            command += [
                "-chardev", f"socket,id=bmc,host=127.0.0.1,port={self.bmc_port},reconnect=2",
                "-device", "ipmi-bmc-extern,id=bmc0,chardev=bmc", "-device", "isa-ipmi-kcs,bmc=bmc0"]
        return command

    @staticmethod
    def network():
        """net0 reaches the host's loopback as 10.0.2.2; nic1 hangs on a port of its own and can report PCIe errors."""
        return [
            "-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,id=net0,mac=52:54:00:00:00:01",
            "-device", "pcie-root-port,id=port0,chassis=1,slot=1",
            "-netdev", "user,id=n1,net=10.0.3.0/24",
            "-device", "virtio-net-pci,netdev=n1,id=nic1,mac=52:54:00:00:00:02,bus=port0,aer=on,disable-legacy=on"]

    def disks(self):
        """Each disk is a raw node over its file, so that filters can be put between them while it runs."""
        options = []
        for name in DISKS:
            options += [
                "-blockdev", f"driver=file,filename={self.path(name)}.img,node-name={name}-file,locking=off",
                "-blockdev", f"driver=blkdebug,node-name={name}-filter,image={name}-file",
                "-blockdev", f"driver=raw,file={name}-filter,node-name={name}"]
        for port in (1, 2):
            options += ["-device", f"pcie-root-port,id=port{port},chassis={port + 1},slot={port + 1}"]
        for number in (0, 1):
            device = self.nvme(f"nvme{number}")
            options += ["-device", ",".join([device.pop("driver"), *(f"{key}={value}" for key, value in device.items())])]
        report = "rerror=report,werror=report"
        options += [
            "-device", f"ide-hd,id=sata0dev,bus=ide.1,drive=sata0,serial={DISKS['sata0']},rotation_rate=7200,{report}"]
        # Each behind a controller of its own: several that fail behind one are rightly put down to the controller.
        for name in SCSI_DISKS:
            options += [
                "-device", f"virtio-scsi-pci,id={name}hba", "-device",
                f"scsi-hd,id={name}dev,bus={name}hba.0,drive={name},serial={DISKS[name]},{report}"]
        return options

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def check(self):
        if self.process.poll() is not None:
            with open(self.path("qemu.log"), encoding="utf-8", errors="replace") as file:
                raise MachineError(f"QEMU ended with {self.process.returncode}: {file.read()[-2000:]}")

    # The monitor

    @property
    def monitor(self):
        if self._monitor is None:
            self._monitor = JSONSocket(self.path("monitor.sock"), patience=30)
            # QEMU greets first.
            self._monitor.stream.readline()
            self._monitor.ask("qmp_capabilities")
        return self._monitor

    def command_line(self, words):
        """One line of QEMU's human monitor, which can more than its JSON."""
        answer = self.monitor.ask("human-monitor-command", {"command-line": words}).strip()
        if answer:
            raise MachineError(f"{words}: {answer}")

    # Inside

    def wait_until_up(self, seconds=300):
        """Waits for the guest agent, and then for systemd to have started everything."""
        end = time.monotonic() + seconds
        while True:
            self.check()
            try:
                self.run("systemctl is-system-running --wait || true", seconds=max(5, end - time.monotonic()))
                return
            except (MachineError, OSError):
                if time.monotonic() > end:
                    raise MachineError(f"the guest is not up after {seconds} s: see {self.path('console.log')}")
                time.sleep(1)

    def run(self, script, seconds=120, fine=(0,)):
        """Runs a shell script as root in the guest and gives what it printed (both streams).

        Raises MachineError when it does not end in time, or with an exit code that is not fine.
        """
        guest = JSONSocket(self.path("guest.sock"), patience=10)
        try:
            # What an earlier connection left half said is thrown away.
            guest.ask("guest-sync", {"id": time.monotonic_ns() % 10**9})
            started = guest.ask("guest-exec", {
                "path": "/bin/bash", "arg": ["-c", script], "capture-output": True,
                "env": ["PATH=/usr/lib/laboratory:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root"]})
            end = time.monotonic() + seconds
            pause = 0.05
            while True:
                status = guest.ask("guest-exec-status", {"pid": started["pid"]})
                if status["exited"]:
                    break
                if time.monotonic() > end:
                    raise MachineError(f"not done within {seconds} s in the guest: {script}")
                time.sleep(pause)
                pause = min(1, pause * 1.5)
        finally:
            guest.close()
        words = b"".join(base64.b64decode(status.get(stream, "")) for stream in ("out-data", "err-data"))
        text = words.decode("utf-8", "replace").strip()
        if status.get("exitcode", -1) not in fine:
            raise MachineError(f"{script}: ended with {status.get('exitcode', status.get('signal'))}: {text[-1000:]}")
        return text

    # Disks

    def put_filter(self, disk, **options):
        """Puts a fresh node of QEMU between a disk and its file while it runs."""
        node = f"{disk}-{time.monotonic_ns() % 10**12}"
        self.monitor.ask("blockdev-add", {"node-name": node, **options})
        self.monitor.ask(
            "blockdev-reopen", {"options": [{"driver": "raw", "node-name": disk, "file": node}]})

    def disk_error(self, disk, sectors, operation="read"):
        """These sectors of 512 bytes fail."""
        self.put_filter(disk, driver="blkdebug", image=f"{disk}-file", **{
            "inject-error": [
                {"event": "none", "iotype": operation, "errno": 5, "sector": sector} for sector in sectors]})

    def disk_dead(self, disk):
        """Every read and write fails; flush works, since a failing flush would keep the filter from being taken away."""
        self.put_filter(disk, driver="blkdebug", image=f"{disk}-file", **{
            "inject-error": [{"event": "none", "iotype": kind, "errno": 5} for kind in ("read", "write")]})

    def disk_slow(self, disk, bytes_per_second):
        group = f"slow-{disk}"
        if group not in [entry["name"] for entry in self.monitor.ask("qom-list", {"path": "/objects"})]:
            self.monitor.ask("object-add", {"qom-type": "throttle-group", "id": group})
        self.monitor.ask("qom-set", {
            "path": f"/objects/{group}", "property": "limits", "value": {"bps-total": bytes_per_second}})
        self.put_filter(disk, driver="throttle", file=f"{disk}-file", **{"throttle-group": group})

    def disk_heal(self, disk):
        self.put_filter(disk, driver="blkdebug", image=f"{disk}-file")

    def plug_nvme(self, disk, serial):
        """A blank disk with this serial number into the slot of an NVMe disk that was unplugged."""
        with open(self.path(f"{disk}.img"), "r+b") as file:
            file.truncate(0)
            file.truncate(DISK_BYTES)
        self.monitor.ask("device_add", {**self.nvme(disk), "serial": serial})

    @staticmethod
    def nvme(disk):
        """The device of an NVMe disk, behind a port of its own."""
        port = int(disk.removeprefix("nvme")) + 1
        return {"driver": "nvme", "id": f"{disk}dev", "serial": DISKS[disk], "drive": disk, "bus": f"port{port}"}
