#!/usr/bin/python3
"""A client that does not go on: `slow_client.py PORT silent|headers|half`. Prints how the server ended it.

silent: connects and says nothing, not even TLS. headers: sends half of the headers. half: sends half of the body.
Prints `closed`, the status of an answer, or `waiting` after 20 seconds.
"""

import socket
import ssl
import sys

port, mode = int(sys.argv[1]), sys.argv[2]
connection = socket.create_connection(("127.0.0.1", port))
connection.settimeout(20)
if mode != "silent":
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = context.wrap_socket(connection, server_hostname="localhost")
    connection.sendall(b"POST /v1/reports HTTP/1.1\r\nHost: localhost\r\n")
if mode == "half":
    connection.sendall(b"Content-Length: 1000\r\n\r\n" + b"x" * 10)
try:
    answer = connection.recv(4096)
    print(answer.split(b" ")[1].decode() if answer else "closed")
except TimeoutError:
    print("waiting")
except OSError:
    print("closed")
