"""A webhook receiver that checks Standard Webhooks 1.0 signatures by itself; the path says how it answers."""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading

KEY = bytes(range(32))
LOCK = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        stamp, name = self.headers["webhook-timestamp"], self.headers["webhook-id"]
        digest = hmac.new(KEY, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        right = "v1," + base64.b64encode(digest).decode() in self.headers["webhook-signature"].split(" ")
        line = json.dumps({"path": self.path, "id": name, "timestamp": stamp, "valid": right,
                          "signatures": len(self.headers["webhook-signature"].split(" ")), "bytes": len(body),
                          "type": self.headers["content-type"], "body": body.decode()})
        with LOCK:
            print(line, flush=True)
        answers = {
            "/gone": (410, b"", ()), "/busy": (429, b"", (("Retry-After", "77"),)), "/broken": (500, b"", ()),
            "/refuse": (422, b"no such customer", (("Content-Type", "text/plain"),)),
            "/redirect": (302, b"", (("Location", "/ok"),)),
        }
        self.reply(*answers.get(self.path, (204 if right else 401, b"", ())))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": str(server.server_port), "secret": "whsec_" + base64.b64encode(KEY).decode()}), flush=True)
sys.stdin.read()
