"""The collector of the laboratory's site: a real one, on the host, asked through its own socket."""

import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time

# What the guest calls the host's loopback interface.
HOST_SEEN_FROM_GUEST = "10.0.2.2"


class SiteError(Exception):
    """What the collector refused, or that it did not start."""


class LocalConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Site:
    """A collector with an empty database. lines: what its configuration says besides."""

    def __init__(self, program, folder, lines=()):
        self.program = program
        self.folder = folder
        self.process = None
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"https://{HOST_SEEN_FROM_GUEST}:{self.port}"
        self.socket = os.path.join(folder, "collector.sock")
        self.configuration = os.path.join(folder, "collector.conf")
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(
                f"data = {folder}/data\nlisten = 127.0.0.1:{self.port}\nsocket = {self.socket}\n"
                f"names = {HOST_SEEN_FROM_GUEST}\nurls = {self.address}\nsite.name = Laboratory\n"
                # One server has all faults of a fleet here: no storm.
                "case.limit = 10000\n" + "".join(f"{line}\n" for line in lines))

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", self.configuration], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, start_new_session=True)
        end = time.monotonic() + 60
        while True:
            if self.process.poll() is not None or time.monotonic() > end:
                raise SiteError(f"the collector did not start: see {self.folder}/log")
            try:
                self.ask("/servers")
                return
            except OSError:
                time.sleep(0.2)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def ask(self, path, body=None):
        connection = LocalConnection(self.socket)
        try:
            connection.request(
                "GET" if body is None else "POST", "/api/v1" + path, None if body is None else json.dumps(body),
                {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise SiteError(f"{path}: the collector answered {answer.status}: {text[:500]}")
        return json.loads(text)

    def token(self):
        answer = subprocess.run(
            [self.program, "tokens", "create", "--json", "--config", self.configuration], check=True,
            capture_output=True, text=True).stdout
        return json.loads(answer)["token"]

    def cases(self):
        """All cases, as the API lists them."""
        return self.ask("/cases?state=all")

    def case(self, number):
        return self.ask(f"/cases/{number}")

    def close_case(self, number, because):
        self.ask(f"/cases/{number}/close", {"because": because})

    def let_patterns_go_on(self, because):
        """Releases what waits for a person: a version that few servers, or such with little memory, have tried."""
        for channel in self.ask("/patterns"):
            if (channel.get("rollout") or {}).get("state") == "held":
                self.ask(f"/patterns/{channel['name']}/rollout", {"because": because})

    def server(self):
        """The one server; None before it has joined."""
        servers = self.ask("/servers")
        return self.ask(f"/servers/{servers[0]['host']}") if servers else None

    def series(self):
        """Component and signal of everything that has come with a value, out of the collector's database."""
        base = sqlite3.connect(f"file:{self.folder}/data/collector.db?mode=ro", uri=True)
        try:
            return base.execute("SELECT component, signal FROM series").fetchall()
        finally:
            base.close()
