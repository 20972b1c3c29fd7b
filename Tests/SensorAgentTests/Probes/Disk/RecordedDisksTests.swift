import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

/// The shipped patterns on recordings of real disks, which are watched for three weeks without a change.
@Suite("Shipped patterns on recorded disks")
struct RecordedDisksTests {
    private static let start = Timestamp(seconds: 1_763_712_000)

    /// The faults of tickets, as `urgency pattern`, that the disk in `file` has after three weeks of such readings.
    private static func tickets(_ pack: PatternPack, _ file: URL) throws -> Set<String> {
        guard let report = try? SmartctlReport(parsing: [UInt8](try Data(contentsOf: file)), at: start) else {
            return []
        }
        var diagnosis = Diagnosis(patterns: pack)
        _ = diagnosis.know([report.disk] + report.parts, at: start)
        var open: [FaultID: Fault] = [:]
        for step in 0..<Int64(3 * 7 * 4) {
            let time = start + .seconds(step * 6 * 3600)
            let readings = report.observations.map { reading in
                Observation(
                    component: reading.component, signal: reading.signal, measurement: reading.measurement, time: time)
            }
            for change in diagnosis.observe(readings, at: time) {
                open[change.fault.id] = change.kind == .cleared ? nil : change.fault
            }
        }
        return Set(open.values.filter(\.urgency.makesTicket).map { "\($0.urgency.rawValue) \($0.pattern)" })
    }

    /// Recorded disks that are faulty, by a part of the file's name.
    private static let faulty: [String: Set<String>] = [
        // Its critical warning says that the protection against power loss has failed.
        "SAMSUNG_MZWLL3T2HAJQ": ["plan disk.nvme.power-loss-protection"]
    ]

    @Test(
        "a recorded disk has no fault that costs a part, unless it says itself that it is failing",
        .recorded("smartctl-json"))
    func recorded() async throws {
        let pack = try ShippedPack.built()
        var disks = 0
        for file in Recordings.entries("smartctl-json") {
            disks += 1
            let found = try Self.tickets(pack, file)
            let expected = Self.faulty.first { file.lastPathComponent.contains($0.key) }?.value ?? []
            #expect(found == expected, "\(file.lastPathComponent)")
        }
        #expect(disks == 0 || disks >= 100)
    }
}
