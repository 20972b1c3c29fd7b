"""TLS servers that pass, or try to pass, for a collector: each on a port of its own, with a certificate chain of its own.

The names of the kinds are those of CollectorTrustTests.swift; GET /requests at `good` tells which were asked for what.
"""
import datetime
import http.server
import ipaddress
import json
import os
import ssl
import sys
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM = serialization.Encoding.PEM
YEAR = datetime.timedelta(days=365)
NOW = datetime.datetime.utcnow()
SERVER, CLIENT = x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH
ANY = x509.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
asked = []


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def usage(*kinds, critical=True):
    return x509.ExtendedKeyUsage(kinds), critical


def authority(path=None):
    return x509.BasicConstraints(True, path), True


def names(*texts):
    found = []
    for text in texts:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            found.append(x509.DNSName(text))
    return x509.SubjectAlternativeName(found), False


NO_SERVERS = x509.NameConstraints(None, [
    x509.DNSName(""), x509.IPAddress(ipaddress.ip_network("0.0.0.0/0")), x509.IPAddress(ipaddress.ip_network("::/0"))]), True
HERE = names("127.0.0.1", "localhost")
HOST = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:callhome:host:localhost")]), False


class Holder:
    """A key and the certificate of it by `issuer` (itself where that is None)."""

    def __init__(self, subject, issuer, *extensions, key=None, end=NOW + YEAR):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.subject = name(subject)
        signer = issuer or self
        builder = (x509.CertificateBuilder().subject_name(self.subject).issuer_name(signer.subject)
                   .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(NOW - 2 * YEAR).not_valid_after(end))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        self.certificate = builder.sign(signer.key, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(PEM)


def context(holder, *chain):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(holder.pem + b"".join(other.pem for other in chain) + holder.key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # As much as a client could want: it is the client's to refuse.
    found.set_ciphers("ALL:@SECLEVEL=0")
    found.load_cert_chain(file.name)
    os.unlink(file.name)
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        if self.path == "/requests":
            body = json.dumps(sorted(set(asked))).encode()
        else:
            asked.append(f"{self.server.kind} {self.path}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments):
        pass

    def get_request(self):
        connection, address = super().get_request()
        connection.settimeout(30)
        try:
            return self.context.wrap_socket(connection, server_side=True), address
        except (OSError, ssl.SSLError) as error:
            connection.close()
            raise OSError(str(error))


root = Holder("Callhome TLS s1", None, authority(0), usage(SERVER))
# The CA up to 0.1, which vouched for everything.
earlier = Holder("Callhome CA s1", None, authority())
cross = Holder("Callhome TLS s1", earlier, authority(0), usage(SERVER), key=root.key)
namesake = Holder("Callhome TLS s1", None, authority(0), usage(SERVER))
partner = Holder("Callhome CA s2", None, authority())
partner_of_before = Holder("Callhome CA s2", earlier, authority(), key=partner.key)
partner_of_now = Holder("Callhome CA s2", earlier, authority(0), usage(CLIENT), NO_SERVERS, key=partner.key)
agent_of_before = Holder("localhost", earlier, (x509.BasicConstraints(False, None), True), HOST)
good = Holder("srv", root, HERE, usage(SERVER, critical=False))
client = Holder("0123", root, (x509.BasicConstraints(False, None), True), usage(CLIENT))
no_usage = Holder("127.0.0.1", root, HERE)

kinds = {
    "good": (good,),
    "withCross": (good, cross),
    "withPartners": (good, cross, partner_of_before, partner_of_now),
    "noUsage": (no_usage,),
    "noUsage2": (no_usage,),
    "clientUsage": (Holder("127.0.0.1", root, HERE, usage(CLIENT)),),
    "anyUsage": (Holder("127.0.0.1", root, HERE, usage(ANY)),),
    "commonNameOnly": (Holder("127.0.0.1", root, usage(SERVER)),),
    "emailName": (Holder("127.0.0.1", root, usage(SERVER), (x509.SubjectAlternativeName(
        [x509.RFC822Name("a@localhost")]), False)),),
    "authorityItself": (Holder("127.0.0.1", root, authority(0), HERE, usage(SERVER)),),
    "clientAndAny": (Holder("127.0.0.1", root, HERE, usage(CLIENT, ANY)),),
    "otherName": (Holder("127.0.0.1", root, names("elsewhere.example"), usage(SERVER)),),
    "expired": (Holder("127.0.0.1", root, HERE, usage(SERVER), end=NOW - YEAR),),
    "longExpired": (Holder("127.0.0.1", root, HERE, usage(SERVER), end=NOW - 1.5 * YEAR),),
    "underLeaf": (Holder("127.0.0.1", good, HERE, usage(SERVER)), good),
    "underClient": (Holder("127.0.0.1", client, HERE, usage(SERVER)), client),
    "selfSigned": (Holder("127.0.0.1", None, HERE, usage(SERVER)),),
    "agentOfBefore": (Holder("127.0.0.1", earlier, (x509.BasicConstraints(False, None), True), HOST), earlier),
    "agentOfNow": (Holder("127.0.0.1", earlier, (x509.BasicConstraints(False, None), True), usage(CLIENT)), earlier),
    "serverByAgentsCA": (Holder("127.0.0.1", earlier, HERE, usage(SERVER)), earlier),
    "agentAsAuthority": (Holder("127.0.0.1", agent_of_before, HERE, usage(SERVER)), agent_of_before, earlier),
    "partnerOfBefore": (Holder("127.0.0.1", partner, HERE, usage(SERVER)), partner_of_before, earlier),
    "partnerOfNow": (Holder("127.0.0.1", partner, HERE, usage(SERVER)), partner_of_now, earlier),
    "namesake": (Holder("127.0.0.1", namesake, HERE, usage(SERVER)), namesake),
}

told = {"root": root.pem.decode(), "earlier": earlier.pem.decode()}
for kind, chain in kinds.items():
    server = Server(("127.0.0.1", 0), Handler)
    server.kind, server.context = kind, context(*chain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told[kind] = str(server.server_address[1])
print(json.dumps(told), flush=True)
sys.stdin.read()
