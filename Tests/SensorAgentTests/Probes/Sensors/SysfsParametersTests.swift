import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Parameters of /sys besides chips")
struct SysfsParametersTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    private func expectInCatalogue(_ result: ProbeResult) throws {
        let kinds = Dictionary(result.components.map { ($0.id, $0.kind) }, uniquingKeysWith: { first, _ in first })
        for observation in result.observations {
            let kind = try #require(kinds[observation.component])
            #expect(
                SignalCatalogue.objection(to: observation.signal, of: kind, measurement: observation.measurement) == nil
            )
        }
    }

    private func value(_ result: ProbeResult, _ component: String, _ signal: String) -> Reports.Measurement? {
        result.observations.first { $0.component.rawValue == component && $0.signal.description == signal }?.measurement
    }

    // MARK: Zones, cooling, RAPL

    @Test(
        "every zone and cooling device of a recorded tree tells what a script reads of it", .recorded("sysfs"),
        arguments: [("node_exporter-sys", 2), ("pcp_scsi-map-root-001", 8)])
    func zones(name: String, kinds: Int) async throws {
        let ready = try #require(try await ReadyTree("sysfs", name))
        let result = try await ThermalProbe(tree: ready.tree).observe(at: Self.now, since: nil)
        try expectInCatalogue(result)
        let names = Dictionary(result.components.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let other: [String: Double] = try await ready.read("thermal")
        var told: Set<String> = []
        for observation in result.observations
        where ["hw.temperature", "hw.cooling.state"].contains(observation.signal.name) {
            let type = names[observation.component] ?? ""
            told.insert(type)
            // Of several devices of one type the script keeps one.
            guard names.values.count(where: { $0 == type }) == 1 else { continue }
            #expect(observation.measurement.number == other[type], "\(type)")
        }
        #expect(told == Set(other.keys))
        #expect(told.count == kinds)
    }

    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for (file, text) in [
            ("thermal/thermal_zone0/type", "x86_pkg_temp"), ("thermal/thermal_zone0/temp", "41500"),
            ("thermal/thermal_zone0/trip_point_0_type", "critical"),
            ("thermal/thermal_zone0/trip_point_0_temp", "105000"),
            ("thermal/thermal_zone0/trip_point_1_type", "passive"),
            ("thermal/thermal_zone0/trip_point_1_temp", "90000"),
            ("thermal/thermal_zone1/type", "acpitz"), ("thermal/thermal_zone1/temp", "27800"),
            ("thermal/thermal_zone1/hwmon0/name", "acpitz"),
            ("thermal/thermal_zone2/type", "x86_pkg_temp"), ("thermal/thermal_zone2/temp", "-274000"),
            ("thermal/cooling_device0/type", "Fan"), ("thermal/cooling_device0/cur_state", "1"),
            ("thermal/cooling_device0/max_state", "4"),
            ("thermal/cooling_device1/type", "intel_powerclamp"), ("thermal/cooling_device1/cur_state", "-1"),
            ("thermal/cooling_device1/max_state", "50"),
            ("powercap/intel-rapl:0/name", "package-0"), ("powercap/intel-rapl:0/energy_uj", "1000000"),
            ("powercap/intel-rapl:0/max_energy_range_uj", "262143328850"),
            ("powercap/intel-rapl:0:0/name", "core"), ("powercap/intel-rapl:0:0/energy_uj", "garbage"),
        ] { try scratch.write("sys/class/\(file)", text + "\n") }
        return scratch
    }

    @Test("zones with a chip are left to it; like-named zones are two; a critical trip point is a limit")
    func made() async throws {
        let scratch = try machine()
        let result = try await ThermalProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
        try expectInCatalogue(result)
        #expect(value(result, "temperature:thermal/x86_pkg_temp", "hw.temperature") == .reading(41.5))
        let limit = "hw.temperature.limit{limit_type=\"high.critical\"}"
        #expect(value(result, "temperature:thermal/x86_pkg_temp", limit) == .reading(105))
        #expect(value(result, "temperature:thermal/x86_pkg_temp#2", "hw.temperature") == .unavailable(.readError))
        #expect(value(result, "cooling:thermal/Fan", "hw.cooling.state") == .reading(0.25))
        #expect(value(result, "cooling:thermal/intel_powerclamp", "hw.cooling.state") == .reading(0))
        #expect(!result.components.contains { $0.name == "acpitz" })
    }

    @Test("power is the energy since the last look, also where the counter began anew")
    func power() async throws {
        let scratch = try machine()
        let probe = ThermalProbe(tree: SysTree(root: scratch.url.path))
        let package = "power:intel-rapl/package-0"
        let first = try await probe.observe(at: Self.now, since: nil)
        #expect(value(first, package, "hw.power") == nil)
        #expect(value(first, "power:intel-rapl/package-0/core", "hw.power") == .unavailable(.malformed))
        try scratch.write("sys/class/powercap/intel-rapl:0/energy_uj", "1501000000\n")
        let second = try await probe.observe(at: Self.now + .seconds(30), since: nil)
        #expect(value(second, package, "hw.power") == .reading(50))
        try scratch.write("sys/class/powercap/intel-rapl:0/energy_uj", "1357671150\n")
        let third = try await probe.observe(at: Self.now + .seconds(60), since: nil)
        #expect(value(third, package, "hw.power") == .reading(8733.333333333334))
    }

    @Test("a machine without any says what was looked for")
    func none() async throws {
        let scratch = try ScratchFolder()
        let document = await ProbeDocument(
            observing: [ThermalProbe(tree: SysTree(root: scratch.url.path))], at: Self.now)
        #expect(document.exitCode == 69)
    }

    // MARK: Fabrics

    @Test(
        "RDMA's and Fibre Channel's counts of trouble are those that a script reads", .recorded("nic", "sysfs"),
        arguments: [
            ("nic", "gpud-sys-class-infiniband-h100.0", 144), ("sysfs", "node_exporter-sys", 21),
            ("sysfs", "procfs-sys", 35),
        ])
    func fabric(kind: String, name: String, count: Int) async throws {
        let ready = try #require(try await ReadyTree(kind, name))
        let result = try await NetworkProbe(tree: ready.tree).observe(at: Self.now, since: nil)
        let other: [String: Double] = try await ready.read("fabric")
        let files = [
            "frame": "error_frames", "dropped": "dumped_frames", "crc": "invalid_crc_count",
            "symbol": "invalid_tx_word_count", "loss_of_signal": "loss_of_signal_count",
            "loss_of_sync": "loss_of_sync_count", "not_operational": "nos_count", "aborted": "fcp_packet_aborts",
            "discarded": "port_rcv_discards",
        ]
        var compared = 0
        for component in result.components where component.attributes["link_layer"] != nil {
            let isFibre = component.attributes["link_layer"] == "Fibre Channel"
            let place = component.attributes["interface"]?.replacingOccurrences(of: " port ", with: "/") ?? ""
            for observation in result.observations where observation.component == component.id {
                let file: String?
                switch observation.signal.name {
                case "hw.network.errors":
                    let type = observation.signal[label: "type"] ?? ""
                    file = isFibre || type == "discarded" ? files[type] : type
                case "hw.network.carrier_changes" where isFibre: file = "link_failure_count"
                case "hw.network.packets" where isFibre:
                    file = observation.signal[label: "direction"] == "receive" ? "rx_frames" : "tx_frames"
                default: file = nil
                }
                guard let file, let value = other["\(place)/\(file)"] else { continue }
                #expect(observation.measurement.number == value, "\(place) \(file)")
                compared += 1
            }
        }
        print("\(name): \(compared) counts of RDMA and Fibre Channel ports equal to a script's")
        #expect(compared == count)
    }

    // MARK: Bonds

    @Test(
        "each bond of a recorded tree has the links that a script counts, and one that never was full lost none",
        .recorded("sysfs"))
    func recordedBonds() async throws {
        let ready = try #require(try await ReadyTree("sysfs", "node_exporter-sys"))
        let result = try await NetworkProbe(tree: ready.tree).observe(at: Self.now, since: nil)
        let other: [String: [Double]] = try await ready.read("bonds")
        #expect(other.count == 3)
        for (name, counts) in other {
            for (state, count) in zip(["up", "configured"], counts) {
                #expect(
                    value(result, "bond:\(name)", "hw.network.bond.ports{state=\"\(state)\"}") == .reading(count))
            }
        }
        #expect(value(result, "bond:dmz", "hw.network.bond.redundancy") == .state("full"))
        #expect(value(result, "bond:int", "hw.network.bond.redundancy") == .state("none"))
    }

    @Test("a bond that was full has lost its spare when a link goes, also after a restart; its port says which")
    func lost() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/class/net/bond0/bonding/slaves", "eth0 eth1\n")
        try scratch.write("sys/class/net/bond0/bonding/mode", "active-backup 1\n")
        for (index, port) in ["eth0", "eth1"].enumerated() {
            try scratch.write("sys/class/net/\(port)/address", "00:16:3e:aa:bb:0\(index)\n")
            try scratch.write("sys/class/net/\(port)/device/vendor", "0x8086\n")
            try scratch.write("sys/class/net/\(port)/bonding_slave/mii_status", "up\n")
            try scratch.write("sys/class/net/\(port)/bonding_slave/link_failure_count", "0\n")
        }
        let tree = SysTree(root: scratch.url.path)
        let full = try await NetworkProbe(tree: tree).observe(at: Self.now, since: nil)
        try expectInCatalogue(full)
        #expect(value(full, "bond:bond0", "hw.network.bond.redundancy") == .state("full"))
        try scratch.write("sys/class/net/eth1/bonding_slave/mii_status", "down\n")
        try scratch.write("sys/class/net/eth1/bonding_slave/link_failure_count", "1\n")
        let lost = try await NetworkProbe(tree: tree).observe(at: Self.now + .seconds(60), since: full.cursor)
        #expect(value(lost, "bond:bond0", "hw.network.bond.redundancy") == .state("lost"))
        #expect(value(lost, "nic:00:16:3e:aa:bb:00", "hw.network.bond.link") == .state("up"))
        #expect(value(lost, "nic:00:16:3e:aa:bb:01", "hw.network.bond.link") == .state("down"))
        #expect(value(lost, "nic:00:16:3e:aa:bb:01", "hw.network.bond.failures") == .counter(1))
        let fresh = try await NetworkProbe(tree: tree).observe(at: Self.now + .seconds(60), since: nil)
        #expect(value(fresh, "bond:bond0", "hw.network.bond.redundancy") == .state("none"))
    }

    @Test("links that are up and carry nothing are no spare: outside the aggregator, or without a carrier")
    func upInVain() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sys/class/net/bond0/bonding/slaves", "eth0 eth1\n")
        try scratch.write("sys/class/net/bond0/bonding/mode", "802.3ad 4\n")
        try scratch.write("sys/class/net/bond0/bonding/ad_num_ports", "2\n")
        for (index, port) in ["eth0", "eth1"].enumerated() {
            try scratch.write("sys/class/net/\(port)/address", "00:16:3e:aa:bb:0\(index)\n")
            try scratch.write("sys/class/net/\(port)/device/vendor", "0x8086\n")
            try scratch.write("sys/class/net/\(port)/carrier", "1\n")
            try scratch.write("sys/class/net/\(port)/bonding_slave/mii_status", "up\n")
        }
        let tree = SysTree(root: scratch.url.path)
        let full = try await NetworkProbe(tree: tree).observe(at: Self.now, since: nil)
        func redundancy() async throws -> Reports.Measurement? {
            value(
                try await NetworkProbe(tree: tree).observe(at: Self.now + .seconds(60), since: full.cursor),
                "bond:bond0", "hw.network.bond.redundancy")
        }
        #expect(try await redundancy() == .state("full"))
        try scratch.write("sys/class/net/bond0/bonding/ad_num_ports", "1\n")
        #expect(try await redundancy() == .state("lost"))
        try scratch.write("sys/class/net/bond0/bonding/ad_num_ports", "2\n")
        try scratch.write("sys/class/net/eth1/carrier", "0\n")
        #expect(try await redundancy() == .state("full"), "a bond that watches its links is believed")
        try scratch.write("sys/class/net/bond0/bonding/miimon", "0\n")
        #expect(try await redundancy() == .state("lost"))
    }

    // MARK: Recordings without /proc

    @Test("what a recording without /proc tells is told: states of disks, and memory that was given up")
    func withoutProc() async throws {
        let scratch = try ScratchFolder()
        let tree = SysTree(root: scratch.url.path)
        try scratch.write("sys/class/nvme/nvme0/serial", "S1\n")
        try scratch.write("sys/class/nvme/nvme0/state", "live\n")
        let disks = try await DiskLatencyProbe(tree: tree).observe(at: Self.now, since: nil)
        #expect(value(disks, "disk:serial-S1", "hw.physical_disk.kernel_state") == .state("live"))
        let nothing = await ProbeDocument(observing: [BoardProbe(tree: tree)], at: Self.now)
        #expect(nothing.exitCode == 69)
        try scratch.write("proc/meminfo", "MemTotal: 16 kB\nHardwareCorrupted:     8 kB\n")
        let board = try await BoardProbe(tree: tree).observe(at: Self.now, since: nil)
        #expect(board.observations.map(\.signal.name) == ["hw.memory.poisoned"])
        #expect(value(board, "server:main", "hw.memory.poisoned") == .reading(8192))
    }
}
