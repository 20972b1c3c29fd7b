import Foundation
import Reports
import TestSupport
import Testing

@testable import SensorAgent

@Suite("Disk health from smartctl's JSON")
struct SmartctlReportTests {
    static let now = Timestamp(seconds: 1_763_712_000)

    @Test(
        "every recorded output is parsed with the file's model, serial, health and attributes, or refused with a reason"
    )
    func recorded() throws {
        var parsed = 0
        var values = 0
        var refused: [String: Int] = [:]
        for file in Recordings.entries("smartctl-json") + [Recordings.own("smartctl/ata.json")] {
            let data = try Data(contentsOf: file)
            let outcome = Result { () throws(SmartctlReport.Refusal) in
                try SmartctlReport(parsing: [UInt8](data), at: Self.now)
            }
            switch outcome {
            case .failure(let refusal):
                let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
                #expect(
                    object?["smart_status"] == nil && object?["ata_smart_attributes"] == nil,
                    "\(file.lastPathComponent): has values, and was refused: \(refusal)")
                refused[String(refusal.description.prefix { $0 != ":" && $0 != "(" }.prefix(40)), default: 0] += 1
            case .success(let report):
                parsed += 1
                let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                values += Check(report: report, object: object, file: file.lastPathComponent).all()
            }
        }
        #expect(parsed >= 1)
        print("smartctl: \(parsed) parsed, \(values) values equal; refused: \(refused)")
    }

    /// Looks up in the report what an independent reader finds in the file.
    private struct Check {
        let report: SmartctlReport
        let object: [String: Any]
        let file: String

        func all() -> Int {
            let part = report.disk.part
            let model = object["model_name"] ?? object["scsi_model_name"]
            if let model { #expect(part.model == model as? String, "\(file)") }
            let serial = object["serial_number"] as? String
            // What somebody wrote over a number is none.
            #expect(part.serial == (["XXXXXXXXXXXX", "123456"].contains(serial) ? nil : serial), "\(file)")
            let firmware = object["firmware_version"] ?? object["revision"] ?? object["scsi_revision"]
            #expect(part.firmware == firmware as? String, "\(file)")
            let passed = at("smart_status", "passed") as? Bool
            let health = measurement("hw.physical_disk.smart.health")
            #expect(
                health == (passed.map { .state($0 ? "passed" : "failed") } ?? .unavailable(.notSupported)), "\(file)")
            var count = 4
            count += number("hw.temperature", at("temperature", "current"))
            count += number("hw.physical_disk.power_on_time", at("power_on_time", "hours"))
            count += number("hw.physical_disk.power_cycles", object["power_cycle_count"])
            return count + ata() + nvme() + scsi()
        }

        private func ata() -> Int {
            var count = 0
            for attribute in at("ata_smart_attributes", "table") as? [[String: Any]] ?? [] {
                let id = (attribute["id"] as? NSNumber)?.intValue ?? -1
                let raw = (attribute["raw"] as? [String: Any])?["value"] as? NSNumber
                let smart = measurement("hw.physical_disk.smart", ["attribute": "\(id).raw"])
                #expect(smart == raw.map { .counter($0.uint64Value) }, "\(file) attribute \(id)")
                for key in ["value", "worst", "thresh"] {
                    count += number("hw.physical_disk.smart.normalized", attribute[key], ["attribute": "\(id).\(key)"])
                }
                if let failed = attribute["when_failed"] as? String {
                    let state = measurement("hw.physical_disk.smart.failing", ["attribute": "\(id)"])
                    #expect(state == .state(failed.isEmpty ? "never" : failed), "\(file) attribute \(id)")
                    count += 1
                }
                count += 1
            }
            return count + number("hw.physical_disk.error_log", at("ata_smart_error_log", "summary", "count"))
        }

        private func nvme() -> Int {
            guard let log = object["nvme_smart_health_information_log"] as? [String: Any] else { return 0 }
            var count = 0
            for (key, signal, labels, factor) in [
                ("available_spare", "hw.physical_disk.spare", [:], 0.01),
                ("available_spare_threshold", "hw.physical_disk.spare.threshold", [:], 0.01),
                ("percentage_used", "hw.physical_disk.endurance_used", [:], 0.01),
                ("data_units_read", "hw.physical_disk.io", ["direction": "read"], 512_000),
                ("data_units_written", "hw.physical_disk.io", ["direction": "write"], 512_000),
                ("host_reads", "hw.physical_disk.commands", ["direction": "read"], 1),
                ("host_writes", "hw.physical_disk.commands", ["direction": "write"], 1),
                ("controller_busy_time", "hw.physical_disk.busy_time", [:], 1),
                ("power_cycles", "hw.physical_disk.power_cycles", [:], 1),
                ("power_on_hours", "hw.physical_disk.power_on_time", [:], 1),
                ("unsafe_shutdowns", "hw.physical_disk.unsafe_shutdowns", [:], 1),
                ("media_errors", "hw.physical_disk.media_errors", [:], 1),
                ("num_err_log_entries", "hw.physical_disk.error_log_entries", [:], 1),
                ("warning_temp_time", "hw.physical_disk.throttle_time", ["level": "warning"], 1),
                ("critical_comp_time", "hw.physical_disk.throttle_time", ["level": "critical"], 1),
            ] as [(String, String, [String: String], Double)] {
                count += number(signal, log[key], labels, factor: factor)
            }
            let bits = (log["critical_warning"] as? NSNumber)?.intValue ?? 0
            let names = ["spare", "temperature", "reliability", "read_only", "volatile_backup", "persistent_memory"]
            for (bit, name) in names.enumerated() {
                let state = measurement("hw.physical_disk.critical_warning", ["warning": name])
                #expect(state == .state(bits >> bit & 1 == 1 ? "asserted" : "clear"), "\(file) \(name)")
                count += 1
            }
            for (index, celsius) in (log["temperature_sensors"] as? [NSNumber] ?? []).enumerated() {
                let sensor = report.parts.first { $0.id.rawValue.hasSuffix("/sensor\(index + 1)") }
                let reading = report.observations.first { $0.component == sensor?.id }?.measurement
                #expect(reading == .reading(celsius.doubleValue), "\(file) sensor \(index + 1)")
                count += 1
            }
            return count
        }

        private func scsi() -> Int {
            var count = number("hw.physical_disk.grown_defects", object["scsi_grown_defect_list"])
            for operation in ["read", "write", "verify"] {
                guard let page = at("scsi_error_counter_log", operation) as? [String: Any] else { continue }
                for (key, result) in [
                    ("errors_corrected_by_eccfast", "corrected_fast"),
                    ("errors_corrected_by_eccdelayed", "corrected_delayed"),
                    ("errors_corrected_by_rereads_rewrites", "rereads"), ("total_errors_corrected", "corrected"),
                    ("correction_algorithm_invocations", "algorithm"), ("total_uncorrected_errors", "uncorrected"),
                ] {
                    count += number(
                        "hw.physical_disk.scsi_errors", page[key], ["operation": operation, "result": result])
                }
            }
            return count
        }

        private func number(_ signal: String, _ value: Any?, _ labels: [String: String] = [:], factor: Double = 1)
            -> Int
        {
            guard let value = value as? NSNumber else { return 0 }
            let found = measurement(signal, labels)?.number
            #expect(
                found.map { abs($0 - value.doubleValue * factor) <= abs($0) * 1e-12 } == true,
                "\(file) \(signal) \(labels)")
            return 1
        }

        private func measurement(_ signal: String, _ labels: [String: String] = [:]) -> Reports.Measurement? {
            let wanted = Signal(signal, labels)
            return report.observations.first { $0.component == report.disk.id && $0.signal == wanted }?.measurement
        }

        private func at(_ keys: String...) -> Any? {
            keys.reduce(object as Any?) { ($0 as? [String: Any])?[$1] }
        }
    }

    @Test("every signal of every report stands in the catalogue")
    func catalogue() throws {
        for file in Recordings.entries("smartctl-json") + [Recordings.own("smartctl/ata.json")] {
            guard let report = try? SmartctlReport(parsing: [UInt8](Data(contentsOf: file)), at: Self.now) else {
                continue
            }
            let kinds = Dictionary(([report.disk] + report.parts).map { ($0.id, $0.kind) }) { first, _ in first }
            for observation in report.observations {
                let kind = try #require(kinds[observation.component])
                #expect(
                    SignalCatalogue.objection(to: observation.signal, of: kind, measurement: observation.measurement)
                        == nil)
            }
        }
    }

    private func refusal(_ text: String, exitCode: Int32? = nil) -> SmartctlReport.Refusal? {
        do throws(SmartctlReport.Refusal) {
            _ = try SmartctlReport(parsing: [UInt8](text.utf8), exitCode: exitCode, at: Self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test("what tells nothing of a disk is refused, each with its own reason")
    func refusals() {
        #expect(refusal("") == .malformed("nothing was printed"))
        #expect(refusal("", exitCode: 3) == .asleep)
        #expect(
            refusal(#"{"smartctl":{"exit_status":2,"messages":[{"string":"Device is in STANDBY mode, exit(2)"}]}}"#)
                == .asleep)
        if case .malformed = refusal(#"{"device": {"name": "/dev/sda","#) {} else { Issue.record("truncated JSON") }
        if case .malformed = refusal("[1, 2]") {} else { Issue.record("no object") }
        #expect(refusal(#"{"devices":[{"name":"/dev/sda"}],"smartctl":{"exit_status":0}}"#) == .deviceList)
        #expect(
            refusal(
                #"{"smartctl":{"exit_status":2,"messages":[{"string":"/dev/sda: Permission denied"}]},"device":{"name":"/dev/sda"}}"#
            )
                == .denied("/dev/sda: Permission denied"))
        #expect(
            refusal(#"{"device":{"name":"/dev/sr0","protocol":"ATA"},"model_name":"HL-DT-ST DVDRAM GH24NSC0"}"#)
                == .opticalDrive("HL-DT-ST DVDRAM GH24NSC0"))
        #expect(
            refusal(
                #"{"device":{"name":"/dev/sdb","protocol":"SCSI"},"model_name":"DELL PERC H730P Mini","device_type":{"name":"disk"}}"#
            )
                == .raidVolume("DELL PERC H730P Mini"))
    }

    @Test("exit status bits of a failing disk do not hide what was read")
    func exitBits() throws {
        let text =
            #"{"smartctl":{"exit_status":220},"device":{"name":"/dev/sda","protocol":"ATA"},"serial_number":"S1","smart_status":{"passed":false}}"#
        for bits in stride(from: Int32(4), through: 252, by: 4) {
            let report = try SmartctlReport(parsing: [UInt8](text.utf8), exitCode: bits, at: Self.now)
            #expect(report.observations.first?.measurement == .state("failed"))
        }
    }

    @Test("counters above 2^53 are exact, whether they come as numbers or as strings")
    func large() throws {
        let text =
            #"{"device":{"name":"/dev/nvme0","protocol":"NVMe"},"serial_number":"S1","nvme_smart_health_information_log":{"host_reads":9007199254740993,"host_writes":1.8446744073709552e19,"host_writes_s":"18446744073709551615"}}"#
        let report = try SmartctlReport(parsing: [UInt8](text.utf8), at: Self.now)
        let commands = report.observations.filter { $0.signal.name == "hw.physical_disk.commands" }.map(\.measurement)
        #expect(commands == [.counter(9_007_199_254_740_993), .counter(.max)])
        // Nothing says healthy for what was not read.
        #expect(report.observations.first?.measurement == .unavailable(.notSupported))
    }

    @Test("flipped bytes are refused or parsed, and never trap")
    func flipped() throws {
        let bytes = [UInt8](try Data(contentsOf: Recordings.own("smartctl/ata.json")))
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        var outcomes = (parsed: 0, refused: 0)
        for _ in 0..<400 {
            var damaged = bytes
            for _ in 0...random.next() % 4 {
                damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 4 == 0 { damaged.removeLast(Int(random.next() % UInt64(bytes.count))) }
            if (try? SmartctlReport(parsing: damaged, at: Self.now)) == nil {
                outcomes.refused += 1
            } else {
                outcomes.parsed += 1
            }
        }
        #expect(outcomes.refused > 0 && outcomes.parsed + outcomes.refused == 400, "seed \(seed)")
    }

    private func told(_ text: String, _ signal: Signal) throws -> Reports.Measurement? {
        try SmartctlReport(parsing: Array(text.utf8), at: SmartctlReportTests.now).observations.last {
            $0.signal == signal
        }?
        .measurement
    }

    @Test("what is used of an SSD's life is not taken for what is left, where the raw number holds the other")
    func invertedLife() throws {
        func text(_ model: String, _ family: String, value: Int, raw: Int) -> String {
            """
            {"device":{"name":"/dev/sda","protocol":"ATA"},"model_name":"\(model)","model_family":"\(family)",
            "ata_smart_attributes":{"table":[{"id":231,"value":\(value),"worst":\(value),"thresh":10,
            "raw":{"value":\(raw)}}]}}
            """
        }
        let left = DiskSignals.normalized(231, "value")
        #expect(try told(text("KINGSTON SA400S37240G", "", value: 8, raw: 92), left) == .reading(92))
        #expect(try told(text("Patriot P210", "Phison Driven SSDs", value: 60, raw: 40), left) == .reading(40))
        #expect(try told(text("KINGSTON SA400S37240G", "", value: 97, raw: 97), left) == .reading(97))
        #expect(try told(text("OTHER 240G", "Other SSDs", value: 8, raw: 92), left) == .reading(8))
        let worst = DiskSignals.normalized(231, "worst")
        let thresh = DiskSignals.normalized(231, "thresh")
        #expect(try told(text("KINGSTON SA400S37240G", "", value: 8, raw: 92), worst) == .reading(92))
        #expect(try told(text("KINGSTON SA400S37240G", "", value: 8, raw: 92), thresh) == .reading(10))
    }

    @Test("a test that the drive says to have been in its first hour has no age on one that is older")
    func firstHour() throws {
        func text(_ hours: Int, now: Int) -> String {
            """
            {"device":{"name":"/dev/sda","protocol":"ATA"},"model_name":"X","power_on_time":{"hours":\(now)},
            "ata_smart_self_test_log":{"standard":{"table":[{"status":{"value":16},"lifetime_hours":\(hours)}]}}}
            """
        }
        let age = Signal("hw.physical_disk.self_test.age")
        #expect(try told(text(0, now: 31_000), age) == .unavailable(.notPlausible))
        #expect(try told(text(1, now: 31_000), age) == .unavailable(.notPlausible))
        #expect(try told(text(500, now: 31_000), age) == .reading(30_500))
        #expect(try told(text(0, now: 12), age) == .reading(12))
        #expect(try told(text(0, now: 31_000), Signal("hw.physical_disk.self_test")) == .state("aborted"))
    }

    @Test("a self-test that an ATA drive says to be running is running, though the newest in its log is finished")
    func runningSelfTest() throws {
        func text(_ status: Int) -> String {
            """
            {"device":{"name":"/dev/sda","protocol":"ATA"},"model_name":"X","power_on_time":{"hours":1716},
            "ata_smart_data":{"self_test":{"status":{"value":\(status)}}},
            "ata_smart_self_test_log":{"standard":{"table":[{"status":{"value":0,"passed":true},"lifetime_hours":1708}]}}}
            """
        }
        let (state, age) = (Signal("hw.physical_disk.self_test"), Signal("hw.physical_disk.self_test.age"))
        for running in [240, 241, 249, 255] { #expect(try told(text(running), state) == .state("running")) }
        for finished in [0, 16, 121, 239, 496] { #expect(try told(text(finished), state) == .state("passed")) }
        #expect(try told(text(0), age) == .reading(8))
        #expect(try told(text(241), age) == nil)
    }

    @Test("an NVMe disk's two limits of heat are both read, by whichever name")
    func heatLimits() throws {
        let text = """
            {"device":{"name":"/dev/nvme0","protocol":"NVMe"},"model_name":"X",
            "temperature":{"current":71,"op_limit_max":77,"critical_limit_max":83}}
            """
        let limit = { (type: String) in Signal("hw.temperature.limit", ["limit_type": type]) }
        #expect(try told(text, limit("high.degraded")) == .reading(77))
        #expect(try told(text, limit("high.critical")) == .reading(83))
    }

    @Test("a health log of zeros is none: nothing in it is told, neither a spare that is used up nor 0 K")
    func emptyLog() throws {
        func text(_ written: Int) -> String {
            """
            {"device":{"name":"/dev/nvme0","protocol":"NVMe"},"model_name":"X","temperature":{"current":-273},
            "power_cycle_count":0,"nvme_smart_health_information_log":{"critical_warning":0,"temperature":-273,
            "available_spare":0,"available_spare_threshold":0,"percentage_used":0,"data_units_written":\(written),
            "power_cycles":0,"media_errors":0}}
            """
        }
        for name in [
            "hw.temperature", "hw.physical_disk.spare", "hw.physical_disk.media_errors",
            "hw.physical_disk.power_cycles",
        ] { #expect(try told(text(0), Signal(name)) == .unavailable(.notPlausible), "\(name)") }
        #expect(try told(text(0), DiskSignals.criticalWarning("spare")) == .unavailable(.notPlausible))
        // A disk that was written to has a log.
        #expect(try told(text(9), Signal("hw.physical_disk.spare")) == .reading(0))
    }
}
