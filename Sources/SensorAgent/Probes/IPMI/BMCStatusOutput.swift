import Reports

extension BMCStatus {
    /// Reads `ipmitool mc info`, `mc selftest`, `chassis status`, `dcmi power reading`, and FreeIPMI's ipmi-dcmi:
    /// lines of `key : value`. Several outputs may follow one another.
    init(parsing bytes: [UInt8]) {
        var fields: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).prefix(1_000) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].trimmed
            guard key.utf8.count <= 60 else { continue }
            fields[String(key)] = String(line[line.index(after: colon)...].trimmed.prefix(200))
        }
        if fields["Device ID"] != nil || fields["IPMI Version"] != nil {
            firmware = fields["Firmware Revision"]
            manufacturer = PlaceholderText.removed(
                fields["Manufacturer Name"].map { $0.hasPrefix("Unknown") ? "" : $0 })
        }
        if let test = fields["Selftest"] {
            selfTest = test.hasPrefix("passed") ? "passed" : test.hasPrefix("not") ? nil : "failed"
        }
        if fields["Main Power Fault"] != nil {
            chassis = Chassis(
                faults: Chassis.faults.filter { fields[$0] == "true" },
                isOpen: fields["Chassis Intrusion"].map { $0 == "active" })
        }
        func watts(_ keys: String...) -> Double? {
            for key in keys {
                guard let text = fields[key], let number = Double(text.prefix { $0 != " " }),
                    text.lowercased().hasSuffix("watts")
                else { continue }
                return number
            }
            return nil
        }
        guard let now = watts("Instantaneous power reading", "Current Power") else { return }
        power = Power(
            now: now, lowest: watts("Minimum during sampling period", "Minimum Power over sampling duration"),
            highest: watts("Maximum during sampling period", "Maximum Power over sampling duration"),
            average: watts("Average power reading over sample period", "Average Power over sampling duration"),
            isActive: fields["Power reading state is"] != "deactivated"
                && fields["Power Measurement"] != "Not Available")
    }
}
