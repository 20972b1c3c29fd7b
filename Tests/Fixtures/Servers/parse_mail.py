"""Reads a mail as Python's e-mail package does, strictly, and prints what it holds as JSON."""
import email
import email.policy
import json
import sys

data = open(sys.argv[1], "rb").read()
message = email.message_from_bytes(data, policy=email.policy.SMTP)
parts = []
for part in message.walk():
    if not part.is_multipart():
        content = part.get_content()
        parts.append({"type": part.get_content_type(), "filename": part.get_filename() or "",
                      "text": content if isinstance(content, str) else content.decode("latin-1")})
print(json.dumps({
    "headers": [[name, str(value)] for name, value in message.items()],
    "parts": parts, "defects": [str(d) for p in message.walk() for d in p.defects],
    "addresses": [a.addr_spec for a in message["To"].addresses],
    "names": [a.display_name for a in message["From"].addresses + message["To"].addresses]}))
