import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Recorded kernel logs")
struct RecordedKernelLogTests {
    private static func reading(_ file: URL) throws -> KernelLogReading {
        var reading = KernelLogReading(table: KernelMessageTable())
        for line in try Data(contentsOf: file).split(separator: 0x0A) {
            if let message = KernelMessage(line: line) { reading.take(message) }
        }
        reading.finish()
        return reading
    }

    /// What the recogniser's rows are called in the script that counts in its own way.
    private static let kinds = [
        "ata-reset": "ata-reset", "io-error": "io-error", "timeout-error": "io-error", "medium-error": "medium-error",
        "nvme-timeout": "nvme-timeout", "gpu-xid": "xid", "md-member-failed": "md-member-failed",
    ]

    @Test(
        "every recorded log gives as many events as a script finds that reads it in its own way",
        .recorded("kernel-log"))
    func independently() async throws {
        let files = Recordings.entries("kernel-log")
        guard !files.isEmpty else { return }
        let script = Recordings.own("kernel-log/count-messages.py").path
        let (status, output) = try await run("python3", [script] + files.map(\.path))
        #expect(status == 0)
        var expected: [String: [String: Int]] = [:]
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: "\t").map(String.init)
            for field in fields.dropFirst() {
                let pair = field.split(separator: "=")
                expected[fields[0], default: [:]][String(pair[0])] = Int(pair[1])
            }
        }
        var compared = 0
        for file in files {
            var found: [String: Int] = [:]
            for fact in try Self.reading(file).facts {
                if let kind = Self.kinds[fact.recogniser] {
                    // Virtual and optical drives are no disks; the script leaves them out by name.
                    guard KernelDeviceNames(tree: SysTree(root: "/nonexistent")).component(of: fact.subject) != nil
                    else {
                        continue
                    }
                    found[kind, default: 0] += 1
                } else if fact.recogniser == "machine-check" {
                    found["check-\(fact.signal[label: "severity"] ?? "")", default: 0] += 1
                } else if fact.recogniser.hasPrefix("aer-") {
                    found["aer", default: 0] += 1
                } else if fact.family == .memory, fact.signal.name == "hw.memory.error" {
                    found["edac", default: 0] += 1
                }
            }
            compared += found.values.reduce(0, +)
            #expect(found == expected[file.lastPathComponent] ?? [:], "\(file.lastPathComponent)")
        }
        print("recorded kernel logs: \(compared) events compared")
    }

    /// Events of all recorded logs by signal.
    private static let recordedEvents = [
        "hw.controller.reset": 2,
        "hw.cpu.lockup": 2,
        "hw.cpu.machine_check": 21,
        "hw.filesystem.error": 12,
        "hw.gpu.xid": 5, "hw.logged_event": 1,
        "hw.memory.cell_error": 5,
        "hw.memory.error": 14,
        "hw.memory.page_error": 7,
        "hw.memory.page_poisoned": 7,
        // One of them igb's, of the PCI function alone.
        "hw.network.hang": 3,
        "hw.network.link_lost": 1,
        "hw.nmi": 5,
        "hw.pcie.contained": 5,
        "hw.pcie.error": 23,
        "hw.pcie.link_lost": 13,
        "hw.pcie.unreachable": 1,
        "hw.physical_disk.command_timeout": 11,
        "hw.physical_disk.exception": 10,
        "hw.physical_disk.io_error": 75,
        "hw.physical_disk.lost": 32,
        "hw.physical_disk.reset": 47,
        "hw.physical_disk.sense": 18,
        "hw.raid.member_failed": 6,
        "hw.raid.member_stale": 7,
        "hw.raid.read_error": 43,
        // Two arrays that did not start: `not enough operational devices`, `… mirrors`.
        "hw.raid.stopped": 2,
        "hw.usb.over_current": 1,
    ]

    @Test("every recorded log is read or refused with a reason; the counts stay as they are", .recorded("kernel-log"))
    func counts() async throws {
        let files = Recordings.entries("kernel-log")
        guard !files.isEmpty else { return }
        var read = 0
        var refused: [String] = []
        var events: [String: Int] = [:]
        for file in files {
            do {
                let probe = KernelLogProbe(tree: SysTree(), input: file.path, traces: KernelTraces(mounts: []))
                let result = try await probe.observe(at: KernelLogTests.now, since: nil)
                read += 1
                let kinds = Dictionary(result.components.map { ($0.id, $0.kind) }, uniquingKeysWith: { $1 })
                for observation in result.observations {
                    let kind = try #require(kinds[observation.component])
                    let objection = SignalCatalogue.objection(
                        to: observation.signal, of: kind, measurement: observation.measurement)
                    #expect(objection == nil, "\(file.lastPathComponent)")
                    if case .counter = observation.measurement { continue }
                    events[observation.signal.name, default: 0] += 1
                }
            } catch {
                refused.append("\(file.lastPathComponent): \(error)")
            }
        }
        print(
            "recorded kernel logs: \(read) read, \(refused.count) refused, \(events.values.reduce(0, +)) events of \(events.count) signals"
        )
        for (name, count) in events.sorted(by: { $0.key < $1.key }) { print("  \(name) \(count)") }
        for line in refused { print("  refused: \(line)") }
        #expect(read + refused.count == files.count)
        // It is of a program of NVIDIA's.
        #expect(refused.count == 1)
        #expect(events == Self.recordedEvents)
    }
}
