import Reports

/// The field-replaceable units that `ipmitool fru print` lists, as parts (IPMI Platform Management FRU Information
/// Storage Definition 1.0).
struct IPMIInventory: Sendable {
    /// Units taken of one output.
    static let unitLimit = 512

    private(set) var components: [Component] = []
    /// Units that the BMC names and cannot read, by name.
    private(set) var silent: [String] = []

    /// - Throws: when no unit is named in it.
    init(parsing bytes: [UInt8], parts: IPMIParts) throws(IPMIRefusal) {
        var name: String?
        var fields: [String: String] = [:]
        var units = 0
        func value(_ keys: String...) -> String? {
            for key in keys { if let found = PlaceholderText.removed(fields[key]) { return found } }
            return nil
        }
        var found: [Component] = []
        var unread: [String] = []
        func close() {
            guard let name else { return }
            if fields.isEmpty {
                unread.append(name)
            } else {
                found += IPMIInventory.components(of: name, parts: parts, value)
            }
        }
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let (key, text) = (line[..<colon].trimmed, line[line.index(after: colon)...].trimmed)
            if key == "FRU Device Description" {
                close()
                units += 1
                guard units <= IPMIInventory.unitLimit else { break }
                name = String(text.firstRange(of: " (ID").map { text[..<$0.lowerBound] } ?? text)
                fields = [:]
            } else if name != nil, fields[String(key)] == nil {
                fields[String(key)] = String(text.prefix(200))
            }
        }
        close()
        guard units > 0 else { throw IPMIRefusal(description: "no unit in it: not what ipmitool fru print prints") }
        for component in found where !components.contains(where: { $0.id == component.id }) {
            components.append(component)
        }
        silent = unread
    }

    /// The parts that one unit describes: unit 0 is the board, and describes the chassis too.
    private static func components(
        of name: String, parts: IPMIParts, _ value: (String...) -> String?
    ) -> [Component] {
        let board = Part(
            manufacturer: value("Board Mfg", "Product Manufacturer", "Manufacturer"),
            model: value("Board Product", "Product Name"),
            partNumber: value("Board Part Number", "Product Part Number", "Part Number"),
            serial: value("Board Serial", "Product Serial", "Serial Number"))
        let word = IPMIStates.plain(name)
        let isMain =
            word.hasPrefix("builtinfru") || word.hasPrefix("mainboard") || word.hasPrefix("systemboard")
            || word == "mb" || word.hasPrefix("motherboard") || word.hasPrefix("baseboard")
        if isMain {
            var main = IPMIParts.board
            main.part = board
            main.part.serial = value("Board Serial")
            var chassis = IPMIParts.chassis
            chassis.part = Part(
                manufacturer: value("Product Manufacturer"), model: value("Product Name"),
                partNumber: value("Chassis Part Number", "Product Part Number"),
                serial: value("Chassis Serial", "Product Serial"))
            return [main, chassis].filter { $0.part != Part() }
        }
        guard var component = named(name, word, parts), board != Part() else { return [] }
        let location = component.part.location ?? name
        component.part = board
        component.part.location = location
        component.attributes["fru"] = name
        component.attributes["made"] = value("Board Mfg Date")
        return [component]
    }

    private static func named(_ name: String, _ word: String, _ parts: IPMIParts) -> Component? {
        func made(_ kind: ComponentKind) -> Component {
            Component(id: ComponentID(kind, "ipmi/\(name)"), kind: kind, parent: IPMIParts.chassis.id, name: name)
        }
        if let number = IPMIParts.number(in: name, after: ["ps", "psu", "pwrsupply", "powersupply", "pws", "pwrsply"]) {
            return IPMIParts.supply(number)
        }
        if word.contains("powersupply") || word.contains("pwrsupply") { return made(.psu) }
        if word.contains("dimm") { return parts.part(name: name, type: IPMIStates.memory, entity: nil) }
        if word.hasPrefix("cpu") || word.hasPrefix("processor") {
            return parts.part(name: name, type: IPMIStates.processor, entity: nil)
        }
        let kinds: [(ComponentKind, [String])] = [
            (.backplane, ["backplane", "hddbp", "bp"]), (.nic, ["nic", "ndc", "lom", "ethernet"]),
            (.controller, ["perc", "raid", "storage", "hba", "bmc", "ilo", "rac"]), (.fan, ["fan"]),
        ]
        for (kind, words) in kinds
        where words.contains(where: { word.hasPrefix($0) || word.contains($0) && $0.count > 2 }) {
            return made(kind)
        }
        return made(.board)
    }
}
