"""A small collector over TLS: enrolment, signed reports, signed receipts. An implementation of the wire of its own.

GET /control/... sets how it behaves, GET /state tells what it has; both are the test's, not the wire's.
"""
import base64
import gzip
import hashlib
import http.server
import json
import sys
import threading
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authority import Authority

RECEIPT, REPORT = "application/vnd.callhome.receipt+json", "application/vnd.callhome.report+json"
RENEWAL, RENEWAL_REQUEST = "application/vnd.callhome.renewal+json", "application/vnd.callhome.renewal-request+json"
authority, other = Authority(), Authority("another authority")
# The CA of a collector of before, and the root that it moves to: shown by a server of its own.
earlier, moved = Authority("the CA of before", is_root=False), Authority("the root")
key = Ed25519PrivateKey.generate()
lock = threading.Lock()


def raw(public):
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def encoded(type, payload):
    return b"DSSEv1 %d %s %d %s" % (len(type), type.encode(), len(payload), payload)


class State:
    host, agent, token = "assigned-host", None, {"id": "t1", "secret": "0123456789abcdef"}
    epoch, through, reports, requests = 1, {"faults": 0, "telemetry": 0}, [], 0
    mode, code, refuse, answers = "", "told-so", [], []
    # Which root receipts tell of, what was asked for since, and whether the agent has said that it trusts that root.
    root, renewals, confirmed = "", [], False
    # In which epoch of its store it answers, 0: it does not say, and in which epochs the receipts are that it was shown.
    start, shown = 0, []


def sign(content, type=RECEIPT, key=key):
    payload = json.dumps(content).encode()
    public = raw(key.public_key())
    return json.dumps({
        "payload": base64.b64encode(payload).decode(), "payloadType": type,
        "signatures": [{"keyid": hashlib.sha256(public).hexdigest(),
                        "sig": base64.b64encode(key.sign(encoded(type, payload))).decode()}]}).encode()


def take(line):
    envelope = json.loads(line)
    payload = base64.b64decode(envelope["payload"])
    State.agent.verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded(REPORT, payload))
    report = json.loads(payload)
    position = report["position"]
    stream, sequence = position["stream"], position["sequence"]
    if report["host"] != State.host:
        return {"stream": stream, "sequence": sequence, "because": "another host"}
    if position["epoch"] < State.epoch:
        return None
    if position["epoch"] > State.epoch:
        State.epoch, State.through = position["epoch"], {"faults": 0, "telemetry": 0}
    if sequence <= State.through[stream] or position["first"] - 1 > State.through[stream]:
        return None
    State.through[stream] = sequence
    if sequence in State.refuse:
        return {"stream": stream, "sequence": sequence, "because": "not taken"}
    State.reports.append({"epoch": position["epoch"], "stream": stream, "first": position["first"],
                          "sequence": sequence, "kind": report["content"]["kind"],
                          "faults": [change["fault"]["id"] for change in report["content"].get("changes", [])]})
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, code, message, headers=()):
        self.reply(status, json.dumps({"code": code, "message": message}).encode(), headers)

    def do_GET(self):
        path = self.path
        with lock:
            if path == "/v1/ca" and self.server.is_moving:
                self.reply(200, moved.pem.encode())
            elif path == "/v1/ca":
                self.reply(200, (other.pem if State.mode == "other-ca" else authority.pem + other.pem).encode())
            elif path == "/v1/tests/00ff":
                self.reply(200, json.dumps({"id": "00ff", "hops": [
                    {"name": "intake", "state": "confirmed", "milliseconds": 3, "detail": "stored"}]}).encode())
            elif path == "/state":
                self.reply(200, json.dumps({"reports": State.reports, "epoch": State.epoch, "through": State.through,
                                            "requests": State.requests, "renewals": State.renewals,
                                            "shown": State.shown}).encode())
            elif path.startswith("/control/"):
                for name, value in urllib.parse.parse_qsl(path.split("?", 1)[1], keep_blank_values=True):
                    setattr(State, name, json.loads(value))
                self.reply(200, b"")
            else:
                self.problem(404, "not-found", "no such page")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            if self.path == "/v1/enrol":
                self.enrol(json.loads(body))
            elif self.path == "/v1/renewals":
                self.renew(json.loads(body))
            elif self.path == "/v1/reports":
                State.requests += 1
                self.look(self.headers["Callhome-Receipt"])
                self.reports(body)
            else:
                self.problem(404, "not-found", "no such page")

    def enrol(self, request):
        if (request["tokenID"], request["tokenSecret"]) != (State.token["id"], State.token["secret"]):
            return self.problem(403, "token-used", "the token is unknown or was used")
        public = base64.b64decode(request["key"])
        proof = "callhome-enrol-v1\n%s\n%s\n%s" % (request["tokenID"], request["host"], hashlib.sha256(public).hexdigest())
        State.agent = Ed25519PublicKey.from_public_bytes(public)
        State.agent.verify(base64.b64decode(request["proof"]), proof.encode())
        State.token = {"id": None, "secret": None}
        self.reply(200, json.dumps({
            "format": 1, "host": State.host, "certificate": authority.pem,
            "ca": other.pem if State.mode == "swaps-ca" else authority.pem,
            "collectorKey": base64.b64encode(raw(key.public_key())).decode(), "epoch": State.epoch,
            "collectors": ["https://127.0.0.1:1/", "http://not-https.example"]}).encode())

    def renew(self, envelope):
        payload = base64.b64decode(envelope["payload"])
        State.agent.verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded(RENEWAL_REQUEST, payload))
        request = json.loads(payload)
        State.renewals.append(request["root"])
        State.confirmed = request["root"] == moved.fingerprint
        answer = {"format": 1, "host": "h9" if State.mode == "renewal-of-other" else State.host,
                  "keyID": hashlib.sha256(raw(State.agent)).hexdigest(), "certificate": other.pem}
        signer = Ed25519PrivateKey.generate() if State.mode == "renewal-forged" else key
        self.reply(200, sign(answer, RENEWAL, signer))

    def look(self, shown):
        if shown is None:
            return State.shown.append(0)
        envelope = json.loads(base64.b64decode(shown))
        payload = base64.b64decode(envelope["payload"])
        key.public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded(RECEIPT, payload))
        State.shown.append(json.loads(payload)["collector"]["epoch"]["start"])

    def reports(self, body):
        if State.answers:
            status, headers = State.answers.pop(0)
            return self.problem(status, State.code, "the test wants it", headers.items())
        if State.mode == "garbage":
            return self.reply(200, b"{}")
        assert self.headers["Content-Encoding"] == "gzip"
        lines = gzip.decompress(body).splitlines()
        if State.mode == "small" and len(lines) > 1:
            return self.problem(413, "too-large", "one at a time")
        try:
            refused = [refusal for refusal in map(take, lines) if refusal]
        except InvalidSignature:
            return self.problem(401, "bad-signature", "not signed by the key of this host")
        receipt = {"format": 1, "host": State.host, "epoch": State.epoch, "refused": refused, "time": 1790000000000,
                   "progress": [{"stream": s, "through": n} for s, n in State.through.items()]}
        if State.root and not State.confirmed:
            receipt["root"] = {"moved": moved.pem, "unreachable": other.pem, "no-root": earlier.pem}.get(
                State.root, State.root)
        if State.start:
            receipt["collector"] = {"store": "store", "epoch": {"term": 0, "start": State.start}}
        if State.mode == "receipt-of-other":
            receipt["host"] = "h9"
        self.reply(200, sign(receipt))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def serve(context, is_moving):
    server = Server(("127.0.0.1", 0), Handler)
    server.is_moving = is_moving
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "https://127.0.0.1:%d" % server.server_address[1]


print(json.dumps({"url": serve(authority.context("127.0.0.1"), False), "ca": authority.pem,
                  "movingURL": serve(moved.context("127.0.0.1", chain=earlier.cross_sign(moved)), True),
                  "earlier": earlier.pem, "moved": moved.pem, "movedFingerprint": moved.fingerprint,
                  "token": "callhome1.t1.0123456789abcdef." + authority.fingerprint,
                  "otherToken": "callhome1.t1.0123456789abcdef." + other.fingerprint}), flush=True)
sys.stdin.read()
