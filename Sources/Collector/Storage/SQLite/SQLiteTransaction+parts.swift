import GRDB
import Reports

/// Which parts a server's inventories listed, one row a part.
extension SQLiteTransaction {
    func partsSeen(host: HostID) throws -> PartsSeen {
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT kind, serial, body FROM part_seen WHERE host = ?"), arguments: [host])
        var seen = PartsSeen()
        for row in rows {
            guard let serial = PartSerial(row["serial"]) else { continue }
            let part = PartsSeen.Part(kind: ComponentKind(rawValue: row["kind"]), serial: serial)
            seen.sightings[part] = readable(PartsSeen.Sighting.self, row, "\(host) \(serial.text)", "body")
        }
        return seen
    }

    func save(_ seen: PartsSeen, replacing before: PartsSeen, host: HostID) throws {
        for part in before.sightings.keys where seen.sightings[part] == nil {
            try run(
                "DELETE FROM part_seen WHERE host = ? AND kind = ? AND serial = ?",
                [host, part.kind.rawValue, part.serial.text])
        }
        for (part, sighting) in seen.sightings where before.sightings[part] != sighting {
            try run(
                "INSERT INTO part_seen VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                [host, part.kind.rawValue, part.serial.text, try encode(sighting)])
        }
    }
}
