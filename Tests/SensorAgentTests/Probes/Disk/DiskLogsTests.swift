import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("Further logs of disks")
struct DiskLogsTests {
    private func told(_ json: String) throws -> [String: String] {
        let report = try SmartctlReport(parsing: [UInt8](json.utf8), at: SmartctlReportTests.now)
        return Dictionary(
            report.observations.map { ($0.signal.description, $0.measurement.forTests) },
            uniquingKeysWith: { first, _ in first })
    }

    /// An ATA disk with one statistic, or with one page of FARM.
    private func disk(_ log: String) -> String {
        #"{"device": {"name": "/dev/sda", "protocol": "ATA"}, "model_name": "A DISK", "serial_number": "S", "# + log
            + "}"
    }

    private func statistic(_ page: Int, _ offset: Int, _ value: String, _ flags: String = #""valid": true"#) -> String {
        disk(
            #""ata_device_statistics": {"pages": [{"number": \#(page), "table": "#
                + #"[{"offset": \#(offset), "value": \#(value), "flags": {\#(flags)}}]}]}"#)
    }

    @Test("device statistics tell the wear, the errors that the host was told of, and the time that was too hot")
    func statistics() throws {
        let told = try told(MadeUpOutputs.farm)
        #expect(told["hw.physical_disk.endurance_used"] == "0.12")
        #expect(told["hw.physical_disk.reported_uncorrectable"] == "3")
        #expect(told["hw.physical_disk.throttle_time{level=\"operating\"}"] == "46")
    }

    @Test("Seagate's log tells the hours, the helium and what went wrong inside")
    func farm() throws {
        let told = try told(MadeUpOutputs.farm)
        #expect(told["hw.physical_disk.power_on_time"] == "120")
        #expect(told["hw.physical_disk.recorded_time"] == "26211")
        #expect(told["hw.physical_disk.inner_errors{type=\"write\"}"] == "2")
        #expect(told["hw.physical_disk.inner_errors{type=\"assert\"}"] == "1")
        #expect(told["hw.physical_disk.helium"] == "leaking")
    }

    @Test("that a disk has the log is not the log")
    func supportedOnly() throws {
        let told = try told(disk(#""seagate_farm_log": {"supported": true}"#))
        #expect(!told.keys.contains { $0.contains("helium") || $0.contains("recorded") || $0.contains("inner") })
    }

    @Test("an NVMe disk tells how long it slowed itself down, by both of its limits")
    func thermalManagement() throws {
        let told = try told(MadeUpOutputs.hotSSD)
        #expect(told["hw.physical_disk.thermal_management_time{level=\"light\"}"] == "74418")
        #expect(told["hw.physical_disk.thermal_management_time{level=\"heavy\"}"] == "7241")
    }

    @Test("a statistic that is not valid, is on the maker's own scale, or has no number is none")
    func invalid() throws {
        let wear = "hw.physical_disk.endurance_used"
        #expect(try told(statistic(7, 8, "99"))[wear] == "0.99")
        #expect(try told(statistic(7, 8, "99", #""valid": false"#))[wear] == nil)
        #expect(try told(statistic(7, 8, "99", #""valid": true, "normalized": true"#))[wear] == nil)
        #expect(try told(statistic(7, 8, "-1"))[wear] == nil)
        #expect(try told(statistic(7, 8, "\"much\""))[wear] == nil)
        #expect(try told(statistic(7, 16, "99"))[wear] == nil)
    }

    @Test("numbers that no disk can have are not plausible, up to the last one that can be")
    func bounds() throws {
        let errors = "hw.physical_disk.reported_uncorrectable"
        #expect(try told(statistic(4, 8, "4294967294"))[errors] == "4294967294")
        #expect(try told(statistic(4, 8, "4294967295"))[errors] == Measurement.unavailable(.notPlausible).forTests)
        #expect(try told(statistic(7, 8, "255"))["hw.physical_disk.endurance_used"] == "2.55")
        #expect(try told(statistic(7, 8, "256"))["hw.physical_disk.endurance_used"] == nil)
        func farm(_ page: String, _ key: String, _ value: String) -> String {
            disk(#""seagate_farm_log": {"\#(page)": {"\#(key)": \#(value)}}"#)
        }
        let hours = "hw.physical_disk.recorded_time"
        let implausible = Measurement.unavailable(.notPlausible).forTests
        #expect(try told(farm("page_1_drive_information", "poh", "999999"))[hours] == "999999")
        #expect(try told(farm("page_1_drive_information", "poh", "1000000"))[hours] == implausible)
        #expect(try told(farm("page_1_drive_information", "poh", "18446744073709551615"))[hours] == implausible)
        #expect(try told(farm("page_1_drive_information", "poh", "-5"))[hours] == nil)
        let page = "page_5_reliability_statistics"
        let helium = "hw.physical_disk.helium"
        #expect(try told(farm(page, "helium_presure_trip", "0"))[helium] == "ok")
        #expect(try told(farm(page, "helium_presure_trip", "2"))[helium] == implausible)
        #expect(try told(farm(page, "helium_presure_trip", "18446744073709551615"))[helium] == implausible)
    }

    @Test("what an output holds too much of is left out")
    func tooMuch() throws {
        let page = #"{"number": 1, "table": []}"#
        func statistics(after count: Int) -> String {
            let pages =
                Array(repeating: page, count: count) + [
                    #"{"number": 7, "table": [{"offset": 8, "value": 1, "flags": {"valid": true}}]}"#
                ]
            return disk(#""ata_device_statistics": {"pages": [\#(pages.joined(separator: ","))]}"#)
        }
        #expect(try told(statistics(after: 31))["hw.physical_disk.endurance_used"] == "0.01")
        #expect(try told(statistics(after: 32))["hw.physical_disk.endurance_used"] == nil)
    }

    @Test("where smartctl itself says how worn a disk is, its word counts")
    func ownWord() throws {
        let both = disk(
            #""endurance_used": {"current_percent": 4}, "ata_device_statistics": {"pages": "#
                + #"[{"number": 7, "table": [{"offset": 8, "value": 9, "flags": {"valid": true}}]}]}"#)
        #expect(try told(both)["hw.physical_disk.endurance_used"] == "0.04")
    }

    // MARK: When they are asked for

    private func known(_ bus: String, rotational: String, model: String) -> Component {
        Component(
            id: ComponentID(.disk, "a"), kind: .disk, name: "/dev/sda", part: Part(model: model),
            attributes: ["bus": bus, "rotational": rotational])
    }

    @Test("only disks that the kernel knows as ATA are asked: SSDs for statistics, Seagate's by a smartctl that can")
    func which() {
        let device = DiskHealthProbe.Device(name: "/dev/sda")
        func logs(_ bus: String, _ rotational: String, _ model: String, _ version: UInt64 = 704) -> [String] {
            device.dailyLogs(of: known(bus, rotational: rotational, model: model), version: version)
        }
        #expect(logs("ata", "0", "INTEL SSDSC2KB240G8") == ["devstat"])
        #expect(logs("ata", "0", "INTEL SSDSC2KB240G8", 703) == ["devstat"])
        #expect(logs("ata", "1", "ST16000NM001G-2K") == ["farm"])
        #expect(logs("ata", "1", "ST16000NM001G-2K", 703) == [])
        #expect(logs("ata", "1", "WDC WUH721816AL") == [])
        #expect(logs("usb", "0", "A BRIDGE") == [])
        #expect(logs("sas", "1", "ST16000NM002G") == [])
        #expect(device.dailyLogs(of: nil, version: 704) == [])
        let arguments = device.arguments(bus: "ata", version: 704, logs: ["devstat"])
        #expect(arguments.suffix(3) == ["-l", "devstat", "/dev/sda"] && arguments.contains("standby,3"))
    }

    /// A machine with one SATA SSD, and a smartctl that notes each call.
    private func machine(_ answer: String) throws -> (ScratchFolder, DiskHealthProbe) {
        let scratch = try ScratchFolder()
        for folder in ["sys/block", "sys/class/block"] {
            try scratch.write("\(folder)/sda/device/wwid", "naa.5000123400000001\n")
            try scratch.write("\(folder)/sda/device/vendor", "ATA     \n")
            try scratch.write("\(folder)/sda/queue/rotational", "0\n")
        }
        let program = try scratch.program(
            "smartctl",
            """
            #!/bin/sh
            case "$*" in *--scan*) echo '{"smartctl":{"version":[7,4]}}'; exit ;; esac
            echo "$*" >> \(scratch.url.path)/calls
            \(answer)
            """)
        return (scratch, DiskHealthProbe(tree: SysTree(root: scratch.url.path), program: program))
    }

    /// Which of the looks, `every` seconds apart, asked for the log.
    private func asked(_ answer: String, looks: Int, every seconds: Int64) async throws -> [Int] {
        let (scratch, probe) = try machine(answer)
        var cursor: ProbeCursor?
        for look in 0..<looks {
            let time = DiskHealthTests.now + .seconds(Int64(look) * seconds)
            cursor = try await probe.observe(at: time, since: cursor).cursor
        }
        let calls = Recordings.text(scratch.url.appending(path: "calls")).split(separator: "\n")
        #expect(calls.count == looks)
        return calls.indices.filter { calls[$0].contains("devstat") }
    }

    @Test("a log is asked for once a day, in the command that is sent anyway")
    func daily() async throws {
        let answer = "cat '\(Recordings.own("smartctl/ata.json").path)'"
        #expect(try await asked(answer, looks: 9, every: 6 * 3600) == [0, 4, 8])
    }

    @Test("a disk that does not answer the command is spared it for a month, and its health is asked for as before")
    func spared() async throws {
        let answer = #"case "$*" in *devstat*) exit 2 ;; *) cat '\#(Recordings.own("smartctl/ata.json").path)' ;; esac"#
        #expect(try await asked(answer, looks: 32, every: 86_400) == [0, 30])
    }

    @Test("a disk that sleeps is asked when it is awake")
    func asleep() async throws {
        #expect(try await asked("exit 3", looks: 3, every: 3600) == [0, 1, 2])
    }
}
