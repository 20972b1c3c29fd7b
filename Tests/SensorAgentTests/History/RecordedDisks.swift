import Foundation
import Reports
import Transfer

@testable import SensorAgent

/// Histories of real disks, as looks of an agent (../shared/data).
enum RecordedDisks {
    /// SMART of disks that failed, once a day.
    static let failed = data("disks/bb2024q1_st12000nm0008_failed.csv.gz")
    /// Latency of all disks of some hosts, each five minutes.
    static let latency = data("fleets/disk_latency_5min.csv.gz")

    private static func data(_ path: String) -> URL {
        Recordings.package.appending(path: "../shared/data/\(path)").standardizedFileURL
    }

    private static func table(_ file: URL) throws -> (head: [Substring], rows: [[Substring]]) {
        let text = String(decoding: try Gzip.decompress(try Data(contentsOf: file), limit: 100 << 20), as: UTF8.self)
        var lines = text.split(separator: "\n")
        let head = lines.removeFirst().split(separator: ",", omittingEmptySubsequences: false)
        return (head, lines.map { $0.split(separator: ",", omittingEmptySubsequences: false) })
    }

    typealias Looks = [(look: HistoryLook, observations: [Observation], components: [Component])]

    private static func disk(_ id: String, _ model: String) -> Component {
        Component(
            id: ComponentID(.disk, id), kind: .disk, name: "Disk \(id)",
            part: Part(model: model, serial: id, location: "bay \(id)"),
            attributes: ["bus": "ata", "rotational": "1"])
    }

    /// One look a day at the first disks of the file.
    static func looks(of count: Int) throws -> Looks {
        let (head, rows) = try table(failed)
        var disks: [Substring] = []
        for row in rows where !disks.contains(row[1]) && disks.count < count { disks.append(row[1]) }
        var days: [Substring: [[Substring]]] = [:]
        for row in rows where disks.contains(row[1]) { days[row[0], default: []].append(row) }
        return days.sorted { $0.key < $1.key }.enumerated().map { day, entry in
            let time = Timestamp(seconds: 1_704_067_200 + Int64(day) * 86_400)
            let observations = entry.value.flatMap { row in
                head.indices.dropFirst(5).compactMap { column -> Observation? in
                    let name = head[column].split(separator: "_")
                    guard name.count == 3, let value = UInt64(row[column]) else { return nil }
                    let isRaw = name[2] == "raw"
                    return Observation(
                        component: ComponentID(.disk, String(row[1])),
                        signal: Signal(
                            isRaw ? "hw.physical_disk.smart" : "hw.physical_disk.smart.normalized",
                            ["attribute": "\(name[1]).\(isRaw ? "raw" : "value")"]),
                        measurement: isRaw ? .counter(value) : .reading(Double(value)), time: time)
                }
            }
            return (
                HistoryLook(
                    source: "disk-health", start: time, told: time + .milliseconds(4_000), interval: 86_400_000),
                observations, disks.map { disk(String($0), "ST12000NM0008") }
            )
        }
    }

    /// The latency of the disks of one host; in seconds, as the agent tells it.
    static func latencies(of host: String) throws -> Looks {
        var times: [Int64: [[Substring]]] = [:]
        let rows = try table(latency).rows.filter { $0[1] == host }
        for row in rows { times[Int64(row[3]) ?? 0, default: []].append(row) }
        let disks = Set(rows.map { String($0[2]) }).sorted()
        return times.sorted { $0.key < $1.key }.map { seconds, rows in
            let time = Timestamp(seconds: seconds)
            return (
                HistoryLook(source: "disk-health", start: time, told: time + .milliseconds(16), interval: 300_000),
                rows.compactMap { row in
                    Double(row[5]).map {
                        Observation(
                            component: ComponentID(.disk, String(row[2])),
                            signal: Signal("hw.physical_disk.await", ["direction": "all"]),
                            measurement: .reading($0 / 1_000), time: time)
                    }
                }, disks.map { disk($0, "M") }
            )
        }
    }
}
