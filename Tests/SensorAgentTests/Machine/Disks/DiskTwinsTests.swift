import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Disks that bear one number")
struct DiskTwinsTests {
    static let now = Timestamp(seconds: 1_763_712_000)
    private static let controller = "devices/pci0000:00/0000:00:1f.2"

    /// A SATA disk on a port of the board.
    private func addATA(_ name: String, port: Int, serial: String, wwn: String? = nil, to scratch: ScratchFolder) throws
    {
        let device = "\(Self.controller)/ata\(port)/host\(port)/target\(port):0:0/\(port):0:0:0"
        try scratch.write("root/sys/\(device)/block/\(name)/size", "7814037168\n")
        try scratch.write("root/sys/\(device)/block/\(name)/queue/rotational", "1\n")
        try scratch.write("root/sys/\(device)/vendor", "ATA\n")
        try scratch.write("root/sys/\(device)/model", "MADEUP HD4000\n")
        try scratch.write("root/sys/\(device)/vpd_pg80", [0, 0x80, 0, UInt8(serial.utf8.count)] + Array(serial.utf8))
        if let wwn { try scratch.write("root/sys/\(device)/wwid", "naa.\(wwn)\n") }
        try scratch.link("root/sys/\(device)/block/\(name)/device", to: "../..")
        try scratch.link("root/sys/class/block/\(name)", to: "../../\(device)/block/\(name)")
        try scratch.link("root/sys/block/\(name)", to: "../\(device)/block/\(name)")
    }

    private func tree(_ scratch: ScratchFolder) -> SysTree { SysTree(root: scratch.url.appending(path: "root").path) }

    @Test("two disks of one serial number are two in every probe, each named by its path, and both say so")
    func sharedSerial() async throws {
        let scratch = try ScratchFolder()
        try addATA("sda", port: 1, serial: "S1D50ABC", to: scratch)
        try addATA("sdb", port: 3, serial: "S1D50ABC", to: scratch)
        let directory = PartsDirectory(tree: tree(scratch)).parts().disks
        let ids = ["sda", "sdb"].map { directory.disk(named: $0)?.id.rawValue }
        #expect(
            ids == [
                "disk:serial-S1D50ABC@pci-0000:00:1f.2-ata-1", "disk:serial-S1D50ABC@pci-0000:00:1f.2-ata-3",
            ])
        #expect(directory.disks.count == 2)
        #expect(directory.disks.allSatisfy { $0.attributes["ambiguous"]?.contains("same serial number") == true })
        let inventory = try await InventoryProbe(tree: tree(scratch)).observe(at: Self.now, since: nil)
        #expect(inventory.components.filter { $0.kind == .disk }.map(\.id.rawValue) == ids)
        // A link that names the serial alone may mean either.
        #expect(directory.disk(named: "/dev/disk/by-id/ata-MADEUP_HD4000_S1D50ABC") == nil)
    }

    @Test("when one of two is pulled the other keeps its name")
    func pulled() throws {
        let scratch = try ScratchFolder()
        try addATA("sda", port: 1, serial: "S1D50ABC", to: scratch)
        try addATA("sdb", port: 3, serial: "S1D50ABC", to: scratch)
        let parts = PartsDirectory(tree: tree(scratch))
        #expect(parts.parts().disks.disks.count == 2)
        for link in ["class/block/sda", "block/sda"] {
            try FileManager.default.removeItem(at: scratch.url.appending(path: "root/sys/\(link)"))
        }
        #expect(parts.parts().disks.disks.map(\.id.rawValue) == ["disk:serial-S1D50ABC@pci-0000:00:1f.2-ata-3"])
    }

    @Test(
        "a number that is none is no identity: each disk is named by its path, and has no serial number",
        arguments: [
            "0", "00000000", "11111111", "AAAAAAAA", "123456789", "0123456789ABCDEF", "12345", "Default string",
            "To be filled by O.E.M.", "Serial Number", "None", "xxxxxxxx",
        ])
    func placeholders(_ serial: String) throws {
        let scratch = try ScratchFolder()
        try addATA("sda", port: 1, serial: serial, to: scratch)
        try addATA("sdb", port: 2, serial: serial, to: scratch)
        let directory = PartsDirectory(tree: tree(scratch)).parts().disks
        #expect(
            directory.disks.map(\.id.rawValue) == [
                "disk:path-pci-0000:00:1f.2-ata-1", "disk:path-pci-0000:00:1f.2-ata-2",
            ])
        #expect(directory.disks.allSatisfy { $0.part.serial == nil && $0.attributes["identity"] != nil })
    }

    @Test(
        "a real serial number stays one", arguments: ["S1D50ABC", "1122", "12346", "WD-WCC4E0123456", "000102", "AB"])
    func realNumbers(_ serial: String) {
        #expect(PlaceholderText.serial(serial) == serial)
    }

    @Test("two ports of the board with one World Wide Name and one serial number lead to two disks")
    func sharedName() throws {
        let scratch = try ScratchFolder()
        try addATA("sda", port: 1, serial: "S1", wwn: "5000123400000001", to: scratch)
        try addATA("sdb", port: 2, serial: "S1", wwn: "5000123400000001", to: scratch)
        try addATA("sdc", port: 3, serial: "S2", wwn: "5000123400000001", to: scratch)
        let directory = PartsDirectory(tree: tree(scratch)).parts().disks
        #expect(Set(directory.disks.map(\.id)).count == 3)
        #expect(directory.disks.allSatisfy { $0.attributes["ambiguous"]?.contains("World Wide Name") == true })
    }

    private func sas(_ device: String, serial: String?, wwn: String? = "0x5000c500a1b2c3d4") -> Component {
        var attributes = ["bus": "sas", "device": "/dev/\(device)", "path": "pci-0000:03:00.0-sas-0x\(device)"]
        attributes["wwn"] = wwn
        return Component(
            id: DiskIdentity.id(wwn: wwn, serial: serial, device: device), kind: .disk, name: device,
            part: Part(serial: serial), attributes: attributes)
    }

    @Test("a SAS disk on two paths is one, unless its serial number speaks against it")
    func paths() {
        var twins = DiskTwins()
        let one = twins.toldApart([sas("sda", serial: "Z1"), sas("sdb", serial: "Z1"), sas("sdc", serial: nil)])
        #expect(Set(one.map(\.id.rawValue)) == ["disk:wwn-0x5000c500a1b2c3d4"])
        let two = twins.toldApart([sas("sda", serial: "Z1"), sas("sdb", serial: "Z1"), sas("sdc", serial: "Z2")])
        #expect(
            two.map(\.id.rawValue) == [
                "disk:wwn-0x5000c500a1b2c3d4@Z1", "disk:wwn-0x5000c500a1b2c3d4@Z1", "disk:wwn-0x5000c500a1b2c3d4@Z2",
            ])
        // Without a World Wide Name nothing says that two paths lead to one disk.
        let nameless = twins.toldApart([sas("sda", serial: "Z9", wwn: nil), sas("sdb", serial: "Z9", wwn: nil)])
        #expect(Set(nameless.map(\.id)).count == 2)
    }

    @Test("two NVMe controllers of one subsystem are one disk, and of two subsystems two")
    func subsystems() throws {
        for (second, disks) in [("nqn.2014.08.org.nvmexpress:one", 1), ("nqn.2014.08.org.nvmexpress:two", 2)] {
            let scratch = try ScratchFolder()
            for (name, nqn, pci) in [
                ("nvme0", "nqn.2014.08.org.nvmexpress:one", "0000:03:00.0"), ("nvme1", second, "0000:04:00.0"),
            ] {
                try scratch.write("root/sys/class/nvme/\(name)/serial", "SAME0001\n")
                try scratch.write("root/sys/class/nvme/\(name)/subsysnqn", nqn + "\n")
                try scratch.write("root/sys/class/nvme/\(name)/address", pci + "\n")
            }
            let directory = PartsDirectory(tree: tree(scratch)).parts().disks
            #expect(directory.disks.count == disks)
        }
    }

    /// A stand-in for smartctl; each case prints the fixture with another serial number and no World Wide Name.
    private func smartctl(_ cases: [(pattern: String, serial: String, passed: Bool)], in scratch: ScratchFolder) throws
        -> String
    {
        var script = "#!/bin/sh\ncase \"$*\" in\n"
        for (index, answer) in cases.enumerated() {
            let text = Recordings.text(Recordings.own("smartctl/ata.json"))
                .replacingOccurrences(of: "MU-0001", with: answer.serial)
                .replacingOccurrences(of: "\"wwn\"", with: "\"no_wwn\"")
                .replacingOccurrences(of: "\"passed\": true", with: "\"passed\": \(answer.passed)")
            try scratch.write("answer\(index)", text)
            script += "\(answer.pattern)) cat '\(scratch.url.path)/answer\(index)' ;;\n"
        }
        return try scratch.program("smartctl", script + "*) exit 2 ;;\nesac\n")
    }

    private func health(_ result: ProbeResult) -> [String: Reports.Measurement] {
        Dictionary(
            result.observations.filter { $0.signal.name == "hw.physical_disk.smart.health" }
                .map { ($0.component.rawValue, $0.measurement) }, uniquingKeysWith: { first, _ in first })
    }

    @Test("the failing one of two disks of one number is told by its own path", arguments: ["S1D50ABC", "00000000"])
    func health(serial: String) async throws {
        let scratch = try ScratchFolder()
        try addATA("sda", port: 1, serial: serial, to: scratch)
        try addATA("sdb", port: 3, serial: serial, to: scratch)
        let program = try smartctl(
            [("*/dev/sda", serial, true), ("*/dev/sdb", serial, false)], in: scratch)
        let probe = DiskHealthProbe(tree: tree(scratch), program: program)
        let first = try await probe.observe(at: Self.now, since: nil)
        let name = serial == "00000000" ? "disk:path-" : "disk:serial-S1D50ABC@"
        #expect(
            health(first) == [
                "\(name)pci-0000:00:1f.2-ata-1": .state("passed"), "\(name)pci-0000:00:1f.2-ata-3": .state("failed"),
            ])
        // Also in the next look, and after a restart in between.
        for probe in [probe, DiskHealthProbe(tree: tree(scratch), program: program)] {
            let later = try await probe.observe(at: Self.now + .seconds(700), since: first.cursor)
            #expect(health(later) == health(first))
            let soon = try await probe.observe(at: Self.now + .seconds(710), since: later.cursor)
            #expect(soon.components.filter { $0.kind == .disk }.map(\.id) == first.components.map(\.id))
        }
    }

    @Test("two disks of one number behind a controller are told apart by the controller's numbers")
    func behindController() async throws {
        let scratch = try ScratchFolder()
        try scratch.write(
            "scan",
            """
            {"devices":[{"name":"/dev/bus/0","type":"megaraid,5","protocol":"SCSI"},
                        {"name":"/dev/bus/0","type":"megaraid,6","protocol":"SCSI"}]}
            """)
        let program = try smartctl(
            [("*megaraid,5*", "S1D50ABC", true), ("*megaraid,6*", "S1D50ABC", false)], in: scratch)
        let scanning = try scratch.program(
            "scanning",
            "#!/bin/sh\ncase \"$*\" in *--scan*) cat '\(scratch.url.path)/scan' ;; *) exec '\(program)' \"$@\" ;; esac\n"
        )
        let probe = DiskHealthProbe(tree: tree(scratch), program: scanning)
        let first = try await probe.observe(at: Self.now, since: nil)
        let states: [String: Reports.Measurement] = [
            "disk:serial-S1D50ABC@megaraid,5": .state("passed"), "disk:serial-S1D50ABC@megaraid,6": .state("failed"),
        ]
        #expect(health(first) == states)
        for probe in [probe, DiskHealthProbe(tree: tree(scratch), program: scanning)] {
            let later = try await probe.observe(at: Self.now + .seconds(700), since: first.cursor)
            #expect(health(later) == states)
        }
    }

    @Test("two disks of one number in a RAID controller's list are told apart by their bays")
    func controllerList() {
        var controller = RaidController(name: "c0")
        for (place, status) in [("252:0", "ok"), ("252:1", "failed"), ("252:2", "ok")] {
            controller.disks.append(
                RaidController.Disk(
                    place: place, serial: place == "252:2" ? "ALONE7" : "S1D50ABC", status: status))
        }
        var reading = ControllerReading(time: Self.now)
        reading.add(controller)
        let disks = reading.result.components.filter { $0.kind == .disk }
        #expect(
            disks.map(\.id.rawValue) == [
                "disk:serial-S1D50ABC@c0/252:0", "disk:serial-S1D50ABC@c0/252:1", "disk:serial-ALONE7",
            ])
        #expect(disks.map { $0.attributes["ambiguous"] != nil } == [true, true, false])
        let failed = reading.result.observations.filter { $0.measurement == .state("failed") }
        #expect(failed.map(\.component.rawValue) == ["disk:serial-S1D50ABC@c0/252:1"])
    }
}
