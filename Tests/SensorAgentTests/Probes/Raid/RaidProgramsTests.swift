import Foundation
import Reports
import Testing

@testable import SensorAgent

/// What the makers' programs print of disks, batteries and waiting rebuilds, in each maker's own words.
@Suite("Programs of RAID controllers")
struct RaidProgramsTests {
    private func read(_ text: String) throws -> ProbeResult {
        var reading = ControllerReading(time: RaidControllersTests.now)
        for controller in try ControllerOutput.controllers(Array(text.utf8)) { reading.add(controller) }
        expectInCatalogue(reading.result)
        return reading.result
    }

    private func values(_ result: ProbeResult, _ signal: String, _ kind: ComponentKind) -> [Reports.Measurement] {
        result.observations.filter { $0.signal.description == signal && $0.component.rawValue.hasPrefix(kind.rawValue) }
            .map(\.measurement)
    }

    private func states(_ text: String, _ signal: String, _ kind: ComponentKind) throws -> [String] {
        values(try read(text), signal, kind).map { if case .state(let word) = $0 { word } else { "\($0)" } }
    }

    private func arcconf(_ below: String) -> String { "Controllers found: 1\n\(below)" }

    @Test("what storcli prints without J is read as with it: volumes, disks, the battery, counts of a disk")
    func storcliText() throws {
        let text = """
            CLI Version = 007.1513.0000.0000 Apr 01, 2021
            Operating system = Linux 5.4.0
            Controller = 0
            Status = Success
            Description = None

            Product Name = AVAGO MegaRAID SAS 9361-8i
            Serial Number = SK00000000
            FW Version = 4.680.00-8290

            Virtual Drives = 2

            VD LIST :
            =======

            ---------------------------------------------------------------
            DG/VD TYPE  State Access Consist Cache Cac sCC       Size Name
            ---------------------------------------------------------------
            0/0   RAID1 Optl  RW     Yes     RWBD  -   ON  446.625 GB os
            1/1   RAID6 Pdgd  RW     No      RWBD  -   ON   21.829 TB data
            ---------------------------------------------------------------

            PD LIST :
            =======

            -----------------------------------------------------------------------------
            EID:Slt DID State DG       Size Intf Med SED PI SeSz Model            Sp Type
            -----------------------------------------------------------------------------
            252:0    10 Onln   0 446.625 GB SATA SSD N   N  512B INTEL SSDSC2KB48 U  -
            252:2    12 Failed 1   7.276 TB SAS  HDD N   N  4 KB ST8000NM0185     U  -
            -----------------------------------------------------------------------------

            Drive /c0/e252/s0 :
            =================

            -----------------------------------------------------------------------------
            EID:Slt DID State DG       Size Intf Med SED PI SeSz Model            Sp Type
            -----------------------------------------------------------------------------
            252:0    10 Onln   0 446.625 GB SATA SSD N   N  512B INTEL SSDSC2KB48 U  -
            -----------------------------------------------------------------------------

            Drive /c0/e252/s0 State :
            =======================
            Media Error Count = 7
            Predictive Failure Count = 3

            Drive /c0/e252/s0 Device attributes :
            ===================================
            SN = BTYF00000
            Firmware Revision = XCV10100

            Cachevault_Info :
            ===============

            ------------------------------------
            Model  State   Temp Mode MfgDate
            ------------------------------------
            CVPM02 Failed  31C  -    2016/05/17
            ------------------------------------
            """
        let controllers = try ControllerOutput.controllers(Array(text.utf8))
        let controller = try #require(controllers.first)
        #expect(controllers.count == 1 && controller.model == "AVAGO MegaRAID SAS 9361-8i")
        #expect(controller.serial == "SK00000000" && controller.battery == "failed")
        #expect(controller.arrays.map(\.name) == ["0/0", "1/1"])
        let failed = try #require(controller.disks.first { $0.place == "252:2" })
        #expect(failed.status == "failed" && failed.bus == "sas" && failed.isRotational == true && failed.group == "1")
        #expect(failed.model == "ST8000NM0185")
        let sound = try #require(controller.disks.last { $0.place == "252:0" })
        #expect(sound.model == "INTEL SSDSC2KB48" && sound.serial == "BTYF00000" && sound.mediaErrors == 7)
        #expect(try states(text, "hw.raid.state", .raidArray).contains("degraded"))
    }

    @Test("errors of the medium and of the hardware that stand behind a disk's ports are two counts of that disk")
    func arcconfCounters() throws {
        let text = arcconf(
            """
                  Device #3
                     Device is a Hard drive
                     State : Online
                     Serial number : WX1
                     S.M.A.R.T. warnings : 2
                  ------------------
                  Device Phy Information
                  ------------------
                     Phy #0
                        PHY Identifier : 0
                  ------------------
                  Runtime Error Counters
                  ------------------
                     Hardware Error Count : 4
                     Medium Error Count : 31
                     Aborted Command Count : 1
                     SMART Warning Count : 0
            """)
        let disk = try #require(try ControllerOutput.controllers(Array(text.utf8)).first?.disks.first)
        #expect(disk.mediaErrors == 31 && disk.otherErrors == 5 && disk.predictedFailures == 2)
    }

    @Test(
        "a disk's state is one word, whoever's program tells it",
        arguments: [
            ("Defunct (DDD)", "failed", .faulty), ("Inaccessible", "failed", .faulty), ("Failed", "failed", .faulty),
            ("Global Hot-Spare", "ok", .spare), ("Standby hot-spare (SHS)", "ok", .spare), ("Online", "ok", .inSync),
            ("Missing", "missing", .missing), ("Rebuilding", "ok", .rebuilding), ("Ready (RDY)", "ok", nil),
            ("Raw (Pass Through)", "ok", nil), ("UBad", "failed", .faulty), ("UBUnsp", "failed", .faulty),
            ("sUBad", "failed", .faulty), ("sUGood", "ok", nil), ("UGShld", "degraded", nil), ("Onln", "ok", .inSync),
            ("Offline, Spun Up", "failed", .faulty), ("Predictive Failure", "predicted_failure", nil),
        ] as [(String, String, MemberState?)])
    func diskWords(text: String, status: String, member: MemberState?) {
        #expect(RaidController.diskStatus(text) == status && RaidController.memberState(text) == member)
    }

    @Test(
        "a volume's state is one word, and whether its rebuild waits is told beside it",
        arguments: [
            ("Critical (CRT)", .degraded, "idle"), ("Okay (OKY)", .ok, "idle"),
            ("Impacted (build not complete)", .degraded, "idle"), ("Suboptimal, Fault Tolerant", .degraded, "idle"),
            ("Offline (OFL)", .failed, "idle"), ("Rebuilding", .rebuilding, "recovery"),
            ("Ready for Rebuild", .degraded, "queued"), ("Queued for Recovery", .degraded, "queued"),
        ] as [(String, VolumeState, String)])
    func volumeWords(text: String, state: VolumeState, activity: String) throws {
        let result = try read(arcconf("Logical drive number 1\n   Status of logical drive : \(text)"))
        #expect(values(result, "hw.raid.state", .raidArray) == [.state(state.rawValue)])
        #expect(values(result, "hw.raid.activity", .raidArray) == [.state(activity)])
    }

    @Test(
        "the unit that backs up arcconf's cache is as bad as the worst of its parts",
        arguments: [
            (
                "Controller Cache Backup Unit Information",
                "Overall Backup Unit Status : Ready\nSupercap Status : Failed", "failed"
            ),
            (
                "Controller Cache Backup Unit Information",
                "Overall Backup Unit Status : Not Ready\nSupercap Status : Charging", "charging"
            ),
            ("Green Backup Information", "Backup Power Status : Ok\nHardware Error : No Error", "ok"),
            ("Green Backup Information", "Backup Power Status : Ok\nHardware Error : Flash Failure", "failed"),
            ("Controller ZMM Information", "Status : ZMM Optimal", "ok"),
            ("Controller Battery Information", "Status : Failed", "failed"),
            ("Controller ZMM Information", "Status : ZMM not installed", nil),
        ] as [(String, String, String?)])
    func backup(heading: String, lines: String, state: String?) throws {
        let text = arcconf(
            """
            Controller information
               Controller Model : Adaptec ASR-8405
               ---------
               \(heading)
               ---------
               \(lines)
               ---------
               Supercap Information
               ---------
               Relative Charge : 96 percent
               ---------
               Temperature Sensor Information
               ---------
               Status : Failed
            """)
        let controller = try #require(try ControllerOutput.controllers(Array(text.utf8)).first)
        #expect(controller.battery == state && controller.batteryCharge == 0.96)
    }

    @Test("MegaCli of before 2010 calls a volume a virtual disk")
    func virtualDisk() throws {
        let text =
            "Virtual Disk: 3 (Target Id: 3)\nName:DATA\nState: Degraded\nEnclosure Device ID: 32\nSlot Number: 1\n"
            + "Firmware state: Rebuild\nInquiry Data: X ST4000\n"
        let result = try read(text)
        #expect(values(result, "hw.raid.state", .raidArray) == [.state("rebuilding")])
        #expect(result.components.first { $0.kind == .raidArray }?.id.rawValue == "raid_array:c0/3")
    }

    @Test("a volume that lacks a disk is rebuilding once one is filled in its place, and no sooner")
    func rebuildingInstead() throws {
        func storcli(_ disks: [(String, Int)]) -> String {
            let list = disks.enumerated().map { #"{"EID:Slt":"8:\#($0)","State":"\#($1.0)","DG":\#($1.1)}"# }
            return """
                {"Controllers":[{"Command Status":{"Controller":0},"Response Data":{
                "VD LIST":[{"DG/VD":"0/0","TYPE":"RAID6","State":"Pdgd"},{"DG/VD":"1/1","TYPE":"RAID1","State":"Dgrd"}],
                "PD LIST":[\(list.joined(separator: ","))]}}]}
                """
        }
        let states = { try self.states(storcli($0), "hw.raid.state", .raidArray) }
        #expect(try states([("Rbld", 0), ("Onln", 0), ("Onln", 1)]) == ["rebuilding", "degraded"])
        #expect(try states([("Rbld", 0), ("Offln", 0), ("Rbld", 1)]) == ["degraded", "rebuilding"])
        #expect(try states([("GHS", 0), ("Onln", 0), ("Onln", 1)]) == ["degraded", "degraded"])
    }

    @Test("a volume hangs on its controller, and names the places of its disks where they are told")
    func members() throws {
        let text = """
            {"Controllers":[{"Command Status":{"Controller":0},"Response Data":{
            "VD LIST":[{"DG/VD":"1/239","TYPE":"RAID1","State":"Optl"}],
            "PD LIST":[{"EID:Slt":"8:5","State":"Onln","DG":1},{"EID:Slt":"8:3","State":"Onln","DG":1},
            {"EID:Slt":"8:4","State":"Onln","DG":0}]}}]}
            """
        let volume = try #require(try read(text).components.first { $0.kind == .raidArray })
        #expect(volume.parent?.rawValue == "controller:c0" && volume.attributes["members"] == "8:3 8:5")
    }

    @Test("disks of a host bus adapter stand one level deeper in storcli's output")
    func hostBusAdapter() throws {
        let text = """
            {"Controllers":[{"Command Status":{"Controller":1},"Response Data":{"Basics":{"Model":"HBA 9500-16i"},
            "Physical Device Information":{"Drive /c1/e4/s7":[{"EID:Slt":"4:7","State":"UBUnsp","DG":"-","Intf":"SAS"}],
            "Drive /c1/e4/s7 - Detailed Information":{"Drive /c1/e4/s7 State":{"Media Error Count":3},
            "Drive /c1/e4/s7 Device attributes":{"SN":"ZR1"}}}}}]}
            """
        let result = try read(text)
        #expect(values(result, "hw.status", .disk) == [.state("failed")])
        #expect(values(result, "hw.physical_disk.controller_errors{type=\"media\"}", .disk) == [.counter(3)])
    }

    @Test(
        "the bits of MegaRAID's firmware are its battery's state where nothing else is told of it",
        arguments: [
            (1_024, "replace"), (1_024 + 8, "replace"), (64 + 16, "learning"), (8, "charging"), (0, "ok"), (16, nil),
            (512, "failed"),
        ] as [(UInt64, String?)])
    func batteryBits(bits: UInt64, state: String?) throws {
        let text = """
            {"Controllers":[{"Command Status":{"Controller":0},"Response Data":{"Basics":{"Model":"9271-4i"},
            "Status":{"Controller Status":"Needs Attention","BBU Status":\(bits)},"HwCfg":{"BBU":"Present"}}}]}
            """
        let result = try read(text)
        #expect(values(result, "hw.battery.state", .controller) == (state.map { [.state($0)] } ?? []))
        #expect(values(result, "hw.status", .controller) == [.state("degraded")])
        let absent = text.replacing("\"Present\"", with: "\"Absent\"")
        #expect(values(try read(absent), "hw.battery.state", .controller).isEmpty)
    }

    private func smartArray(_ below: String) -> String { "Smart Array P440 in Slot 3   (sn: PDNNF0X)\n\(below)" }

    @Test(
        "a write cache that is off for good speaks for the battery whose own line is gone",
        arguments: [
            ("Cache Status: Permanently Disabled\nCache Status Details: Cable Error", "failed", "degraded"),
            ("Cache Status: Permanently Disabled\nCache Backup Power Source: Batteries", "failed", "degraded"),
            ("Cache Status: Permanently Disabled\nCache Status Details: Cache module failed", nil, "degraded"),
            ("Cache Status: Permanently Disabled\nBattery/Capacitor Status: Recharging", "charging", "degraded"),
            ("Cache Status: ERROR\nCache Status Details: Cache disabled; low batteries.", "charging", "degraded"),
            ("Cache Status: Temporarily Disabled\nBattery/Capacitor Status: Recharging", "charging", "ok"),
            ("Cache Status: Not Configured\nCache Backup Power Source: Batteries", nil, "ok"),
        ] as [(String, String?, String)])
    func cache(lines: String, battery: String?, status: String) throws {
        let controller = try #require(
            try ControllerOutput.controllers(Array(smartArray("Controller Status: OK\n\(lines)").utf8)).first)
        #expect(controller.battery == battery && controller.status == status)
    }

    @Test("ssacli: a disk in no array or being filled is not in sync, and a spare that failed has failed")
    func smartArrayMembers() throws {
        let text = smartArray(
            """
               array A
                  logicaldrive 1 (1 TB, RAID 1, Ready for Rebuild)
                  physicaldrive 1I:1:1 (port 1I:box 1:bay 1, SATA, 1 TB, OK)
                  physicaldrive 1I:1:2 (port 1I:box 1:bay 2, SATA, 1 TB, Rebuilding)
                  physicaldrive 1I:1:3
                     Status: Failed
                     Drive Type: Spare Drive
                  physicaldrive 1I:1:4
                     Drive Type: Spare Drive
                     Status: OK
                  physicaldrive 1I:1:5 (port 1I:box 1:bay 5, SATA, 1 TB, Predictive Failure)

               unassigned

                  physicaldrive 1I:1:6 (port 1I:box 1:bay 6, SATA, 1 TB, OK)
            """)
        let controller = try #require(try ControllerOutput.controllers(Array(text.utf8)).first)
        #expect(controller.disks.map(\.member) == [.inSync, .rebuilding, .faulty, .spare, .inSync, nil])
        #expect(controller.disks.map(\.status) == ["ok", "ok", "failed", "ok", "predicted_failure", "ok"])
        #expect(controller.arrays.map(\.state) == [.degraded] && controller.arrays[0].activity == "queued")
        #expect(try states(text, "hw.raid.state", .raidArray) == ["degraded"])
    }

    private func tool(_ scratch: ScratchFolder, _ name: String, _ text: String) throws -> String {
        try scratch.program(name, "#!/bin/sh\n\(text)\n")
    }

    @Test("every controller that a program lists is asked, and two of one number behind two programs are two")
    func allControllers() async throws {
        let scratch = try ScratchFolder()
        let display = { (number: Int, enclosure: Int) in
            """
            printf 'Read configuration has been initiated for controller \(number)\\nController information\\n\
            Controller type : SAS3008\\nIR volume 1\\nStatus of volume : Okay (OKY)\\n'
            """
        }
        let ircu = try tool(
            scratch, "ircu",
            """
            case "$1" in
            list) printf ' Index Type\\n  0  SAS3008  1000h  97h  00h:01h:00h:00h  1000h  1h\\n'
                  printf '  2  SAS3008  1000h  97h  00h:02h:00h:00h  1000h  1h\\n' ;;
            0) \(display(0, 1)) ;;
            2) \(display(2, 2)) ;;
            *) echo failed ;;
            esac
            """)
        let arcconf = try tool(
            scratch, "arcconf",
            """
            if [ "$1" = LIST ]; then
              printf 'Controllers found: 2\\n   Controller 1:      : Optimal, Slot 4, RAID\\n'
              printf '   Controller 2:      : Optimal, Slot 5, RAID\\n'
            else
              printf 'Controllers found: 2\\nLogical device number %s\\n  Status of logical device : Degraded\\n' "$2"
            fi
            """)
        let storcli = try tool(
            scratch, "storcli",
            """
            echo '{"Controllers":[{"Command Status":{"Controller":2},"Response Data":{"VD LIST":\
            [{"DG/VD":"0/0","State":"Optl"}]}}]}'
            """)
        let probe = RaidControllerProbe(
            tree: SysTree(root: scratch.url.path),
            paths: ["sas3ircu": ircu, "arcconf": arcconf, "storcli64": storcli])
        let result = try await probe.observe(at: RaidControllersTests.now, since: nil)
        #expect(
            result.components.filter { $0.kind == .raidArray }.map(\.id.rawValue).sorted() == [
                "raid_array:arcconf_c2/2", "raid_array:c0/1", "raid_array:c1/1", "raid_array:c2/0/0",
                "raid_array:sas3ircu_c2/1",
            ])
    }
}
