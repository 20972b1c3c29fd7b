#!/usr/bin/python3
"""Attacks on a collector that need no account: `attacker.py PORT MODE COUNT`.

idle: COUNT connections that say nothing. tls: COUNT that shake hands and say nothing. announce: COUNT requests that
announce 4 MiB and send nothing. drip: COUNT heads that come a byte a second. unread: COUNT that ask for a page over and
over and read no answer. get: COUNT GET requests that announce a body and drip it. login, form: COUNT bodies of a login
that do not go on.

Prints a line of JSON once all are there, then holds them until a line comes on standard input; then prints a line of
JSON with how many are still open.
"""

import json
import socket
import ssl
import sys
import threading
import time

port, mode, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE

PATHS = {"announce": "/v1/reports", "login": "/api/v1/login", "form": "/login", "get": "/healthz"}


def begin(connection):
    if mode == "idle":
        return connection
    connection = context.wrap_socket(connection, server_hostname="localhost")
    if mode in PATHS:
        size = 4 << 20 if mode == "announce" else 2000
        method = "GET" if mode == "get" else "POST"
        connection.sendall(
            f"{method} {PATHS[mode]} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode())
        if mode != "announce":
            connection.sendall(b"{")
    if mode == "unread":
        connection.settimeout(2)
        try:
            for _ in range(2000):
                connection.sendall(b"GET /assets/console.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
        except OSError:
            pass
    return connection


def open_one():
    try:
        return begin(socket.create_connection(("127.0.0.1", port), timeout=20))
    except OSError:
        return None


connections = [None] * count


def open_some(first):
    for place in range(first, count, 16):
        connections[place] = open_one()


threads = [threading.Thread(target=open_some, args=(first,)) for first in range(min(16, count))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
stop = threading.Event()


def drip():
    """A byte a second on each connection."""
    while not stop.wait(1):
        for connection in connections:
            try:
                if connection:
                    connection.send(b"x")
            except OSError:
                pass


if mode in ("drip", "get"):
    threading.Thread(target=drip, daemon=True).start()
print(json.dumps({"opened": str(sum(1 for connection in connections if connection))}), flush=True)
sys.stdin.readline()
stop.set()
left = 0
for connection in connections:
    if not connection:
        continue
    connection.settimeout(0.01)
    try:
        left += 1 if connection.recv(1) else 0
    except (TimeoutError, ssl.SSLWantReadError):
        left += 1
    except OSError:
        pass
print(json.dumps({"left": str(left)}), flush=True)
