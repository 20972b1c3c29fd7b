"""Hands out a folder over HTTPS. Under /MODE@PART it hands out badly whatever has PART in its path (packs: whatever is below targets/):

    endless   without an end
    drip      a byte ten times a second
    silent    never, and never says so
    late      after one and a half seconds, and so that it is not there as well
    cut       half of what was said would come
    short     half, as if it were all

`ways` of what it prints first: some of these paths, each with what a reader of a channel says of it, one after the other something else.
"""
import functools
import http.server
import json
import pathlib
import sys
import threading
import time
import urllib.parse

from authority import Authority


WAYS = [
    ("/drip@timestamp", "timestamp.json did not come"),
    ("/drip@packs", "targets/"),
    ("/silent@timestamp", "timestamp.json did not come"),
    ("/cut@packs", "targets/"),
    ("/short@timestamp", "timestamp.json cannot be read"),
    ("/short@packs", "bytes, and must have"),
    ("/endless@timestamp", "timestamp.json is larger"),
    ("/late@", "the whole update took longer"),
]


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        first, _, rest = self.path[1:].partition("/")
        mode, sign, part = first.partition("@")
        if not sign:
            return super().do_GET()
        self.path = "/" + rest
        if ("/targets/" if part == "packs" else part) not in self.path:
            return super().do_GET()
        if mode == "late":
            time.sleep(1.5)
            return super().do_GET()
        file = pathlib.Path(self.directory, urllib.parse.unquote(rest))
        if not file.is_file():
            return self.send_error(404)
        if mode == "silent":
            return time.sleep(3600)
        content = file.read_bytes()
        self.send_response(200)
        if mode in ("drip", "cut"):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            if mode in ("cut", "short"):
                self.wfile.write(content[: len(content) // 2])
            for byte in content if mode == "drip" else ():
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)
            while mode == "endless":
                self.wfile.write(b" " * 65536)
        except OSError:
            pass


authority = Authority()
server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
server.socket = authority.context("127.0.0.1").wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": str(server.server_port), "root": authority.pem, "ways": json.dumps(WAYS)}), flush=True)
sys.stdin.read()
