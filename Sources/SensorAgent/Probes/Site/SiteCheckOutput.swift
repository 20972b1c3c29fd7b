import Reports

/// What a check of the site answered: a monitoring plugin (exit code, text, performance data; the Monitoring Plugins
/// Development Guidelines), or a script that prints `KEY=value` lines.
struct SiteCheckOutput: Hashable, Sendable {
    /// Bytes read of one answer.
    static let byteLimit = 64 << 10
    /// Values taken of one answer.
    static let valueLimit = 64

    /// `ok`, `warning`, `critical`; nil where the check itself does not know.
    var state: String?
    var values: [Value] = []
    /// Seconds since the backup that the check watches.
    var backupAge: Double?
    /// The first word of `STATUS`, `BACKUP_AGE` and `BACKUP_TIME` whose value is none: `BACKUP_TIME=` of a script whose
    /// file is gone. Such a check does not know that all is well.
    var unreadableKey: String?

    struct Value: Hashable, Sendable {
        var name: String
        /// As the check writes it: `s`, `%`, `MB`, `c`; empty for a bare number.
        var unit: String
        var value: Double
    }

    /// - Parameters:
    ///   - name: of the check: in one that is called after backups, an `age` is that of the backup.
    ///   - time: now, for a backup that is reported by the time at which it was made.
    init(parsing bytes: [UInt8], exitCode: Int32, name: String, at time: Timestamp) {
        state = SiteCheckOutput.states[exitCode]
        let text = String(decoding: bytes.prefix(SiteCheckOutput.byteLimit), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline)
        let pairs = lines.compactMap(SiteCheckOutput.pair)
        if !lines.isEmpty, pairs.count == lines.count {
            for pair in pairs { take(pair.key, pair.value, at: time) }
            if unreadableKey != nil, state == "ok" { state = nil }
        } else {
            let isBackup = name.lowercased().contains("backup")
            for line in lines {
                guard let bar = line.firstIndex(of: "|") else { continue }
                for value in SiteCheckOutput.performance(line[line.index(after: bar)...]) {
                    add(value)
                    if isBackup, value.name.lowercased().contains("age"),
                        let scale = SiteCheckOutput.seconds[value.unit]
                    {
                        note(age: value.value * scale)
                    }
                }
            }
        }
    }

    private static let states: [Int32: String] = [0: "ok", 1: "warning", 2: "critical"]
    private static let seconds = ["": 1, "s": 1, "ms": 0.001, "us": 0.000_001, "m": 60, "h": 3600, "d": 86_400]

    private mutating func add(_ value: Value) {
        if values.count < SiteCheckOutput.valueLimit, value.value.isFinite,
            !values.contains(where: { $0.name == value.name })
        {
            values.append(value)
        }
    }

    /// An age below nothing is a clock's.
    private mutating func note(age: Double) {
        if age.isFinite { backupAge = min(backupAge ?? .infinity, max(0, age)) }
    }

    // MARK: KEY=value

    /// A line `KEY=value`, the value with or without quotation marks; `#` begins a comment.
    private static func pair(_ line: Substring) -> (key: String, value: String)? {
        let line = line.drop { $0 == " " || $0 == "\t" }
        if line.hasPrefix("#") { return ("", "") }
        guard let equals = line.firstIndex(of: "="), !line.contains("|") else { return nil }
        let key = line[..<equals]
        guard !key.isEmpty, key.count <= 64,
            key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) })
        else { return nil }
        var value = line[line.index(after: equals)...]
        while value.last?.isWhitespace == true { value.removeLast() }
        if value.count > 1, let first = value.first, "\"'".contains(first), value.last == first {
            value = value.dropFirst().dropLast()
        }
        return (String(key), String(value))
    }

    private mutating func take(_ key: String, _ value: String, at time: Timestamp) {
        switch key.uppercased() {
        case "STATUS", "STATE":
            let word = value.lowercased()
            state = ["ok", "warning", "critical"].contains(word) ? word : nil
            if state == nil { unreadableKey = unreadableKey ?? key }
        case "BACKUP_AGE", "BACKUP_TIME":
            guard let number = Double(value), number.isFinite else {
                unreadableKey = unreadableKey ?? key
                return
            }
            let isAge = key.uppercased() == "BACKUP_AGE"
            note(age: isAge ? number : Double(time.milliseconds) / 1000 - number)
        default: if let number = Double(value) { add(Value(name: key, unit: "", value: number)) }
        }
    }

    // MARK: Performance data

    /// `'label'=value[unit];[warn];[crit];[min];[max]`, blanks between; what is none is passed over.
    private static func performance(_ text: Substring) -> [Value] {
        var values: [Value] = []
        var rest = text
        while values.count < valueLimit {
            rest = rest.drop { $0 == " " || $0 == "\t" }
            guard let first = rest.first else { break }
            var label = ""
            if first == "'" {
                rest = rest.dropFirst()
                while let character = rest.popFirst() {
                    if character != "'" {
                        label.append(character)
                    } else if rest.first == "'" {
                        label.append("'")
                        rest = rest.dropFirst()
                    } else {
                        break
                    }
                }
            } else {
                label = String(rest.prefix { $0 != "=" && $0 != " " })
                rest = rest.dropFirst(label.count)
            }
            guard rest.first == "=" else {
                rest = rest.drop { $0 != " " }
                continue
            }
            let field = rest.dropFirst().prefix { $0 != " " && $0 != "\t" }
            rest = rest.dropFirst(field.count + 1)
            let number = field.prefix { $0.isNumber || "+-.eE".contains($0) }
            let unit = field.dropFirst(number.count).prefix { $0 != ";" }
            guard let value = Double(number), !label.isEmpty, label.count <= 64, unit.count <= 8 else { continue }
            values.append(Value(name: label, unit: String(unit), value: value))
        }
        return values
    }
}
