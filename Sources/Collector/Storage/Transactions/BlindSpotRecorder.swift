import Reports

/// Accepts blind spots of a server, takes that back, and ends what holds no more, each inside one transaction.
struct BlindSpotRecorder {
    let transaction: any CollectorLedger
    let time: Timestamp

    /// Names in one event.
    private static let named = 5

    /// What is not seen now, or was accepted, in the order of names.
    func spots(of server: Server) throws -> [BlindSpot] {
        let accepted = try transaction.acceptedBlindSpots(host: server.host)
        let byName = Dictionary(accepted.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return BlindSpot.all(of: server, try transaction.inventory(host: server.host)).map { spot in
            BlindSpot(subject: spot.subject, acceptance: byName[spot.name])
        }.filter { $0.isBlind || $0.acceptance != nil }.sorted { $0.name < $1.name }
    }

    func accept(_ choice: BlindSpotChoice, host: HostID, by: String, because: String) throws -> [BlindSpot] {
        var record = try record(host)
        let spots = try spots(of: record.server)
        let chosen: [BlindSpot]
        switch choice {
        case .all:
            // Whoever says all means what is so for good: what only nobody has mended yet is accepted by name.
            let open = spots.filter { $0.isBlind && $0.acceptance == nil }
            chosen = open.filter { !$0.isMendable }
            guard !chosen.isEmpty else {
                throw StoreError.conflict(
                    because: "no blind spot of \(record.server.hostname) is left to accept"
                        + (open.isEmpty ? "" : " but what can be mended: it is accepted by name" + namesToAccept(open)))
            }
        case .named(let names): chosen = try named(names, among: spots, of: record.server)
        }
        for spot in chosen {
            if var old = spot.acceptance {
                (old.endedAt, old.endedBecause) = (time, "it was accepted anew by \(by)")
                try transaction.save(old, host: host)
            }
            try transaction.save(AcceptedBlindSpot(spot, by: by, because: because, at: time), host: host)
        }
        try note(
            .blindSpotAccepted, "\(by) accepted that this is not seen: \(list(chosen.map(\.titles))). \(because)", host)
        try refresh(&record)
        return try self.spots(of: record.server)
    }

    private func named(_ names: [String], among blind: [BlindSpot], of server: Server) throws -> [BlindSpot] {
        let all = BlindSpot.all(of: server, try transaction.inventory(host: server.host))
        var chosen: [BlindSpot] = []
        for name in names where !chosen.contains(where: { $0.name == name }) {
            let shown = CleanText.line(name, limit: 100)
            guard let spot = blind.first(where: { $0.name == name }), spot.isBlind else {
                guard let known = all.first(where: { $0.name == name }) else {
                    let near = Wording.near(name, among: blind.map(\.name))
                    throw StoreError.notFound(
                        what: "blind spot \(shown) of \(server.hostname)"
                            + (near.isEmpty ? namesToAccept(blind) : "; perhaps \(near.joined(separator: " or "))"))
                }
                throw StoreError.conflict(
                    because: known.isSeen
                        ? "\(shown) is seen on \(server.hostname): there is nothing to accept"
                        : "\(shown) of \(server.hostname) is no blind spot now: the part is not there, or the probe has not "
                            + "looked yet" + namesToAccept(blind.filter { $0.isHidden(by: name) }, orElse: blind))
            }
            chosen.append(spot)
        }
        return chosen
    }

    /// The names that may be accepted instead: `; what is not seen here is called psu.failed, fan.failed and 3 more`.
    private func namesToAccept(_ spots: [BlindSpot], orElse others: [BlindSpot] = []) -> String {
        let names = (spots.isEmpty ? others : spots).filter(\.isBlind).map(\.name)
        guard !names.isEmpty else { return "" }
        let left = names.count - BlindSpotRecorder.named
        return "; what is not seen here is called " + names.prefix(BlindSpotRecorder.named).joined(separator: ", ")
            + (left > 0 ? " and \(left) more (callhome servers blind-spots list)" : "")
    }

    func withdraw(_ choice: BlindSpotChoice, host: HostID, by: String, because: String) throws -> [BlindSpot] {
        var record = try record(host)
        let accepted = try transaction.acceptedBlindSpots(host: host)
        var chosen = accepted
        if case .named(let names) = choice {
            for name in names where !accepted.contains(where: { $0.name == name }) {
                let near = Wording.near(name, among: accepted.map(\.name))
                throw StoreError.notFound(
                    what: "accepted blind spot \(CleanText.line(name, limit: 100)) of \(record.server.hostname)"
                        + (near.isEmpty ? "" : "; perhaps \(near.joined(separator: " or "))"))
            }
            chosen = accepted.filter { names.contains($0.name) }
        }
        guard !chosen.isEmpty else {
            throw StoreError.conflict(because: "no blind spot of \(record.server.hostname) is accepted")
        }
        for var spot in chosen {
            (spot.endedAt, spot.endedBecause) = (time, "\(by) took it back: \(because)")
            try transaction.save(spot, host: host)
        }
        try note(
            .blindSpotWithdrawn,
            "\(by) accepts no longer that this is not seen: \(list(chosen.map(\.titles))). \(because)",
            host)
        try refresh(&record)
        return try spots(of: record.server)
    }

    /// Ends what no longer holds, by what the server reports now. Costs nothing where nothing is accepted.
    func end(by inventory: Inventory?, server: inout Server) throws {
        guard server.accepted != nil else { return }
        let all = Dictionary(
            BlindSpot.all(of: server, inventory).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var ended: [(title: String, because: String)] = []
        for var spot in try transaction.acceptedBlindSpots(host: server.host) {
            guard let now = all[spot.name], let because = spot.end(by: now) else { continue }
            (spot.endedAt, spot.endedBecause) = (time, because)
            try transaction.save(spot, host: server.host)
            ended.append((CleanText.line(spot.title(in: .english), limit: 160), CleanText.line(because, limit: 300)))
        }
        server.accepted = AcceptedBlindSpots(try transaction.acceptedBlindSpots(host: server.host), of: inventory)
        guard !ended.isEmpty else { return }
        let words = ended.prefix(BlindSpotRecorder.named).map { "“\($0.title)”: \($0.because)" }
        let left = ended.count - words.count
        try note(
            .blindSpotEnded,
            "What was accepted as not seen is so no longer. \(words.joined(separator: "; "))"
                + (left > 0 ? "; and \(left) more" : ""), server.host)
    }

    private func record(_ host: HostID) throws -> ServerRecord {
        guard let record = try transaction.serverRecord(host: host) else {
            throw StoreError.notFound(what: "server \(host)")
        }
        return record
    }

    private func refresh(_ record: inout ServerRecord) throws {
        let host = record.server.host
        record.server.accepted = AcceptedBlindSpots(
            try transaction.acceptedBlindSpots(host: host), of: try transaction.inventory(host: host))
        try transaction.save(record)
    }

    private func list(_ titles: [[String: String]]) -> String {
        let names = titles.prefix(BlindSpotRecorder.named).map { "“\(CleanText.line($0["en"] ?? "", limit: 160))”" }
        let left = titles.count - names.count
        return names.joined(separator: ", ") + (left > 0 ? " and \(left) more" : "")
    }

    private func note(_ kind: ServerEvent.Kind, _ because: String, _ host: HostID) throws {
        try transaction.note(ServerEvent(time: time, kind: kind, because: because), host: host)
    }
}
