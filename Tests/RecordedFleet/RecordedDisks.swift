public import Foundation
public import Reports

/// One look of a probe: what it told, and all that it sees.
public struct FleetLook: Sendable {
    public var look: HistoryLook
    public var observations: [Observation]
    public var components: [Component]
}

/// Histories of real disks, as looks of an agent (../shared/data).
public enum RecordedDisks {
    /// SMART of disks that failed, once a day.
    public static let failed = RecordedTable.url("disks/bb2024q1_st12000nm0008_failed.csv.gz")
    /// Latency of all disks of some hosts, each five minutes.
    public static let latency = RecordedTable.url("fleets/disk_latency_5min.csv.gz")

    private static func disk(_ id: Substring, _ model: Substring, rotates: Bool = true) -> Component {
        Component(
            id: ComponentID(.disk, String(id)), kind: .disk, name: "Disk \(id)",
            part: Part(model: String(model), serial: String(id), location: "bay \(id)"),
            attributes: ["bus": "ata", "rotational": rotates ? "1" : "0"])
    }

    /// One look a day at the first disks of the file.
    public static func looks(of count: Int) throws -> [FleetLook] {
        try servers("disks/bb2024q1_st12000nm0008_failed.csv.gz", disks: count, limit: 1).first ?? []
    }

    /// Servers of so many disks each, in the order of the file.
    /// - Parameters:
    ///   - path: of a table in Backblaze's form: a row a day and disk.
    ///   - limit: of servers.
    static func servers(
        _ path: String, disks count: Int, limit: Int, rotates: Bool = true
    ) throws -> [[FleetLook]] {
        let (head, rows) = try RecordedTable.rows(path)
        let signals = head.map { name -> (signal: Signal, isRaw: Bool)? in
            let words = name.split(separator: "_")
            guard words.count == 3, words[0] == "smart" else { return nil }
            let isRaw = words[2] == "raw"
            return (
                Signal(
                    isRaw ? "hw.physical_disk.smart" : "hw.physical_disk.smart.normalized",
                    ["attribute": "\(words[1]).\(isRaw ? "raw" : "value")"]), isRaw
            )
        }
        var servers: [[RecordedTable.Row]] = []
        var (disk, disks): (Substring, Int) = ("", 0)
        for row in rows {
            if row["serial_number"] != disk {
                disk = row["serial_number"]
                if disks % count == 0 { servers.append([]) }
                disks += 1
            }
            if servers.count > limit { break }
            servers[servers.count - 1].append(row)
        }
        return servers.prefix(limit).map { looks(of: $0, signals, rotates: rotates) }
    }

    private static func looks(
        of rows: [RecordedTable.Row], _ signals: [(signal: Signal, isRaw: Bool)?], rotates: Bool
    ) -> [FleetLook] {
        var days: [Substring: [RecordedTable.Row]] = [:]
        for row in rows { days[row["date"], default: []].append(row) }
        var components: [Component] = []
        for row in rows where components.last?.part.serial != String(row["serial_number"]) {
            components.append(disk(row["serial_number"], row["model"], rotates: rotates))
        }
        return days.sorted { $0.key < $1.key }.compactMap { day, rows -> FleetLook? in
            guard let time = Timestamp(text: "\(day)T06:00:00Z") else { return nil }
            var observations: [Observation] = []
            for row in rows {
                let id = ComponentID(.disk, String(row["serial_number"]))
                func tell(_ signal: Signal, _ measurement: Reports.Measurement) {
                    observations.append(
                        Observation(component: id, signal: signal, measurement: measurement, time: time))
                }
                for (place, cell) in row.cells.enumerated() {
                    guard signals.indices.contains(place), let (signal, isRaw) = signals[place],
                        let value = Double(cell), value >= 0, value < 0x1p63
                    else { continue }
                    tell(signal, isRaw ? .counter(UInt64(value)) : .reading(value))
                    // The lowest byte is the temperature, which smartctl tells beside.
                    if isRaw, signal[label: "attribute"] == "194.raw" {
                        tell(Signal("hw.temperature"), .reading(Double(UInt64(value) & 0xff)))
                    }
                }
            }
            return FleetLook(
                look: HistoryLook(
                    source: "disk-health", start: time, told: time + .milliseconds(4_000), interval: 86_400_000),
                observations: observations, components: components)
        }
    }

    /// The latency of the disks of one host; in seconds, as the agent tells it.
    public static func latencies(of host: String) throws -> [FleetLook] {
        let rows = try RecordedTable.rows("fleets/disk_latency_5min.csv.gz").rows.filter { $0["host"] == host[...] }
        var times: [Int: [RecordedTable.Row]] = [:]
        for row in rows { times[row.number("ts") ?? 0, default: []].append(row) }
        let disks = Set(rows.map { $0["disk_id"] }).sorted()
        return times.sorted { $0.key < $1.key }.map { seconds, rows in
            let time = Timestamp(seconds: Int64(seconds))
            return FleetLook(
                look: HistoryLook(
                    source: "disk-health", start: time, told: time + .milliseconds(16), interval: 300_000),
                observations: rows.compactMap { row in
                    Double(row["lat_mean"]).map {
                        // Microseconds in the table, of which the agent tells seconds.
                        Observation(
                            component: ComponentID(.disk, String(row["disk_id"])),
                            signal: Signal("hw.physical_disk.await", ["direction": "all"]),
                            measurement: .reading($0 / 1_000_000), time: time)
                    }
                }, components: disks.map { disk($0, "M") })
        }
    }
}
