"""SMTP servers: plain, STARTTLS with login, TLS from the start, and one that refuses by the recipient's name."""
import json
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from authority import Authority


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown"):
            return "550 5.1.1 no such mailbox here"
        if address.startswith("greylisted"):
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if b"X-Reject: yes" in envelope.content:
            return "554 5.6.0 content rejected"
        print(json.dumps({
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": bool(session.ssl),
            "user": getattr(session, "auth_data", None) and session.auth_data.login.decode(),
            "content": envelope.content.decode("latin-1")}), flush=True)
        return "250 2.0.0 queued as 4711"


def authenticate(server, session, envelope, mechanism, data):
    if data.login == b"callhome" and data.password == b"right":
        return AuthResult(success=True, auth_data=data)
    return AuthResult(success=False, handled=False)


def serve(**options):
    controller = Controller(Handler(), hostname="127.0.0.1", port=0, **options)
    try:
        controller.start()
    except ConnectionRefusedError:
        pass  # it knocks at port 0; the server itself stands
    return str(controller.server.sockets[0].getsockname()[1])


authority, other = Authority(), Authority("another authority")
print(json.dumps({
    "ca": authority.pem, "otherCA": other.pem, "plain": serve(),
    "startTLS": serve(tls_context=authority.context("127.0.0.1"), require_starttls=True, auth_required=True,
                      authenticator=authenticate),
    "tls": serve(ssl_context=authority.context("127.0.0.1")),
}), flush=True)
sys.stdin.read()
