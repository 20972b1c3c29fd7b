import GRDB
import Reports

/// Blind spots that somebody lives with. What has ended stays, as who accepted what is history.
extension SQLiteTransaction {
    func inventory(host: HostID) throws -> Inventory? {
        try body(Inventory.self, "SELECT host, body FROM inventory WHERE host = ?", [host])
    }

    func acceptedBlindSpots(host: HostID) throws -> [AcceptedBlindSpot] {
        try bodies(
            AcceptedBlindSpot.self,
            "SELECT name, body FROM accepted_blind_spot WHERE host = ? AND ended IS NULL ORDER BY name", [host])
    }

    func save(_ spot: AcceptedBlindSpot, host: HostID) throws {
        if spot.endedAt == nil {
            return try run(
                "INSERT INTO accepted_blind_spot (host, name, accepted, body) VALUES (?, ?, ?, ?)",
                [host, spot.name, spot.acceptedAt.milliseconds, try encode(spot)])
        }
        try run(
            "UPDATE accepted_blind_spot SET ended = ?, body = ? WHERE host = ? AND name = ? AND ended IS NULL",
            [spot.endedAt?.milliseconds, try encode(spot), host, spot.name])
    }
}
