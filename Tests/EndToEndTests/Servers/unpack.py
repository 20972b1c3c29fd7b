"""Unpacks a data directory of Tests/Fixtures/DataDirectories for other addresses: `unpack.py ARCHIVE FOLDER PORT=ADDRESS…`."""
import json
import os
import sqlite3
import sys
import tarfile

archive, folder, *addresses = sys.argv[1:]
with tarfile.open(archive) as file:
    file.extractall(folder)
for path, _, names in os.walk(folder):
    for name in names:
        os.chmod(os.path.join(path, name), 0o600)


def moved(text):
    for pair in addresses:
        port, address = pair.split("=")
        text = text.replace(f"127.0.0.1:{port}", address)
    return text


for path in ("honest/state/identity.json", "config/callhome/login.json"):
    with open(f"{folder}/data-0.1/{path}") as file:
        text = moved(file.read())
    with open(f"{folder}/data-0.1/{path}", "w") as file:
        file.write(text)
database = sqlite3.connect(f"{folder}/data-0.1/collector/collector.db")
for recipient, body in database.execute("SELECT recipient, body FROM partner").fetchall():
    database.execute("UPDATE partner SET body = ? WHERE recipient = ?", (moved(body), recipient))
database.commit()
database.close()
partner = sqlite3.connect(f"{folder}/data-0.1/partner/collector.db")
with open(f"{folder}/data-0.1/cross-of-before.pem", "w") as file:
    file.write(json.loads(partner.execute("SELECT body FROM site").fetchone()[0])["crossCertificate"])
