import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

/// What the BMCs of 851 servers that did nothing wrong said, hourly, on a day on which their data centre was shut down
/// and started again: nothing may be ordered or planned but board batteries that a BMC calls critical.
@Suite("Healthy servers through a shutdown", .timeLimit(.minutes(10)))
struct HealthyServersTests {
    private static let recording = Recordings.package
        .appending(path: "../shared/data/fleets/bmc_sdr_hourly.txt.gz").standardizedFileURL
    static let isThere = FileManager.default.fileExists(atPath: recording.path)

    /// What `ipmitool sdr` printed of one server at one time.
    struct Look: Sendable {
        var time: Timestamp
        var text: String
    }

    /// The looks by server, each in the order of time.
    static func looks() async throws -> [String: [Look]] {
        let (status, output) = try await run("gzip", ["-dc", recording.path])
        guard status == 0 else { throw CaseError(what: "gzip ended with \(status)") }
        var looks: [String: [Look]] = [:]
        for block in String(decoding: output, as: UTF8.self).split(separator: "### ") {
            guard let end = block.firstIndex(of: "\n"),
                let head = block[..<end].wholeMatch(of: #/(\S+) Timestamp: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC */#),
                let time = Timestamp(text: "\(head.2)T\(head.3)Z")
            else { throw CaseError(what: "no head: \(block.prefix(80))") }
            let text = String(block[block.index(after: end)...])
            looks[String(head.1), default: []].append(Look(time: time, text: text))
        }
        return looks.mapValues { $0.sorted { $0.time < $1.time } }
    }

    /// What was said of one server.
    struct Day: Sendable {
        /// Faults that cost a part, by the id of the component.
        var tickets: [String: String] = [:]
        /// Readings and states that are told, by the kind of the part.
        var told: [ComponentKind: Int] = [:]
        var looks = 0
        var refused: [String] = []

        /// Plays the looks by the real probe; between two of them all stays as it was for a quarter of an hour.
        init(of looks: [Look], by pack: PatternPack, in scratch: ScratchFolder, named name: String) async throws {
            var diagnosis = Diagnosis(patterns: pack)
            let file = scratch.url.appending(path: name)
            let tree = SysTree(root: scratch.url.appending(path: "nothing").path)
            for look in looks {
                try Data(look.text.utf8).write(to: file)
                let result: ProbeResult
                do throws(ProbeError) {
                    result = try await IPMIProbe(tree: tree, input: file.path).observe(at: look.time, since: nil)
                } catch {
                    refused.append("\(error)")
                    continue
                }
                self.looks += 1
                var changes = diagnosis.know(result.components, at: look.time)
                let kinds = Dictionary(result.components.map { ($0.id, $0.kind) }, uniquingKeysWith: { one, _ in one })
                for observation in result.observations {
                    switch observation.measurement {
                    case .reading, .counter, .state: told[kinds[observation.component] ?? .server, default: 0] += 1
                    case .event, .unavailable: break
                    }
                }
                for minutes in [0, 1, 2, 5, 10, 15] {
                    let time = look.time + .seconds(Int64(minutes) * 60)
                    let observations = result.observations.map { observation in
                        var observation = observation
                        if observation.time == look.time { observation.time = time }
                        return observation
                    }
                    changes += diagnosis.observe(observations, at: time)
                }
                for change in changes where change.kind != .cleared && change.fault.urgency.makesTicket {
                    let fault = change.fault
                    tickets[fault.component.rawValue] =
                        "\(fault.urgency.rawValue) \(fault.pattern) of \(fault.component): \(fault.because)"
                }
            }
        }
    }

    @Test(
        "Nothing is ordered or planned of a healthy server, but board batteries that its BMC calls critical",
        .enabled(if: isThere, "the recording is not beside the checkout"))
    func healthy() async throws {
        let pack = try ShippedPack.built()
        let servers = try await Self.looks()
        #expect(servers.count == 851)
        let days = try await Self.days(of: servers, by: pack)
        var batteries = 0
        for (name, day) in days {
            #expect(day.refused.isEmpty, "\(name): \(day.refused.prefix(2))")
            let saysCritical = servers[name]?.contains { $0.text.contains(#/CMOS Battery +\|[^|]*\| cr/#) } ?? false
            for (component, ticket) in day.tickets {
                let isBattery = component.hasPrefix("board_battery:")
                if isBattery && saysCritical { batteries += 1 } else { Issue.record("\(name): \(ticket)") }
            }
            // That nothing is said of what is not read would say nothing.
            let listed = servers[name]?.count { $0.text.contains("Battery") } ?? 0
            #expect(day.told[.boardBattery, default: 0] >= listed, "\(name): its battery is not read at every look")
            #expect(day.told[.power, default: 0] >= day.looks, "\(name): its power is not read at every look")
        }
        func count(telling kind: ComponentKind) -> Int { days.values.count { $0.told[kind, default: 0] > 0 } }
        let kinds: [ComponentKind] = [.fan, .temperature, .psu, .dimm, .cpu, .disk, .slot]
        let looks = days.values.reduce(0) { $0 + $1.looks }
        print(
            "\(days.count) servers, \(looks) looks, \(batteries) board batteries to be replaced; servers that tell of")
        for kind in kinds { print("  \(kind): \(count(telling: kind))") }
        #expect(looks == 3336)
        #expect(count(telling: .temperature) > 700 && count(telling: .fan) > 400)
    }

    @Test(
        "A fault that is planted in one of them is found, of the part in which it is planted",
        .enabled(if: isThere, "the recording is not beside the checkout"),
        arguments: [
            Planted(sensor: "Fan1A_Tach", value: "0 RPM", state: "cr", place: "fan:"),
            Planted(sensor: "Fan 3B Tach", value: "0 RPM", state: "cr", place: "fan:"),
        ])
    func planted(fault: Planted) async throws {
        let pack = try ShippedPack.built()
        let servers = try await Self.looks()
        let fitting = servers.filter { $0.value.count > 1 && $0.value.allSatisfy { fault.fits($0.text) } }
        let (name, looks) = try #require(fitting.min { $0.key < $1.key })
        let before = try await Self.days(of: [name: looks], by: pack)
        #expect(before[name]?.tickets.isEmpty == true)
        // It was well at the first look.
        let broken = looks.enumerated().map { place, look in
            place == 0 ? look : Look(time: look.time, text: fault.planted(in: look.text))
        }
        let tickets = try await Self.days(of: [name: broken], by: pack)[name]?.tickets ?? [:]
        print("planted in \(name): \(tickets.values.sorted().joined(separator: "; "))")
        #expect(tickets.keys.contains { $0.hasPrefix(fault.place) }, "\(fault) opens \(tickets)")
        #expect(tickets.keys.allSatisfy { $0.hasPrefix(fault.place) }, "\(fault) opens \(tickets)")
    }

    /// A sensor of a look that becomes one of a broken part.
    struct Planted: Sendable, CustomTestStringConvertible {
        let sensor: String
        let value: String
        let state: String
        /// What the ids of the parts in question begin with.
        let place: String

        var testDescription: String { "\(sensor) \(value) \(state)" }

        /// Whether the sensor is read, and well; a fan turns.
        func fits(_ text: String) -> Bool { text.split(separator: "\n").contains(where: isWell) }

        func planted(in text: String) -> String {
            text.split(separator: "\n").map { isWell($0) ? "\(sensor) | \(value) | \(state)" : String($0) }
                .joined(separator: "\n") + "\n"
        }

        private func isWell(_ line: Substring) -> Bool {
            let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return columns.count == 3 && columns[0] == sensor && columns[2] == "ok" && !columns[1].hasPrefix("0")
        }
    }

    private static func days(of servers: [String: [Look]], by pack: PatternPack) async throws -> [String: Day] {
        let scratch = try ScratchFolder()
        try scratch.write("here", "")
        return try await withThrowingTaskGroup(of: (String, Day).self) { group in
            var left = servers.sorted { $0.key < $1.key }[...]
            func start() {
                guard let (name, looks) = left.popFirst() else { return }
                group.addTask { (name, try await Day(of: looks, by: pack, in: scratch, named: name)) }
            }
            for _ in 0..<2 { start() }
            var days: [String: Day] = [:]
            while let (name, day) = try await group.next() {
                days[name] = day
                start()
            }
            return days
        }
    }
}
