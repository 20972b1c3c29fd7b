"""What the database of a collector holds, as one JSON object: counts, and the numbers and states of cases."""
import json
import sqlite3
import sys

database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=20)


def one(query):
    return database.execute(query).fetchone()[0]


print(json.dumps({
    "cases": sorted(map(list, database.execute('SELECT number, state, urgency FROM "case"'))),
    "reports": one("SELECT count(*) FROM report"),
    # The newest positions that were taken of all servers, together.
    "received": one("SELECT sum(json_extract(body, '$.positions.telemetry') + json_extract(body, '$.positions.faults'))"
                    " FROM server"),
    "owed": one("SELECT count(*) FROM told WHERE owed = 1"),
}))
