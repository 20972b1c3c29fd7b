"""HTTP servers with every manner that HTTPTransfer must stand: plain, TLS, wrong name, proxy, Unix socket."""
import http.server
import json
import os
import socket
import socketserver
import struct
import sys
import tempfile
import threading
import time

from authority import Authority


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        Handler.connections += 1
        self.number = Handler.connections

    def log_message(self, *arguments):
        pass

    def address_string(self):
        return "peer"

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        path = self.path
        if path.startswith("http://"):  # asked as a proxy
            path = "/proxied"
        if path == "/hang":
            time.sleep(600)
        elif path == "/huge":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
        elif path == "/break-off":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"short")
            self.close_connection = True
        elif path == "/vanish":
            self.close_connection = True
        elif path == "/reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif path == "/garbage":
            self.wfile.write(b"\x00\xff\xfe no http at all\r\n\r\n")
            self.close_connection = True
        elif path == "/redirect":
            self.reply(302, b"", [("Location", "/elsewhere")])
        elif path.startswith("/bytes/"):
            self.reply(200, b"x" * int(path[7:]))
        elif path == "/busy":
            self.reply(429, b"later", [("Retry-After", "7"), ("X-Twice", "a"), ("X-Twice", "b")])
        else:
            told = {"method": self.command, "path": self.path, "connection": self.number,
                    "body": body.decode("latin-1"), "headers": {k.lower(): v for k, v in self.headers.items()}}
            self.reply(200, json.dumps(told).encode())

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def serve(context=None):
    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return str(server.server_address[1])


authority, other = Authority(), Authority("another authority")
silent = socket.socket()
silent.bind(("127.0.0.1", 0))
silent.listen(256)
unused = socket.socket()
unused.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
folder = tempfile.mkdtemp()
path = os.path.join(folder, "web.sock")
unix = UnixServer(path, Handler)
threading.Thread(target=unix.serve_forever, daemon=True).start()
print(json.dumps({
    "ca": authority.pem, "otherCA": other.pem, "plain": serve(), "tls": serve(authority.context("127.0.0.1")),
    "wrongName": serve(authority.context("elsewhere.example")), "silent": str(silent.getsockname()[1]),
    "closed": str(unused.getsockname()[1]), "unix": path}), flush=True)
sys.stdin.read()
os.unlink(path)
os.rmdir(folder)
