"""A fresh Debian to try packages in, and what changed in it: for `try` and `try-repository`."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

SUITE = "bookworm"
# What the packages depend on, and what makes services of Debian's tools.
BASE = ["systemd", "libcurl4", "libsensors5", "libsqlite3-0", "libudev1", "libstdc++6", "zlib1g"]
# Folders that package management itself writes, or that hold nothing that lasts.
NOT_COMPARED = ("proc", "sys", "dev", "run", "tmp", "var/lib/dpkg", "var/cache", "var/log", "var/lib/apt", "var/tmp")
# Copies that adduser and friends keep of what was before.
ACCOUNT_COPIES = ("etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-")


def mirror():
    """$DEBIAN_MIRROR, or where this machine's own packages come from if that is this suite, or Debian's."""
    if "DEBIAN_MIRROR" in os.environ:
        return os.environ["DEBIAN_MIRROR"]
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        lines = []
    own = [line.split()[0] for line in lines if line.split()[1:] == [SUITE, "main"]]
    return (own or ["http://deb.debian.org/debian"])[0]


def say(*words):
    print(*words, flush=True)


def run(*command, fine=(0,), **options):
    """What the command printed; ends the program where its exit code is none of `fine`."""
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode not in fine:
        sys.exit(
            f"{os.path.basename(sys.argv[0])}: {' '.join(command)} ended with {result.returncode}:\n"
            f"{result.stdout}{result.stderr}")
    return result.stdout + result.stderr


def bare_system(cache, more=()):
    """A tar of Debian with the dependencies and the packages `more`; made once."""
    tar = os.path.join(cache, "-".join([SUITE, *more, "packages.tar.zst"]))
    if not os.path.exists(tar):
        os.makedirs(cache, exist_ok=True)
        say(f"debootstrap {SUITE}: once, about two minutes")
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            root = os.path.join(folder, "root")
            run("debootstrap", "--variant=minbase", f"--include={','.join([*BASE, *more])}", SUITE, root, mirror())
            shutil.rmtree(f"{root}/var/cache/apt/archives", ignore_errors=True)
            run("tar", "-C", root, "--zstd", "-cf", f"{tar}.part", ".")
        os.rename(f"{tar}.part", tar)
    return tar


@contextlib.contextmanager
def system(tar):
    """The folder of a running copy of it, for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        run("tar", "-C", folder, "--zstd", "-xf", tar)
        run("mount", "-t", "proc", "proc", f"{folder}/proc")
        try:
            yield folder
        finally:
            run("umount", f"{folder}/proc")


def files(root):
    """Every path with what it is: kind, mode, owner, and size of a file."""
    found = {}
    for folder, folders, names in os.walk(root):
        inside = os.path.relpath(folder, root)
        folders[:] = [name for name in folders if os.path.normpath(f"{inside}/{name}") not in NOT_COMPARED]
        for name in folders + names:
            path = os.path.normpath(f"{inside}/{name}")
            status = os.lstat(os.path.join(root, path))
            size = status.st_size if name in names else 0
            found[path] = (status.st_mode, status.st_uid, status.st_gid, size)
    return found


def accounts(root):
    lines = []
    for name in ("passwd", "group", "shadow", "gshadow"):
        with open(f"{root}/etc/{name}", encoding="utf-8") as file:
            lines += [f"{name}: {line.strip()}" for line in file if "callhome" in line]
    return lines


def difference(before, after):
    changed = [f"+ {path}" for path in sorted(set(after) - set(before))]
    changed += [f"- {path}" for path in sorted(set(before) - set(after))]
    changed += [f"~ {path}" for path in sorted(set(before) & set(after)) if before[path] != after[path]]
    return [line for line in changed if line[2:] not in ACCOUNT_COPIES]


def check(what, holds):
    say(f"   {'ok ' if holds else 'BAD'} {what}")
    return 0 if holds else 1


def inside(root, *command):
    """The command line that runs `command` in `root`."""
    return ("chroot", root, "/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command)


def chroot(root, *command, **options):
    return run(*inside(root, *command), **options)
