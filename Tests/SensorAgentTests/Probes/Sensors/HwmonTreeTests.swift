import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Chips of a recorded tree")
struct HwmonTreeTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    @Test(
        "every reading of a recorded tree is what a script reads in the same files", .recorded("sysfs"),
        arguments: [
            ("node_exporter-sys", 18), ("pcp_scsi-map-root-001", 6), ("pcp-scsi-map-001-hwmon", 6),
            ("telegraf-temp-general", 5),
        ])
    func recorded(name: String, count: Int) async throws {
        let ready = try #require(try await ReadyTree("sysfs", name))
        let result = try await ChipSensorProbe(tree: ready.tree).observe(at: Self.now, since: nil)
        // The first temperature of a disk's chip is the disk's own.
        let prefixes = Dictionary(
            result.components.map { ($0.id, $0.kind == .disk ? "nvme" : $0.attributes["prefix"] ?? "") },
            uniquingKeysWith: { first, _ in first })
        let parents = Dictionary(
            result.components.map { ($0.id, $0.parent) }, uniquingKeysWith: { first, _ in first })
        var read: [String: [Double]] = [:]
        for observation in result.observations {
            let source =
                SensorAttributes.source(of: observation.signal, component: observation.component)
                ?? (observation.signal.name == "hw.temperature" ? "temp1_input" : nil)
            guard let source, source.hasSuffix("_input"), case .reading(let value) = observation.measurement else {
                continue
            }
            var chip: ComponentID? = observation.component
            while let id = chip, prefixes[id]?.isEmpty ?? true { chip = parents[id] ?? nil }
            read["\(source) of \(chip.flatMap { prefixes[$0] } ?? "")", default: []].append(value)
        }
        let other: [String: [Double]] = try await ready.read("hwmon")
        #expect(read.mapValues { $0.sorted() } == other)
        #expect(read.values.reduce(0) { $0 + $1.count } == count, "\(name)")
        print("\(name): \(count) readings of chips equal to a script's")
    }

    /// A chip with these files.
    private func chip(_ scratch: ScratchFolder, _ name: String, _ files: [(String, String)]) throws {
        let device = "devices/platform/nct6775.656"
        try scratch.write("sys/\(device)/hwmon/hwmon3/name", name + "\n")
        for (file, value) in files { try scratch.write("sys/\(device)/hwmon/hwmon3/\(file)", value + "\n") }
        try scratch.link("sys/\(device)/hwmon/hwmon3/device", to: "../../../nct6775.656")
        try scratch.link("sys/class/hwmon/hwmon3", to: "../../\(device)/hwmon/hwmon3")
    }

    private func drives(_ name: String, _ files: [(String, String)]) async throws -> [String: Reports.Measurement] {
        let scratch = try ScratchFolder()
        try chip(scratch, name, files)
        let result = try await ChipSensorProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        expectInCatalogue(result)
        return Dictionary(
            result.observations.filter { $0.signal.name == "hw.fan.speed_ratio" }
                .map { ("\($0.component.rawValue.split(separator: "/").last ?? "")", $0.measurement) },
            uniquingKeysWith: { first, _ in first })
    }

    @Test("a fan is driven as hard as the pwm of its number says; one that nobody drives turns as fast as it can")
    func driven() async throws {
        let found = try await drives(
            "nct6798",
            [
                ("fan1_input", "900"), ("pwm1", "51"), ("pwm1_enable", "5"), ("fan2_input", "1900"), ("pwm2", "51"),
                ("pwm2_enable", "0"), ("fan3_input", "0"), ("pwm3", "0"), ("fan4_input", "700"), ("pwm4", "256"),
                ("fan5_input", "700"), ("pwm5", "fast"), ("pwm6", "255"),
            ])
        #expect(
            found == [
                "fan1": .reading(0.2), "fan2": .reading(1), "fan3": .reading(0), "fan4": .unavailable(.malformed),
                "fan5": .unavailable(.malformed),
            ])
    }

    @Test("fewer drives than fans: a Super I/O chip numbers them by the header; of others nobody knows")
    func ambiguousDrives() async throws {
        let files = [
            ("fan1_input", "900"), ("fan2_input", "900"), ("fan3_input", "900"), ("fan4_input", "900"), ("pwm1", "255"),
            ("pwm2", "255"), ("pwm3", "0"),
        ]
        #expect(try await drives("lm85", files).isEmpty)
        #expect(
            try await drives("it8720", files)
                == ["fan1": .reading(1), "fan2": .reading(1), "fan3": .reading(0)])
    }

    @Test("a chip is named as libsensors names it, with its labels, limits and alarms; text is no number")
    func named() async throws {
        let scratch = try ScratchFolder()
        let device = "devices/platform/nct6775.656"
        try scratch.write("sys/\(device)/hwmon/hwmon3/name", "nct6798\n")
        for (file, value) in [
            ("in0_input", "1200"), ("in0_label", "Vcore"), ("in0_min", "1100"), ("in0_max", "1300"),
            ("in0_alarm", "0"), ("temp1_input", "41500"), ("temp1_crit", "95000"), ("fan2_input", "garbage"),
            ("fan10_input", "900"), ("power1_average_interval", "1000"), ("pwm1", "128"), ("intrusion0_alarm", "1"),
        ] { try scratch.write("sys/\(device)/hwmon/hwmon3/\(file)", value + "\n") }
        try scratch.link("sys/\(device)/hwmon/hwmon3/device", to: "../../../nct6775.656")
        try scratch.link("sys/class/hwmon/hwmon3", to: "../../\(device)/hwmon/hwmon3")
        let result = try await ChipSensorProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        func value(_ component: String, _ signal: String) -> Reports.Measurement? {
            result.observations.first {
                $0.component.rawValue == component && $0.signal.description == signal
            }?.measurement
        }
        let chip = "nct6798-isa-0290"
        #expect(value("voltage:\(chip)/in0", "hw.voltage") == .reading(1.2))
        #expect(value("voltage:\(chip)/in0", "hw.voltage.limit{limit_type=\"low.degraded\"}") == .reading(1.1))
        #expect(value("voltage:\(chip)/in0", "hw.alarm{alarm=\"any\"}") == .state("clear"))
        #expect(value("temperature:\(chip)/temp1", "hw.temperature") == .reading(41.5))
        #expect(value("fan:\(chip)/fan2", "hw.fan.speed") == .unavailable(.readError))
        #expect(value("fan:\(chip)/fan10", "hw.fan.speed") == .reading(900))
        #expect(value("power:\(chip)/power1", "hw.power.average_interval") == .reading(1))
        #expect(value("intrusion:\(chip)/intrusion0", "hw.intrusion") == .state("asserted"))
        #expect(result.components.first { $0.kind == .voltage }?.attributes["label"] == "Vcore")
    }

    @Test("a tree without chips says so")
    func none() async throws {
        let scratch = try ScratchFolder()
        let document = await ProbeDocument(
            observing: [ChipSensorProbe(tree: SysTree(root: scratch.url.path))], at: Self.now)
        #expect(document.exitCode == 69)
    }
}
