import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Network ports")
struct NetworkPortsTests {
    static let now = Timestamp(seconds: 1_763_712_000)
    private let function = "sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0"

    /// One card with a port, and a bridge without hardware behind it.
    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        try scratch.write("\(function)/vendor", "0x8086\n")
        try scratch.write("\(function)/device", "0x1533\n")
        let net = "\(function)/net/eth0"
        for (file, text) in [
            ("address", "00:11:22:33:44:55"), ("addr_assign_type", "0"), ("flags", "0x1003"), ("operstate", "up"),
            ("speed", "1000"), ("duplex", "full"), ("carrier", "1"), ("carrier_changes", "4"),
            ("statistics/rx_packets", "1000"), ("statistics/rx_crc_errors", "7"), ("statistics/tx_carrier_errors", "1"),
        ] { try scratch.write("\(net)/\(file)", text + "\n") }
        try scratch.link("\(net)/device", to: "../../../0000:03:00.0")
        try scratch.link("sys/class/net/eth0", to: "../../devices/pci0000:00/0000:00:1c.0/0000:03:00.0/net/eth0")
        try scratch.write("sys/devices/virtual/net/br0/operstate", "up\n")
        try scratch.link("sys/class/net/br0", to: "../../devices/virtual/net/br0")
        return scratch
    }

    private func observe(_ scratch: ScratchFolder) async throws -> ProbeResult {
        try await NetworkProbe(tree: SysTree(root: scratch.url.path)).observe(at: Self.now, since: nil)
    }

    private func value(_ result: ProbeResult, _ signal: Signal) -> Reports.Measurement? {
        result.observations.first { $0.signal == signal }?.measurement
    }

    private static let crc = NetworkStatistics.error("crc", receive: true)

    @Test("a port with hardware behind it hangs on its PCI function; one without is left out")
    func identity() async throws {
        let result = try await observe(try machine())
        #expect(result.components.map(\.id.rawValue) == ["nic:00:11:22:33:44:55"])
        #expect(result.components.first?.parent?.rawValue == "pcie_device:0000:03:00.0")
        #expect(value(result, Self.crc) == .counter(7))
        #expect(value(result, NetworkStatistics.error("carrier", receive: false)) == .counter(1))
        #expect(value(result, Signal("hw.network.packets", ["direction": "receive"])) == .counter(1000))
        #expect(value(result, Signal("hw.network.carrier_changes")) == .counter(4))
        #expect(value(result, Signal("hw.network.link")) == .state("up"))
        #expect(value(result, Signal("hw.network.administrative")) == .state("up"))
        #expect(value(result, Signal("hw.network.duplex")) == .state("full"))
        // 1000 Mbit/s are 125 million bytes.
        #expect(value(result, Signal("hw.network.bandwidth.limit")) == .reading(125_000_000))
    }

    @Test("thousands of ports without hardware hide none that has it")
    func manyVirtual() async throws {
        let scratch = try machine()
        for number in 0..<600 {
            try scratch.link("sys/class/net/aaa\(number)", to: "../../devices/virtual/net/br0")
        }
        #expect(try await observe(scratch).components.map(\.id.rawValue) == ["nic:00:11:22:33:44:55"])
    }

    @Test("the inventory and the network probe call a port by one name")
    func oneName() async throws {
        let scratch = try machine()
        let inventory = try await InventoryProbe(tree: SysTree(root: scratch.url.path)).observe(
            at: Self.now, since: nil)
        let port = inventory.components.first { $0.kind == .nic }
        #expect(port?.id == (try await observe(scratch)).components.first?.id)
        #expect(port?.parent?.rawValue == "pcie_device:0000:03:00.0")
    }

    @Test("a port without a link tells no speed, and one that is switched off says so")
    func withoutLink() async throws {
        let scratch = try machine()
        try scratch.write("\(function)/net/eth0/operstate", "down\n")
        try scratch.write("\(function)/net/eth0/flags", "0x1002\n")
        let result = try await observe(scratch)
        #expect(value(result, Signal("hw.network.link")) == .state("down"))
        #expect(value(result, Signal("hw.network.administrative")) == .state("down"))
        #expect(value(result, Signal("hw.network.bandwidth.limit")) == nil)
        try scratch.write("\(function)/net/eth0/operstate", "unknown\n")
        #expect(value(try await observe(scratch), Signal("hw.network.link")) == .state("up"))
        try FileManager.default.removeItem(at: scratch.url.appending(path: "\(function)/net/eth0/operstate"))
        #expect(value(try await observe(scratch), Signal("hw.network.link")) == .unavailable(.notSupported))
    }

    @Test("a virtual function hangs on the card's own function")
    func virtual() async throws {
        let scratch = try machine()
        try scratch.write("sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.7/vendor", "0x8086\n")
        try scratch.link("\(function)/physfn", to: "../0000:03:00.7")
        #expect(try await observe(scratch).components.first?.parent?.rawValue == "pcie_device:0000:03:00.7")
    }

    @Test(
        "counters that are empty, garbage, negative or endless are unavailable, and the others are still read",
        arguments: ["", "seven", "-1", "\u{0}\u{1}", String(repeating: "1", count: 10 << 20)])
    func garbage(text: String) async throws {
        let scratch = try machine()
        try scratch.write("\(function)/net/eth0/statistics/rx_crc_errors", text)
        let result = try await observe(scratch)
        #expect(value(result, Self.crc) == .unavailable(.malformed))
        #expect(value(result, Signal("hw.network.carrier_changes")) == .counter(4))
    }

    @Test("a port that vanishes between list and read makes its own values unavailable")
    func vanishes() async throws {
        let scratch = try machine()
        let probe = NetworkProbe(tree: SysTree(root: scratch.url.path))
        _ = try await probe.observe(at: Self.now, since: nil)
        try FileManager.default.removeItem(at: scratch.url.appending(path: "\(function)/net/eth0"))
        let result = try await probe.observe(at: Self.now + .seconds(60), since: nil)
        #expect(value(result, Self.crc) == .unavailable(.notSupported))
        #expect(value(result, Signal("hw.network.link")) == .unavailable(.notSupported))
    }

    @Test("troubles that a driver counts per queue are summed, and what never happened is not told")
    func driver() {
        let troubles = NetworkStatistics.troubles([
            ("rx_queue_0_drops", 2), ("rx_queue_1_drops", 3), ("tx_timeout_count", 1), ("rx_crc_errors", 9),
            ("rx_symbol_err_phy", 0), ("rx_packets_phy", 5), ("rx_discards_phy", 4),
        ])
        #expect(
            Dictionary(uniqueKeysWithValues: troubles.map { ($0.0, $0.1) }) == [
                NetworkStatistics.error("rx_queue_drops", receive: true): 5,
                NetworkStatistics.error("tx_timeout_count", receive: false): 1,
                NetworkStatistics.error("rx_discards_phy", receive: true): 4,
            ])
    }

    @Test("attributes of a netlink answer end where they are cut off or lie about their length")
    func netlink() {
        let whole: [UInt8] = [8, 0, 1, 0, 0x2A, 0, 0, 0, 6, 0, 2, 0x40, 7, 0, 0, 0]
        #expect(EthtoolNetlink.attributes(in: whole[...])[1]?.bytes == [0x2A, 0, 0, 0])
        #expect(EthtoolNetlink.attributes(in: whole[...])[2]?.word16 == 7)
        for length in 0..<whole.count {
            #expect(EthtoolNetlink.attributes(in: whole[..<length])[2] == nil || length >= 14)
        }
        #expect(EthtoolNetlink.attributes(in: [3, 0, 1, 0, 9]).isEmpty)
        #expect(EthtoolNetlink.attributes(in: [255, 255, 1, 0, 9]).isEmpty)
    }

    @Test("this machine's ports are read through the kernel, without a module as with one")
    func thisMachine() async throws {
        // A test may run where there is no network at all.
        guard let result = try? await NetworkProbe(tree: SysTree()).observe(at: Self.now, since: nil) else { return }
        let kinds = Dictionary(result.components.map { ($0.id, $0.kind) }, uniquingKeysWith: { first, _ in first })
        for observation in result.observations {
            let kind = try #require(kinds[observation.component])
            #expect(
                SignalCatalogue.objection(to: observation.signal, of: kind, measurement: observation.measurement) == nil
            )
        }
    }

    // MARK: Recordings

    private func script(_ arguments: [String]) async throws -> Data {
        let path = Recordings.package.appending(path: "Tests/Independent/network.py").path
        let (status, json) = try await run("python3", [path] + arguments)
        #expect(status == 0)
        return json
    }

    @Test("every recorded text is read, or refused because it tells nothing of health", .recorded("nic"))
    func recordedTexts() async throws {
        let files = Recordings.entries("nic").filter { !$0.hasDirectoryPath }
        guard !files.isEmpty else { return }
        var read = 0
        var values = 0
        var refused: [String] = []
        for file in files {
            do throws(ProbeError) {
                let result = try await NetworkProbe(tree: SysTree(), input: file.path).observe(at: Self.now, since: nil)
                read += 1
                values += result.observations.count
                for observation in result.observations {
                    #expect(SignalCatalogue.objection(to: observation.signal) == nil)
                }
            } catch {
                refused.append("\(file.lastPathComponent): \(error)")
            }
        }
        print("network: \(read) texts read with \(values) values, \(refused.count) refused")
        for words in refused { print("  \(words)") }
        #expect(read == 23)
        #expect(refused.count == 4)
        #expect(refused.allSatisfy { $0.contains("begins nothing that tells of a port's health") })
    }

    private struct Module: Decodable {
        var temperature: Double?
        var voltage: Double?
        var bias: Double?
        var tx: Double?
        var rx: Double?
        var alarms: Int
    }

    @Test("recorded modules give what another program reads in them", .recorded("nic"))
    func recordedModules() async throws {
        let files = Recordings.entries("nic").filter { Recordings.text($0).contains("Vendor PN") }
        guard !files.isEmpty else { return }
        let others = try JSONDecoder().decode([Module].self, from: try await script(["module"] + files.map(\.path)))
        for (file, other) in zip(files, others) {
            let result = try await NetworkProbe(tree: SysTree(), input: file.path).observe(at: Self.now, since: nil)
            let number = { (name: String, lane: String?) in
                self.value(result, Signal(name, lane.map { ["lane": $0] } ?? [:]))?.number
            }
            #expect(number("hw.temperature", nil) == other.temperature)
            #expect(number("hw.voltage", nil) == other.voltage)
            #expect(number("hw.optic.bias", "1") == other.bias.map { $0 / 1000 })
            #expect(number("hw.optic.tx_power", "1").map { abs($0 - (other.tx ?? 99)) < 0.02 } ?? (other.tx == nil))
            #expect(number("hw.optic.rx_power", "1").map { abs($0 - (other.rx ?? 99)) < 0.6 } ?? (other.rx == nil))
            let asserted = result.observations.filter { $0.measurement == .state("asserted") }
            #expect(asserted.count == other.alarms)
        }
        print("network: \(files.count) modules compared")
        #expect(files.count == 4)
    }

    @Test("recorded InfiniBand adapters give what another program reads in them", .recorded("nic"))
    func recordedInfiniband() async throws {
        guard let entry = Recordings.entries("nic").first(where: { $0.lastPathComponent.hasPrefix("gpud-sys-class") })
        else { return }
        let scratch = try ScratchFolder()
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "sys/class"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: entry, to: scratch.url.appending(path: "sys/class/infiniband"))
        let result = try await observe(scratch)
        let others = try JSONDecoder().decode(
            [[String: Double]].self, from: try await script(["infiniband", entry.path]))
        let other = try #require(others.first)
        var compared = 0
        for component in result.components {
            let name = component.id.rawValue.dropFirst("nic:".count)
            for (file, signal) in [
                ("symbol_error", NetworkStatistics.error("symbol", receive: true)),
                ("link_downed", Signal("hw.network.carrier_changes")),
                ("port_xmit_discards", NetworkStatistics.error("dropped", receive: false)),
                ("port_rcv_packets", Signal("hw.network.packets", ["direction": "receive"])),
            ] {
                let measurement = result.observations.first { $0.component == component.id && $0.signal == signal }
                #expect(measurement?.measurement.number == other["\(name)/\(file)"], "\(name) \(file)")
                compared += 1
            }
        }
        print("network: \(result.components.count) InfiniBand ports read, \(compared) values compared")
        #expect(result.components.count == 9)
        #expect(compared == 36)
    }

    @Test("a module's memory is read raw and as a hex dump, and both tell the same")
    func memoryFiles() async throws {
        let scratch = try ScratchFolder()
        let memory = TransceiverMemoryTests.sfp()
        try scratch.write("raw", memory)
        var dump = "Offset\t\tValues\n------\t\t------\n"
        for start in stride(from: 0, to: memory.count, by: 16) {
            let line = memory[start..<(start + 16)].map { String($0, radix: 16) }.map { $0.count < 2 ? "0" + $0 : $0 }
            let offset = String(start, radix: 16)
            dump += "0x\(String(repeating: "0", count: 4 - offset.count))\(offset):\t\t\(line.joined(separator: " "))\n"
        }
        try scratch.write("hex", dump)
        var results: [[Observation]] = []
        for name in ["raw", "hex"] {
            let path = scratch.url.appending(path: name).path
            results.append(
                try await NetworkProbe(tree: SysTree(), input: path).observe(at: Self.now, since: nil).observations)
        }
        #expect(results[0] == results[1])
        #expect(results[0].count == 29)
    }
}
