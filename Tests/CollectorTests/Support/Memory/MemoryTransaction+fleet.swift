import Reports

@testable import Collector

/// Servers and what they reported, and what is deleted by its age.
extension MemoryTransaction {
    func hosts() throws -> [HostID] { ledger.servers.keys.sorted() }

    func serverRecords() throws -> [ServerRecord] {
        ledger.servers.values.map(\.value).sorted { $0.server.host < $1.server.host }
    }

    func serverRecord(host: HostID) throws -> ServerRecord? { ledger.servers[host]?.value }

    func save(_ record: ServerRecord) throws { ledger.servers[record.server.host] = Kept(record) }

    func note(_ event: ServerEvent, host: HostID) throws {
        var events = ledger.events[host] ?? []
        // What repeats itself fills no page.
        if let newest = events.last, newest.kind == event.kind, newest.because == event.because { events.removeLast() }
        events.append(event)
        ledger.events[host] = events.suffix(FleetLimits.eventsPerServer)
    }

    func events(host: HostID, limit: Int) throws -> [ServerEvent] {
        (ledger.events[host] ?? []).suffix(limit).reversed()
    }

    func save(_ inventory: Inventory, host: HostID) throws { ledger.inventories[host] = Kept(inventory) }

    func inventory(host: HostID) throws -> Inventory? { ledger.inventories[host]?.value }

    func partsSeen(host: HostID) throws -> PartsSeen { ledger.partsSeen[host] ?? PartsSeen() }

    func save(_ seen: PartsSeen, replacing before: PartsSeen, host: HostID) throws { ledger.partsSeen[host] = seen }

    func acceptedBlindSpots(host: HostID) throws -> [AcceptedBlindSpot] {
        (ledger.blindSpots[host] ?? []).filter { $0.endedAt == nil }.sorted { $0.name < $1.name }
    }

    func save(_ spot: AcceptedBlindSpot, host: HostID) throws {
        let known = (ledger.blindSpots[host] ?? []).firstIndex { $0.name == spot.name && $0.endedAt == nil }
        if spot.endedAt == nil {
            guard known == nil else { throw NotUnique(what: "the acceptance of \(spot.name) of \(host)") }
            ledger.blindSpots[host, default: []].append(spot)
        } else if let known {
            ledger.blindSpots[host]?[known] = spot
        }
    }

    func unansweredDeclarations(host: HostID) throws -> [DeclaredPart] {
        (ledger.declarations[host] ?? []).filter { $0.answer == nil }
            .sorted { ($0.declaration.at, $0.declaration.id) < ($1.declaration.at, $1.declaration.id) }
    }

    func save(_ declared: DeclaredPart, host: HostID) throws {
        ledger.declarations[host, default: []].removeAll { $0.declaration.id == declared.declaration.id }
        ledger.declarations[host, default: []].append(declared)
    }

    func save(_ samples: [SampleAggregate], host: HostID, at time: Timestamp) throws {
        for sample in samples {
            let name = MemoryLedger.SeriesName(component: sample.component, signal: sample.signal)
            var series: MemoryLedger.Series
            if let known = ledger.series[host]?[name]?.value {
                series = known
                (series.received, series.latest) = (time, sample)
            } else {
                guard ledger.series[host, default: [:]].count < FleetLimits.seriesPerServer else { continue }
                ledger.seriesCount += 1
                series = MemoryLedger.Series(id: ledger.seriesCount, received: time, latest: sample)
            }
            let point = SparklinePoint(
                through: sample.through, minimum: sample.minimum, maximum: sample.maximum,
                mean: sample.mean ?? sample.last)
            let isKnown = series.points.contains { $0.received == time && $0.point.through == sample.through }
            if sample.count > 0, !isKnown { series.points.append(MemoryLedger.Point(received: time, point: point)) }
            ledger.series[host, default: [:]][name] = Kept(series)
        }
    }

    func readings(host: HostID) throws -> [Reading] {
        (ledger.series[host] ?? [:]).values.map { Reading(aggregate: $0.value.latest, receivedAt: $0.value.received) }
            .sorted {
                ($0.aggregate.component.rawValue, $0.aggregate.signal.description)
                    < ($1.aggregate.component.rawValue, $1.aggregate.signal.description)
            }
    }

    func history(
        host: HostID, component: ComponentID, signal: Signal, since: Timestamp
    ) throws -> [SparklinePoint] {
        let series = ledger.series[host]?[MemoryLedger.SeriesName(component: component, signal: signal)]?.value
        return (series?.points ?? []).filter { $0.received >= since }
            .sorted { ($0.received, $0.point.through) < ($1.received, $1.point.through) }
            .suffix(FleetLimits.historyPoints).map(\.point)
    }

    func archive(_ report: VerifiedReport, kind: String, host: HostID, at time: Timestamp) throws {
        // Only the newest: nobody reads them here, and a ledger that is copied in each crash is to stay small.
        ledger.archive[host] = [MemoryLedger.ReportRow(received: time, envelope: report.envelope)]
    }

    func isAnyRootTrusted() throws -> Bool {
        try serverRecords().contains { $0.server.trust?.root != nil && $0.server.state != .revoked }
    }

    func trustingEarlier(than root: String, limit: Int) throws -> [String] {
        let servers = try serverRecords().map(\.server).filter { $0.trust?.root != root && $0.state != .revoked }
        let sites = try pairedSites().filter { $0.root != root }
        return Array((servers.map(\.hostname) + sites.map(\.name)).prefix(limit))
    }

    // MARK: What is old

    func openTests(openedBefore threshold: Timestamp, limit: Int) throws -> [Case] {
        let numbers = Set(ledger.tests.values.map(\.number))
        let old = numbers.sorted().compactMap { ledger.cases[$0]?.value.body }
            .filter { !$0.isClosed && $0.openedAt < threshold }
        return Array(old.prefix(limit))
    }

    func deleteCases(closedBefore threshold: Timestamp, limit: Int) throws -> Int {
        let old = ledger.cases.values.map(\.value.body)
            .filter { found in found.isClosed && found.closedAt.map { $0 < threshold } ?? false }.prefix(limit)
        for found in old {
            let number = found.number
            ledger.cases[number] = nil
            ledger.casesOfHost[found.host]?.removeAll { $0 == number }
            for fault in ledger.faultsOfCase.removeValue(forKey: number) ?? [] {
                ledger.caseOfFault[.init(found.host, fault)] = nil
            }
            ledger.reportsOfCase[number] = nil
            for name in (ledger.told.removeValue(forKey: number) ?? [:]).keys { ledger.owed[name]?.remove(number) }
            for id in ledger.messagesOfCase.removeValue(forKey: number) ?? [] { ledger.messages[id] = nil }
            ledger.work.removeAll { $0.caseNumber == number }
            ledger.held = ledger.held.mapValues { $0.filter { $0.value.caseNumber != number } }
            ledger.acceptances = ledger.acceptances.filter { $0.value.number != number }
            ledger.tests = ledger.tests.filter { $0.value.number != number }
        }
        return old.count
    }

    func delete(_ kind: Perishable, before threshold: Timestamp, limit: Int) throws -> Int {
        var left = limit
        /// Takes what is old out of `rows`, as far as the portion goes.
        func cut<Value>(_ rows: inout [Value], _ isOld: (Value) -> Bool) {
            rows.removeAll { row in
                guard left > 0, isOld(row) else { return false }
                left -= 1
                return true
            }
        }
        switch kind {
        case .blindSpots:
            for host in ledger.blindSpots.keys {
                cut(&ledger.blindSpots[host, default: []]) { spot in spot.endedAt.map { $0 < threshold } ?? false }
            }
        case .reports:
            for host in ledger.archive.keys {
                cut(&ledger.archive[host, default: []]) { $0.received < threshold }
            }
        case .declarations:
            for host in ledger.declarations.keys {
                cut(&ledger.declarations[host, default: []]) { $0.declaration.at < threshold }
            }
        case .faults:
            for (host, rows) in ledger.mirror {
                var kept = rows.values.map(\.value)
                cut(&kept) { $0.state == .cleared && $0.changedAt < threshold }
                ledger.mirror[host] = Dictionary(uniqueKeysWithValues: kept.map { ($0.fault, Kept($0)) })
            }
        case .series:
            for (host, rows) in ledger.series {
                var kept = rows.map { ($0.key, $0.value) }
                cut(&kept) { $0.1.value.received < threshold }
                ledger.series[host] = Dictionary(uniqueKeysWithValues: kept)
            }
        case .logins:
            var kept = Array(ledger.logins.values)
            cut(&kept) { $0.expiresAt < threshold }
            ledger.logins = Dictionary(uniqueKeysWithValues: kept.map { ($0.hash, $0) })
        }
        return limit - left
    }

    func deletePoints(before threshold: Timestamp, after place: Int64, series: Int, limit: Int) throws -> Int64? {
        for (host, rows) in ledger.series {
            for (name, row) in rows {
                var kept = row.value
                kept.points.removeAll { $0.received < threshold }
                ledger.series[host]?[name] = Kept(kept)
            }
        }
        return nil
    }
}
