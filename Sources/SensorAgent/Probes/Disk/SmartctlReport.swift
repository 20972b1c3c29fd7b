import Reports

/// One output of `smartctl --json` (smartmontools 6.7 and later), as a disk and its observations.
///
/// Read with care for its exit status, a bit mask (smartctl(8), "EXIT STATUS"): bits 3 to 7 concern the disk, bit 2 of
/// a
/// command that the disk refused while others worked; only bits 0 and 1 mean that nothing was read.
struct SmartctlReport: Sendable {
    var disk: Component
    /// Sensors inside the disk.
    var parts: [Component] = []
    var observations: [Observation] = []

    /// Why an output contains nothing of a disk.
    enum Refusal: Error, Hashable, CustomStringConvertible {
        case malformed(String)
        case deviceList
        case notOpened(String)
        case denied(String)
        case asleep
        case raidVolume(String)
        case opticalDrive(String)
        /// Neither identity nor any value.
        case nothing

        var description: String {
            switch self {
            case .malformed(let problem): "smartctl's output is damaged: \(problem)"
            case .deviceList: "a list of devices (smartctl --scan), not one disk"
            case .notOpened(let message): "smartctl could not open the device: \(message)"
            case .denied(let message): "no permission: \(message)"
            case .asleep: "the disk sleeps and was not woken"
            case .raidVolume(let model): "\(model) is a volume of a RAID controller, not a disk"
            case .opticalDrive(let model): "\(model) is an optical drive"
            case .nothing: "smartctl names neither model nor serial nor any value"
            }
        }

        /// The reason for the observation of a disk that is known from elsewhere.
        var unavailable: Unavailable {
            switch self {
            case .malformed, .deviceList: .malformed
            case .notOpened: .readError
            case .denied: .denied
            case .asleep: .asleep
            case .raidVolume, .opticalDrive, .nothing: .notSupported
            }
        }
    }

    /// What `-n standby,3` makes smartctl exit with when the disk sleeps: bits 0 and 1 together, which nothing else
    /// sets.
    static let asleepExitCode: Int32 = 3

    private let time: Timestamp
    private let tree: JSONTree

    init(parsing bytes: [UInt8], exitCode: Int32? = nil, at time: Timestamp) throws(Refusal) {
        do {
            tree = try JSONTree(parsing: bytes)
        } catch {
            // Of the tool itself JSON was asked; what a person mails may be the text.
            guard exitCode == nil, let text = SmartctlText.tree(of: bytes) else {
                throw exitCode == SmartctlReport.asleepExitCode ? .asleep : .malformed(error.problem)
            }
            tree = text
        }
        self.time = time
        disk = Component(id: ComponentID(.disk, ""), kind: .disk, name: "")
        try refuse(exitCode: exitCode)
        disk = identity()
        addHealth()
        addATA()
        addNVMe()
        addSCSI()
        addSelfTest()
        addFurtherLogs()
        guard disk.part.serial != nil || disk.part.model != nil || !observations.isEmpty else { throw .nothing }
    }

    // MARK: Refusals

    private func refuse(exitCode: Int32?) throws(Refusal) {
        guard case .object = tree else { throw .malformed("no object") }
        let messages = tree["smartctl", "messages"]?.elements.compactMap { $0["string"]?.text } ?? []
        let message = String(messages.joined(separator: "; ").prefix(200))
        let status = exitCode ?? tree["smartctl", "exit_status"]?.unsigned.map { Int32(truncatingIfNeeded: $0) } ?? 0
        let sleeps = messages.contains { SmartctlReport.saysAsleep($0, opened: status & 0b10 == 0) }
        if status == SmartctlReport.asleepExitCode || sleeps { throw .asleep }
        if tree["devices"] != nil, tree["device"] == nil { throw .deviceList }
        if status & 0b11 != 0, tree["model_name"] == nil, tree["smart_status"] == nil {
            if message.contains("Permission denied") || message.contains("Operation not permitted") {
                throw .denied(message)
            }
            throw .notOpened(message.isEmpty ? "exit status \(status)" : message)
        }
        if tree["device"] == nil, tree["model_name"] == nil, tree["serial_number"] == nil { throw .nothing }
        let model = modelName ?? "the device"
        let words = ([model, tree["product"]?.text, tree["scsi_product"]?.text].compactMap { $0 }).joined(
            separator: " "
        )
        .lowercased()
        let type = tree["device_type", "name"]?.text ?? "disk"
        if type.contains("cd") || type.contains("dvd") || SmartctlReport.opticalWords.contains(where: words.contains) {
            throw .opticalDrive(model)
        }
        if protocolName == "SCSI", tree["smart_status"] == nil, SmartctlReport.raidWords.contains(where: words.contains)
        {
            throw .raidVolume(model)
        }
    }

    /// Whether a message states that the disk sleeps: `Device is in STANDBY mode, exit(2)`. A SAS disk that was stopped
    /// answers that it is not ready, and smartctl cannot open it: `device is NOT READY (e.g. spun down, busy)`.
    private static func saysAsleep(_ message: String, opened: Bool) -> Bool {
        let words = message.uppercased()
        let names = ["STANDBY", "SLEEP"].contains(where: words.contains)
        if names, words.contains("DEVICE IS IN") { return true }
        return !opened && (names || words.contains("NOT READY") && !words.contains("MEDIUM NOT PRESENT"))
    }

    private static let opticalWords = ["dvd", "cd-rom", "cdrom", "cd/rw", "cdrw", "bd-re", "blu-ray", "bdrom"]
    private static let raidWords = [
        "raid", "logical volume", "virtual disk", "perc ", "volume", "megaraid", "lsi mr", "avago mr", "broadcom mr",
    ]

    // MARK: Identity

    /// Gives the disk another name, and its sensors with it: where its own number is none, or another bears it too.
    mutating func rename(to id: ComponentID) {
        let old = disk.id
        guard id != old else { return }
        let name = { (id: ComponentID) in id.rawValue.dropFirst("\(ComponentKind.disk.rawValue):".count) }
        var names = [old: id]
        for (index, part) in parts.enumerated() {
            let rest = part.id.rawValue.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
            let renamed = ComponentID(part.kind, "\(name(id))/\(rest)")
            names[part.id] = renamed
            parts[index].id = renamed
            parts[index].parent = id
        }
        disk.id = id
        for index in observations.indices {
            observations[index].component = names[observations[index].component] ?? observations[index].component
        }
    }

    private var protocolName: String {
        if let name = tree["device", "protocol"]?.text { return name }
        let type = tree["device", "type"]?.text ?? ""
        if type.hasPrefix("nvme") || tree["nvme_smart_health_information_log"] != nil { return "NVMe" }
        return type.hasPrefix("scsi") ? "SCSI" : "ATA"
    }

    private var modelName: String? { (tree["model_name"] ?? tree["scsi_model_name"])?.text ?? scsiModel }

    private var scsiModel: String? {
        let words = [tree["vendor"] ?? tree["scsi_vendor"], tree["product"] ?? tree["scsi_product"]].compactMap {
            $0?.text
        }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    private func identity() -> Component {
        let serial = PlaceholderText.serial(tree["serial_number"]?.text)
        let device = tree["device", "name"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        var attributes: [String: String] = [:]
        attributes["bus"] =
            switch protocolName {
            case "ATA": "ata"
            case "NVMe": "nvme"
            default: (tree["scsi_transport_protocol", "name"]?.text ?? "SAS").contains("SAS") ? "sas" : "scsi"
            }
        attributes["device"] = device
        attributes["wwn"] = wwn
        attributes["model_family"] = tree["model_family"]?.text
        if let rate = tree["rotation_rate"]?.unsigned {
            attributes["rotational"] = rate > 0 ? "1" : "0"
            if rate > 1 { attributes["rotation_rpm"] = String(rate) }
        } else if protocolName == "NVMe" {
            attributes["rotational"] = "0"
        } else {
            attributes["rotational"] = rotationalByAttributes
        }
        let id = DiskIdentity.id(wwn: wwn, serial: serial, device: device)
        if wwn == nil, serial == nil { attributes["identity"] = "by device name, which may change" }
        return Component(
            id: id, kind: .disk, name: device ?? serial ?? "disk",
            part: Part(
                manufacturer: (tree["vendor"] ?? tree["scsi_vendor"])?.text, model: modelName, serial: serial,
                firmware: (tree["firmware_version"] ?? tree["revision"] ?? tree["scsi_revision"])?.text),
            attributes: attributes)
    }

    /// Attributes of moving parts: spin-up time, seek errors, spin retries, helium, high flying, shocks, load cycles.
    private static let mechanical: Set<UInt64> = [3, 7, 10, 22, 189, 191, 193]
    /// Attributes of flash: program and erase failures, wear, reserve, life left.
    private static let flash: Set<UInt64> = [171, 172, 173, 177, 231, 232, 233]

    /// What the attributes say of the kind, where the disk does not tell its rotation (before ATA-7, some bridges):
    /// early SSDs report attributes of both, and are left open.
    private var rotationalByAttributes: String? {
        let ids = Set((tree["ata_smart_attributes", "table"]?.elements ?? []).compactMap { $0["id"]?.unsigned })
        switch (ids.isDisjoint(with: SmartctlReport.mechanical), ids.isDisjoint(with: SmartctlReport.flash)) {
        case (false, true): return "1"
        case (true, false): return "0"
        default: return nil
        }
    }

    /// The World Wide Name as udev writes it.
    private var wwn: String? {
        if let unit = tree["logical_unit_id"]?.text { return DiskIdentity.plausible(wwn: unit) }
        guard let naa = tree["wwn", "naa"]?.unsigned, let oui = tree["wwn", "oui"]?.unsigned,
            let id = tree["wwn", "id"]?.unsigned
        else { return nil }
        let text = String(naa, radix: 16) + hexadecimal(oui, digits: 6) + hexadecimal(id, digits: 9)
        return DiskIdentity.plausible(wwn: "0x" + text)
    }

    // MARK: Values

    private mutating func add(_ name: String, _ labels: [String: String] = [:], _ measurement: Measurement) {
        add(Signal(name, labels), measurement)
    }

    private mutating func add(_ signal: Signal, _ measurement: Measurement) {
        observations.append(Observation(component: disk.id, signal: signal, measurement: measurement, time: time))
    }

    private mutating func addCounter(_ name: String, _ labels: [String: String] = [:], _ value: UInt64?) {
        if let value { add(name, labels, .counter(value)) }
    }

    private mutating func addGauge(_ name: String, _ labels: [String: String] = [:], _ value: Double?) {
        if let value { add(name, labels, .gauge(value)) }
    }

    /// What all disks have in common.
    private mutating func addHealth() {
        let health = tree["smart_status", "passed"]?.flag
        add("hw.physical_disk.smart.health", [:], .unknownOr(health.map { $0 ? "passed" : "failed" }))
        addGauge("hw.temperature", [:], tree["temperature", "current"]?.double)
        let limits = [
            ("drive_trip", "high.critical"), ("critical_limit_max", "high.critical"), ("limit_max", "high.critical"),
            ("op_limit_max", "high.degraded"), ("limit_min", "low.critical"), ("critical_limit_min", "low.critical"),
            ("op_limit_min", "low.degraded"),
        ]
        var told: Set<String> = []
        for (key, type) in limits {
            guard let limit = tree["temperature", key]?.double, told.insert(type).inserted else { continue }
            // SCSI drives return 0 for "no trip temperature".
            let measurement: Measurement = key == "drive_trip" && limit == 0 ? .unavailable(.unset) : .gauge(limit)
            add("hw.temperature.limit", ["limit_type": type], measurement)
        }
        addGauge("hw.temperature.extreme", ["extreme": "highest"], tree["temperature", "lifetime_max"]?.double)
        addGauge("hw.temperature.extreme", ["extreme": "lowest"], tree["temperature", "lifetime_min"]?.double)
        addCounter("hw.physical_disk.power_on_time", [:], tree["power_on_time", "hours"]?.unsigned)
        addCounter("hw.physical_disk.power_cycles", [:], tree["power_cycle_count"]?.unsigned)
        addGauge("hw.physical_disk.size", [:], tree["user_capacity", "bytes"]?.double)
        addGauge("hw.physical_disk.link_speed", [:], linkSpeed("current"))
        addGauge("hw.physical_disk.link_speed.limit", ["limit_type": "rated.high"], linkSpeed("max"))
        addGauge(
            "hw.physical_disk.endurance_used", [:], tree["endurance_used", "current_percent"]?.double.map { $0 / 100 })
        addGauge("hw.physical_disk.spare", [:], tree["spare_available", "current_percent"]?.double.map { $0 / 100 })
    }

    /// Gbit/s of the SATA link.
    private func linkSpeed(_ which: String) -> Double? {
        guard let speed = tree["interface_speed", which], let units = speed["units_per_second"]?.double,
            let bits = speed["bits_per_unit"]?.double
        else { return nil }
        return units * bits / 1e9
    }

    private mutating func addATA() {
        for attribute in tree["ata_smart_attributes", "table"]?.elements ?? [] {
            guard let id = attribute["id"]?.unsigned, id <= 255 else { continue }
            let raw = attribute["raw", "value"]?.unsigned
            let isInverted = isInvertedLife(attribute, id: id, raw: raw)
            add(DiskSignals.raw(id), raw.map { .counter($0) } ?? .unavailable(.malformed))
            for key in ["value", "worst", "thresh"] {
                guard let value = attribute[key]?.double else { continue }
                add(DiskSignals.normalized(id, key), .gauge(isInverted && key != "thresh" ? 100 - value : value))
            }
            if let failed = attribute["when_failed"]?.text {
                add("hw.physical_disk.smart.failing", ["attribute": "\(id)"], .state(failed.isEmpty ? "never" : failed))
            }
        }
        let log = tree["ata_smart_error_log", "extended", "count"] ?? tree["ata_smart_error_log", "summary", "count"]
        addCounter("hw.physical_disk.error_log", [:], log?.unsigned)
    }

    /// Whether attribute 231, the share of its life that an SSD has left, counts upwards: with some firmware Phison's
    /// controllers write the share that is used as the value, and what is left as the raw number, which all others have
    /// in both (CrystalDiskInfo, issue 178).
    private func isInvertedLife(_ attribute: JSONTree, id: UInt64, raw: UInt64?) -> Bool {
        guard id == 231, let raw, raw <= 100, let value = attribute["value"]?.unsigned, value == 100 - raw,
            value != raw
        else { return false }
        return tree["model_family"]?.text?.contains("Phison") == true || modelName?.hasPrefix("KINGSTON") == true
    }

    /// Some controllers answer with zeros where they have no log, of which the temperature makes 0 K.
    private func isEmpty(_ log: JSONTree) -> Bool {
        let told = [
            "temperature", "available_spare", "available_spare_threshold", "data_units_written", "power_cycles",
        ]
        return told.allSatisfy { [0, -273].contains(log[$0]?.double ?? 0) }
            && log.keys.allSatisfy { $0 == "temperature" || (log[$0]?.double ?? 0) == 0 }
    }

    /// The SMART / Health Information log page (NVM Express Base Specification, log page 02h), in full.
    private mutating func addNVMe() {
        guard let log = tree["nvme_smart_health_information_log"] else { return }
        if isEmpty(log) {
            addEmptyLog()
            return
        }
        if let bits = log["critical_warning"]?.unsigned {
            for (bit, warning) in DiskSignals.warnings.enumerated() {
                let asserted = bits >> UInt64(bit) & 1 == 1
                add(DiskSignals.criticalWarning(warning), .state(asserted ? "asserted" : "clear"))
            }
        }
        if tree["temperature", "current"] == nil { addGauge("hw.temperature", [:], log["temperature"]?.double) }
        addGauge("hw.physical_disk.spare", [:], log["available_spare"]?.double.map { $0 / 100 })
        addGauge("hw.physical_disk.spare.threshold", [:], log["available_spare_threshold"]?.double.map { $0 / 100 })
        addGauge("hw.physical_disk.endurance_used", [:], log["percentage_used"]?.double.map { $0 / 100 })
        for (key, direction) in [("read", "read"), ("written", "write")] {
            let bytes = log.wide("data_units_\(key)")?.multipliedReportingOverflow(by: DiskSignals.dataUnitBytes)
            addCounter(
                "hw.physical_disk.io", ["direction": direction], bytes.map { $0.overflow ? .max : $0.partialValue })
        }
        addCounter("hw.physical_disk.commands", ["direction": "read"], log.wide("host_reads"))
        addCounter("hw.physical_disk.commands", ["direction": "write"], log.wide("host_writes"))
        addCounter("hw.physical_disk.busy_time", [:], log.wide("controller_busy_time"))
        if tree["power_cycle_count"] == nil {
            addCounter("hw.physical_disk.power_cycles", [:], log.wide("power_cycles"))
        }
        if tree["power_on_time"] == nil {
            addCounter("hw.physical_disk.power_on_time", [:], log.wide("power_on_hours"))
        }
        addCounter("hw.physical_disk.unsafe_shutdowns", [:], log.wide("unsafe_shutdowns"))
        addCounter("hw.physical_disk.media_errors", [:], log.wide("media_errors"))
        addCounter("hw.physical_disk.error_log_entries", [:], log.wide("num_err_log_entries"))
        addCounter("hw.physical_disk.throttle_time", ["level": "warning"], log.wide("warning_temp_time"))
        addCounter("hw.physical_disk.throttle_time", ["level": "critical"], log.wide("critical_comp_time"))
        for (index, sensor) in (log["temperature_sensors"]?.elements ?? []).enumerated() {
            guard let celsius = sensor.double else { continue }
            let name = "\(disk.id.rawValue.dropFirst("disk:".count))/sensor\(index + 1)"
            let part = Component(
                id: ComponentID(.temperature, name), kind: .temperature, parent: disk.id,
                name: "temperature sensor \(index + 1) of \(disk.name)")
            parts.append(part)
            observations.append(
                Observation(
                    component: part.id, signal: Signal("hw.temperature"), measurement: .gauge(celsius), time: time))
        }
    }

    /// Of a log that is none nothing is known, whatever was taken of it before.
    private mutating func addEmptyLog() {
        let names = [
            "hw.temperature", "hw.physical_disk.spare", "hw.physical_disk.spare.threshold",
            "hw.physical_disk.endurance_used", "hw.physical_disk.power_cycles", "hw.physical_disk.power_on_time",
            "hw.physical_disk.unsafe_shutdowns", "hw.physical_disk.media_errors",
            "hw.physical_disk.error_log_entries",
        ]
        observations.removeAll { names.contains($0.signal.name) }
        for name in names { add(name, [:], .unavailable(.notPlausible)) }
        for warning in DiskSignals.warnings {
            add(DiskSignals.criticalWarning(warning), .unavailable(.notPlausible))
        }
    }

    /// SCSI log pages 02h, 03h, 05h, 06h, 0Dh, 0Eh, 11h, 2Fh and the grown defect list.
    private mutating func addSCSI() {
        addCounter("hw.physical_disk.grown_defects", [:], tree["scsi_grown_defect_list"]?.unsigned)
        let counters = [
            ("errors_corrected_by_eccfast", "corrected_fast"), ("errors_corrected_by_eccdelayed", "corrected_delayed"),
            ("errors_corrected_by_rereads_rewrites", "rereads"), ("total_errors_corrected", "corrected"),
            ("correction_algorithm_invocations", "algorithm"), ("total_uncorrected_errors", "uncorrected"),
        ]
        for operation in ["read", "write", "verify"] {
            guard let page = tree["scsi_error_counter_log", operation] else { continue }
            for (key, result) in counters {
                addCounter(
                    "hw.physical_disk.scsi_errors", ["operation": operation, "result": result], page[key]?.unsigned)
            }
            if operation != "verify", let gigabytes = page["gigabytes_processed"]?.double, gigabytes >= 0,
                gigabytes < 1e9
            {
                addCounter("hw.physical_disk.io", ["direction": operation], UInt64((gigabytes * 1e9).rounded()))
            }
        }
        addGauge("hw.physical_disk.pending_defects", [:], tree["scsi_pending_defects", "count"]?.double)
        let scan = tree["scsi_background_scan", "status"]
        addCounter("hw.physical_disk.background_scans", [:], scan?["number_scans_performed"]?.unsigned)
        let other = tree["scsi_nonmedium_error", "count"] ?? tree["scsi_non_medium_error_count"]
        addCounter("hw.physical_disk.non_medium_errors", [:], other?.unsigned)
        let wear = tree["scsi_percentage_used_endurance_indicator"]?.double.map { $0 / 100 }
        addGauge("hw.physical_disk.endurance_used", [:], wear)
        let cycles = tree["scsi_start_stop_cycle_counter"]
        addCounter("hw.physical_disk.start_stops", [:], cycles?["accumulated_start_stop_cycles"]?.unsigned)
        addCounter("hw.physical_disk.load_cycles", [:], cycles?["accumulated_load_unload_cycles"]?.unsigned)
        if let code = tree["smart_status", "scsi", "asc"]?.unsigned {
            let qualifier = tree["smart_status", "scsi", "ascq"]?.unsigned ?? 0
            add(
                "hw.physical_disk.informational_exception",
                ["asc": hexadecimal(code, digits: 2), "ascq": hexadecimal(qualifier, digits: 2)], .state("asserted"))
        }
    }

    /// What is asked once a day, or stands in an output that somebody mails.
    private mutating func addFurtherLogs() {
        let logs = DiskLogs(of: tree)
        for value in logs.values { add(value.signal, value.measurement) }
        let isTold = observations.contains { $0.signal.name == "hw.physical_disk.endurance_used" }
        if !isTold { addGauge("hw.physical_disk.endurance_used", [:], logs.enduranceUsed) }
    }

    // MARK: Self-test

    /// The newest self-test of any kind of disk.
    private mutating func addSelfTest() {
        guard let (state, hours) = ataSelfTest ?? scsiSelfTest ?? nvmeSelfTest else { return }
        add("hw.physical_disk.self_test", [:], .state(state))
        // ATA counts the hours of its log in 16 bits (ACS-4 9.19), so that they wrap after 7.5 years.
        guard state != "running", let hours, let now = tree["power_on_time", "hours"]?.unsigned else { return }
        // Some drives write no hour at all, and a test in the first hour is its maker's: neither says when it was.
        guard hours > 1 || now <= 24 else {
            add("hw.physical_disk.self_test.age", [:], .unavailable(.notPlausible))
            return
        }
        let age =
            hours <= now && (now <= 0xFFFF || protocolName != "ATA") ? now - min(hours, now) : now &- hours & 0xFFFF
        addGauge("hw.physical_disk.self_test.age", [:], Double(age))
    }

    private var ataSelfTest: (String, UInt64?)? {
        // While a test runs only byte 363 of SMART READ DATA says so (ACS-3, 15 in its upper half): the log names it at its end.
        if let now = tree["ata_smart_data", "self_test", "status", "value"]?.unsigned, now <= 0xFF, now >> 4 == 15 {
            return ("running", nil)
        }
        guard let log = tree["ata_smart_self_test_log", "extended"] ?? tree["ata_smart_self_test_log", "standard"]
        else { return nil }
        guard let newest = log["table"]?.elements.first else {
            return log["count"]?.unsigned == 0 ? ("none", nil) : nil
        }
        let state: String =
            switch (newest["status", "value"]?.unsigned ?? 0) >> 4 {
            case 0: newest["status", "passed"]?.flag == false ? "failed" : "passed"
            case 1, 2: "aborted"
            case 15: "running"
            default: "failed"
            }
        return (state, newest["lifetime_hours"]?.unsigned)
    }

    private var scsiSelfTest: (String, UInt64?)? {
        guard let newest = tree["scsi_self_test_0"], let result = newest["result", "value"]?.unsigned else {
            return nil
        }
        let state: String =
            switch result {
            case 0: "passed"
            case 1, 2: "aborted"
            case 15: "running"
            default: "failed"
            }
        return (state, newest["power_on_time", "hours"]?.unsigned)
    }

    private var nvmeSelfTest: (String, UInt64?)? {
        guard let log = tree["nvme_self_test_log"] else { return nil }
        if let now = log["current_self_test_operation", "value"]?.unsigned, now != 0 { return ("running", nil) }
        guard let newest = log["table"]?.elements.first, let result = newest["self_test_result", "value"]?.unsigned
        else { return ("none", nil) }
        let state: String =
            switch result {
            case 0: "passed"
            case 5, 6, 7: "failed"
            default: "aborted"
            }
        return (state, newest["power_on_hours"]?.unsigned)
    }
}

extension JSONTree {
    /// A counter that smartctl writes a second time as a string (`host_reads_s`) where it exceeds 2^53.
    fileprivate func wide(_ key: String) -> UInt64? { self[key + "_s"]?.unsigned ?? self[key]?.unsigned }
}

extension Measurement {
    fileprivate static func unknownOr(_ state: String?) -> Measurement {
        state.map { .state($0) } ?? .unavailable(.notSupported)
    }
}
