import GRDB
import Reports

/// Cases by what a ticket is known by.
extension SQLiteTransaction {
    func relayedCase(sender: String, store: String?, number: String) throws -> Case? {
        try findCase(
            """
            SELECT number FROM "case" WHERE sender = ? AND sender_store IS ? AND sender_number = ?
            ORDER BY opened DESC, number DESC LIMIT 1
            """, [sender, store, number])
    }

    func relayedCase(of origin: Ticket.Origin) throws -> Case? {
        try findCase(
            """
            SELECT number FROM "case" WHERE sender_store = ? AND sender_number = ? AND sender IS NOT NULL
            ORDER BY opened DESC, number DESC LIMIT 1
            """, [origin.store, origin.number])
    }
}
