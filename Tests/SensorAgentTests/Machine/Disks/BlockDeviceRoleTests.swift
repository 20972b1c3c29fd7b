import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Volumes of controllers")
struct BlockDeviceRoleTests {
    /// A SCSI disk at an address behind a driver.
    private func add(
        _ name: String, host: Int, channel: Int = 0, wwn: String, vendor: String, model: String,
        driver: String,
        raidLevel: String? = nil, transport: String? = nil, to scratch: ScratchFolder
    ) throws {
        let address = "\(host):\(channel):0:0"
        let function = "devices/pci0000:00/0000:0\(host):00.0"
        let device = "\(function)/host\(host)/target\(host):\(channel):0/\(address)"
        try scratch.write("sys/\(device)/block/\(name)/size", "7814037168\n")
        try scratch.write("sys/\(device)/vendor", "\(vendor)\n")
        try scratch.write("sys/\(device)/model", "\(model)\n")
        try scratch.write("sys/\(device)/wwid", "naa.\(wwn)\n")
        try scratch.write("sys/\(device)/state", "offline\n")
        if let raidLevel { try scratch.write("sys/\(device)/raid_level", "\(raidLevel)\n") }
        try scratch.write("sys/class/scsi_host/host\(host)/proc_name", "\(driver)\n")
        if let transport {
            try scratch.write("sys/class/\(transport)/host\(host)/port_state", "Online\n")
        }
        try scratch.link("sys/\(device)/block/\(name)/device", to: "../..")
        try scratch.link("sys/class/block/\(name)", to: "../../\(device)/block/\(name)")
        try scratch.link("sys/block/\(name)", to: "../\(device)/block/\(name)")
    }

    private func component(
        _ scratch: ScratchFolder, host: Int = 4, channel: Int = 0,
        wwn: String = "600508b1001c0123456789abcdef0123",
        vendor: String = "DELL", model: String, driver: String, raidLevel: String? = nil,
        transport: String? = nil
    ) throws -> Component {
        try add(
            "sda", host: host, channel: channel, wwn: wwn, vendor: vendor, model: model, driver: driver,
            raidLevel: raidLevel, transport: transport, to: scratch)
        return DiskIdentity.component("sda", tree: SysTree(root: scratch.url.path))
    }

    @Test("what a RAID controller makes of disks is a volume of the controller, and no disk")
    func volumes() throws {
        for (model, driver, channel, level) in [
            ("PERC H730 Mini", "megaraid_sas", 2, nil), ("Made up", "megaraid_sas", 3, nil),
            ("LOGICAL VOLUME", "hpsa", 0, "RAID 5"), ("Made up", "smartpqi", 1, "RAID 1(1+0)"),
            ("Made up", "aacraid", 0, nil), ("ServeRAID M5210", "other", 0, nil),
        ] as [(String, String, Int, String?)] {
            let volume = try component(
                ScratchFolder(), channel: channel, model: model, driver: driver, raidLevel: level)
            #expect(
                volume.kind == .raidArray && volume.id.rawValue.hasPrefix("raid_array:wwn-0x6"), "\(driver)"
            )
            #expect(
                volume.parent?.rawValue == "controller:0000:04:00.0"
                    && volume.attributes["manager"] == "hardware")
        }
    }

    @Test("disks that a controller passes through, and those of virtual machines, stay disks")
    func disks() throws {
        for (wwn, vendor, model, driver, channel, level) in [
            ("5000c500a1b2c3d4", "SEAGATE", "ST4000NM0025", "megaraid_sas", 0, nil),
            ("5000c500a1b2c3d4", "HPE", "EG1200JEHMC", "smartpqi", 0, "N/A"),
            ("600508b1001c0123456789abcdef0123", "SEAGATE", "ST4000NM0025", "hpsa", 0, "N/A"),
            ("6000c29a0123456789abcdef01234567", "VMware", "Virtual disk", "other", 0, nil),
        ] as [(String, String, String, String, Int, String?)] {
            let disk = try component(
                ScratchFolder(), channel: channel, wwn: wwn, vendor: vendor, model: model, driver: driver,
                raidLevel: level)
            #expect(disk.kind == .disk, "\(vendor) \(model)")
        }
    }

    @Test(
        "a unit over Fibre Channel or iSCSI is of an array outside the server, and hangs on nothing in it"
    )
    func outside() async throws {
        for transport in ["fc_host", "iscsi_host"] {
            let scratch = try ScratchFolder()
            let unit = try component(
                scratch, vendor: "ACME", model: "STORE 9", driver: "other", transport: transport)
            #expect(
                unit.kind == .raidArray && unit.parent == nil && unit.attributes["manager"] == "outside")
            let inventory = try await InventoryProbe(tree: SysTree(root: scratch.url.path))
                .observe(at: BMC.now, since: nil)
            #expect(inventory.components.first { $0.id == unit.id }?.parent == nil)
        }
    }

    @Test("a volume that is offline is no disk that is offline: no disk's signal is told of it")
    func noDiskSignals() async throws {
        let scratch = try ScratchFolder()
        _ = try component(scratch, channel: 2, model: "PERC H730 Mini", driver: "megaraid_sas")
        try add(
            "sdb", host: 5, wwn: "5000c500a1b2c3d4", vendor: "SEAGATE", model: "ST4000",
            driver: "mpt3sas", to: scratch)
        let result = try await DiskLatencyProbe(tree: SysTree(root: scratch.url.path)).observe(
            at: BMC.now, since: nil)
        #expect(result.components.map(\.id.rawValue) == ["disk:wwn-0x5000c500a1b2c3d4"])
        #expect(result.observations.contains { $0.measurement == .state("offline") })
    }
}
