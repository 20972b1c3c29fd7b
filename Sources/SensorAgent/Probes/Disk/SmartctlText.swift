/// What `smartctl -a` or `-x` prints for people, and `nvme smart-log`, as the tree that `smartctl --json` gives: what a
/// customer mails. The probe itself asks for JSON.
///
/// Read is what patterns judge: identity, the verdict, attributes, health logs, the counts of errors, the newest
/// self-test. None of the programs translates its words.
struct SmartctlText: Sendable {
    /// Lines looked at: outputs have some hundreds.
    static let lineLimit = 4_096

    private var tree: [String: JSONTree] = [:]
    private var attributes: [JSONTree] = []
    private var selfTests: [JSONTree] = []
    private var health: [String: JSONTree] = [:]
    private var sensors: [(Int, JSONTree)] = []
    private var errorCounters: [String: JSONTree] = [:]
    /// Of ATA disks, by page.
    private var statistics: [UInt64: [JSONTree]] = [:]

    /// nil where it is no output of the kind.
    static func tree(of bytes: [UInt8]) -> JSONTree? {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).prefix(lineLimit)
        let marks = ["=== START OF ", "Smart Log for NVME device"]
        guard lines.contains(where: { line in marks.contains { line.hasPrefix($0) } }) else { return nil }
        var text = SmartctlText()
        for line in lines { text.take(line) }
        return text.whole
    }

    // MARK: Lines

    private mutating func take(_ line: Substring) {
        if takeRow(line) { return }
        if line.hasPrefix("Smart Log for NVME device:") {
            let words = line.dropFirst("Smart Log for NVME device:".count).split(separator: " ")
            if let name = words.first { set("device", "name", .string("/dev/\(name)")) }
            set("device", "protocol", .string("NVMe"))
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return takeSentence(line) }
        let key = line[..<colon].trimmed
        let value = line[line.index(after: colon)...].trimmed
        guard !key.isEmpty, key.utf8.count <= 60, !value.isEmpty else { return }
        takeField(String(key), value)
    }

    /// Fields whose value is a text, and where it stands in the tree.
    private static let texts: [String: [String]] = [
        "Device Model": ["model_name"], "Model Number": ["model_name"], "Model Family": ["model_family"],
        "Serial Number": ["serial_number"], "Serial number": ["serial_number"],
        "Firmware Version": ["firmware_version"], "Vendor": ["scsi_vendor"], "Product": ["scsi_product"],
        "Revision": ["scsi_revision"], "Logical Unit id": ["logical_unit_id"],
        "Transport protocol": ["scsi_transport_protocol", "name"], "Device type": ["device_type", "name"],
    ]

    /// Fields whose value begins with a number.
    private static let numbers: [String: [String]] = [
        "User Capacity": ["user_capacity", "bytes"], "Total NVM Capacity": ["user_capacity", "bytes"],
        "Current Drive Temperature": ["temperature", "current"],
        "Drive Trip Temperature": ["temperature", "drive_trip"],
        "Elements in grown defect list": ["scsi_grown_defect_list"],
        "Non-medium error count": ["scsi_nonmedium_error", "count"],
        "Accumulated power on time, hours": ["power_on_time", "hours"],
        "Percentage used endurance indicator": ["scsi_percentage_used_endurance_indicator"],
        "Accumulated start-stop cycles": ["scsi_start_stop_cycle_counter", "accumulated_start_stop_cycles"],
        "Accumulated load-unload cycles": ["scsi_start_stop_cycle_counter", "accumulated_load_unload_cycles"],
        "Warning  Comp. Temp. Threshold": ["temperature", "op_limit_max"],
        "Critical Comp. Temp. Threshold": ["temperature", "critical_limit_max"],
    ]

    /// Of the NVMe health log, in the words of both programs, without blanks and signs.
    private static let logFields: [String: String] = [
        "temperature": "temperature", "availablespare": "available_spare",
        "availablesparethreshold": "available_spare_threshold", "percentageused": "percentage_used",
        "dataunitsread": "data_units_read", "dataunitswritten": "data_units_written",
        "hostreadcommands": "host_reads", "hostwritecommands": "host_writes",
        "controllerbusytime": "controller_busy_time",
        "powercycles": "power_cycles", "poweronhours": "power_on_hours", "unsafeshutdowns": "unsafe_shutdowns",
        "mediaanddataintegrityerrors": "media_errors", "mediaerrors": "media_errors",
        "errorinformationlogentries": "num_err_log_entries", "numerrlogentries": "num_err_log_entries",
        "warningcomptemperaturetime": "warning_temp_time", "warningtemperaturetime": "warning_temp_time",
        "criticalcomptemperaturetime": "critical_comp_time", "criticalcompositetemperaturetime": "critical_comp_time",
        "thermaltemp1totaltime": "thermal_mgmt_temperature_1_total_time",
        "thermaltemp2totaltime": "thermal_mgmt_temperature_2_total_time",
        "thermalmanagementt1totaltime": "thermal_mgmt_temperature_1_total_time",
        "thermalmanagementt2totaltime": "thermal_mgmt_temperature_2_total_time",
    ]

    private mutating func takeField(_ key: String, _ value: Substring) {
        if let path = SmartctlText.texts[key] {
            set(path[0], path.count > 1 ? path[1] : nil, .string(String(value)))
        } else if let path = SmartctlText.numbers[key] {
            // `hours:minutes 40212:03`
            let digits = value.hasPrefix("minutes ") ? value.dropFirst(8) : value
            if let number = SmartctlText.number(digits) {
                set(path[0], path.count > 1 ? path[1] : nil, .unsigned(number))
            }
        } else if key == "LU WWN Device Id" {
            set("logical_unit_id", nil, .string("0x" + value.filter { $0 != " " }))
        } else if key == "Rotation Rate" {
            set("rotation_rate", nil, .unsigned(SmartctlText.number(value) ?? 0))
        } else if key == "SMART overall-health self-assessment test result" {
            set("smart_status", "passed", .bool(value.hasPrefix("PASSED")))
        } else if key == "SMART Health Status" {
            takeVerdict(value)
        } else if key == "Device is" || key == "Local Time is" {
            return
        } else {
            takeLogField(key, value)
        }
    }

    /// `OK`, `HARDWARE IMPENDING FAILURE GENERAL HARD DRIVE FAILURE [asc=5d, ascq=10]`.
    private mutating func takeVerdict(_ value: Substring) {
        set("smart_status", "passed", .bool(value == "OK"))
        guard let open = value.firstRange(of: "[asc=")?.upperBound else { return }
        let codes = value[open...].dropLast().split(separator: ",").map(\.trimmed)
        guard codes.count == 2, codes[1].hasPrefix("ascq="), let code = UInt64(codes[0], radix: 16),
            let qualifier = UInt64(codes[1].dropFirst(5), radix: 16)
        else { return }
        set("smart_status", "scsi", .object(["asc": .unsigned(code), "ascq": .unsigned(qualifier)]))
    }

    private mutating func takeLogField(_ key: String, _ value: Substring) {
        let word = key.lowercased().filter { $0.isLetter || $0.isNumber }
        if word == "criticalwarning" {
            let digits = value.hasPrefix("0x") ? UInt64(value.dropFirst(2), radix: 16) : UInt64(value)
            health["critical_warning"] = digits.map { .unsigned($0) }
        } else if word.hasPrefix("temperaturesensor"), let number = Int(word.dropFirst("temperaturesensor".count)),
            let celsius = SmartctlText.number(value)
        {
            sensors.append((number, .unsigned(celsius)))
        } else if let field = SmartctlText.logFields[word], let number = SmartctlText.number(value) {
            health[field] = .unsigned(number)
        }
    }

    /// `Device is in STANDBY mode, exit(2)`, `    number of hours powered up  = 40212.05`, `ATA Error Count: 12`.
    private mutating func takeSentence(_ line: Substring) {
        if line.hasPrefix("Device is in ") {
            set("smartctl", "messages", .array([.object(["string": .string(String(line))])]))
        } else if let mark = line.firstRange(of: "number of hours powered up"),
            let equals = line[mark.upperBound...].firstIndex(of: "=")
        {
            if let hours = SmartctlText.number(line[line.index(after: equals)...].trimmed) {
                set("power_on_time", "hours", .unsigned(hours))
            }
        }
    }

    // MARK: Rows of tables

    private mutating func takeRow(_ line: Substring) -> Bool {
        let words = line.split(separator: " ")
        if let first = words.first, let id = UInt64(first), (1...255).contains(id), words.count >= 8 {
            return takeAttribute(id, words)
        }
        if words.count >= 6, words[0].hasPrefix("0x"), words[1].hasPrefix("0x") { return takeStatistic(words) }
        if let first = words.first, first == "#" || first.hasPrefix("#") && Int(first.dropFirst()) != nil,
            words.count >= 5
        {
            return takeSelfTest(line)
        }
        if words.count >= 8, let operation = ["read:": "read", "write:": "write", "verify:": "verify"][words[0]] {
            let keys = [
                "errors_corrected_by_eccfast", "errors_corrected_by_eccdelayed",
                "errors_corrected_by_rereads_rewrites", "total_errors_corrected", "correction_algorithm_invocations",
                "gigabytes_processed", "total_uncorrected_errors",
            ]
            var page: [String: JSONTree] = [:]
            for (key, word) in zip(keys, words.dropFirst()) {
                page[key] = UInt64(word).map { .unsigned($0) } ?? Double(word).map { .number($0) }
            }
            errorCounters[operation] = .object(page)
            return true
        }
        if words.count >= 4, words.starts(with: ["ATA", "Error", "Count:"]), let count = UInt64(words[3]) {
            set("ata_smart_error_log", "summary", .object(["count": .unsigned(count)]))
            return true
        }
        return false
    }

    /// `  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       0`, and of `-x`
    /// `  5 Reallocated_Sector_Ct   PO--CK   100   100   010    -    0`.
    private mutating func takeAttribute(_ id: UInt64, _ words: [Substring]) -> Bool {
        guard let value = UInt64(words[3]), let worst = UInt64(words[4]) else { return false }
        let isLong = words.count >= 10 && ["Pre-fail", "Old_age"].contains(words[6])
        let at = isLong ? 8 : 6
        guard words.count > at + 1 else { return false }
        let failed = ["-": "", "NOW": "now", "FAILING_NOW": "now", "Past": "past", "In_the_past": "past"]
        let raw = words[(at + 1)...]
        attributes.append(
            .object([
                "id": .unsigned(id), "name": .string(String(words[1])), "value": .unsigned(value),
                "worst": .unsigned(worst), "thresh": UInt64(words[5]).map { .unsigned($0) } ?? .null,
                "when_failed": .string(failed[String(words[at])] ?? String(words[at]).lowercased()),
                "raw": SmartctlText.raw(Array(raw)).map { .object(["value": .unsigned($0)]) } ?? .object([:]),
            ]))
        return true
    }

    /// `0x07  0x008  1               3  N--  Percentage Used Endurance Indicator`, where N says that it is normalised; a
    /// value that is not valid is `-`. Other tables of such lines have no number in the fourth place.
    private mutating func takeStatistic(_ words: [Substring]) -> Bool {
        guard let page = UInt64(words[0].dropFirst(2), radix: 16),
            let offset = UInt64(words[1].dropFirst(2), radix: 16), let value = UInt64(words[3])
        else { return false }
        let isNormalized = words[4].hasPrefix("N") || words[4] == "~"
        statistics[page, default: []].append(
            .object([
                "offset": .unsigned(offset), "value": .unsigned(value),
                "flags": .object(["normalized": .bool(isNormalized)]),
            ]))
        return true
    }

    /// The number that a raw value begins with; three words of 16 bits (`0 0 5`) are one of 48.
    private static func raw(_ words: [Substring]) -> UInt64? {
        let numbers = words.prefix(3).compactMap { UInt64($0) }
        if numbers.count == 3, words.count == 3, numbers.allSatisfy({ $0 <= 0xFFFF }) {
            return numbers.reduce(0) { $0 << 16 | $1 }
        }
        return words.first.flatMap { number($0) }
    }

    private static let results = [
        ("Completed without error", 0), ("Aborted", 1), ("Interrupted", 2), ("Fatal", 3), ("Completed: unknown", 4),
        ("Completed: electrical", 5), ("Completed: servo", 6), ("Completed: read", 7), ("Completed: handling", 8),
        ("Self-test routine in progress", 15),
    ]

    /// `# 1  Short offline       Completed: read failure       90%     40000         1234`; of SCSI disks
    /// `# 1  Background long   Failed in segment -->       7   40100   1234567 [0x3 0x11 0x0]`.
    private mutating func takeSelfTest(_ line: Substring) -> Bool {
        guard selfTests.isEmpty else { return true }
        if let (words, code) = SmartctlText.results.first(where: { line.contains($0.0) }),
            let end = line.firstRange(of: words)?.upperBound
        {
            let rest = line[end...].split(separator: " ").drop { !$0.hasSuffix("%") }.dropFirst()
            selfTests.append(
                .object([
                    "status": .object(["value": .unsigned(UInt64(code) << 4), "passed": .bool(code == 0)]),
                    "lifetime_hours": rest.first.flatMap { UInt64($0) }.map { .unsigned($0) } ?? .null,
                ]))
            return true
        }
        let scsi = [("Completed", 0), ("Failed in", 7), ("Aborted", 1), ("Self test in progress", 15)]
        if let (_, code) = scsi.first(where: { line.contains($0.0) }), tree["scsi_self_test_0"] == nil {
            tree["scsi_self_test_0"] = .object(["result": .object(["value": .unsigned(UInt64(code))])])
        }
        return true
    }

    // MARK: The tree

    /// `4,000,787,030,016 bytes [4.00 TB]`, `0x33`, `35 Celsius`, `100%`, `12345h+33m`.
    private static func number(_ text: some StringProtocol) -> UInt64? {
        UInt64(String(text.prefix { $0.isNumber || $0 == "," }).replacing(",", with: ""))
    }

    private mutating func set(_ key: String, _ inner: String?, _ value: JSONTree) {
        guard let inner else {
            tree[key] = tree[key] ?? value
            return
        }
        var object: [String: JSONTree] = [:]
        if case .object(let known)? = tree[key] { object = known }
        object[inner] = object[inner] ?? value
        tree[key] = .object(object)
    }

    private var whole: JSONTree {
        var text = self
        let isNVMe = !health.isEmpty
        let isSCSI = tree["scsi_vendor"] != nil || tree["scsi_transport_protocol"] != nil
        text.set("device", "protocol", .string(isNVMe ? "NVMe" : isSCSI ? "SCSI" : "ATA"))
        if !attributes.isEmpty {
            text.set("ata_smart_attributes", "table", .array(attributes))
            for (id, key, inner) in [(9, "power_on_time", "hours"), (194, "temperature", "current")] {
                let value = attributes.first { $0["id"]?.unsigned == UInt64(id) }?["raw", "value"]?.unsigned
                if let value { text.set(key, inner, .unsigned(value & 0xFFFF_FFFF)) }
            }
        }
        if !statistics.isEmpty {
            let pages = statistics.sorted { $0.key < $1.key }.map { number, table in
                JSONTree.object(["number": .unsigned(number), "table": .array(table)])
            }
            text.set("ata_device_statistics", "pages", .array(pages))
        }
        if !selfTests.isEmpty {
            text.set("ata_smart_self_test_log", "standard", .object(["table": .array(selfTests)]))
        }
        if isNVMe {
            var log = health
            let ordered = sensors.sorted { $0.0 < $1.0 }.map(\.1)
            if !ordered.isEmpty { log["temperature_sensors"] = .array(ordered) }
            text.set("nvme_smart_health_information_log", nil, .object(log))
        }
        if !errorCounters.isEmpty { text.set("scsi_error_counter_log", nil, .object(errorCounters)) }
        return .object(text.tree)
    }
}
