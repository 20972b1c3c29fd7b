import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("What a chip is part of")
struct ChipOwnerTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    private func feature(
        _ kind: SensorFeature.Kind, _ name: String, _ label: String? = nil, _ suffixes: [String] = ["input"]
    ) -> SensorFeature {
        SensorFeature(name: name, label: label ?? name, kind: kind, subfeatures: suffixes.map { "\(name)_\($0)" })
    }

    private func chip(_ prefix: String, _ features: [SensorFeature], path: String = "") -> SensorChip {
        SensorChip(name: "\(prefix)-x-0", prefix: prefix, adapter: nil, path: path, features: features)
    }

    /// A machine with an NVMe disk, a hard disk, a network card and a power supply, each with its chip.
    private func machine(rotational: String = "1") throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        let nvme = "sys/devices/pci0000:00/0000:04:00.0/nvme/nvme0"
        let ata = "sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0"
        let card = "sys/devices/pci0000:00/0000:05:00.0"
        for (file, text) in [
            ("\(nvme)/serial", "S1"), ("\(nvme)/model", "Fast"), ("\(ata)/vendor", "ATA"), ("\(ata)/model", "Slow"),
            ("\(ata)/wwid", "naa.5000c500a1b2c3d4"), ("\(ata)/block/sda/queue/rotational", rotational),
            ("\(ata)/block/sda/stat", "1 0 8 0"), ("\(card)/class", "0x020000"),
            ("sys/devices/platform/i2c/3-0058/hwmon/hwmon3/power2_rated_max", "1100000000"),
        ] { try scratch.write(file, text + "\n") }
        for (index, device) in [nvme, ata, card, "sys/devices/platform/i2c/3-0058"].enumerated() {
            try scratch.write("\(device)/hwmon/hwmon\(index)/name", "x\n")
            try scratch.link(
                "\(device)/hwmon/hwmon\(index)/device", to: "../../../\(device.split(separator: "/").last ?? "")")
            try scratch.link(
                "sys/class/hwmon/hwmon\(index)", to: "../../\(device.dropFirst(4))/hwmon/hwmon\(index)")
        }
        try scratch.link("\(ata)/block/sda/device", to: "../../../0:0:0:0")
        try scratch.link("sys/class/nvme/nvme0", to: "../../\(nvme.dropFirst(4))")
        try scratch.link("sys/class/block/sda", to: "../../\(ata.dropFirst(4))/block/sda")
        try scratch.link("sys/block/sda", to: "../\(ata.dropFirst(4))/block/sda")
        return scratch
    }

    private func owner(_ chip: SensorChip, in scratch: ScratchFolder) -> ChipOwner? {
        let tree = SysTree(root: scratch.url.path)
        let disks = PartsDirectory(tree: tree).parts().disks
        return ChipOwner(of: chip, tree: tree) { disks.disk(named: $0) }
    }

    @Test("the first temperature of a disk's chip is the disk's own, by the name that disk-health gives it")
    func disks() throws {
        let scratch = try machine()
        let chips = [
            chip(
                "nvme", [feature(.temperature, "temp1", "Composite"), feature(.temperature, "temp2", "Sensor 1")],
                path: "/sys/class/hwmon/hwmon0"),
            chip("drivetemp", [feature(.temperature, "temp1")], path: "/sys/class/hwmon/hwmon1"),
        ]
        var owners: [Int: ChipOwner] = [:]
        for (place, chip) in chips.enumerated() { owners[place] = owner(chip, in: scratch) }
        let result = ChipSensorSignals(chips: chips, owners: owners).result(values: [40, 50, 30], at: Self.now)
        #expect(
            result.components.map(\.id.rawValue) == [
                "disk:serial-S1", "temperature:nvme-x-0/temp2", "disk:wwn-0x5000c500a1b2c3d4",
            ])
        #expect(result.components[1].parent?.rawValue == "disk:serial-S1")
        #expect(
            result.observations.map(\.component.rawValue) == [
                "disk:serial-S1", "temperature:nvme-x-0/temp2", "disk:wwn-0x5000c500a1b2c3d4",
            ])
        #expect(owners[0]?.spacing == ChipOwner.nvmeSpacing)
        #expect(owners[1]?.spacing == ChipOwner.ataSpacing)
        #expect(owners[1]?.activity == "/sys/class/block/sda/stat")
    }

    @Test("a disk without moving parts does not sleep, and a chip whose disk nobody knows stays a chip")
    func otherDisks() throws {
        let scratch = try machine(rotational: "0")
        let sensor = [feature(.temperature, "temp1")]
        #expect(owner(chip("drivetemp", sensor, path: "/sys/class/hwmon/hwmon1"), in: scratch)?.activity == nil)
        #expect(owner(chip("nvme", sensor, path: "/sys/class/hwmon/hwmon9"), in: scratch) == nil)
        #expect(owner(chip("nct6798", sensor, path: "/sys/class/hwmon/hwmon0"), in: scratch) == nil)
    }

    @Test("the chip of a card hangs on the card's PCI function")
    func cards() throws {
        let scratch = try machine()
        let chip = chip("i40e", [feature(.temperature, "temp1")], path: "/sys/class/hwmon/hwmon2")
        let signals = ChipSensorSignals(chips: [chip], owners: [0: try #require(owner(chip, in: scratch))])
        #expect(signals.components.first?.parent?.rawValue == "pcie_device:0000:05:00.0")
        #expect(signals.components.last?.parent?.rawValue == "chip:i40e-x-0")
    }

    @Test("a power supply on PMBus is a power supply, with input, output, rating and what is wrong with its input")
    func supply() throws {
        let scratch = try machine()
        let chip = chip(
            "cffps1",
            [
                feature(.voltage, "in1", "vin", ["input", "min_alarm"]), feature(.voltage, "in2", "vout1"),
                feature(.fan, "fan1"), feature(.power, "power1", "pin"), feature(.power, "power2", "pout1"),
                feature(.current, "curr2", "iout1"),
            ], path: "/sys/class/hwmon/hwmon3")
        let signals = ChipSensorSignals(chips: [chip], owners: [0: try #require(owner(chip, in: scratch))])
        #expect(signals.components.first?.id.rawValue == "psu:cffps1-x-0")
        #expect(signals.components.dropFirst().allSatisfy { $0.parent?.rawValue == "psu:cffps1-x-0" })
        let look = { (values: [Double?]) in
            let result = signals.result(values: values, at: Self.now)
            return Dictionary(
                result.observations.filter { $0.component.rawValue == "psu:cffps1-x-0" }
                    .map { ($0.signal.description, $0.measurement) }, uniquingKeysWith: { first, _ in first })
        }
        let well = look([230, 0, 12.1, 4000, 300, 270, 22])
        #expect(well["hw.psu.input_voltage"] == .reading(230))
        #expect(well["hw.psu.input_power"] == .reading(300))
        #expect(well["hw.psu.output_power"] == .reading(270))
        #expect(well["hw.psu.output_current"] == .reading(22))
        #expect(well["hw.power.limit{limit_type=\"rated.high\"}"] == .reading(1100))
        #expect(well["hw.psu.state{offset=\"input_lost\"}"] == .state("clear"))
        #expect(well["hw.psu.state{offset=\"input_range\"}"] == .state("clear"))
        let pulled = look([0, 1, 12.1, 0, 0, 0, 0])
        #expect(pulled["hw.psu.state{offset=\"input_lost\"}"] == .state("asserted"))
        #expect(pulled["hw.psu.state{offset=\"input_range\"}"] == .state("asserted"))
        let silent = look([nil, nil, nil, nil, nil, nil, nil])
        #expect(silent["hw.psu.input_voltage"] == .unavailable(.readError))
        #expect(silent["hw.psu.state{offset=\"input_lost\"}"] == nil, "what cannot be read is neither lost nor there")
        // A regulator has no fan.
        #expect(
            owner(self.chip("pmbus", [feature(.voltage, "in1", "vin")], path: "/sys/class/hwmon/hwmon3"), in: scratch)
                == nil)
    }

    @Test("a disk is asked only just after it worked, and one that does nothing may sleep")
    func sleepers() {
        var pace = ChipReadSchedule()
        let spacing = ChipOwner.ataSpacing
        let steps: [(after: Int64, activity: String, decision: ChipReadSchedule.Decision)] = [
            (0, "1", .tooEarly), (10, "2", .read), (20, "3", .tooEarly),
            // It worked at once after the question, and then no more.
            (610, "3", .tooEarly), (1200, "3", .tooEarly), (1210, "3", .asleep), (1220, "3", .tooEarly),
            (1810, "3", .asleep), (1820, "4", .read), (1830, "5", .tooEarly),
            // A clock that was set back.
            (0, "6", .read),
        ]
        for step in steps {
            let decision = pace.decide(at: Self.now + .seconds(step.after), spacing: spacing, activity: step.activity)
            #expect(decision == step.decision, "after \(step.after) s")
        }
        var busy = ChipReadSchedule()
        #expect(busy.decide(at: Self.now, spacing: spacing, activity: nil) == .read)
        #expect(busy.decide(at: Self.now + .seconds(599), spacing: spacing, activity: nil) == .tooEarly)
        #expect(busy.decide(at: Self.now + .seconds(600), spacing: spacing, activity: nil) == .read)
    }

    @Test("of a chip that is not asked nothing is said, and of one whose disk may sleep that it may")
    func skipped() {
        let sensors = [feature(.temperature, "temp1", nil, ["input", "max"])]
        let signals = ChipSensorSignals(chips: [chip("a", sensors), chip("b", sensors), chip("c", sensors)])
        let result = signals.result(values: [1, 90, nil, nil, nil, nil], skipping: [1], asleep: [2], at: Self.now)
        #expect(result.components.count == 6)
        #expect(
            result.observations.map(\.measurement) == [
                .reading(1), .reading(90), .unavailable(.asleep), .unavailable(.asleep),
            ])
    }

    @Test("fans and temperatures of one air hang on one zone, where labels say so and both are there")
    func zones() {
        let board = chip(
            "nct6798",
            [
                feature(.fan, "fan1", "CPU Fan"), feature(.fan, "fan2", "Chassis Fan"), feature(.fan, "fan3"),
                feature(.temperature, "temp1", "SYSTIN"), feature(.temperature, "temp2", "CPUTIN"),
                feature(.temperature, "temp3", "PCH_CPU_TEMP"),
            ])
        let parents = Dictionary(
            uniqueKeysWithValues: ChipSensorSignals(chips: [board]).components.map { ($0.name, $0.parent?.rawValue) })
        #expect(parents["CPU Fan"] == "zone:nct6798-x-0/cpu")
        #expect(parents["CPUTIN"] == "zone:nct6798-x-0/cpu")
        #expect(parents["Chassis Fan"] == "zone:nct6798-x-0/system")
        #expect(parents["SYSTIN"] == "zone:nct6798-x-0/system")
        #expect(parents["fan3"] == "chip:nct6798-x-0")
        #expect(parents["PCH_CPU_TEMP"] == "chip:nct6798-x-0")
        #expect(parents["air of the processor"] == "chip:nct6798-x-0")
        let lonely = chip("x", [feature(.fan, "fan1", "CPU Fan"), feature(.temperature, "temp1", "SYSTIN")])
        #expect(!ChipSensorSignals(chips: [lonely]).components.contains { $0.kind == .zone })
    }

    @Test(
        "a label says whether air comes in or goes out, and Ambient says neither",
        arguments: [
            ("Inlet Temp", "inlet"), ("Front intake", "inlet"), ("Exhaust", "exhaust"), ("Ambient", nil),
            ("temp1", nil),
        ])
    func roles(label: String, role: String?) {
        let sensor = ChipSensorSignals(chips: [chip("x", [feature(.temperature, "temp1", label)])]).components.last
        #expect(sensor?.attributes["role"] == role)
    }

    @Test(
        "labels, limits and scaling that an administrator wrote into /etc/sensors.d count",
        .enabled(if: RecordedSensors.canBeShown && geteuid() == 0, "umockdev, lm-sensors or root are missing"))
    func sensorsD() async throws {
        let scratch = try ScratchFolder()
        try scratch.write(
            "machine",
            """
            P: /devices/platform/p0.656
            E: SUBSYSTEM=platform

            P: /devices/platform/p0.656/hwmon/hwmon0
            E: SUBSYSTEM=hwmon
            L: device=../../../p0.656
            A: name=nct6798\\n
            A: temp1_input=31000\\n
            A: in1_input=1000\\n

            """)
        try scratch.write(
            "sensors.d/board.conf",
            "chip \"nct6798-isa-0290\"\n  label temp1 \"Inlet Temp\"\n  label in1 \"+12V\"\n  compute in1 @*12,@/12\n")
        let folder = scratch.url.path
        // A view of its own of the files, so that this machine's configuration stays as it is.
        let command =
            "mkdir -p /etc/sensors.d && mount --bind \(folder)/sensors.d /etc/sensors.d && exec umockdev-run "
            + "-d \(folder)/machine -- '\(Recordings.agent.path)' probe chip-sensors --json"
        let (status, output) = try await run("unshare", ["--mount", "sh", "-c", command])
        try #require(status == 0)
        struct Document: Decodable {
            struct Entry: Decodable {
                var components: [Component]
                var observations: [Observation]
            }
            var probes: [Entry]
        }
        let entry = try #require(try JSONDecoder().decode(Document.self, from: output).probes.first)
        let inlet = try #require(entry.components.first { $0.kind == .temperature })
        #expect(inlet.name == "Inlet Temp")
        #expect(inlet.attributes["role"] == "inlet")
        let rail = entry.observations.filter { $0.component.rawValue.hasPrefix("voltage:") }
        #expect(rail.first { $0.signal.name == "hw.voltage" }?.measurement == .reading(12))
        #expect(rail.first { $0.signal.name == "hw.voltage.nominal" }?.measurement == .reading(12))
    }
}
