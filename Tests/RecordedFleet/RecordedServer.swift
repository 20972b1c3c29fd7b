public import Foundation
import Reports
import SensorAgent

/// A server made of recorded parts: each has another history.
public struct RecordedServer: Sendable, CustomStringConvertible {
    /// Which recording, and which part of it.
    public var name: String
    public var looks: [FleetLook]

    public var description: String { name }

    /// Names of the probes, of which the first decides what a part is.
    public static let order = ["disk-health", "ipmi", "memory-errors", "kernel-log"]

    /// Whether all recordings are beside the checkout.
    public static var areThere: Bool {
        files.allSatisfy { FileManager.default.fileExists(atPath: RecordedTable.url($0).path) }
    }

    private static let files = [
        "disks/bb2024q1_st12000nm0008_failed.csv.gz", "disks/bb2016q2_st4000dm000_full.csv.gz",
        "disks/bb2019q1_mixed_failed.csv.gz", "disks/alibaba_mb1_ssd_failed_30d.csv.gz",
        "fleets/dimm_errors_raw.csv.gz", "fleets/bmc_sdr_hourly.txt.gz", "fleets/disk_latency_5min.csv.gz",
    ]

    /// Forty, each of other parts: 28 with disks of which some or all fail within its history, four of SSDs that fail, four with
    /// memory errors, two BMCs with a fan that stops, one BMC and one host with disks that are well.
    /// - Parameter folder: an empty one, for what a probe reads.
    public static func forty(in folder: URL) async throws -> [RecordedServer] {
        var servers: [RecordedServer] = []
        func add(_ kind: String, _ looks: [[FleetLook]]) {
            for (number, looks) in looks.enumerated() {
                servers.append(RecordedServer(name: "\(kind) \(number + 1)", looks: looks))
            }
        }
        add("ST12000NM0008 that fail", try RecordedDisks.servers(files[0], disks: 6, limit: 11))
        add("ST4000DM000, some fail", try RecordedDisks.servers(files[1], disks: 14, limit: 11))
        add("disks of seven models that fail", try RecordedDisks.servers(files[2], disks: 12, limit: 6))
        add("SSDs that fail", try RecordedDisks.servers(files[3], disks: 12, limit: 4, rotates: false))
        add("memory errors", try memory())
        add("BMC", try await bmc(in: folder))
        add("latency", [try RecordedDisks.latencies(of: "host_9")])
        return servers
    }

    // MARK: Memory

    /// The modules that made most errors, each in a server of its own: an hour's errors at once, for 60 days up to the last one.
    private static func memory() throws -> [[FleetLook]] {
        let rows = try RecordedTable.rows("fleets/dimm_errors_raw.csv.gz").rows
        let modules = Dictionary(grouping: rows) { $0["serial_number"] }
        return modules.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.prefix(4).map { _, rows in
            hours(of: rows.sorted { ($0.number("LogTime") ?? 0) < ($1.number("LogTime") ?? 0) })
        }
    }

    private static func hours(of rows: [RecordedTable.Row]) -> [FleetLook] {
        let module = Component(
            id: ComponentID(.dimm, "mc0/dimm0"), kind: .dimm, name: "DIMM_A1", part: Part(location: "DIMM_A1"),
            attributes: ["edac_memory_type": "Registered-DDR4"])
        let end = rows.last?.number("LogTime") ?? 0
        var left = rows[...]
        var counted: UInt64 = 0
        var looks: [FleetLook] = []
        for hour in stride(from: end - 60 * 86_400, through: end + 3_600, by: 3_600) {
            let time = Timestamp(seconds: Int64(hour))
            var events: [Observation] = []
            while let next = left.first, let at = next.number("LogTime"), at <= hour {
                left.removeFirst()
                guard at > hour - 3_600, next["error_type_full_name"].hasPrefix("CE") else { continue }
                counted += 1
                func tell(_ signal: Signal) {
                    events.append(
                        Observation(
                            component: module.id, signal: signal, measurement: .event("a corrected error"),
                            time: Timestamp(seconds: Int64(at)), count: 1))
                }
                tell(Signal("hw.memory.error", ["error.type": "corrected"]))
                let bank = "rank \(next["RankId"]) group \(next["BankgroupId"]) bank \(next["BankId"])"
                tell(
                    Signal(
                        "hw.memory.cell_error",
                        [
                            "bank": bank, "row": String(next["RowId"]), "column": String(next["ColumnId"]),
                            "device": String(next["deviceID"]),
                        ]))
            }
            func look(_ source: String, _ observations: [Observation], _ components: [Component]) {
                looks.append(
                    FleetLook(
                        look: HistoryLook(
                            source: source, start: time, told: time + .milliseconds(16), interval: 3_600_000),
                        observations: observations, components: components))
            }
            look(
                "memory-errors",
                [
                    Observation(
                        component: module.id, signal: Signal("hw.errors", ["error.type": "corrected"]),
                        measurement: .counter(counted), time: time)
                ], [module])
            look("kernel-log", events, [])
        }
        return looks
    }

    // MARK: BMCs

    /// What `ipmitool sdr` printed of three servers, read by the real probe; a look holds until the next hour's, four times an hour.
    /// In the first two a fan stops after the first look.
    private static func bmc(in folder: URL) async throws -> [[FleetLook]] {
        var texts: [String: [(time: Timestamp, text: String)]] = [:]
        for block in try RecordedTable.text("fleets/bmc_sdr_hourly.txt.gz").split(separator: "### ") {
            guard let end = block.firstIndex(of: "\n"),
                let head = block[..<end].wholeMatch(of: #/(\S+) Timestamp: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC */#),
                let time = Timestamp(text: "\(head.2)T\(head.3)Z")
            else { continue }
            texts[String(head.1), default: []].append((time, String(block[block.index(after: end)...])))
        }
        let fan = #/Fan1A_Tach +\| [1-9]\d* RPM +\| ok/#
        var servers: [[FleetLook]] = []
        for (_, looks) in texts.sorted(by: { $0.key < $1.key }) where servers.count < 3 {
            guard looks.count > 3, looks.allSatisfy({ $0.text.contains(fan) }) else { continue }
            let number = servers.count
            var told: [FleetLook] = []
            let sorted = looks.sorted { $0.time < $1.time }
            for (place, look) in sorted.enumerated() {
                let isBroken = number < 2 && place > 0
                let text = isBroken ? look.text.replacing(fan, with: "Fan1A_Tach | 0 RPM | cr") : look.text
                let file = folder.appending(path: "sdr.txt")
                try Data(text.utf8).write(to: file)
                let probe = IPMIProbe(tree: SysTree(root: folder.appending(path: "nothing").path), input: file.path)
                let read = try await probe.observe(at: look.time, since: nil)
                let next = place + 1 < sorted.count ? sorted[place + 1].time : look.time + .seconds(86_400)
                var time = look.time
                while time < next {
                    told.append(
                        FleetLook(
                            look: HistoryLook(
                                source: "ipmi", start: time, told: time + .milliseconds(800), interval: 900_000),
                            observations: read.observations.map { observation in
                                var moved = observation
                                if moved.time == look.time { moved.time = time }
                                return moved
                            }, components: read.components))
                    time = time + .seconds(900)
                }
            }
            servers.append(told)
        }
        return servers
    }
}
