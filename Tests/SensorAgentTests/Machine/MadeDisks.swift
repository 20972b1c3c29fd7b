import Foundation

@testable import SensorAgent

/// A made-up machine with SATA disks below one controller, which may be plugged, pulled and exchanged.
struct MadeDisks {
    let scratch: ScratchFolder
    var tree: SysTree { SysTree(root: scratch.url.appending(path: "root").path) }

    init() throws { scratch = try ScratchFolder() }

    /// Below `root`: the folder of the SCSI device of the disk at a port.
    static func device(_ port: Int) -> String {
        "sys/devices/pci0000:00/0000:00:1f.2/ata\(port)/host\(port)/target\(port):0:0/\(port):0:0:0"
    }

    func plug(_ name: String, port: Int, serial: String) throws {
        let device = MadeDisks.device(port)
        try scratch.write("root/\(device)/block/\(name)/size", "7814037168\n")
        try scratch.write("root/\(device)/block/\(name)/queue/rotational", "1\n")
        try scratch.write("root/\(device)/vendor", "ATA\n")
        try scratch.write("root/\(device)/model", "MADEUP HD4000\n")
        try scratch.write("root/\(device)/vpd_pg80", [0, 0x80, 0, UInt8(serial.utf8.count)] + Array(serial.utf8))
        try scratch.link("root/\(device)/block/\(name)/device", to: "../../../\(port):0:0:0")
        try scratch.link("root/sys/class/block/\(name)", to: "../../\(device.dropFirst(4))/block/\(name)")
        try scratch.link("root/sys/block/\(name)", to: "../\(device.dropFirst(4))/block/\(name)")
    }

    func pull(_ name: String, port: Int) throws {
        for path in ["sys/class/block/\(name)", "sys/block/\(name)", MadeDisks.device(port)] {
            try FileManager.default.removeItem(at: scratch.url.appending(path: "root/\(path)"))
        }
    }

    /// A block device that is made of others, or a partition.
    func make(_ name: String, of members: [String]) throws {
        try scratch.write("root/sys/class/block/\(name)/size", "1024\n")
        for member in members {
            try scratch.write("root/sys/class/block/\(name)/slaves/\(member)/size", "1024\n")
            try scratch.write("root/sys/class/block/\(member)/holders/\(name)/size", "1024\n")
        }
    }
}
