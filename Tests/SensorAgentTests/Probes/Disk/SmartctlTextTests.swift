import Foundation
import Reports
import Testing

@testable import SensorAgent

/// What smartctl prints for people: the tree that it gives with `--json`.
@Suite("Outputs of smartctl for people")
struct SmartctlTextTests {
    private func report(_ text: String) throws -> SmartctlReport {
        try SmartctlReport(parsing: Array(text.utf8), at: RecordedLook.time)
    }

    private func told(_ report: SmartctlReport, _ signal: String) -> String? {
        report.observations.first { $0.signal.description == signal }?.measurement.forTests
    }

    private static let ata = """
        smartctl 7.2 2020-12-30 r5155 [x86_64-linux-5.10.0] (local build)
        === START OF INFORMATION SECTION ===
        Model Family:     Seagate Desktop HDD.15
        Device Model:     ST4000DM000-1F2168
        Serial Number:    Z300AAAA
        LU WWN Device Id: 5 000c50 0a1b2c3d4
        Firmware Version: CC54
        User Capacity:    4,000,787,030,016 bytes [4.00 TB]
        Rotation Rate:    5900 rpm

        === START OF READ SMART DATA SECTION ===
        SMART overall-health self-assessment test result: FAILED!
        Drive failure expected in less than 24 hours. SAVE ALL DATA.

        ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
          5 Reallocated_Sector_Ct   0x0033   001   001   010    Pre-fail  Always   FAILING_NOW 65528
          9 Power_On_Hours          0x0032   054   054   000    Old_age   Always       -       40212h+33m+12.345s
        188 Command_Timeout         0x0032   100   099   000    Old_age   Always       -       0 1 5
        194 Temperature_Celsius     0x0022   034   045   000    Old_age   Always       -       34 (0 12 0 0 0)
        197 Current_Pending_Sector  0x0012   100   100   000    Old_age   Always       -       128

        ATA Error Count: 12 (device log contains only the most recent five errors)
        SMART Self-test log structure revision number 1
        Num  Test_Description    Status                  Remaining  LifeTime(hours)  LBA_of_first_error
        # 1  Short offline       Completed: read failure       90%     40200         1234567
        # 2  Short offline       Completed without error       00%     30000         -
        """

    @Test("an ATA disk is read with its verdict, attributes, counts and newest self-test")
    func ata() throws {
        let report = try report(Self.ata)
        #expect(report.disk.part.serial == "Z300AAAA" && report.disk.part.model == "ST4000DM000-1F2168")
        #expect(report.disk.attributes["wwn"] == "0x5000c500a1b2c3d4" && report.disk.attributes["bus"] == "ata")
        #expect(report.disk.attributes["rotation_rpm"] == "5900")
        for (signal, value) in [
            ("hw.physical_disk.smart.health", "failed"), ("hw.temperature", "34.0"),
            ("hw.physical_disk.power_on_time", "40212"), ("hw.physical_disk.error_log", "12"),
            ("hw.physical_disk.smart{attribute=\"5.raw\"}", "65528"),
            (DiskSignals.normalized(5, "value").description, "1.0"),
            (DiskSignals.normalized(5, "thresh").description, "10.0"),
            ("hw.physical_disk.smart{attribute=\"188.raw\"}", "65541"),
            ("hw.physical_disk.smart{attribute=\"197.raw\"}", "128"),
            ("hw.physical_disk.smart.failing{attribute=\"5\"}", "now"), ("hw.physical_disk.self_test", "failed"),
            ("hw.physical_disk.self_test.age", "12.0"),
        ] {
            #expect(told(report, signal) == value, "\(signal)")
        }
    }

    @Test(
        "device statistics are read as of JSON: one on the maker's own scale is none, and one without a value neither")
    func statistics() throws {
        func text(_ wear: String) -> String {
            Self.ata + """

                Device Statistics (GP Log 0x04)
                Page  Offset Size        Value Flags Description
                0x04  =====  =               =  ===  == General Errors Statistics (rev 1) ==
                0x04  0x008  4               3  ---  Number of Reported Uncorrectable Errors
                0x05  0x050  4              46  ---  Time in Over-Temperature
                0x05  0x058  1               -  ---  Specified Maximum Operating Temperature
                \(wear)
                                                |||_ C monitored condition met

                SATA Phy Event Counters (GP Log 0x11)
                ID      Size     Value  Description
                0x0001  2            0  Command failed due to ICRC error
                """
        }
        let report = try report(text("0x07  0x008  1              12  ---  Percentage Used Endurance Indicator"))
        for (signal, value) in [
            ("hw.physical_disk.reported_uncorrectable", "3"),
            ("hw.physical_disk.throttle_time{level=\"operating\"}", "46"), ("hw.physical_disk.endurance_used", "0.12"),
        ] {
            #expect(told(report, signal) == value, "\(signal)")
        }
        for row in [
            "0x07  0x008  1              99  N--  Percentage Used Endurance Indicator",
            "0x07  0x008  1               -  ---  Percentage Used Endurance Indicator", "0x07  0x008",
            "0xZZ  0x008  1              99  ---  Percentage Used Endurance Indicator",
        ] {
            let report = try self.report(text(row))
            #expect(told(report, "hw.physical_disk.endurance_used") == nil, "\(row)")
        }
    }

    @Test("a SAS disk is read with the cause by which it foretells its failure")
    func scsi() throws {
        let report = try report(
            """
            === START OF INFORMATION SECTION ===
            Vendor:               SEAGATE
            Product:              ST8000NM0185
            Revision:             PT51
            Serial number:        ZA10AAAA
            Transport protocol:   SAS (SPL-4)
            === START OF READ SMART DATA SECTION ===
            SMART Health Status: FIRMWARE IMPENDING FAILURE TOO MANY BLOCK REASSIGNS [asc=5d, ascq=64]
            Current Drive Temperature:     34 C
            Drive Trip Temperature:        60 C
            Accumulated power on time, hours:minutes 40212:03
            Elements in grown defect list: 3420
            Error counter log:
                       Errors Corrected by           Total   Correction     Gigabytes    Total
                           ECC          rereads/    errors   algorithm      processed    uncorrected
                       fast | delayed   rewrites  corrected  invocations   [10^9 bytes]  errors
            read:          0       12         0        12         12        123.456          88
            Non-medium error count:       17
            """)
        #expect(report.disk.attributes["bus"] == "sas" && report.disk.part.serial == "ZA10AAAA")
        for (signal, value) in [
            ("hw.physical_disk.smart.health", "failed"), ("hw.physical_disk.grown_defects", "3420"),
            ("hw.physical_disk.informational_exception{asc=\"5d\",ascq=\"64\"}", "asserted"),
            ("hw.physical_disk.scsi_errors{operation=\"read\",result=\"uncorrected\"}", "88"),
            ("hw.physical_disk.non_medium_errors", "17"), ("hw.physical_disk.power_on_time", "40212"),
            ("hw.temperature.limit{limit_type=\"high.critical\"}", "60.0"),
        ] {
            #expect(told(report, signal) == value, "\(signal)")
        }
    }

    @Test(
        "the health log of an NVMe disk is read in the words of smartctl and of nvme-cli",
        arguments: [
            """
            === START OF INFORMATION SECTION ===
            Model Number:                       INTEL SSDPE2KX040T8
            Serial Number:                      PHLJ9999
            === START OF SMART DATA SECTION ===
            SMART overall-health self-assessment test result: FAILED!
            - available spare has fallen below threshold
            SMART/Health Information (NVMe Log 0x02)
            Critical Warning:                   0x05
            Temperature:                        35 Celsius
            Available Spare:                    3%
            Available Spare Threshold:          10%
            Percentage Used:                    104%
            Data Units Read:                    1,234 [631 MB]
            Media and Data Integrity Errors:    512
            Error Information Log Entries:      600
            """,
            """
            Smart Log for NVME device:nvme1 namespace-id:ffffffff
            critical_warning			: 0x5
            temperature				: 35 C (308 Kelvin)
            available_spare				: 3%
            available_spare_threshold		: 10%
            percentage_used				: 104%
            data_units_read				: 1,234
            media_errors				: 512
            num_err_log_entries			: 600
            """,
        ])
    func nvme(text: String) throws {
        let report = try report(text)
        #expect(report.disk.attributes["bus"] == "nvme")
        for (signal, value) in [
            ("hw.physical_disk.critical_warning{warning=\"spare\"}", "asserted"),
            ("hw.physical_disk.critical_warning{warning=\"reliability\"}", "asserted"),
            ("hw.physical_disk.critical_warning{warning=\"read_only\"}", "clear"), ("hw.temperature", "35.0"),
            ("hw.physical_disk.spare", "0.03"), ("hw.physical_disk.endurance_used", "1.04"),
            ("hw.physical_disk.media_errors", "512"), ("hw.physical_disk.error_log_entries", "600"),
            ("hw.physical_disk.io{direction=\"read\"}", "631808000"),
        ] {
            #expect(told(report, signal) == value, "\(signal)")
        }
    }

    @Test(
        "every recorded text is read with the serial number, the verdict and the attributes that stand in it",
        .recorded("smartctl-text"))
    func recordings() throws {
        var read = 0
        for file in Recordings.entries("smartctl-text") where !file.hasDirectoryPath {
            let text = Recordings.text(file)
            guard let report = try? report(text) else { continue }
            read += 1
            let lines = text.split(whereSeparator: \.isNewline)
            if let serial = text.firstMatch(of: #/(?m)^Serial [Nn]umber: +(\S+) *$/#)?.1, serial.count > 6 {
                #expect(report.disk.part.serial?.hasPrefix(serial) != false, "\(file.lastPathComponent)")
            }
            let fails = lines.contains { $0.contains("test result: FAILED") }
            let passes = lines.contains { $0.contains("test result: PASSED") || $0.contains("Health Status: OK") }
            if fails != passes {
                #expect(
                    told(report, "hw.physical_disk.smart.health") == (fails ? "failed" : "passed"),
                    "\(file.lastPathComponent)")
            }
            if let match = text.firstMatch(of: #/(?m)^ *5 Reallocated_Sector_Ct .* (\d+) *$/#) {
                #expect(
                    told(report, "hw.physical_disk.smart{attribute=\"5.raw\"}") == String(match.1),
                    "\(file.lastPathComponent)")
            }
        }
        print("recorded texts of smartctl: \(read) read")
        #expect(read > 300)
    }

    @Test("ten megabytes are bounded, and what is cut anywhere traps nothing")
    func hostile() throws {
        let bytes = Array(Self.ata.utf8)
        for length in stride(from: 0, to: bytes.count, by: 7) { _ = SmartctlText.tree(of: Array(bytes.prefix(length))) }
        let row = "  5 Reallocated_Sector_Ct 0x0033 001 001 010\n"
        let flood = Self.ata + "\n" + String(repeating: row, count: 200_000)
        #expect(try report(flood).disk.part.serial == "Z300AAAA")
    }
}
