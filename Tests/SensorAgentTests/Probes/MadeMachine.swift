import Foundation

/// A machine for umockdev: monitoring chips with the values of a recorded `sensors` output or hwmon tree.
struct MadeMachine: Sendable {
    /// `temp1_input` and what the file of that name says.
    typealias Attribute = (name: String, text: String)

    struct Chip: Sendable {
        /// `nct6798-isa-0290`.
        var name: String
        var attributes: [Attribute] = []
    }

    var chips: [Chip]

    /// Kinds of feature that sysfs has, with what libsensors divides the file's number by.
    private static let scales: [(prefix: String, scale: Double)] = [
        ("in", 1000), ("fan", 1), ("temp", 1000), ("power", 1_000_000), ("energy", 1_000_000), ("curr", 1000),
        ("humidity", 1000),
    ]
    private static let unscaled = ["_alarm", "_fault", "_beep", "_type", "_div", "_pulses"]

    /// The text of the file behind a subfeature whose scaled value is `value`.
    static func fileText(_ subfeature: String, _ value: Double) -> String {
        var scale =
            scales.first {
                subfeature.hasPrefix($0.prefix) && subfeature.dropFirst($0.prefix.count).first?.isNumber == true
            }?.scale ?? 1
        if unscaled.contains(where: subfeature.hasSuffix) { scale = 1 }
        if subfeature.hasSuffix("_vid") || subfeature.hasSuffix("_average_interval") { scale = 1000 }
        return String(format: "%.0f", value * scale)
    }

    // MARK: From `sensors -j` and `sensors -u`

    /// One printed value: chip, subfeature, and its text with three decimals.
    struct Printed: Hashable, Sendable {
        var chip: String
        var subfeature: String
        var text: String
    }

    /// The lines of `sensors -j`, read by their indentation: 3.6.0 prints no valid JSON where a value cannot be read.
    static func printed(json: String) -> [(value: Printed, label: String)] {
        var chip = ""
        var label = ""
        var values: [(Printed, String)] = []
        for line in json.split(separator: "\n") {
            let indent = line.prefix { $0 == " " }.count
            let parts = line.dropFirst(indent).split(separator: "\":", maxSplits: 1)
            guard parts.count == 2, let key = parts.first?.dropFirst() else { continue }
            let rest = parts[1].trimmingCharacters(in: [" ", ","])
            if rest == "{" {
                if indent <= 3 { chip = String(key) } else { label = String(key) }
            } else if key != "Adapter", Double(rest) != nil {
                values.append((Printed(chip: chip, subfeature: String(key), text: rest), label))
            }
        }
        return values
    }

    /// The lines of `sensors -u`.
    static func printed(raw: String) -> [(value: Printed, label: String)] {
        var chip = ""
        var label = ""
        var values: [(Printed, String)] = []
        for line in raw.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("  "), let colon = line.range(of: ": ") {
                let name = line[..<colon.lowerBound].trimmingCharacters(in: .whitespaces)
                let text = line[colon.upperBound...].trimmingCharacters(in: .whitespaces)
                if Double(text) != nil { values.append((Printed(chip: chip, subfeature: name, text: text), label)) }
            } else if line.hasSuffix(":") {
                label = String(line.dropLast())
            } else if isChipName(line) {
                chip = String(line)
            }
        }
        return values
    }

    init(printed: [(value: Printed, label: String)]) {
        var chips: [Chip] = []
        for (value, label) in printed {
            if chips.last?.name != value.chip { chips.append(Chip(name: value.chip)) }
            let feature = String(value.subfeature.split(separator: "_").first ?? "")
            let text = MadeMachine.fileText(value.subfeature, Double(value.text) ?? 0)
            chips[chips.count - 1].attributes.append((value.subfeature, text))
            let file = "\(feature)_label"
            if label != feature, label != value.subfeature,
                !chips[chips.count - 1].attributes.contains(where: { $0.name == file })
            {
                chips[chips.count - 1].attributes.append((file, label))
            }
        }
        self.chips = chips
    }

    // MARK: From the text of `sensors`

    static func isChipName(_ line: some StringProtocol) -> Bool {
        let text = String(line)
        return text.range(
            of: #"^[A-Za-z0-9_]+-(isa|pci|i2c|acpi|virtual|hid|scsi|spi|mdio)-[0-9a-f-]+$"#, options: .regularExpression
        )
            != nil
    }

    private static let limitNames: [String: [String: String]] = [
        "temp": [
            "low": "min", "high": "max", "crit": "crit", "crit low": "lcrit", "emerg": "emergency", "hyst": "hyst",
            "lowest": "lowest", "highest": "highest", "crit high": "crit", "limit": "max",
        ],
        "in": [
            "min": "min", "max": "max", "crit min": "lcrit", "crit max": "crit", "lowest": "lowest",
            "highest": "highest",
            "avg": "average",
        ],
        "curr": [
            "min": "min", "max": "max", "crit min": "lcrit", "crit max": "crit", "lowest": "lowest",
            "highest": "highest",
            "avg": "average",
        ],
        "power": [
            "cap": "cap", "max": "max", "crit": "crit", "min": "min", "lowest": "input_lowest",
            "highest": "input_highest",
            "interval": "average_interval", "hyst": "cap_hyst", "lcrit": "lcrit",
        ],
        "fan": ["min": "min", "max": "max", "div": "div", "pulses": "pulses"],
    ]
    private static let units: [String: (kind: String, factor: Double)] = [
        "°C": ("temp", 1), "C": ("temp", 1), "V": ("in", 1), "mV": ("in", 0.001), "RPM": ("fan", 1), "W": ("power", 1),
        "mW": ("power", 0.001), "uW": ("power", 1e-6), "A": ("curr", 1), "mA": ("curr", 0.001), "J": ("energy", 1),
        "kJ": ("energy", 1000), "MJ": ("energy", 1e6), "%RH": ("humidity", 1),
    ]
    private static let alarmNames = [
        "MIN": "min", "MAX": "max", "LOW": "min", "HIGH": "max", "CRIT": "crit", "LCRIT": "lcrit",
        "EMERGENCY": "emergency", "CAP": "cap",
    ]

    /// Reads what `sensors` prints for people: each printed value becomes the file that would print it.
    init(text: String) {
        var reader = TextReader()
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { reader.read(String(line)) }
        reader.finish()
        chips = reader.chips
    }

    private struct TextReader {
        var chips: [Chip] = []
        /// Label and what follows it, of the chip that is being read.
        private var features: [(label: String, rest: String)] = []

        mutating func read(_ line: String) {
            if MadeMachine.isChipName(line.trimmingCharacters(in: .whitespaces)) {
                finish()
                chips.append(Chip(name: line.trimmingCharacters(in: .whitespaces)))
            } else if line.trimmingCharacters(in: .whitespaces).hasPrefix("("), !features.isEmpty {
                features[features.count - 1].rest += " " + line.trimmingCharacters(in: .whitespaces)
            } else if let colon = line.firstIndex(of: ":"), !chips.isEmpty, !line.hasPrefix("Adapter") {
                features.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
            } else if line.isEmpty {
                finish()
            }
        }

        mutating func finish() {
            defer { features = [] }
            guard !chips.isEmpty else { return }
            var taken: Set<String> = Set(features.map(\.label))
            for (label, rest) in features {
                let text = rest.trimmingCharacters(in: .whitespaces)
                guard let kind = MadeMachine.kind(label: label, rest: text) else { continue }
                var name = label
                if name.range(
                    of: #"^(in|fan|temp|power|energy|curr|humidity|intrusion)\d+$"#, options: .regularExpression)
                    == nil,
                    kind != "vid", kind != "beep_enable"
                {
                    var number = kind == "in" ? 0 : 1
                    while !taken.insert("\(kind)\(number)").inserted { number += 1 }
                    name = "\(kind)\(number)"
                }
                chips[chips.count - 1].attributes += MadeMachine.attributes(
                    name: name, label: label, kind: kind, rest: text)
            }
        }
    }

    private static func kind(label: String, rest: String) -> String? {
        if label.hasSuffix("_vid") { return "vid" }
        if label == "beep_enable" { return "beep_enable" }
        if label.hasPrefix("intrusion") { return "intrusion" }
        let words = rest.split(separator: " ")
        if let first = words.first {
            for (unit, meaning) in units where unit.count > 0 {
                if first.hasSuffix("°C") { return "temp" }
                if words.count > 1, words[1] == unit, Double(first) != nil { return meaning.kind }
            }
            if first == "N/A" || first == "FAULT" {
                let known = [
                    "in": "in", "v": "in", "fan": "fan", "pin": "power", "pout": "power", "power": "power",
                    "PPT": "power", "i": "curr", "curr": "curr", "energy": "energy",
                ]
                return known.sorted { $0.key.count > $1.key.count }.first { label.hasPrefix($0.key) }?.value ?? "temp"
            }
        }
        return nil
    }

    private static func attributes(name: String, label: String, kind: String, rest: String) -> [Attribute] {
        switch kind {
        case "vid": return [(name, fileText(name, number(rest) ?? 0))]
        case "beep_enable": return [(name, rest.hasPrefix("enabled") ? "1" : "0")]
        case "intrusion": return [("\(name)_alarm", rest.contains("ALARM") ? "1" : "0")]
        default: break
        }
        var attributes: [Attribute] = []
        if name != label { attributes.append(("\(name)_label", label)) }
        let head = rest.split(separator: "(").first.map(String.init) ?? rest
        let input = "\(name)_input"
        if let value = number(head) {
            attributes.append((input, fileText(input, value * factor(head))))
        } else {
            attributes.append((input, "not to be read"))
        }
        if head.contains("FAULT") { attributes.append(("\(name)_fault", "1")) }
        var last = ""
        for group in groups(in: rest) {
            for item in group.split(separator: ",") {
                let parts = item.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                guard parts.count == 2, let value = number(parts[1]), var suffix = limitNames[kind]?[parts[0]] else {
                    continue
                }
                if suffix == "hyst" { suffix = "\(last)_hyst" } else { last = suffix }
                let subfeature = "\(name)_\(suffix)"
                if attributes.contains(where: { $0.name == subfeature }) { continue }
                attributes.append((subfeature, fileText(subfeature, value * factor(parts[1]))))
            }
        }
        if let alarm = rest.range(of: "ALARM") {
            let words = rest[alarm.upperBound...].split { !$0.isLetter }.compactMap { alarmNames[String($0)] }
            attributes += words.isEmpty ? [("\(name)_alarm", "1")] : words.map { ("\(name)_\($0)_alarm", "1") }
        }
        if rest.contains("sensor = thermistor") { attributes.append(("\(name)_type", "4")) }
        if rest.contains("sensor = thermal diode") { attributes.append(("\(name)_type", "3")) }
        return attributes
    }

    private static func groups(in text: String) -> [Substring] {
        text.split(separator: "(").dropFirst().compactMap {
            $0.split(separator: ")", omittingEmptySubsequences: false).first
        }
    }

    private static func number(_ text: String) -> Double? {
        text.range(of: #"[+-]?\d+(\.\d+)?"#, options: .regularExpression).flatMap { Double(text[$0]) }
    }

    private static func factor(_ text: String) -> Double {
        text.split(separator: " ").dropFirst().lazy.compactMap { units[String($0)]?.factor }.first ?? 1
    }

    // MARK: From a recorded tree

    /// Every hwmon device below `tree`, with its files as they are.
    init(tree: URL) {
        var chips: [Chip] = []
        let files = FileManager.default.enumerator(at: tree, includingPropertiesForKeys: nil)
        var folders: Set<String> = []
        while let file = files?.nextObject() as? URL {
            if file.lastPathComponent.range(
                of: #"^(in|fan|temp|power|energy|curr|humidity)\d+_(input|average)$"#, options: .regularExpression)
                != nil
            {
                folders.insert(file.deletingLastPathComponent().path)
            }
        }
        for (index, folder) in folders.sorted().enumerated() {
            let url = URL(filePath: folder)
            let prefix = Recordings.text(url.appending(path: "name")).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !prefix.isEmpty, !prefix.contains("-") else { continue }
            var chip = Chip(name: "\(prefix)-isa-" + String(format: "%04x", index))
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
                let isValue = name.range(
                    of: #"^((in|fan|temp|power|energy|curr|humidity|intrusion)\d+_|beep_enable|cpu\d+_vid)"#,
                    options: .regularExpression)
                guard isValue != nil else { continue }
                chip.attributes.append(
                    (name, Recordings.text(url.appending(path: name)).trimmingCharacters(in: .newlines)))
            }
            chips.append(chip)
        }
        self.chips = chips
    }

    // MARK: For umockdev

    /// The machine in the language of `umockdev-run -d`; chips on a bus that umockdev cannot stand for are left out.
    var description: String {
        var text = ""
        var parents: Set<String> = []
        for (index, chip) in chips.enumerated() {
            let (prefix, parent) = Self.parent(of: chip.name, index: index)
            var folder = "/devices/virtual"
            if let parent {
                folder = "/devices/c\(parent.subsystem)/\(parent.name)"
                if parents.insert(folder).inserted { text += "P: \(folder)\nE: SUBSYSTEM=\(parent.subsystem)\n\n" }
            }
            text += "P: \(folder)/hwmon/hwmon\(index)\nE: SUBSYSTEM=hwmon\n"
            if let parent { text += "L: device=../../../\(parent.name)\n" }
            text += "A: name=\(prefix)\\n\n"
            for (name, value) in chip.attributes {
                let escaped = value.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(
                    of: "\n", with: "\\n")
                text += "A: \(name)=\(escaped)\\n\n"
            }
            text += "\n"
        }
        return text
    }

    /// The device that makes libsensors print `-isa-0290` and the like behind the chip's prefix.
    private static func parent(of chip: String, index: Int) -> (String, (subsystem: String, name: String)?) {
        let parts = chip.split(separator: "-").map(String.init)
        let bus = parts.count > 1 ? parts[1] : ""
        let address = Int(parts.last ?? "", radix: 16) ?? 0
        switch bus {
        case "isa": return (parts[0], ("platform", "p\(index).\(address)"))
        case "pci":
            let name = String(
                format: "%04x:%02x:%02x.%x", address >> 16, address >> 8 & 0xFF, address >> 3 & 0x1F, address & 7)
            return (parts[0], ("pci", name))
        case "i2c": return (parts[0], ("i2c", "\(parts[2])-" + String(format: "%04x", address)))
        case "acpi": return (parts[0], ("acpi", "device:\(index)"))
        case "hid": return (parts[0], ("hid", "0003:1B1C:\(String(format: "%04X", index)).000\(address)"))
        case "scsi": return (parts[0], ("scsi", "\(parts[2]):0:0:\(address)"))
        default: return (parts[0], nil)
        }
    }
}
