#!/usr/bin/python3
"""A webhook receiver that checks Standard Webhooks 1.0 signatures by itself, and writes what it took before it says 200.

    webhook.py --port N --log FILE --secret whsec_… [--fail-file FILE]

Prints "ready PORT". While the fail file exists it answers 500. One JSON line for each request taken.
"""

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import time

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--port", type=int, default=0)
options.add_argument("--log", required=True)
options.add_argument("--secret", required=True)
options.add_argument("--fail-file")
given = options.parse_args()
key = base64.b64decode(given.secret.removeprefix("whsec_"))


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if given.fail_file and os.path.exists(given.fail_file):
            return self.answer(500)
        name, stamp = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "")
        digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(digest).decode()
        fresh = stamp.isdigit() and abs(time.time() - int(stamp)) < 300
        if wanted not in self.headers.get("webhook-signature", "").split(" ") or not fresh:
            return self.answer(401)
        with open(given.log, "a") as log:
            log.write(json.dumps({"id": name, "bytes": len(body), "body": json.loads(body)}) + "\n")
            log.flush()
            os.fsync(log.fileno())
        self.answer(200)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True


server = Server(("127.0.0.1", given.port), Receiver)
print(f"ready {server.server_port}", flush=True)
server.serve_forever()
