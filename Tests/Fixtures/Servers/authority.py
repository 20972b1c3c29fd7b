"""A certificate authority for tests, made anew at each start."""
import datetime
import ipaddress
import os
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM = serialization.Encoding.PEM
DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _build(subject, issuer, public_key, signing_key, extensions):
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
               .serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + DAY))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signing_key, hashes.SHA256())


# What the root of a collector's TLS says of itself.
ROOT = [(x509.BasicConstraints(True, 0), True), (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), True)]


class Authority:
    def __init__(self, name="test authority", is_root=True):
        """A root of collectors' TLS, or an authority for whatever there is, as the CA up to version 0.1."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        self.certificate = _build(self.name, self.name, self.key.public_key(), self.key,
                                  ROOT if is_root else [(x509.BasicConstraints(True, None), True)])
        self.pem = self.certificate.public_bytes(PEM).decode()

    def cross_sign(self, other):
        """PEM: this authority's certificate for another one that is a root."""
        return _build(other.name, self.name, other.key.public_key(), self.key, ROOT).public_bytes(PEM)

    @property
    def fingerprint(self):
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def context(self, *names, chain=b""):
        """A server's TLS context with a certificate for `names` (addresses or host names), `chain` (PEM) behind it."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = []
        for name in names:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                alternatives.append(x509.DNSName(name))
        certificate = _build(_name(names[0]), self.name, key.public_key(), self.key,
                             [(x509.SubjectAlternativeName(alternatives), False),
                              (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False)])
        pem = certificate.public_bytes(PEM) + chain + key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file.name)
        os.unlink(file.name)
        return context
