"""Makes what an impostor shows: `forge.py FOLDER KIND` writes FOLDER/KIND.chain and FOLDER/KIND.key for a server at 127.0.0.1.

FOLDER is an unpacked data directory of Tests/Fixtures/DataDirectories, moved or not.
"""
import base64
import datetime
import ipaddress
import json
import sqlite3
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

folder, kind = sys.argv[1:]
PEM = serialization.Encoding.PEM
NOW = datetime.datetime.utcnow()
YEAR = datetime.timedelta(days=365)


def text(path):
    with open(f"{folder}/{path}") as file:
        return file.read().strip() + "\n"


def private(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def load(certificate, key):
    return x509.load_pem_x509_certificate(text(certificate).encode()), serialization.load_pem_private_key(
        text(key).encode(), None)


def server(issuer, signer, end=NOW + YEAR):
    """A server's certificate, as good as its issuer can make it."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    certificate = (
        x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(issuer.subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 2 * YEAR).not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(names), False)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), True)
        .sign(signer, None if isinstance(signer, Ed25519PrivateKey) else hashes.SHA256()))
    return certificate.public_bytes(PEM).decode(), private(key)


def agent(name):
    """An agent's own certificate and key, as its collector gave it."""
    identity = json.loads(text(f"{name}/state/identity.json"))
    return identity["enrolment"]["certificate"].strip() + "\n", private(
        Ed25519PrivateKey.from_private_bytes(base64.b64decode(identity["keySeed"])))


if kind == "agent-of-before":
    chain, key = text("hostile/certificate.pem"), text("hostile/key.pem")
    chain += text("collector/ca.pem")
elif kind == "agent-of-now":
    chain, key = agent("honest")
    chain += text("collector/ca.pem")
elif kind == "agent-as-authority":
    own = text("hostile/certificate.pem")
    chain, key = server(*load("hostile/certificate.pem", "hostile/key.pem"))
    chain += own + text("collector/ca.pem")
elif kind == "agents-authority":
    # What only the collector itself could make: even so it is no collector's.
    chain, key = server(*load("collector/ca.pem", "collector/ca.key"))
    chain += text("collector/ca.pem")
elif kind == "expired":
    chain, key = server(*load("collector/tls-root.pem", "collector/tls-root.key"), end=NOW - YEAR)
elif kind in ("site-as-partner", "site-as-partner-of-before"):
    # The site holds its own authority's key, and the partner's certificate of it.
    chain, key = server(*load("collector/ca.pem", "collector/ca.key"))
    database = sqlite3.connect(f"{folder}/partner/collector.db")
    cross = json.loads(database.execute("SELECT body FROM site").fetchone()[0])["crossCertificate"]
    if kind == "site-as-partner-of-before":
        cross = text("cross-of-before.pem")
    chain += cross.strip() + "\n" + text("partner/ca.pem")
else:
    sys.exit(f"{kind} is no kind")
for ending, content in (("chain", chain), ("key", key)):
    with open(f"{folder}/{kind}.{ending}", "w") as file:
        file.write(content)
