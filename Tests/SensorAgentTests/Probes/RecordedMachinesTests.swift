import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

/// The shipped patterns on every recorded machine that a probe can read, which stays as it was recorded.
@Suite("Shipped patterns on recorded machines")
struct RecordedMachinesTests {
    private static let start = Timestamp(seconds: 1_763_712_000)

    /// What the recordings of one kind gave.
    private struct Tally: CustomStringConvertible {
        var machines = 0
        var refused = 0
        var urgencies: [Urgency: Int] = [:]
        /// What would cost a part: file, urgency, pattern and the sentence why.
        var tickets: [String] = []

        var description: String {
            let faults = urgencies.sorted { $0.key < $1.key }.map { "\($0.key.rawValue) \($0.value)" }
            return "\(machines) machines read, \(refused) refused, faults: "
                + (faults.isEmpty ? "none" : faults.joined(separator: ", "))
        }

        /// - Parameter faults: nil where the probe refused the recording.
        mutating func add(_ faults: [Fault]?, of file: String) {
            guard let faults else {
                refused += 1
                return
            }
            machines += 1
            var highest: [String: Fault] = [:]
            for fault in faults {
                let key = "\(fault.component) \(fault.pattern)"
                if highest[key].map({ $0.urgency < fault.urgency }) ?? true { highest[key] = fault }
            }
            for fault in highest.values {
                urgencies[fault.urgency, default: 0] += 1
                guard fault.urgency.makesTicket else { continue }
                tickets.append(
                    "\(file): \(fault.urgency.rawValue) \(fault.pattern) on \(fault.component): \(fault.because)")
            }
        }
    }

    /// Two hours at the interval of a probe, but after a quarter of an hour at most once a minute, and one look a day
    /// later.
    private static func times(every interval: Duration) -> [Timestamp] {
        let step = interval.components.seconds
        let close = step < 60 ? (0..<900 / step).map { $0 * step } : []
        let far = stride(from: close.isEmpty ? 0 : 900, through: 7200, by: Int(max(60, step))).map { Int64($0) }
        return (close + far + [86_400 + 7200]).map { start + .seconds($0) }
    }

    /// Ten looks, then one every quarter of an hour for two hours, and one a day later.
    private static func fewTimes(every interval: Duration) -> [Timestamp] {
        let step = interval.components.seconds
        let far = (0...8).map { 10 * step + Int64($0) * 900 }
        return ((0..<10).map { $0 * step } + far + [86_400 + 7200]).map { start + .seconds($0) }
    }

    /// Orders alone: recorded arrays and batteries are often broken, and say so.
    private static func checkOrders(_ tally: Tally, _ kind: String) {
        print("shipped patterns on \(kind): \(tally)")
        for words in tally.tickets.sorted() where words.contains(": order ") { Issue.record("\(words)") }
    }

    private static func check(_ tally: Tally, _ kind: String) {
        print("shipped patterns on \(kind): \(tally)")
        for words in tally.tickets.sorted() { Issue.record("\(words)") }
    }

    @Test(
        "no recorded set of sensors has a fault that costs a part",
        .recorded("sensors", "sysfs"),
        .enabled(if: RecordedSensors.canBeShown, "umockdev and lm-sensors are not installed"),
        .timeLimit(.minutes(5)))
    func sensors() async throws {
        let pack = try ShippedPack.built()
        let times = Self.times(every: ChipSensorProbe(tree: SysTree()).interval)
        var tally = Tally()
        let recordings = try await RecordedSensors.all()
        try await withThrowingTaskGroup(of: (String, [Fault]?).self) { group in
            for recording in recordings {
                group.addTask {
                    let reading = try await RecordedSensors.reading(of: recording.machine)
                    return (recording.name, reading?.faults(pack, at: times))
                }
            }
            for try await (name, faults) in group { tally.add(faults, of: name) }
        }
        Self.check(tally, "sensors")
    }

    @Test(
        "no recorded memory controller, inventory or firmware table has a fault that costs a part",
        .recorded("edac", "sysfs", "dmi-binary"))
    func trees() async throws {
        let pack = try ShippedPack.built()
        var memory = Tally()
        var inventory = Tally()
        var links = Tally()
        for entry in Recordings.entries("edac") + Recordings.entries("sysfs") {
            guard let recorded = try await RecordedTree(entry) else { continue }
            let tree = SysTree(root: recorded.root.path)
            await Self.replay(MemoryErrorProbe(tree: tree), pack, entry, &memory)
            await Self.replay(InventoryProbe(tree: tree), pack, entry, &inventory)
            await Self.replay(PCIeProbe(tree: tree), pack, entry, &links)
        }
        var firmware = Tally()
        for file in Recordings.entries("dmi-binary") {
            await Self.replay(InventoryProbe(tree: SysTree(), input: file.path), pack, file, &firmware)
        }
        Self.check(memory, "memory errors")
        Self.check(inventory, "inventories")
        Self.check(links, "PCI devices")
        Self.check(firmware, "firmware tables")
    }

    /// Recordings of programs' outputs, by the probe that reads them.
    private static let printedOutputs = [
        ("ipmi", "ipmi"), ("redfish", "redfish"), ("nut", "ups"), ("nic", "network"), ("gpu", "gpu"), ("md", "raid"),
        ("zfs", "raid"), ("raid-controller", "raid-controllers"),
    ]

    @Test(
        "no recorded output of a management controller, array, card or UPS has a fault for which a part is ordered at once",
        .recorded("ipmi", "redfish", "md"),
        arguments: printedOutputs)
    func outputs(of kind: String, by name: String) async throws {
        let pack = try ShippedPack.built()
        var tally = Tally()
        for file in Recordings.entries(kind) where !file.hasDirectoryPath {
            for probe in AllProbes.make(input: file.path) where probe.name == name {
                await Self.replay(probe, pack, file, &tally, at: Self.fewTimes)
            }
        }
        Self.checkOrders(tally, kind)
    }

    private static func replay(
        _ probe: some Probe, _ pack: PatternPack, _ file: URL, _ tally: inout Tally,
        at times: (Duration) -> [Timestamp] = times(every:)
    ) async {
        let result = try? await probe.observe(at: start, since: nil)
        let reading = result.map { RepeatedReading(components: $0.components, observations: $0.observations) }
        tally.add(reading?.faults(pack, at: times(probe.interval)), of: file.lastPathComponent)
    }
}
