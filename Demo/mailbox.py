#!/usr/bin/python3
"""A partner's mailbox: a real SMTP server (aiosmtpd) that keeps each message as a file before it says 250.

    mailbox.py --port 2525 --folder DIR [--refuse-file FILE] [--certificate PEM --key PEM] [--user NAME --password P]

Prints "ready PORT" when it listens. While FILE exists every message is refused with 451.
"""

import argparse
import os
import signal
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--port", type=int, default=0)
options.add_argument("--folder", required=True)
options.add_argument("--refuse-file")
options.add_argument("--certificate")
options.add_argument("--key")
options.add_argument("--user")
options.add_argument("--password")
given = options.parse_args()
os.makedirs(given.folder, exist_ok=True)
lock = threading.Lock()


class Keep:
    async def handle_DATA(self, server, session, envelope):
        if given.refuse_file and os.path.exists(given.refuse_file):
            return "451 4.3.0 mailbox is closed, try again later"
        with lock:
            number = 1 + max((int(n.split(".")[0]) for n in os.listdir(given.folder) if n.endswith(".eml")), default=0)
            part = os.path.join(given.folder, f"{number:06d}.part")
            with open(part, "wb") as file:
                file.write(envelope.content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(part, os.path.join(given.folder, f"{number:06d}.eml"))
        return "250 2.0.0 kept"


class Mailbox(Controller):
    def factory(self):
        arguments = {"hostname": "mailbox.example", "enable_SMTPUTF8": True}
        if given.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(given.certificate, given.key)
            arguments.update(tls_context=context, require_starttls=True)
        if given.user:
            def check(server, session, envelope, mechanism, data):
                ok = data.login == given.user.encode() and data.password == given.password.encode()
                return AuthResult(success=ok, handled=False)
            arguments.update(authenticator=check, auth_required=True, auth_require_tls=bool(given.certificate))
        return SMTP(self.handler, **arguments)


if given.port == 0:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        given.port = probe.getsockname()[1]
mailbox = Mailbox(Keep(), hostname="127.0.0.1", port=given.port)
mailbox.start()
print(f"ready {given.port}", flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
mailbox.stop()
sys.exit(0)
