"""The virtual machine's software: Debian 12 with its stock kernel, out of Debian packages only.

Three files come of it: the kernel, a small initial RAM disk and a root file system. The bare system is kept as a tar, so
that a change of the laboratory's own guest files costs seconds and no downloads.
"""

import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = "bookworm"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")

SYSTEM = [
    "systemd", "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "util-linux-extra", "qemu-guest-agent", "python3-minimal"]
# What the packages depend on and recommend, and what their probes can use.
FOR_THE_AGENT = [
    "libcurl4", "libsensors5", "libsensors-config", "libsqlite3-0", "libudev1", "libstdc++6", "zlib1g", "smartmontools",
    "nvme-cli", "ipmitool", "dmidecode", "mdadm", "nut-server", "nut-client"]
FOR_INJECTIONS = ["pciutils", "ethtool", "i2c-tools", "sg3-utils", "lm-sensors", "fio"]
# Measured beside the agent. libdbi-perl is what debootstrap does not find for rasdaemon by itself; libopenipmi0,
# libatasmart4, libupsclient6 and libmnl0 are what collectd's plugins load.
FOR_COMPARISON = [
    "prometheus-node-exporter", "rasdaemon", "libdbi-perl", "collectd-core", "libopenipmi0", "libatasmart4",
    "libupsclient6", "libmnl0", "netdata-core", "netdata-plugins-python"]

# They would make the machine busy, or its disks, while something is measured.
NOT_STARTED = [
    "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer", "dpkg-db-backup.timer",
    "mdcheck_start.timer", "mdcheck_continue.timer", "mdmonitor-oneshot.timer", "mdmonitor.service", "smartmontools.service",
    "prometheus-node-exporter.service", "rasdaemon.service", "ras-mc-ctl.service", "collectd.service", "netdata.service",
    "nut-server.service", "nut-monitor.service", "nut-client.service", "man-db.timer", "logrotate.timer",
    "systemd-networkd-wait-online.service"]

# The kernel's modules are 390 MB; these families are what the laboratory's hardware needs.
MODULES = [
    "block", "arch/x86/crypto", "crypto", "lib", "fs/ext4", "fs/jbd2", "fs/mbcache.ko", "fs/configfs", "fs/nls", "fs/fat",
    "mm", "net/core", "net/packet", "drivers/acpi", "drivers/ata", "drivers/block", "drivers/char", "drivers/edac",
    "drivers/hwmon", "drivers/i2c", "drivers/md", "drivers/nvme", "drivers/pci", "drivers/platform/x86/wmi.ko",
    "drivers/scsi/scsi_mod.ko", "drivers/scsi/scsi_common.ko", "drivers/scsi/sd_mod.ko", "drivers/scsi/sg.ko",
    "drivers/scsi/ses.ko", "drivers/scsi/scsi_debug.ko", "drivers/scsi/virtio_scsi.ko",
    "drivers/scsi/scsi_transport_sas.ko", "drivers/net/virtio_net.ko", "drivers/net/net_failover.ko",
    "drivers/net/ethernet/intel/e1000e", "drivers/virtio", "drivers/thermal", "drivers/misc/eeprom",
    "drivers/input/serio", "drivers/ptp", "drivers/pps", "drivers/dca", "drivers/mfd", "drivers/firmware", "drivers/base",
    "drivers/watchdog", "drivers/gpio", "drivers/rtc", "drivers/nvdimm", "drivers/dax"]
NEEDED_TO_BOOT = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"]


@dataclass(frozen=True)
class Image:
    """What a machine is started from."""
    kernel: str
    ramdisk: str
    root: str


class ImageError(Exception):
    """What could not be built, and what to do."""


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise ImageError(f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return result.stdout


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def bare_system(cache):
    """A tar of Debian with all packages of the guest; the name says which they are."""
    packages = SYSTEM + FOR_THE_AGENT + FOR_INJECTIONS + FOR_COMPARISON
    mark = hashlib.sha256(" ".join([SUITE, *packages]).encode()).hexdigest()[:12]
    tar = os.path.join(cache, f"{SUITE}-guest-{mark}.tar.zst")
    if not os.path.exists(tar):
        print("laboratory: debootstrap: once, about four minutes", flush=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            root = os.path.join(folder, "root")
            run("debootstrap", "--variant=minbase", f"--include={','.join(packages)}", SUITE, root, MIRROR)
            for waste in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/man", "usr/share/locale"):
                shutil.rmtree(f"{root}/{waste}", ignore_errors=True)
            run("tar", "-C", root, "--zstd", "-cf", f"{tar}.part", ".")
        os.rename(f"{tar}.part", tar)
    return tar


def kernel_package(cache):
    """The stock kernel's package as a file, and its release (`6.1.0-56-amd64`)."""
    found = re.search(r"Depends: linux-image-(6\.1\.0-\d+-amd64)", run("apt-cache", "depends", "linux-image-amd64"))
    if not found:
        raise ImageError("apt knows no kernel for Debian 12: run apt-get update")
    files = glob.glob(f"{cache}/linux-image-{found[1]}_*.deb")
    if not files:
        run("apt-get", "download", f"linux-image-{found[1]}", cwd=cache)
        files = glob.glob(f"{cache}/linux-image-{found[1]}_*.deb")
    return files[0], found[1]


def memory_controller_module(release, folder):
    """Builds the made-up memory controller against the headers of the guest's kernel."""
    source = os.path.join(folder, "memory_controller")
    shutil.copytree(f"{HERE}/guest/memory_controller", source)
    headers = f"/usr/src/linux-headers-{release}"
    if not os.path.isdir(headers):
        raise ImageError(f"{headers} is missing: run scripts/prepare lab")
    run("make", "-s", "-C", headers, f"M={source}", "modules")
    return f"{source}/laboratory_memory.ko"


def install_modules(root, unpacked, release, folder):
    tree = f"usr/lib/modules/{release}"
    source = f"{unpacked}/lib/modules/{release}"
    os.makedirs(f"{root}/{tree}/kernel")
    for file in glob.glob(f"{source}/modules.*"):
        shutil.copy(file, f"{root}/{tree}/")
    for family in MODULES:
        there, here = f"{source}/kernel/{family}", f"{root}/{tree}/kernel/{family}"
        if os.path.isdir(there):
            shutil.copytree(there, here, dirs_exist_ok=True)
        elif os.path.exists(there):
            os.makedirs(os.path.dirname(here), exist_ok=True)
            shutil.copy(there, here)
    os.makedirs(f"{root}/{tree}/extra")
    shutil.copy(memory_controller_module(release, folder), f"{root}/{tree}/extra/")
    run("depmod", "-b", root, release)


def install_guest_files(root):
    """What makes of a Debian the guest of a laboratory."""
    shutil.copytree(
        f"{HERE}/guest", f"{root}/usr/lib/laboratory", ignore=shutil.ignore_patterns("memory_controller", "*.service"))
    units = f"{root}/etc/systemd/system"
    for unit in glob.glob(f"{HERE}/guest/*.service"):
        shutil.copy(unit, units)
        os.makedirs(f"{units}/multi-user.target.wants", exist_ok=True)
        os.symlink(f"../{os.path.basename(unit)}", f"{units}/multi-user.target.wants/{os.path.basename(unit)}")
    for unit in NOT_STARTED:
        path = f"{units}/{unit}"
        if os.path.lexists(path):
            os.remove(path)
        os.symlink("/dev/null", path)
    write(f"{root}/etc/hostname", "laboratory\n")
    write(f"{root}/etc/hosts", "127.0.0.1 localhost laboratory\n")
    write(f"{root}/etc/fstab", "")
    write(f"{root}/etc/mdadm/mdadm.conf", "ARRAY <ignore> UUID=0:0:0:0\n")
    write(f"{root}/etc/systemd/network/10-net0.network",
          "[Match]\nMACAddress=52:54:00:00:00:01\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n")
    # The other cards come up without an address, so that their link is watched.
    write(f"{root}/etc/systemd/network/20-others.network",
          "[Match]\nMACAddress=52:54:00:00:00:02 52:54:00:00:00:03\n"
          "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n[Link]\nActivationPolicy=always-up\n"
          "RequiredForOnline=no\n")
    run("systemctl", f"--root={root}", "enable", "systemd-networkd.service")
    run("systemd-machine-id-setup", f"--root={root}")


def make_ramdisk(root, release, folder, to):
    """busybox, the modules that the root file system needs, and a script that mounts it."""
    tree = f"{folder}/ramdisk"
    for name in ("bin", "dev", "proc", "sys", "root", "modules"):
        os.makedirs(f"{tree}/{name}")
    shutil.copy("/bin/busybox", f"{tree}/bin/")
    os.symlink("busybox", f"{tree}/bin/sh")
    order = []
    for module in NEEDED_TO_BOOT:
        for line in run("modprobe", "-d", f"{root}/usr", "-S", release, "--show-depends", module).splitlines():
            word, path = line.split()[:2]
            if word == "insmod" and path not in order:
                order.append(path)
    for path in order:
        shutil.copy(path, f"{tree}/modules/")
    write(f"{tree}/order", "".join(os.path.basename(path) + "\n" for path in order))
    shutil.copy(f"{HERE}/guest/ramdisk-init", f"{tree}/init")
    os.chmod(f"{tree}/init", 0o755)
    run("sh", "-c", f"cd {tree} && find . | cpio -o -H newc --quiet | zstd -q -3 > {to}.part")
    os.rename(f"{to}.part", to)


def make_root(root, to):
    megabytes = int(run("du", "-sm", root).split()[0]) * 115 // 100 + 256
    with open(f"{to}.part", "wb") as file:
        file.truncate(megabytes << 20)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", root, f"{to}.part")
    os.rename(f"{to}.part", to)


def recipe():
    """What the image is made of besides Debian's packages: it is built anew when this changes."""
    digest = hashlib.sha256()
    for path in sorted([*glob.glob(f"{HERE}/guest/**", recursive=True), os.path.abspath(__file__)]):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                digest.update(path.encode() + b"\0" + file.read())
    return digest.hexdigest()[:12]


def build_image(cache):
    """Builds what is missing in the cache, and gives the image."""
    cache = os.path.abspath(cache)  # Makefiles of the kernel are called with it.
    os.makedirs(cache, exist_ok=True)
    tar = bare_system(cache)
    package, release = kernel_package(cache)
    mark = f"{release}-{recipe()}"
    image = Image(f"{cache}/vmlinuz-{release}", f"{cache}/ramdisk-{mark}.img", f"{cache}/root-{mark}.img")
    if all(os.path.exists(path) for path in (image.kernel, image.ramdisk, image.root)):
        return image
    if os.geteuid() != 0:
        raise ImageError("debootstrap and the file system's owners need root")
    print("laboratory: building the guest's file system", flush=True)
    for old in glob.glob(f"{cache}/root-*.img") + glob.glob(f"{cache}/ramdisk-*.img"):
        os.remove(old)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        root, unpacked = f"{folder}/root", f"{folder}/kernel"
        os.makedirs(root)
        run("tar", "-C", root, "--zstd", "-xf", tar)
        run("dpkg-deb", "--extract", package, unpacked)
        shutil.copy(f"{unpacked}/boot/vmlinuz-{release}", image.kernel)
        install_modules(root, unpacked, release, folder)
        install_guest_files(root)
        make_ramdisk(root, release, folder, image.ramdisk)
        make_root(root, image.root)
    return image
