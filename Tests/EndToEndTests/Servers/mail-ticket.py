#!/usr/bin/python3
"""Prints {"id": Message-ID, "subject": …, "ticket": the attached JSON} of each message file, one line a file."""

import email
import email.policy
import json
import sys

for name in sys.argv[1:]:
    with open(name, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    ticket = None
    for part in message.iter_attachments():
        if part.get_content_type() == "application/json":
            content = part.get_content()
            ticket = json.loads(content if isinstance(content, (str, bytes)) else str(content))
    print(json.dumps({"id": message["Message-ID"], "subject": message["Subject"], "ticket": ticket}))
