import Reports

@testable import Collector

/// The truth of one server: which of its parts have failed. What anybody knows of it is another thing.
struct SimulatedHardware: Sendable {
    /// One thing that can be wrong with a part.
    struct Condition: Hashable, Sendable {
        var fault: FaultID
        var disk: Int
        var urgency: Urgency
        /// Seen by any reading while it lasts; else only by whoever looks when it begins.
        var isLevel: Bool
        /// Which failure of the part it belongs to: all that is wrong with it from the first to the last.
        var failure: String
    }

    let host: HostID
    private(set) var standing: [FaultID: Condition] = [:]
    /// Serial numbers by disk, counting exchanges.
    private(set) var exchanges: [Int]
    private var failures: [Int]
    /// Names of faults that were used, so that one that comes back has its old name.
    private static let kinds = ["pending", "link", "wear"]

    init(host: HostID, disks: Int) {
        self.host = host
        exchanges = Array(repeating: 0, count: disks)
        failures = Array(repeating: 0, count: disks)
    }

    func serial(of disk: Int) -> String { "\(host)-D\(disk)-\(exchanges[disk])" }

    func component(of disk: Int) -> ComponentID { ComponentID(.disk, "sd\(disk)") }

    var inventory: Inventory {
        Inventory(
            components: exchanges.indices.map { disk in
                Component(
                    id: component(of: disk), kind: .disk, name: "/dev/sd\(disk)",
                    part: Part(
                        manufacturer: "Example", model: "HDD", serial: serial(of: disk), location: "Bay \(disk)"))
            })
    }

    private func isFailed(_ disk: Int) -> Bool { standing.values.contains { $0.disk == disk } }

    /// - Returns: what began, or got worse; nil where nothing did.
    mutating func fail(_ disk: Int, kind: Int, _ urgency: Urgency, isLevel: Bool) -> Condition? {
        let id = FaultID(rawValue: "\(SimulatedHardware.kinds[kind % SimulatedHardware.kinds.count])@sd\(disk)")
        if var known = standing[id] {
            guard urgency > known.urgency else { return nil }
            known.urgency = urgency
            standing[id] = known
            return known
        }
        if !isFailed(disk) { failures[disk] += 1 }
        let condition = Condition(
            fault: id, disk: disk, urgency: urgency, isLevel: isLevel, failure: "\(host)/sd\(disk)/\(failures[disk])")
        standing[id] = condition
        return condition
    }

    /// The newest kind gives way to another of the same part, in one moment.
    mutating func turn(_ fault: FaultID) -> Condition? {
        guard let old = standing[fault] else { return nil }
        for kind in SimulatedHardware.kinds.indices {
            let id = FaultID(rawValue: "\(SimulatedHardware.kinds[kind])@sd\(old.disk)")
            guard standing[id] == nil else { continue }
            standing[fault] = nil
            var new = old
            new.fault = id
            new.isLevel = true
            standing[id] = new
            return new
        }
        return nil
    }

    mutating func mend(_ fault: FaultID) { standing[fault] = nil }

    /// Another disk in its place: whatever was wrong is gone.
    mutating func exchange(_ disk: Int) {
        exchanges[disk] += 1
        standing = standing.filter { $0.value.disk != disk }
    }

    func fault(_ condition: Condition, at time: Timestamp) -> Fault {
        Fault(
            id: condition.fault, pattern: "disk.pending", revision: 1, faultClass: "disk.failing",
            component: component(of: condition.disk),
            suspects: [
                Suspect(
                    component: component(of: condition.disk), kind: .disk, name: "/dev/sd\(condition.disk)",
                    part: Part(
                        manufacturer: "Example", model: "HDD", serial: serial(of: condition.disk),
                        location: "Bay \(condition.disk)"), certainty: 0.9)
            ], urgency: condition.urgency, because: "it was read", texts: SimulatedHardware.texts, action: "replace",
            provenance: condition.failure, openedAt: time, updatedAt: time)
    }

    private static let texts = ["en": FaultText(title: "Disk failing", description: "d", impact: "i", action: "a")]
}
