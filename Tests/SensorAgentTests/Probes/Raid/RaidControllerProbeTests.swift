import Foundation
import Reports
import Testing

@testable import SensorAgent

@Suite("RAID controllers")
struct RaidControllersTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    private static let storcli = """
        {"Controllers":[{"Command Status":{"Controller":0,"Status":"Success"},"Response Data":{
        "Basics":{"Model":"MegaRAID 9460-8i","Serial Number":"SK81234567","PCI Address":"00:3b:00:00"},
        "Version":{"Firmware Version":"5.140.00-3515"},
        "Status":{"Controller Status":"Needs Attention","Memory Correctable Errors":2,"Memory Uncorrectable Errors":0},
        "VD LIST":[{"DG/VD":"0/239","TYPE":"RAID5","State":"Dgrd"}],
        "PD LIST":[{"EID:Slt":"252:0","State":"Onln","Intf":"SAS","Med":"HDD","Model":"ST4000NM0025"},
                   {"EID:Slt":"252:1","State":"Failed","Intf":"SAS","Med":"HDD","Model":"ST4000NM0025"},
                   {"EID:Slt":"252:2","State":"GHS","Intf":"SAS","Med":"HDD","Model":"ST4000NM0025"}],
        "Cachevault_Info":[{"Model":"CVPM05","State":"Dgd (Needs attention)","Temp":"31C"}]}}]}
        """

    private static let details = """
        {"Controllers":[{"Command Status":{"Controller":0,"Status":"Success"},"Response Data":{
        "Drive /c0/e252/s1":[{"EID:Slt":"252:1","State":"Failed","Intf":"SAS","Med":"HDD","Model":"ST4000NM0025"}],
        "Drive /c0/e252/s1 - Detailed Information":{
         "Drive /c0/e252/s1 State":{"Media Error Count":17,"Other Error Count":3,"Predictive Failure Count":1,
          "Drive Temperature":" 41C (105.80 F)","S.M.A.R.T alert flagged by drive":"No"},
         "Drive /c0/e252/s1 Device attributes":{"SN":"ZC1A2B3C","WWN":"5000C500A1B2C3D4","Firmware Revision":"N003",
          "Manufacturer Id":"SEAGATE ","Model Number":"ST4000NM0025"}}}}]}
        """

    private func tool(_ scratch: ScratchFolder, _ text: String) throws -> String {
        try scratch.program("tool", "#!/bin/sh\n\(text)\n")
    }

    private func states(_ result: ProbeResult, _ signal: String) -> [String: Reports.Measurement] {
        Dictionary(
            result.observations.filter { $0.signal.name == signal }.map { ($0.component.rawValue, $0.measurement) },
            uniquingKeysWith: { first, _ in first })
    }

    @Test(
        "the last learn cycle of a cache battery is one period before the next, by the controller's own clock",
        arguments: [
            // As a ServeRAID tells it, due tomorrow; overdue by two months; none planned; a clock that was never set.
            ("04/17/2024, 18:28:30", "04/18/2024, 18:32:56", "672 hrs", 27.0),
            ("06/17/2024, 18:32:56", "04/18/2024, 18:32:56", "672 hrs", 88.0),
            ("04/17/2024, 18:28:30", "NA", "NA", nil), ("01/01/2000, 00:00:00", "04/18/2024, 18:32:56", "672 hrs", nil),
            ("04/17/2024, 18:28:30", "13/45/2024, 18:32:56", "672 hrs", nil),
            ("04/17/2024, 18:28:30", "04/18/2024", "28 days", nil),
        ] as [(String, String, String, Double?)])
    func learnCycle(now: String, next: String, every: String, days: Double?) throws {
        let text = """
            {"Controllers":[{"Command Status":{"Controller":0},"Response Data":{"Basics":{"Model":"M5015",
            "Current Controller Date/Time":"\(now)"},"Scheduled Tasks":{"Next Battery Learn":"\(next)",
            "Battery learn Reoccurrence":"\(every)"}}}]}
            """
        let age = try #require(try StorcliReport(parsing: Array(text.utf8)).controllers.first).batteryLearnAge
        #expect(age.map { ($0 / 86_400).rounded() } == days)
    }

    @Test("a controller's array, disks, bays and cache battery are told of, and hang on its PCI function")
    func storcli() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("all", Self.storcli)
        try scratch.write("drives", Self.details)
        let folder = scratch.url.path
        let path = try tool(
            scratch, "case \"$1\" in /call) cat \(folder)/all ;; *) cat \(folder)/drives ;; esac")
        let probe = RaidControllerProbe(tree: SysTree(root: folder), paths: ["storcli64": path])
        let result = try await probe.observe(at: Self.now, since: nil)
        expectInCatalogue(result)
        let failed = "disk:wwn-0x5000c500a1b2c3d4"
        #expect(states(result, "hw.raid.state") == ["raid_array:0000:3b:00.0/0/239": .state("degraded")])
        #expect(states(result, "hw.battery.state") == ["controller:0000:3b:00.0": .state("replace")])
        #expect(states(result, "hw.raid.membership")[failed] == .state("faulty"))
        #expect(states(result, "hw.raid.membership")["disk:0000:3b:00.0/252:2"] == .state("spare"))
        #expect(states(result, "hw.status")[failed] == .state("failed"))
        #expect(states(result, "hw.temperature")[failed] == .reading(41))
        let disk = try #require(result.components.first { $0.id.rawValue == failed })
        #expect(disk.part.location == "Bay 1" && disk.part.serial == "ZC1A2B3C" && disk.part.manufacturer == "SEAGATE")
        let slot = try #require(result.components.first { $0.id == disk.parent })
        #expect(slot.kind == .slot && slot.parent?.rawValue == "controller:0000:3b:00.0")
        let controller = try #require(result.components.first { $0.id == slot.parent })
        #expect(controller.parent?.rawValue == "pcie_device:0000:3b:00.0")
    }

    @Test("a program that prints half and hangs, fails, or prints garbage is one refusal that names it")
    func troubles() async throws {
        for (script, word) in [
            ("echo '{\"Controllers\":[{'", "failing"), ("head -c 100000 /dev/zero", "failing"),
            (
                "echo '{\"Controllers\":[{\"Command Status\":{\"Status\":\"Failure\",\"Description\":\"No Controller found\"}}]}'",
                "failing"
            ),
        ] {
            let scratch = try ScratchFolder()
            let probe = RaidControllerProbe(
                tree: SysTree(root: scratch.url.path), paths: ["storcli64": try tool(scratch, script)])
            await #expect {
                try await probe.observe(at: Self.now, since: nil)
            } throws: { error in
                (error as? ProbeError)?.coverageState == word && "\(error)".contains("storcli64")
            }
        }
        let nothing = RaidControllerProbe(tree: SysTree(root: "/nonexistent"), paths: [:])
        await #expect {
            try await nothing.observe(at: Self.now, since: nil)
        } throws: { error in
            (error as? ProbeError)?.coverageState == "absent"
        }
    }

    @Test("an expander's serial number and firmware are not the controller's; a lost array's volumes are lost")
    func smartArray() throws {
        let text = """
            Smart HBA H240ar in Slot 0 (Embedded) (RAID Mode)
               Serial Number: PDNLN0BRH8O054
               Firmware Version: 6.60

               12G SAS Exp Card at Port 1I, Box 1, OK
                  Serial Number: PDNRB0AZT8C1N3
                  Firmware Version: 2.09

               Internal Drive Cage at Port 2I, Box 1, OK
                  Serial Number: OTHER
                  Firmware Version: 1.00

               array A
                  logicaldrive 1 (558.9 GB, RAID 1, OK)
               array B (Failed)
                  logicaldrive 2 (2.2 TB, RAID 5, OK)
               array C
                  logicaldrive 3 (2.2 TB, RAID 5, Interim Recovery Mode)
               Array: D
                  Status: Failed Physical Drive
                  Array Type: Data
                  Logical Drive: 4
                     Status: OK
                  Logical Drive: 5
                     Status: Recovering, 5% complete
            """
        let controller = try ControllerOutput.controllers(Array(text.utf8))[0]
        #expect(controller.serial == "PDNLN0BRH8O054" && controller.firmware == "6.60")
        #expect(controller.arrays.map(\.name) == ["1", "2", "3", "4", "5"])
        #expect(controller.arrays.map(\.state) == [.ok, .failed, .degraded, .degraded, .rebuilding])
        #expect(controller.arrays[1].level == "RAID 5")
    }

    @Test("MegaCli's columns are parted where they surely are what they seem, and left whole elsewhere")
    func inquiry() throws {
        let ata = MegaCLIInquiry(
            "             9XF1922XST9500620NS                                 AA09", bus: "ata", level: "AA09")
        #expect(ata?.serial == "9XF1922X" && ata?.model == "ST9500620NS" && ata?.firmware == "AA09")
        let left = " S1YHNXAG804005      SAMSUNG MZ7LM960HCHP-00003              GXT3003Q"
        let samsung = MegaCLIInquiry(left, bus: "ata", level: "003Q")
        #expect(samsung?.serial == "S1YHNXAG804005" && samsung?.model == "SAMSUNG MZ7LM960HCHP-00003")
        #expect(samsung?.manufacturer == nil && samsung?.firmware == "GXT3003Q")
        let right = " HGST    HUH721010AL5200 LS142YGAPMLD            "
        let sas = MegaCLIInquiry(right, bus: "sas", level: "LS14")
        #expect(sas?.manufacturer == "HGST" && sas?.model == "HUH721010AL5200")
        #expect(sas?.firmware == "LS14" && sas?.serial == "2YGAPMLD")
        let translated = MegaCLIInquiry(" ATA     ST9500620NS     FTA1            9XF1KAGA", bus: nil, level: nil)
        #expect(translated?.manufacturer == nil && translated?.serial == "9XF1KAGA" && translated?.firmware == "FTA1")
        // IBM's maker's part of the columns holds more than a serial number.
        let ibm = MegaCLIInquiry(" IBM-ESXSMK3001GRRB      SC2222Q22222SC22SC22SC22", bus: "sas", level: nil)
        #expect(ibm?.model == "MK3001GRRB" && ibm?.manufacturer == "IBM-ESXS" && ibm?.serial == nil)

        #expect(MegaCLIInquiry(left, bus: "sas", level: nil) == nil)
        #expect(MegaCLIInquiry(right, bus: "ata", level: nil) == nil)
        #expect(MegaCLIInquiry(right, bus: "sas", level: "LS15") == nil)
        // Blanks that were lost on the way have moved the columns.
        for text in [
            String(left.dropFirst(1)), String(left.dropLast(1)), " HGST HUH721010AL5200 LS142YGAPMLD", "", "é",
        ] {
            #expect(MegaCLIInquiry(text, bus: nil, level: nil) == nil, "\(text)")
        }
    }

    @Test("a disk that does not answer has no temperature, and is known by the serial number in its columns")
    func silentDisk() throws {
        let text = """
            Adapter #0

            Enclosure Device ID: 15
            Slot Number: 10
            PD Type: SATA
            Firmware state: Unconfigured(bad)
            Inquiry Data:             W1F3ZE1TST3000DM001-1CH166                      CC27\u{20}\u{20}\u{20}\u{20}
            Drive Temperature :0C (32.00 F)

            Enclosure Device ID: 15
            Slot Number: 11
            PD Type: SAS
            Firmware state: Hotspare, Spun down
            Inquiry Data: HGST HUH721010AL5200 LS142YGAPMLD
            Drive Temperature :33C (91.40 F)
            """
        var reading = ControllerReading(time: Self.now)
        for controller in try ControllerOutput.controllers(Array(text.utf8)) { reading.add(controller) }
        expectInCatalogue(reading.result)
        let temperatures = states(reading.result, "hw.temperature")
        #expect(
            temperatures == ["disk:serial-W1F3ZE1T": .unavailable(.readError), "disk:c0/15:11": .reading(33)])
        let disks = reading.result.components.filter { $0.kind == .disk }
        #expect(disks.map(\.part.model) == ["ST3000DM001-1CH166", "HGST HUH721010AL5200 LS142YGAPMLD"])
        #expect(disks.map(\.part.serial) == ["W1F3ZE1T", nil])
    }

    @Test("words of the makers for one state are one word")
    func words() {
        for (text, state) in [
            ("Optl", VolumeState.ok), ("Optimal", .ok), ("OK", .ok), ("Interim Recovery Mode", .degraded),
            ("Pdgd", .degraded), ("Partially Degraded", .degraded), ("Ready for Rebuild", .degraded),
            ("Recovering, 5% complete", .rebuilding), ("Rec", .rebuilding), ("Failed", .failed), ("Offline", .failed),
        ] { #expect(RaidController.arrayState(text) == state, "\(text)") }
        #expect(RaidController.arrayState("Transforming") == nil)
        for (text, state) in [
            ("Online, Spun Up", MemberState.inSync), ("Rebuild", .rebuilding), ("Hotspare, Spun down", .spare),
            ("Unconfigured(bad)", .faulty), ("Msng", .missing),
        ] { #expect(RaidController.memberState(text) == state, "\(text)") }
        #expect(RaidController.address("00:3b:00:00") == "0000:3b:00.0")
        #expect(RaidController.address("0000:5C:00.0") == "0000:5c:00.0")
        #expect(RaidController.address("nothing") == nil)
    }

    @Test("every recorded output is read as a script reads it, or refused with a reason", .recorded("raid-controller"))
    func recorded() async throws {
        let files = Recordings.entries("raid-controller")
        guard !files.isEmpty, isInstalled("python3") else { return }
        var read: [URL] = []
        var rows: [String] = []
        var refused: [String: Int] = [:]
        for file in files {
            do {
                let controllers = try ControllerOutput.controllers([UInt8](try Data(contentsOf: file)))
                read.append(file)
                let disks = controllers.flatMap(\.disks)
                let row: [String] = [
                    file.lastPathComponent, "\(disks.count)", "\(controllers.flatMap(\.arrays).count)",
                    disks.compactMap(\.serial).sorted().joined(separator: ","),
                    "\(disks.compactMap(\.mediaErrors).reduce(0, +))",
                ]
                rows.append(row.joined(separator: "\t"))
                var reading = ControllerReading(time: Self.now)
                for controller in controllers { reading.add(controller) }
                expectInCatalogue(reading.result)
            } catch let error as ControllerOutput.Refusal {
                refused[error.because, default: 0] += 1
            } catch let error as MDStat.Refusal {
                Issue.record("\(error)")
            }
        }
        let script = Recordings.own("storage/read-controllers.py").path
        let (status, output) = try await run("python3", [script] + read.map(\.path))
        #expect(status == 0)
        let expected = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        for (own, other) in zip(rows, expected) where own != other { print("differs: \(own) | \(other)") }
        #expect(rows.count == expected.count && zip(rows, expected).allSatisfy { $0 == $1 })
        print("raid-controller: \(files.count) files, \(read.count) read")
        for (because, count) in refused.sorted(by: { $0.value > $1.value }) {
            print("raid-controller: \(count) refused: \(because)")
        }
    }

    @Test("arcconf's disks sit where it reports, never at their number in its list, and have their whole model")
    func arcconf() throws {
        let text = """
            Controllers found: 1
            Controller information
               Controller Model : Adaptec 6405
            Physical Device information
                  Device #4
                     Device is a Hard drive
                     State : Online
                     Reported Channel,Device(T:L) : 0,3(3:0)
                     Reported Location : Enclosure 0, Slot 7
                     Vendor : ATA
                     Model : SAMSUNG MZ7WD240
                     Serial number : S1
                  Device #5
                     Device is a Hard drive
                     State : Online
                     Reported Channel,Device(T:L) : 0,1(1:0)
                     Vendor : HUA72101
                     Model : 0KLA330
                     Serial number : S2
                  Device #6
                     Device is a Hard drive
                     State : Online
                     Vendor : IBM-ESXS
                     Model : MBA3147RC
                     Serial number : S3
            """
        let report = try #require(ArcconfReport(KeyValueLines(Array(text.utf8))))
        let disks = try #require(report.controllers.first).disks
        #expect(disks.map(\.place) == ["Enclosure 0, Slot 7", "Channel 0, Device 1", "Device 6"])
        #expect(disks.map(\.model) == ["SAMSUNG MZ7WD240", "HUA721010KLA330", "MBA3147RC"])
        #expect(disks.map(\.manufacturer) == [nil, nil, "IBM-ESXS"])
    }
}
