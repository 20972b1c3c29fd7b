/// What storcli and perccli print for people (`storcli /c0 show`, `/c0/eall/sall show all`), as the tree that they give
/// with `J`: what a customer mails. The probe itself asks for JSON.
///
/// Tables are read by the order of their words and not by columns: `Size` has two words, and a model any number.
struct StorcliText: Sendable {
    /// Lines looked at: a shelf of a hundred disks in full has some thousands.
    static let lineLimit = 20_000

    private struct Entry: Sendable {
        var status: [String: JSONTree] = [:]
        var data: [String: JSONTree] = [:]
    }

    private var entries: [Entry] = []
    private var section: String?
    /// The words of the table's head that is being read.
    private var head: [String] = []

    /// nil where it is no output of the kind.
    static func tree(of bytes: [UInt8]) -> JSONTree? {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).prefix(lineLimit)
        let heads = ["CLI Version =", "Controller =", "Controller="]
        guard lines.contains(where: { line in heads.contains { line.hasPrefix($0) } }) else { return nil }
        var text = StorcliText()
        for line in lines { text.take(line.trimmed) }
        guard !text.entries.isEmpty else { return nil }
        return .object([
            "Controllers": .array(
                text.entries.map {
                    .object(["Command Status": .object($0.status), "Response Data": .object($0.data)])
                })
        ])
    }

    private mutating func take(_ line: Substring) {
        if line.isEmpty || line.allSatisfy({ $0 == "=" || $0 == "-" }) { return }
        if line.hasPrefix("CLI Version") {
            entries.append(Entry())
            section = nil
            head = []
            return
        }
        if line.hasSuffix(":"), !line.contains("=") {
            section = String(line.dropLast().trimmed)
            head = []
            return
        }
        if entries.isEmpty { entries.append(Entry()) }
        let last = entries.count - 1
        if let equals = line.firstRange(of: " = ") ?? line.firstRange(of: "=") {
            let key = String(line[..<equals.lowerBound].trimmed)
            let value = JSONTree.string(String(line[equals.upperBound...].trimmed))
            if section == nil, ["Controller", "Status", "Description"].contains(key), entries[last].status[key] == nil {
                entries[last].status[key] = value
            } else if let section {
                set(key, value, in: section, of: last)
            } else {
                entries[last].data[key] = value
            }
            return
        }
        let words = line.split(separator: " ").map(String.init)
        if let first = words.first, StorcliText.heads.contains(first) {
            head = words
        } else if !head.isEmpty, let section, let row = row(words) {
            append(row, to: StorcliText.names[section] ?? section, of: last)
        }
    }

    /// What the first column of a table is called.
    private static let heads: Set<String> = ["DG/VD", "EID:Slt", "EID:Slot", "Model"]
    private static let names = ["Virtual Drives": "VD LIST", "Physical Drives": "PD LIST"]

    /// Numbers before the first word of the size, whose unit is a word of its own.
    private func row(_ words: [String]) -> JSONTree? {
        var row: [String: JSONTree] = [:]
        func set(_ key: String, _ place: Int) {
            if words.indices.contains(place) { row[key] = .string(words[place]) }
        }
        switch head[0] {
        case "DG/VD":
            for (place, key) in ["DG/VD", "TYPE", "State"].enumerated() { set(key, place) }
        case "Model":
            for (place, key) in ["Model", "State"].enumerated() { set(key, place) }
        default:
            for (place, key) in [head[0], "DID", "State", "DG"].enumerated() { set(key, place) }
            guard let kind = words.firstIndex(where: { ["SATA", "SAS", "NVMe", "PCIe"].contains($0) }), kind >= 4 else {
                return .object(row)
            }
            set("Intf", kind)
            set("Med", kind + 1)
            // SED, PI and the size of a sector, which may be `4 KB`; at the end the spindle and the type.
            let start = words.indices.contains(kind + 5) && ["B", "KB"].contains(words[kind + 5]) ? kind + 6 : kind + 5
            let model = words[min(start, words.count)..<max(min(start, words.count), words.count - 2)]
            if !model.isEmpty { row["Model"] = .string(model.joined(separator: " ")) }
        }
        if case .string(let group)? = row["DG"], let number = UInt64(group) { row["DG"] = .unsigned(number) }
        return .object(row)
    }

    private mutating func append(_ row: JSONTree, to name: String, of entry: Int) {
        var rows = entries[entry].data[name]?.elements ?? []
        rows.append(row)
        entries[entry].data[name] = .array(rows)
    }

    /// `Drive /c0/e252/s0 State` belongs into the details of that drive.
    private mutating func set(_ key: String, _ value: JSONTree, in section: String, of entry: Int) {
        var outer = section
        var inner: String?
        if section.hasPrefix("Drive /"), !section.hasSuffix(" - Detailed Information") {
            let drive = section.split(separator: " ").prefix(2).joined(separator: " ")
            outer = "\(drive) - Detailed Information"
            inner = section
        }
        var object: [String: JSONTree] = [:]
        if case .object(let known)? = entries[entry].data[outer] { object = known }
        if let inner {
            var own: [String: JSONTree] = [:]
            if case .object(let known)? = object[inner] { own = known }
            own[key] = value
            object[inner] = .object(own)
        } else {
            object[key] = value
        }
        entries[entry].data[outer] = .object(object)
    }
}
