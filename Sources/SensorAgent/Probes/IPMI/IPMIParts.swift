import Reports

/// Which part of the server a sensor or an event of the BMC is about.
///
/// The BMC knows entities and names; SMBIOS knows the parts. Where a name leads to exactly one part of SMBIOS, that is the
/// part, so that one DIMM is one component whoever speaks of it; else the BMC's own name makes one.
struct IPMIParts: Sendable {
    static let chassis = Component(id: ComponentID(.chassis, "main"), kind: .chassis, name: "chassis")
    static let board = Component(id: ComponentID(.board, "main"), kind: .board, name: "main board")
    static let battery = Component(
        id: ComponentID(.boardBattery, "main"), kind: .boardBattery, parent: board.id, name: "battery of the main board"
    )

    private let memory: MemoryModules
    private let processors: [Component]

    init(firmware: SMBIOS = SMBIOS(parsing: [])) {
        let inventory = FirmwareInventory(firmware, files: SysTree(root: "/nonexistent"))
        memory = inventory.modules
        processors = inventory.components.filter { $0.kind == .cpu }
    }

    // Entity ids (table 43-13).
    private static let processorEntities: Set<UInt8> = [0x03, 0x41]
    private static let memoryEntities: Set<UInt8> = [0x08, 0x20]
    private static let supplyEntity: UInt8 = 0x0A
    private static let chassisEntities: Set<UInt8> = [0x13, 0x15, 0x17, 0x1E]
    private static let batteryEntity: UInt8 = 0x28

    /// What a sensor measures or watches; nil for the board in general.
    func part(name: String, type: UInt8?, entity: IPMISensor.Entity?) -> Component? {
        let id = entity?.id
        if type == IPMIStates.processor || id.map(Self.processorEntities.contains) == true {
            return processor(name, entity)
        }
        if type == IPMIStates.memory || id.map(Self.memoryEntities.contains) == true { return module(name, type) }
        if type == IPMIStates.powerSupply || id == Self.supplyEntity { return supply(name, entity) }
        if type == IPMIStates.battery || IPMIParts.isBoardBattery(name, entity) {
            if IPMIParts.isBoardBattery(name, entity) || !IPMIParts.isCacheBattery(name) { return Self.battery }
            return Component(id: ComponentID(.controller, "ipmi/\(name)"), kind: .controller, name: name)
        }
        if type == IPMIStates.driveSlot {
            return Component(
                id: ComponentID(.slot, "ipmi/\(name)"), kind: .slot, parent: Self.chassis.id, name: name,
                part: Part(location: name))
        }
        if type == IPMIStates.physicalSecurity {
            return Component(
                id: ComponentID(.intrusion, "ipmi/\(name)"), kind: .intrusion, parent: Self.chassis.id, name: name)
        }
        if type == IPMIStates.powerUnit || id.map(Self.chassisEntities.contains) == true { return Self.chassis }
        return nil
    }

    /// What an entry is about that bears no name and no sensor that is known: `Processor #0x40`. nil for the board in
    /// general, and for parts that are found without a name.
    func part(number: UInt8, type: UInt8?) -> Component? {
        let digits = hexadecimal(UInt64(number), digits: 2)
        switch type {
        case IPMIStates.processor:
            if processors.count == 1 { return processors.first }
            return Component(
                id: ComponentID(.cpu, "ipmi/sensor_\(digits)h"), kind: .cpu, parent: Self.board.id,
                name: "processor of sensor \(digits)h")
        case IPMIStates.powerSupply:
            return Component(
                id: ComponentID(.psu, "ipmi/sensor_\(digits)h"), kind: .psu, parent: Self.chassis.id,
                name: "power supply of sensor \(digits)h")
        default: return nil
        }
    }

    private static func isCacheBattery(_ name: String) -> Bool {
        let word = IPMIStates.plain(name)
        return ["raid", "romb", "perc", "stor", "bbu", "megacell", "cache"].contains { word.contains($0) }
    }

    /// `VBAT`, `Planar VBAT`, `CMOS Battery`, `3V BAT`: the coin cell, and no cache battery.
    static func isBoardBattery(_ name: String, _ entity: IPMISensor.Entity?) -> Bool {
        guard !isCacheBattery(name) else { return false }
        let word = IPMIStates.plain(name)
        return entity?.id == batteryEntity || word.contains("vbat") || word.contains("cmos") || word.hasSuffix("vbatt")
            || word == "battery" || word.hasSuffix("bat") || word.contains("cellbatt")
    }

    private func processor(_ name: String, _ entity: IPMISensor.Entity?) -> Component? {
        let number = IPMIParts.number(in: name, after: ["cpu", "proc", "p", "statc", "vcpu"])
        if let number {
            let fitting = processors.filter {
                IPMIParts.lastNumber(in: $0.part.location ?? $0.name) == number
            }
            if fitting.count == 1 { return fitting.first }
        }
        if processors.count == 1, number == nil || number == 1 || number == 0 { return processors.first }
        guard let which = number ?? entity.map({ Int($0.instance) }) else { return nil }
        return Component(
            id: ComponentID(.cpu, "ipmi/\(which)"), kind: .cpu, parent: Self.board.id, name: "processor \(which)",
            part: Part(location: "CPU \(which)"))
    }

    /// The processor that an entry without its number is about, as its words say, or the sensor's name: `Processor CPU
    /// Machine Chk`. nil for another part's entry, and where nothing names one.
    func processor(of event: IPMIEvent) -> Component? {
        guard event.type == IPMIStates.processor, let name = event.name else { return nil }
        if let number = IPMIParts.number(in: event.words, after: ["cpu", "processor"]) {
            return processor("CPU \(number)", nil)
        }
        if processors.count == 1 { return processors.first }
        return Component(id: ComponentID(.cpu, "ipmi/\(name)"), kind: .cpu, parent: Self.board.id, name: name)
    }

    private func module(_ name: String, _ type: UInt8?) -> Component? {
        if let known = knownModule(name) { return known }
        let word = IPMIStates.plain(name)
        if word.contains("dimm"), word.contains(where: \.isNumber) {
            let slot = name.split(separator: " ").first { IPMIStates.plain($0).contains("dimm") && $0.count > 4 }
            return Self.module(labelled: slot.map(String.init) ?? name)
        }
        guard type == IPMIStates.memory else { return nil }
        return Component(
            id: ComponentID(.memoryController, "ipmi/\(name)"), kind: .memoryController, parent: Self.board.id,
            name: name)
    }

    /// The one module of SMBIOS whose place stands in `name`, or ends with it: `DIMM_A1` of `CPU1_DIMM_A1`.
    private func knownModule(_ name: String) -> Component? {
        let word = IPMIStates.plain(name)
        let fitting = memory.modules.map(\.component).filter { module in
            let locator = IPMIStates.plain(module.part.location ?? "")
            return !locator.isEmpty && IPMIParts.contains(locator, in: word)
        }
        // `P1DIMMA1` contains `DIMMA1` as well: the longest counts.
        let longest = fitting.map { IPMIStates.plain($0.part.location ?? "").count }.max()
        let best = fitting.filter { IPMIStates.plain($0.part.location ?? "").count == longest }
        guard best.isEmpty else { return best.count == 1 ? best.first : nil }
        return memory.module(ofUnit: name)
    }

    /// Whether `locator` is in `word` with its number whole: `A1` is not in `DIMMA12`.
    private static func contains(_ locator: String, in word: String) -> Bool {
        word.ranges(of: locator).contains { range in
            guard let last = locator.last, last.isNumber, range.upperBound < word.endIndex else { return true }
            return !word[range.upperBound].isNumber
        }
    }

    private static func module(labelled label: String) -> Component {
        Component(
            id: ComponentID(.dimm, "ipmi/\(label)"), kind: .dimm, parent: board.id, name: label,
            part: Part(location: label))
    }

    /// The module that an entry names in its words: `Uncorrectable ECC (@DIMMB2(CPU1))`, `… at location(s) DIMM_A3.` Where
    /// they name the socket as well, it belongs to the place: each socket may have a `DIMMB2`.
    func module(in words: String) -> Component? {
        let signs: Set<Character> = ["_", "-", "#"]
        let words = words.prefix(300)
        let tokens = words.split { !($0.isASCII && ($0.isLetter || $0.isNumber || signs.contains($0))) }
        for (index, token) in tokens.enumerated() where token.lowercased().contains("dimm") {
            var place = String(token)
            if !token.contains(where: \.isNumber) {
                // `DIMM A7`, `DIMM 3`: the place stands apart.
                guard token.lowercased() == "dimm", index + 1 < tokens.count else { continue }
                let next = tokens[index + 1]
                guard next.count <= 3, next.contains(where: \.isNumber) else { continue }
                place = "DIMM_\(next)"
            }
            guard let socket = IPMIParts.socket(in: tokens) else {
                return knownModule(place) ?? Self.module(labelled: place)
            }
            // Boards write `P2-DIMMG1` on them.
            if let known = knownModule("P\(socket)-\(place)") { return known }
            let label = "CPU\(socket) \(place)"
            return knownModule(label) ?? Self.module(labelled: label)
        }
        return nil
    }

    /// The number of `CPU1`, `CPU 1` or `Processor 1` among words.
    private static func socket(in tokens: [Substring]) -> Int? {
        for (index, token) in tokens.enumerated() {
            let low = token.lowercased()
            guard let word = ["processor", "cpu"].first(where: { low.hasPrefix($0) }) else { continue }
            let digits = low.dropFirst(word.count)
            let number = digits.isEmpty && index + 1 < tokens.count ? tokens[index + 1] : digits
            if (1...3).contains(number.count), let found = Int(number) { return found }
        }
        return nil
    }

    private static func tokens(_ words: String) -> [String] {
        words.prefix(300).split { !($0.isLetter || $0.isNumber || "_-#:".contains($0)) }.map(String.init)
    }

    /// The card or the slot that the words of an entry name: `PCI SERR (PCI SERR |PCI bus:03 device:00 function:0)`, `(…
    /// |Slot 3)`, `(P2 SLOT3)`; else any slot.
    static func card(in words: String) -> Component {
        let tokens = tokens(words)
        func number(after word: String) -> UInt8? {
            // `bus:3b` of ipmitool, `bus 59` of iDRAC's sentences.
            if let joined = tokens.first(where: { $0.lowercased().hasPrefix("\(word):") }) {
                return UInt8(joined.dropFirst(word.count + 1), radix: 16)
            }
            guard let place = tokens.firstIndex(where: { $0.lowercased() == word }), place + 1 < tokens.count else {
                return nil
            }
            return UInt8(tokens[place + 1])
        }
        if let bus = number(after: "bus"), let device = number(after: "device"),
            let function = number(after: "function"),
            device < 32, function < 8
        {
            let (first, second) = (hexadecimal(UInt64(bus), digits: 2), hexadecimal(UInt64(device), digits: 2))
            let address = "0000:\(first):\(second).\(function)"
            return Component(
                id: ComponentID(.pcieDevice, address), kind: .pcieDevice, name: address,
                attributes: ["device": address])
        }
        if let place = tokens.firstIndex(where: { IPMIStates.plain($0).hasPrefix("slot") }) {
            var label = tokens[place]
            if IPMIStates.plain(label) == "slot", place + 1 < tokens.count { label += " \(tokens[place + 1])" }
            let socket = place > 0 && tokens[place - 1].count <= 4 ? tokens[place - 1] : ""
            if IPMIParts.number(in: socket, after: ["p", "cpu"]) != nil { label = "\(socket) \(label)" }
            if label.contains(where: \.isNumber) {
                return Component(
                    id: ComponentID(.slot, "ipmi/\(label)"), kind: .slot, parent: board.id, name: label,
                    part: Part(location: label))
            }
        }
        return Component(id: ComponentID(.slot, "ipmi/PCI"), kind: .slot, parent: board.id, name: "a PCI slot")
    }

    /// `PS1 Status`, `Power Supply 1`, `PSU2`; else the entity's instance.
    private func supply(_ name: String, _ entity: IPMISensor.Entity?) -> Component? {
        let word = IPMIStates.plain(name)
        if word.contains("powersupplies") || word.contains("redundancy") || word.contains("psredun") {
            return Self.chassis
        }
        let number = IPMIParts.number(in: name, after: ["ps", "psu", "pwrsupply", "powersupply", "pws", "pwrsply"])
        guard let which = number ?? entity.flatMap({ $0.id == Self.supplyEntity ? Int($0.instance) : nil }) else {
            return Self.chassis
        }
        return IPMIParts.supply(which)
    }

    static func supply(_ number: Int) -> Component {
        Component(
            id: ComponentID(.psu, "ipmi/\(number)"), kind: .psu, parent: chassis.id, name: "power supply \(number)",
            part: Part(location: "PSU \(number)"))
    }

    /// The number that stands behind one of `words` in `name`: 2 of `PS 2 Status`, 1 of `CPU1 Temp`.
    static func number(in name: String, after words: [String]) -> Int? {
        let word = IPMIStates.plain(name)
        for beginning in words.sorted(by: { $0.count > $1.count }) {
            for range in word.ranges(of: beginning) {
                let digits = word[range.upperBound...].prefix(while: \.isNumber)
                if !digits.isEmpty, digits.count <= 3, let number = Int(digits) { return number }
            }
        }
        return nil
    }

    private static func lastNumber(in name: String) -> Int? {
        let digits = name.reversed().drop { !($0.isASCII && $0.isNumber) }.prefix { $0.isASCII && $0.isNumber }
        return Int(String(digits.reversed()))
    }
}
