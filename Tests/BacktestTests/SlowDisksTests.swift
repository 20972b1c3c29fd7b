import FaultPatterns
import Foundation
import Reports
import TestSupport
import Testing
import Transfer

/// Disks that are known to be slow (PERSEUS, cluster A), among their siblings, through the engine.
@Suite("Slow disks of the field")
struct SlowDisksTests {
    private static let file = Histories.root.appending(path: "../shared/data/fleets/disk_latency_5min.csv.gz")
        .standardizedFileURL

    /// A mean of five minutes.
    private struct Mean {
        var time: Int
        /// 15-second samples, which stand for requests: how many these were is not in the data.
        var weight: Double
        var seconds: Double
    }

    private static func drives() throws -> (hosts: [Substring: [Substring: [Mean]]], slow: Set<String>) {
        let text = String(
            decoding: try Gzip.decompress(try Data(contentsOf: file), limit: 100 << 20), as: UTF8.self)
        var hosts: [Substring: [Substring: [Mean]]] = [:]
        var slow: Set<String> = []
        // cluster,host,disk_id,ts,n,lat_mean,lat_med,lat_max,thr_mean,slow; latencies in microseconds.
        for line in text.split(separator: "\n").dropFirst() {
            let row = line.split(separator: ",", omittingEmptySubsequences: false)
            guard row.count == 10, let time = Int(row[3]), let weight = Double(row[4]), let latency = Double(row[5])
            else { continue }
            hosts[row[1], default: [:]][row[2], default: []].append(
                Mean(time: time, weight: weight, seconds: latency / 1_000_000))
            if row[9] == "1" { slow.insert("\(row[1])/\(row[2])") }
        }
        return (hosts.mapValues { $0.mapValues { $0.sorted { $0.time < $1.time } } }, slow)
    }

    /// The mean of each whole hour that ends with a mean of five minutes, as the agent tells it.
    private static func hourly(_ means: [Mean]) -> [Int: Double] {
        var hours: [Int: Double] = [:]
        for last in means.indices.dropFirst(11) where means[last].time - means[last - 11].time < 3_600 {
            let hour = means[(last - 11)...last]
            let weight = hour.reduce(0) { $0 + $1.weight }
            hours[means[last].time] = hour.reduce(0) { $0 + $1.seconds * $1.weight } / weight
        }
        return hours
    }

    /// What is said of the disks of one host: patterns with the greatest urgency, by disk.
    private static func diagnose(_ disks: [Substring: [Mean]], with pack: PatternPack) -> [String: [String: Urgency]] {
        var diagnosis = Diagnosis(patterns: pack)
        let hours = disks.mapValues(hourly)
        let times = Set(hours.values.flatMap(\.keys)).sorted()
        // Each in a slot of its own, as the agent finds them.
        let components = disks.keys.flatMap { name in
            let slot = ComponentID(.slot, String(name))
            return [
                Component(id: slot, kind: .slot, name: String(name)),
                Component(
                    id: ComponentID(.disk, String(name)), kind: .disk, parent: slot, name: String(name),
                    part: Part(model: "M"), attributes: ["bus": "nvme", "rotational": "0"]),
            ]
        }
        var found: [String: [String: Urgency]] = [:]
        _ = diagnosis.know(components, at: Timestamp(seconds: Int64((times.first ?? 0) - 300)))
        for time in times {
            let now = Timestamp(seconds: Int64(time))
            let told = hours.compactMap { name, hours in
                hours[time].map {
                    Observation(
                        component: ComponentID(.disk, String(name)),
                        signal: Signal("hw.physical_disk.await.hourly"), measurement: .reading($0), time: now)
                }
            }
            for change in diagnosis.observe(told, at: now, interval: .seconds(300)) where change.kind != .cleared {
                let disk = String(change.fault.component.rawValue.dropFirst("disk:".count))
                let before = found[disk]?[change.fault.pattern] ?? .inform
                found[disk, default: [:]][change.fault.pattern] = max(before, change.fault.urgency)
            }
        }
        return found
    }

    @Test(
        "Of 360 disks the two that are verified as slow are watched and planned for, and of the 358 others nothing is said",
        .enabled(if: FileManager.default.fileExists(atPath: file.path), "the field data are not beside the checkout"),
        .timeLimit(.minutes(10)))
    func labelled() throws {
        let pack = try PatternPack(json: try Data(contentsOf: ShippedPackFile.url()))
        let (hosts, slow) = try Self.drives()
        #expect(hosts.values.reduce(0) { $0 + $1.count } == 360)
        #expect(slow.count == 2)
        var found: [String: [String: Urgency]] = [:]
        for (host, disks) in hosts {
            for (disk, urgencies) in Self.diagnose(disks, with: pack) { found["\(host)/\(disk)"] = urgencies }
        }
        for disk in slow {
            #expect(found[disk] == ["disk.fail-slow": .watch, "disk.fail-slow-again": .plan], "\(disk)")
        }
        #expect(Set(found.keys) == slow)
    }
}
