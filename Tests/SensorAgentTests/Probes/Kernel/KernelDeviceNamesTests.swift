import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Names of the kernel")
struct KernelDeviceNamesTests {
    /// A tree with one ATA disk on port 3, one SAS disk, an NVMe disk, a card and two sockets.
    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        let ata = "sys/devices/pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0"
        try scratch.write("\(ata)/wwid", "naa.5000c500a1b2c3d4\n")
        try scratch.write("\(ata)/vendor", "ATA\n")
        try scratch.write("\(ata)/block/sda/size", "1000\n")
        let sas = "sys/devices/pci0000:00/0000:00:01.0/0000:03:00.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0"
        try scratch.write("\(sas)/wwid", "naa.5000c500ffff0001\n")
        try scratch.write("\(sas)/block/sdb/size", "1000\n")
        try scratch.write("sys/devices/pci0000:00/0000:00:1c.0/0000:04:00.0/nvme/nvme0/serial", "S4N1\n")
        try scratch.write("sys/devices/pci0000:00/0000:00:1c.4/0000:05:00.0/net/eth0/address", "02:00:00:00:00:01\n")
        try scratch.write("sys/devices/pci0000:00/0000:00:14.0/usb1/1-4/speed", "480\n")
        for (link, target) in [
            ("sys/block/sda", "../../\(ata)/block/sda"), ("sys/class/block/sda", "../../../\(ata)/block/sda"),
            ("\(ata)/block/sda/device", "../.."), ("\(sas)/block/sdb/device", "../.."),
            ("sys/block/sdb", "../../\(sas)/block/sdb"), ("sys/class/block/sdb", "../../../\(sas)/block/sdb"),
            ("sys/class/nvme/nvme0", "../../../sys/devices/pci0000:00/0000:00:1c.0/0000:04:00.0/nvme/nvme0"),
            ("sys/class/net/eth0", "../../../sys/devices/pci0000:00/0000:00:1c.4/0000:05:00.0/net/eth0"),
            ("sys/devices/pci0000:00/0000:00:1c.4/0000:05:00.0/net/eth0/device", "../.."),
            ("sys/bus/usb/devices/usb1", "../../../../sys/devices/pci0000:00/0000:00:14.0/usb1"),
            ("sys/bus/usb/devices/1-4", "../../../../sys/devices/pci0000:00/0000:00:14.0/usb1/1-4"),
        ] {
            let place = scratch.url.appending(path: link)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: target)
        }
        for (processor, package) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
            try scratch.write("sys/devices/system/cpu/cpu\(processor)/topology/physical_package_id", "\(package)\n")
        }
        return scratch
    }

    private func names(_ scratch: ScratchFolder) -> KernelDeviceNames {
        var names = KernelDeviceNames(tree: SysTree(root: scratch.url.path))
        names.refresh(anew: false)
        return names
    }

    @Test(
        "every name that the kernel has for a disk leads to the disk",
        arguments: [
            ("sda", "disk:wwn-0x5000c500a1b2c3d4"), ("sda1", "disk:wwn-0x5000c500a1b2c3d4"),
            ("ata3", "disk:wwn-0x5000c500a1b2c3d4"), ("ata3.00", "disk:wwn-0x5000c500a1b2c3d4"),
            ("2:0:0:0", "disk:wwn-0x5000c500a1b2c3d4"), ("0:0:0:0", "disk:wwn-0x5000c500ffff0001"),
            ("nvme0", "disk:serial-S4N1"), ("nvme0n1", "disk:serial-S4N1"), ("nvme0n1p2", "disk:serial-S4N1"),
            ("nvme0c0n1", "disk:serial-S4N1"),
        ])
    func disks(name: String, id: String) throws {
        let scratch = try machine()
        #expect(names(scratch).component(of: .disk(name))?.id.rawValue == id)
    }

    @Test("a disk that has just been pulled keeps the name that it had last")
    func vanished() throws {
        let scratch = try machine()
        var names = names(scratch)
        for path in ["sys/block/sda", "sys/class/block/sda"] {
            try FileManager.default.removeItem(at: scratch.url.appending(path: path))
        }
        names.refresh(anew: false)
        #expect(names.component(of: .disk("ata3.00"))?.id.rawValue == "disk:wwn-0x5000c500a1b2c3d4")
    }

    @Test("a storage controller is found by the name that its driver writes, and by the driver where it has one alone")
    func controllers() throws {
        let scratch = try machine()
        for (host, address, driver, number) in [
            ("host0", "0000:03:00.0", "mpt3sas", 0), ("host7", "0000:83:00.0", "mpt3sas", 1),
            ("host8", "0000:84:00.0", "aacraid", 8), ("host9", "0000:84:00.0", "aacraid", 9),
            ("host10", "0000:85:00.0", "mpi3mr", 0), ("host11", "0000:86:00.0", "mpi3mr", 1),
        ] {
            let path = "sys/devices/pci0000:00/\(address)/\(host)/scsi_host/\(host)"
            try scratch.write("\(path)/proc_name", "\(driver)\n")
            try scratch.write("\(path)/unique_id", "\(number)\n")
            let link = scratch.url.appending(path: "sys/class/scsi_host/\(host)")
            try FileManager.default.createDirectory(
                at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "../../../\(path)")
        }
        let names = names(scratch)
        let id: (String) -> String? = { names.component(of: .scsiHost($0))?.id.rawValue }
        #expect(id("mpt3sas_cm0") == "pcie_device:0000:03:00.0")
        #expect(id("mpt3sas_cm1") == "pcie_device:0000:83:00.0")
        #expect(id("host7") == "pcie_device:0000:83:00.0")
        #expect(id("mpi3mr0") == "pcie_device:0000:85:00.0" && id("mpi3mr1") == "pcie_device:0000:86:00.0")
        #expect(id("aacraid") == "pcie_device:0000:84:00.0")
        #expect(id("mpt3sas") == nil && id("mpt3sas_cm4") == nil)
        // A log of another machine has the name alone.
        let elsewhere = KernelDeviceNames(tree: SysTree(root: "/nonexistent"))
        #expect(elsewhere.component(of: .scsiHost("mpt3sas_cm0"))?.id.rawValue == "controller:mpt3sas_cm0")
    }

    @Test("what is no hardware is nobody")
    func nobody() throws {
        let scratch = try machine()
        let names = names(scratch)
        for subject: KernelSubject in [
            .disk("loop3"), .disk("1-4"), .disk("sr0"), .disk("dm-1"), .nic("docker0", pci: nil), .volume("loop0"),
            .volume("zram0"),
        ] { #expect(names.component(of: subject) == nil, "\(subject)") }
    }

    @Test("cards, processors and USB ports lead to the part or to its PCI function")
    func others() throws {
        let scratch = try machine()
        let names = names(scratch)
        let id: (KernelSubject) -> String? = { names.component(of: $0)?.id.rawValue }
        #expect(id(.nic("eth0", pci: nil)) == "nic:02:00:00:00:00:01")
        #expect(id(.nic("renamed7", pci: "0000:05:00.0")) == "nic:02:00:00:00:00:01")
        #expect(id(.processor(3)) == "cpu:package1")
        #expect(id(.processor(99)) == "cpu:processor99")
        #expect(id(.usb("1-4")) == "pcie_device:0000:00:14.0")
        #expect(id(.pci("0000:03:00.0")) == "pcie_device:0000:03:00.0")
        #expect(id(.volume("dm-7")) == "server:main")
    }

    @Test("a file system on one disk is that disk's, however many layers lie between")
    func layers() throws {
        let scratch = try machine()
        try scratch.write("sys/class/block/dm-1/slaves/dm-0/x", "")
        try scratch.write("sys/class/block/dm-0/slaves/sda2/x", "")
        #expect(names(scratch).component(of: .volume("dm-1"))?.id.rawValue == "disk:wwn-0x5000c500a1b2c3d4")
        try scratch.write("sys/class/block/dm-0/slaves/sdb/x", "")
        #expect(names(scratch).component(of: .volume("dm-1"))?.id == .server)
    }
}

@Suite("Memory topology")
struct MemoryTopologyTests {
    /// Two controllers in two sockets, two channels each, one module a channel.
    private func machine() throws -> ScratchFolder {
        let scratch = try ScratchFolder()
        for (processor, package) in [(0, 0), (1, 1)] {
            try scratch.write("sys/devices/system/cpu/cpu\(processor)/topology/physical_package_id", "\(package)\n")
        }
        for controller in 0..<2 {
            let path = "sys/devices/system/edac/mc/mc\(controller)"
            try scratch.write("\(path)/mc_name", "Skylake Socket#\(controller) IMC#0\n")
            for file in ["ce_count", "ue_count", "ce_noinfo_count", "ue_noinfo_count"] {
                try scratch.write("\(path)/\(file)", "0\n")
            }
            for channel in 0..<2 {
                let module = "\(path)/dimm\(channel)"
                try scratch.write("\(module)/dimm_label", "CPU_SrcID#\(controller)_MC#0_Chan#\(channel)_DIMM#0\n")
                try scratch.write("\(module)/dimm_location", "channel \(channel) slot 0 \n")
                try scratch.write("\(module)/dimm_ce_count", "0\n")
                try scratch.write("\(module)/dimm_ue_count", "0\n")
                try scratch.write("\(module)/size", "16384\n")
            }
        }
        return scratch
    }

    @Test("a module hangs on its channel, that on its controller, and that in its socket")
    func parents() async throws {
        let scratch = try machine()
        let probe = MemoryErrorProbe(tree: SysTree(root: scratch.url.path))
        let components = try await probe.observe(at: MemoryErrorsTests.now, since: nil).components
        let parent = Dictionary(uniqueKeysWithValues: components.map { ($0.id.rawValue, $0.parent?.rawValue) })
        #expect(parent["dimm:mc1/dimm1"] == "memory_channel:mc1/channel1")
        #expect(parent["memory_channel:mc1/channel1"] == "memory_controller:mc1")
        #expect(parent["memory_controller:mc1"] == "cpu:package1")
        #expect(parent["memory_controller:mc0"] == "cpu:package0")
        #expect(components.count == 2 + 4 + 4)
    }

    @Test("an error is of the module that its label, its layers or its position names, else of its controller")
    func places() throws {
        let scratch = try machine()
        let topology = PartsDirectory(tree: SysTree(root: scratch.url.path)).parts().memory
        let id: (MemoryErrorLocation) -> String = { topology.component(at: $0).id.rawValue }
        #expect(id(MemoryErrorLocation(controller: "mc1", label: "CPU_SrcID#1_MC#0_Chan#0_DIMM#0")) == "dimm:mc1/dimm0")
        #expect(id(MemoryErrorLocation(controller: "mc0", layers: ["channel": 1, "slot": 0])) == "dimm:mc0/dimm1")
        #expect(
            id(MemoryErrorLocation(controller: "mc0", label: "any memory", position: [1, 0, -1])) == "dimm:mc0/dimm1")
        #expect(
            id(MemoryErrorLocation(controller: "mc0", label: "any memory", position: [-1, -1, -1]))
                == "memory_controller:mc0")
        #expect(id(MemoryErrorLocation(controller: "mc7", label: "unknown memory")) == "memory_controller:mc7")
        #expect(id(MemoryErrorLocation(label: "not present")) == "memory_controller:firmware")
    }

    @Test("the firmware's SMBIOS handle names the module without EDAC")
    func handles() throws {
        let scratch = try ScratchFolder()
        let table = MadeSMBIOS.modules([("DIMM_A1", "NODE 1"), ("DIMM_B1", "NODE 1")])
        try scratch.write("sys/firmware/dmi/tables/DMI", table)
        let topology = PartsDirectory(tree: SysTree(root: scratch.url.path)).parts().memory
        #expect(topology.component(at: MemoryErrorLocation(handle: 0x1100)).id.rawValue == "dimm:DIMM_A1")
        #expect(topology.component(at: MemoryErrorLocation(label: "NODE 1 DIMM_B1")).id.rawValue == "dimm:DIMM_B1")
    }

    @Test("the text of the firmware for a unit names the module whose locator is it or ends with it, and no other")
    func units() throws {
        func component(_ unit: String, _ locators: [(String, String)]) throws -> String {
            let scratch = try ScratchFolder()
            if !locators.isEmpty { try scratch.write("sys/firmware/dmi/tables/DMI", MadeSMBIOS.modules(locators)) }
            return PartsDirectory(tree: SysTree(root: scratch.url.path)).parts().memory
                .component(at: MemoryErrorLocation(unit: unit)).id.rawValue
        }
        let letters = [("DIMM_C2", "NODE 1"), ("DIMM_D2", "NODE 1"), ("DIMM_D12", "NODE 1")]
        #expect(try component("D2", letters) == "dimm:DIMM_D2")
        #expect(try component("dimm d2", letters) == "dimm:DIMM_D2")
        #expect(try component("D12", letters) == "dimm:DIMM_D12")
        #expect(try component("2", letters) == "memory_controller:firmware")
        #expect(try component("E1", letters) == "memory_controller:firmware")
        #expect(try component("A1", [("CPU1 A1", "NODE 1"), ("CPU2 A1", "NODE 1")]) == "memory_controller:firmware")
        #expect(try component("A1", [("P1-DIMMA1", "NODE 1"), ("P1-DIMMB1", "NODE 1")]) == "dimm:P1-DIMMA1")
        let words = [("CPU1_DIMM_A1", "NODE 1"), ("CPU1_DIMM_B1", "NODE 1")]
        #expect(try component("DIMM A1", words) == "dimm:CPU1_DIMM_A1")
        #expect(try component("A1", [("DIMM AA1", "NODE 1"), ("DIMM AB1", "NODE 1")]) == "memory_controller:firmware")
        // Where nothing lists the modules the firmware's name is the best there is, if it is one.
        #expect(try component("D2", []) == "dimm:D2")
        for placeholder in ["DIMM# Sourced", "Memory", "", "Not Specified"] {
            #expect(try component(placeholder, []) == "memory_controller:firmware", "\(placeholder)")
        }
    }
}
