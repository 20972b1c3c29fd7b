"""Hands out a folder over HTTPS, and the file at /metadata/timestamp.json under /endless without an end."""
import functools
import http.server
import json
import sys
import threading

from authority import Authority


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if not self.path.startswith("/endless/"):
            return super().do_GET()
        if self.path.endswith(".root.json"):
            return self.send_error(404)
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" " * 65536)
        except OSError:
            pass


authority = Authority()
server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
server.socket = authority.context("127.0.0.1").wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": str(server.server_port), "root": authority.pem}), flush=True)
sys.stdin.read()
