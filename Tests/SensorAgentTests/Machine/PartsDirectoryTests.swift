import Foundation
import Glibc
import Reports
import Testing

@testable import SensorAgent

@Suite("Directory of parts")
struct PartsDirectoryTests {
    static let start = Timestamp(seconds: 1_763_712_000)

    // MARK: Snapshots

    @Test(
        "the generation rises only when something is different, and the change names what came, went or was exchanged")
    func generations() throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        try machine.plug("sdb", port: 2, serial: "B1")
        let directory = PartsDirectory(tree: machine.tree)
        let first = directory.parts(at: Self.start)
        #expect(first.generation == 1)
        #expect(first.parts.map(\.id.rawValue) == ["disk:serial-A1", "disk:serial-B1"])
        #expect(directory.parts(at: Self.start + .seconds(60), anew: .all).generation == 1)

        try machine.pull("sdb", port: 2)
        let second = directory.parts(at: Self.start + .seconds(120))
        #expect(second.generation == 2)
        #expect(second.change.gone.map(\.rawValue) == ["disk:serial-B1"])
        #expect(second.change.came.isEmpty && second.change.exchanged.isEmpty)
        // Who looks with the earlier one goes on seeing what was there then.
        #expect(first.disks.disk(named: "sdb")?.id.rawValue == "disk:serial-B1")

        try machine.pull("sda", port: 1)
        try machine.plug("sda", port: 1, serial: "A2")
        let third = directory.parts(at: Self.start + .seconds(180), anew: .disks)
        #expect(third.generation == 3)
        #expect(third.change.came.map(\.rawValue) == ["disk:serial-A2"])
        #expect(third.change.gone.map(\.rawValue) == ["disk:serial-A1"])
        #expect(third.change.exchanged.map(\.name) == ["1:0:0:0", "ata1", "ata1.00", "sda"])
        #expect(third.change.words.contains("sda: disk:serial-A1 for disk:serial-A2"))
    }

    @Test("SMBIOS, sockets, modules, cards, hosts and disks are read of one tree, each by its own section")
    func sections() throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        let scratch = machine.scratch
        try scratch.write("root/sys/firmware/dmi/tables/DMI", MadeSMBIOS.modules([("DIMM_A1", "NODE 1")]))
        try scratch.write("root/sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n")
        try scratch.write("root/sys/devices/system/edac/mc/mc0/dimm0/dimm_label", "DIMM_A1\n")
        try scratch.write("root/sys/devices/pci0000:00/0000:00:03.0/net/eth0/address", "00:11:22:33:44:55\n")
        try scratch.link("root/sys/devices/pci0000:00/0000:00:03.0/net/eth0/device", to: "../..")
        try scratch.link("root/sys/class/net/eth0", to: "../../devices/pci0000:00/0000:00:03.0/net/eth0")
        try scratch.write("root/sys/class/net/lo/address", "00:00:00:00:00:00\n")
        try scratch.link(
            "root/sys/class/scsi_host/host1", to: "../../devices/pci0000:00/0000:00:1f.2/ata1/host1")
        let parts = PartsDirectory(tree: machine.tree).parts()
        #expect(parts.firmware.modules.modules.map(\.locator) == ["DIMM_A1"])
        #expect(parts.sockets.all.map(\.package) == [0])
        #expect(parts.memory.places["mc0"]?.map(\.component.id.rawValue) == ["dimm:DIMM_A1"])
        #expect(parts.card(named: "eth0")?.id.rawValue == "nic:00:11:22:33:44:55")
        #expect(parts.card(named: "lo") == nil && parts.listsInterfaces)
        #expect(parts.hosts == ["host1": "0000:00:1f.2"])
        #expect(parts.disks.disk(named: "sda1")?.id.rawValue == "disk:serial-A1")
        #expect(
            parts.parts.map(\.id.rawValue) == ["dimm:DIMM_A1", "disk:serial-A1", "nic:00:11:22:33:44:55"])
        // One section read anew leaves the others.
        try scratch.write("root/sys/devices/system/edac/mc/mc0/dimm0/dimm_label", "other\n")
        var builder = PartsBuilder(tree: machine.tree, touchesDevices: true)
        builder.read(.all.subtracting(.memory))
        #expect(builder.content.memory.controllers.isEmpty && builder.content.read == .all.subtracting(.memory))
        builder.read(.memory)
        #expect(builder.content.memory.places["mc0"]?.map(\.component.id.rawValue) == ["dimm:mc0/dimm0"])
    }

    @Test("what is made of disks leads to them, and a disk to what it is in, at any height")
    func stacked() throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        try machine.plug("sdb", port: 2, serial: "B1")
        try machine.make("sda1", of: [])
        try machine.make("sdb1", of: [])
        try machine.make("md0", of: ["sda1", "sdb1"])
        try machine.make("dm-0", of: ["md0"])
        let directory = PartsDirectory(tree: machine.tree)
        let disks = directory.parts().disks
        #expect(disks.disks(under: "dm-0").map(\.id.rawValue).sorted() == ["disk:serial-A1", "disk:serial-B1"])
        #expect(disks.disks(under: "sda1").map(\.id.rawValue) == ["disk:serial-A1"])
        #expect(disks.groups(above: "sda") == ["md0", "dm-0"])
        #expect(disks.groups(above: "sdc").isEmpty)
    }

    @Test("a disk that udev has not described yet is provisional until it has")
    func provisional() throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        var reader = DiskReader(tree: machine.tree, touchesDevices: false)
        reader.readAll([], isUdevHere: true)
        #expect(reader.directory.disks.first?.attributes["provisional"] != nil)
        var device = UdevDevice(
            subsystem: "block", name: "sda", path: "/sys/block/sda", properties: ["ID_WWN": "0x5000c500a1b2c3d4"],
            isInitialized: false)
        reader.read([device], isUdevHere: true)
        #expect(reader.directory.disks.first?.attributes["provisional"] != nil)
        device.isInitialized = true
        reader.read([device], isUdevHere: true)
        #expect(reader.directory.disks.first?.id.rawValue == "disk:wwn-0x5000c500a1b2c3d4")
        #expect(reader.directory.disks.first?.attributes["provisional"] == nil)
        // Where no udev runs, it will not describe it later either.
        reader.readAll([], isUdevHere: false)
        #expect(reader.directory.disks.first?.attributes["provisional"] == nil)
    }

    @Test("of what udev tells, that device alone is read again, and its UUIDs are kept")
    func byDevice() throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        try machine.plug("sdb", port: 2, serial: "B1")
        try machine.make("md0", of: ["sda"])
        var reader = DiskReader(tree: machine.tree, touchesDevices: false)
        reader.readAll([], isUdevHere: false)
        for name in ["sda", "sdb"] {
            let size = "root/\(MadeDisks.device(name == "sda" ? 1 : 2))/block/\(name)/size"
            try machine.scratch.write(size, "1024\n")
        }
        reader.read(
            ["sdb", "md0"].map { name in
                UdevDevice(
                    subsystem: "block", name: name, path: "/sys/block/\(name)",
                    properties: ["MD_UUID": "u-\(name)", "ID_FS_UUID": "f-\(name)"], isInitialized: true)
            }, isUdevHere: true)
        #expect(reader.directory.disk(named: "sda")?.attributes["size_bytes"] == "4000787030016")
        #expect(reader.directory.disk(named: "sdb")?.attributes["size_bytes"] == "524288")
        #expect(reader.directory.arrayIdentifier("md0") == "u-md0")
        #expect(reader.directory.fileSystemIdentifier("sdb") == "f-sdb")
        try machine.pull("sdb", port: 2)
        reader.read([], isUdevHere: true)
        #expect(reader.directory.disks.map(\.id.rawValue) == ["disk:serial-A1"])
        #expect(reader.directory.fileSystemIdentifier("sdb") == nil)
    }

    @Test("the bay is no file that the agent's list of parts reads: it is told by the probe that asked the shelf")
    func learned() async throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        try machine.scratch.write("root/\(MadeDisks.device(1))/enclosure_device:Slot 7/slot", "7\n")
        #expect(PartsDirectory(tree: machine.tree).parts().disks.disks.first?.part.location == "Bay 7")
        let watched = PartsDirectory(tree: machine.tree, isWatched: true)
        let clock = ManualClock()
        #expect(watched.parts().generation == 0 && watched.parts().read == [])
        #expect(watched.read(.everything, clock: clock)?.came.map(\.rawValue) == ["disk:serial-A1"])
        #expect(watched.parts().disks.disks.first?.part.location == nil)
        let generation = watched.parts().generation
        let id = ComponentID(.disk, "serial-A1")
        watched.learn([id: PartFacts(location: "Bay 7")], at: Self.start)
        #expect(watched.parts().disks.disk(named: "sda")?.part.location == "Bay 7")
        #expect(watched.parts().generation == generation + 1)
        watched.learn([id: PartFacts(location: "Bay 7")], at: Self.start)
        #expect(watched.parts().generation == generation + 1)
        // It stays when all is read again.
        #expect(watched.read(.everything, clock: clock) == nil)
        #expect(watched.parts().disks.disk(named: "sda")?.part.location == "Bay 7")
    }

    // MARK: Names and when

    @Test("a message of the kernel is of the disk that had the name when it was written")
    func history() throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        let directory = PartsDirectory(tree: machine.tree)
        #expect(directory.parts(at: Self.start).disk(named: "sdc", at: Self.start) == nil)
        try machine.pull("sda", port: 1)
        let pulled = directory.parts(at: Self.start + .seconds(1_000))
        try machine.plug("sda", port: 1, serial: "A2")
        let plugged = directory.parts(at: Self.start + .seconds(2_000))
        let id = { (parts: PartsSnapshot, name: String, seconds: Int64) in
            parts.disk(named: name, at: Self.start + .seconds(seconds))?.part.serial
        }
        #expect(id(pulled, "sda", 500) == "A1")
        #expect(id(pulled, "sda", 1_500) == "A1", "what is gone keeps its name")
        #expect(pulled.disk(named: "sda")?.part.serial == "A1")
        #expect(pulled.disks.disk(named: "sda") == nil)
        // Nobody looked before, and the first one had its name already.
        #expect(id(plugged, "sda", -100_000) == "A1")
        #expect(id(plugged, "sda", 999) == "A1")
        #expect(id(plugged, "sda", 1_900) == "A1")
        #expect(id(plugged, "sda", 1_975) == "A2", "the kernel speaks of a disk before udev has named it")
        #expect(id(plugged, "sda", 2_000) == "A2")
        #expect(id(plugged, "ata1.00", 3_000) == "A2")
        #expect(id(plugged, "1:0:0:0", 10) == "A1")
        #expect(id(plugged, "sda3", 10) == "A1")
        #expect(plugged.disk(named: "sda")?.part.serial == "A2")
    }

    private func disk(_ serial: Int) -> Component {
        Component(id: ComponentID(.disk, "serial-\(serial)"), kind: .disk, name: "sda", part: Part(serial: "\(serial)"))
    }

    @Test("names are remembered for a day, and 1,024 changes of them")
    func historyLimits() {
        var history = PartsHistory()
        history.note(["sda": disk(0)], at: nil)
        for number in 1...PartsHistory.changeLimit {
            history.note(["sda": disk(number)], at: Self.start + .seconds(Int64(number)))
        }
        #expect(history.ended.count == PartsHistory.changeLimit)
        #expect(history.disk(named: "sda", at: Self.start)?.part.serial == "0")
        history.note(["sda": disk(2_000)], at: Self.start + .seconds(2_000))
        #expect(history.ended.count == PartsHistory.changeLimit)
        #expect(history.disk(named: "sda", at: Self.start) == nil, "the oldest is forgotten first")
        #expect(history.disk(named: "sda", at: Self.start + .seconds(1))?.part.serial == "1")

        var old = PartsHistory()
        old.note(["sda": disk(1)], at: nil)
        old.note([:], at: Self.start)
        old.note([:], at: Self.start + PartsHistory.age)
        #expect(old.disk(named: "sda", at: Self.start)?.part.serial == "1")
        old.note([:], at: Self.start + PartsHistory.age + .seconds(1))
        #expect(old.disk(named: "sda", at: Self.start) == nil)
    }

    // MARK: A reading that hangs

    @Test(
        "where a disk's folder hangs, all other probes look on time, and what hangs and how old the list is are told",
        .enabled(if: HangingFolder.canHang, "a file system may not be mounted here"), .timeLimit(.minutes(1)))
    func hanging() async throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        try machine.plug("sdb", port: 2, serial: "B1")
        let scratch = machine.scratch
        try scratch.write("root/sys/firmware/dmi/tables/DMI", MadeSMBIOS.modules([("DIMM_A1", "NODE 1")]))
        try scratch.write("root/sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n")
        try scratch.write("root/sys/devices/system/edac/mc/mc0/dimm0/dimm_label", "DIMM_A1\n")
        try scratch.write("root/sys/devices/system/edac/mc/mc0/dimm0/dimm_ce_count", "0\n")
        try scratch.write(
            "root/proc/self/mountinfo", "30 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n")
        let clock = ManualClock()
        let directory = PartsDirectory(tree: machine.tree, isWatched: true)
        _ = directory.read(.everything, clock: clock)
        #expect(directory.trouble(at: clock.now()) == nil)
        clock.advance(by: PartsRenewal.wholeInterval)

        let hanging = try HangingFolder(scratch.url.appending(path: "root/\(MadeDisks.device(1))/block/sda/device"))
        let done = AsyncStream.makeStream(of: Void.self)
        Thread.detachNewThread {
            _ = directory.read(.everything, clock: clock)
            done.continuation.finish()
        }
        // Until the reading has come to the folder: it gets no farther.
        while directory.trouble(at: later(clock))?.because.contains("block/sda/device") != true { await Task.yield() }
        #expect(directory.trouble(at: clock.now()) == nil, "a reading has 5 s")
        clock.advance(by: .seconds(12))
        let trouble = try #require(directory.trouble(at: clock.now()))
        #expect(trouble.state == "hanging" && trouble.probe == "parts" && trouble.components == 3)
        #expect(trouble.because.contains("the list of parts is 3612 s old"))
        #expect(trouble.because.contains("block/sda/device") && trouble.because.contains("for 12 s"))

        // All look at once, and none waits for the disk but the one that asks it for its state.
        let probes = AllProbes.make(tree: machine.tree, parts: directory).filter { $0.name != "disk-latency" }
        let document = await ProbeDocument(observing: probes, at: Self.start)
        for entry in document.probes {
            if case .failure(.timedOut) = entry.outcome { Issue.record("\(entry.probe) waited for the disk") }
        }
        let components = document.probes.flatMap { (try? $0.outcome.get().components) ?? [] }
        for id in ["disk:serial-A1", "disk:serial-B1", "dimm:DIMM_A1", "volume:sda1"] {
            #expect(components.contains { $0.id.rawValue == id }, "\(id)")
        }
        #expect(directory.trouble(at: clock.now()) != nil)

        hanging.end()
        for await _ in done.stream {}
        #expect(directory.trouble(at: clock.now()) == nil)
    }

    private func later(_ clock: ManualClock) -> Moment {
        var moment = clock.now()
        moment.uptime += .seconds(60)
        return moment
    }

    @Test("who looks at the start waits for the first reading, and for a hanging one no longer than is patient")
    func firstReading() async throws {
        let machine = try MadeDisks()
        try machine.plug("sda", port: 1, serial: "A1")
        let directory = PartsDirectory(tree: machine.tree, isWatched: true)
        await directory.firstReading(within: .milliseconds(1))
        #expect(directory.parts().read == [])
        var changes = PartsWatch.changes(of: directory, tree: machine.tree, clock: ManualClock()).makeAsyncIterator()
        await directory.firstReading(within: .seconds(60))
        #expect(directory.parts().read == .all)
        #expect(await changes.next()?.contains("came disk:serial-A1") == true)
    }
}

/// A folder below which everything hangs, as on a device that does not answer: a file system whose server says nothing
/// (fuse(4)).
final class HangingFolder: Sendable {
    private let server: Int32
    private let folder: String

    static let canHang: Bool = {
        guard let scratch = try? ScratchFolder(), let hanging = try? HangingFolder(scratch.url) else { return false }
        hanging.end()
        return true
    }()

    /// In place of what is at `folder`.
    init(_ folder: URL) throws {
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.folder = folder.path
        server = unsafe open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard server >= 0 else { throw CocoaError(.fileReadNoPermission) }
        let options = "fd=\(server),rootmode=40000,user_id=\(getuid()),group_id=\(getgid())"
        guard unsafe mount("none", self.folder, "fuse", 0, options) == 0 else {
            close(server)
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    /// Lets go of everybody: what was asked ends with an error.
    func end() {
        close(server)
        _ = unsafe umount2(folder, Int32(MNT_DETACH))
    }
}
