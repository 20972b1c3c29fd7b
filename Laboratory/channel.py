"""A channel of patterns on the host: keys, a root and versions, signed by the command as its maker would."""

import json
import os
import subprocess


class Channel:
    """A channel in a folder. Each version is this pack's patterns of memory modules, of which one has another revision.

    An emulated processor tries a whole pack for many minutes.
    """

    def __init__(self, program, pack, folder):
        self.program = program
        self.folder = folder
        os.makedirs(folder)
        self.pack = json.loads(pack)
        self.pack["patterns"] = [entry for entry in self.pack["patterns"] if entry["id"].startswith("memory.")]
        self.version = 0
        for name in ("anna", "bert", "cora", "server"):
            self.command("keygen", name)
        self.command(
            "root", "-o", "1.root.json", "--root-key", "anna.pub", "--root-key", "bert.pub", "--root-key", "cora.pub",
            "--threshold", "2", "--online-key", "server.pub")
        for name in ("anna", "bert"):
            self.command("sign", "1.root.json", "--key", f"{name}.pem")

    @property
    def root(self):
        return os.path.join(self.folder, "1.root.json")

    def lines(self, name):
        """What a collector's configuration says of it. Its rings need not wait: there is one server."""
        return [
            f"channel.{name}.source = {self.folder}/channel", f"channel.{name}.root = {self.root}",
            f"channel.{name}.soak = 1s"]

    def publish(self):
        """A newer version; gives its number."""
        self.version += 1
        self.pack["version"] = f"laboratory-{self.version}"
        pattern = self.pack["patterns"][0]
        pattern["revision"] = str(1000 + self.version)
        path = os.path.join(self.folder, "patterns.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.pack, file)
        first = ("--root", "1.root.json") if self.version == 1 else ()
        self.command("publish", "channel", *first, "--key", "server.pem", "--pack", "patterns.json")
        return self.version

    def command(self, *words):
        done = subprocess.run(
            [self.program, "patterns", *words], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"callhome patterns {' '.join(words)}: {done.stdout}{done.stderr}")
