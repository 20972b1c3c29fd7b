import FoundationEssentials
import Logging
import Reports

/// The account of the faults that stand, kept in the transaction that stores each change of them.
///
/// Each change bears a stamp. Stamp by stamp a collector can tell whether it holds the same, and where it does not, it asks
/// for a statement of all.
extension Spool {
    /// Faults of an agent and their stamps.
    func stamps() throws -> [FaultID: Int64] {
        var stamps: [FaultID: Int64] = [:]
        try database.read("SELECT fault, stamp FROM standing") { row in
            if let fault = row[0].text, let stamp = row[1].integer { stamps[FaultID(rawValue: fault)] = stamp }
            return true
        }
        return stamps
    }

    /// Stamps changes and enters them. Tests are in no account: they stand nowhere.
    func keepAccount(of changes: ArraySlice<FaultChange>) throws -> [FaultChange] {
        var last = try lastStamp()
        var count = try database.value("SELECT count(*) FROM standing")?.integer ?? 0
        let stamped = try changes.map { change in
            guard change.fault.test == nil else { return change }
            var change = change
            last += 1
            change.stamp = last
            count += try enter(change, stamp: last, isFull: count >= StandingFaults.limit)
            return change
        }
        try SpoolSchema.setNote("stamp", last, &database)
        return stamped
    }

    /// - Returns: by how many the account grew.
    private func enter(_ change: FaultChange, stamp: Int64, isFull: Bool) throws -> Int64 {
        let id = SQLiteValue.text(change.fault.id.rawValue)
        let isKnown = try database.value("SELECT 1 FROM standing WHERE fault = ?", id) != nil
        guard change.kind != .cleared else {
            try database.run("DELETE FROM standing WHERE fault = ?", id)
            return isKnown ? -1 : 0
        }
        guard isKnown || !isFull else {
            if !isAccountFull {
                isAccountFull = true
                log.error(
                    "more faults stand than are kept account of: after a loss the others are not told again",
                    metadata: ["limit": "\(StandingFaults.limit)"])
            }
            return 0
        }
        let entry = FaultStatement.Standing(stamp: stamp, fault: change.fault, because: change.because)
        try database.run(
            "INSERT OR REPLACE INTO standing VALUES(?, ?, ?)", id, .integer(stamp),
            .blob(try WireFormat.encode(entry)))
        return isKnown ? 0 : 1
    }

    private func lastStamp() throws -> Int64 {
        let noted = try database.value("SELECT value FROM note WHERE key = 'stamp'")?.integer ?? 0
        return max(noted, try database.value("SELECT max(stamp) FROM standing")?.integer ?? 0)
    }

    /// What stands by the engine's word, which decides: a change that the account has not, and one that it has too much, are
    /// mended. Each collector sees by the digest that it holds something else, and asks.
    func align(with faults: [Fault]) throws(SpoolError) {
        try perform { () throws in
            let known = try stamps()
            let open = faults.filter { $0.test == nil }
            let gone = Set(known.keys).subtracting(open.map(\.id))
            for fault in gone { try database.run("DELETE FROM standing WHERE fault = ?", .text(fault.rawValue)) }
            let missing = open.filter { known[$0.id] == nil }.map { fault in
                FaultChange(kind: .opened, fault: fault, because: fault.because, time: fault.updatedAt)
            }
            if !missing.isEmpty { _ = try keepAccount(of: missing[...]) }
        }
    }

    func raiseStamps(above known: Int64) throws(SpoolError) {
        let known = min(max(known, 0), SequenceBounds.range.upperBound)
        try perform { () throws in
            if try lastStamp() < known { try SpoolSchema.setNote("stamp", known, &database) }
        }
    }

    func restate(answering question: String) throws(SpoolError) {
        try perform { () throws in
            guard try SpoolSchema.note("restated", &database) != question else { return }
            try state(answering: question)
            try SpoolSchema.setNote("restated", question, &database)
        }
    }

    /// Writes the statement, in as many reports as it takes.
    func state(answering question: String?) throws {
        var parts: [[FaultStatement.Standing]] = [[]]
        var bytes = 0
        try database.read("SELECT body FROM standing ORDER BY stamp") { row in
            guard let body = row[0].blob, let entry = try? WireFormat.decode(FaultStatement.Standing.self, from: body)
            else { return true }
            bytes += body.count
            // Base64 makes four bytes of three; the rest of the envelope is small.
            let isFull = parts[parts.count - 1].count >= WireLimits.changesPerReport || bytes > Spool.statementBytes
            if isFull, !parts[parts.count - 1].isEmpty {
                parts.append([])
                bytes = body.count
            }
            parts[parts.count - 1].append(entry)
            return true
        }
        for (index, faults) in parts.enumerated() {
            let statement = FaultStatement(answers: question, part: index + 1, of: parts.count, faults: faults)
            try insert(.statement(statement), in: .faults, at: latest)
        }
    }

    private static let statementBytes = WireLimits.envelopeBytes / 2
}
