import Reports

/// What the states of IPMI's discrete sensors are called, and what they mean (Intelligent Platform Management Interface
/// specification 2.0, tables 42-2 and 42-3).
///
/// ipmitool and FreeIPMI print words of their own for one offset; both are compared without blanks, signs and case.
enum IPMIStates {
    // Sensor type codes.
    static let temperature: UInt8 = 0x01
    static let voltage: UInt8 = 0x02
    static let current: UInt8 = 0x03
    static let fan: UInt8 = 0x04
    static let physicalSecurity: UInt8 = 0x05
    static let processor: UInt8 = 0x07
    static let powerSupply: UInt8 = 0x08
    static let powerUnit: UInt8 = 0x09
    static let cooling: UInt8 = 0x0A
    static let memory: UInt8 = 0x0C
    static let driveSlot: UInt8 = 0x0D
    static let firmware: UInt8 = 0x0F
    static let eventLogging: UInt8 = 0x10
    static let watchdog1: UInt8 = 0x11
    static let criticalInterrupt: UInt8 = 0x13
    static let chipSet: UInt8 = 0x19
    static let cable: UInt8 = 0x1B
    static let slot: UInt8 = 0x21
    static let watchdog: UInt8 = 0x23
    static let management: UInt8 = 0x28
    static let battery: UInt8 = 0x29

    /// Beginnings of the words of both tools, by the code of the type; the more specific stand first.
    private static let typeNames: [(String, UInt8)] = [
        ("temperature", 0x01), ("voltage", 0x02), ("current", 0x03), ("fan", 0x04), ("physicalsecurity", 0x05),
        ("platformsecurity", 0x06), ("processor", 0x07), ("powersupply", 0x08), ("powerunit", 0x09),
        ("coolingdevice", 0x0A), ("memory", 0x0C), ("driveslot", 0x0D), ("drivebay", 0x0D), ("systemfirmware", 0x0F),
        ("eventloggingdisabled", 0x10), ("watchdog1", 0x11), ("systemevent", 0x12), ("criticalinterrupt", 0x13),
        ("button", 0x14), ("moduleboard", 0x15), ("addincard", 0x17), ("chipset", 0x19), ("cableinterconnect", 0x1B),
        ("slotconnector", 0x21),
        ("systemacpipowerstate", 0x22), ("watchdog", 0x23), ("managementsubsys", 0x28), ("battery", 0x29),
        ("versionchange", 0x2B),
    ]

    /// ipmitool's own words for the types of more than one word, or with a sign in them (sensor_type_desc in ipmi_sdr.c):
    /// what follows is the sensor's name.
    private static let spelledTypes: [(String, UInt8)] = [
        ("Drive Slot / Bay", 0x0D), ("Slot / Connector", 0x21), ("Cable / Interconnect", 0x1B),
        ("Module / Board", 0x15),
        ("System Firmware Progress", 0x0F), ("System Firmwares", 0x0F), ("System Firmware", 0x0F),
        ("Management Subsystem Health", 0x28), ("Management Subsys Health", 0x28), ("Add-in Card", 0x17),
        ("Chip Set", 0x19), ("Entity Presence", 0x25), ("OS Critical Stop", 0x20), ("OS Stop/Shutdown", 0x20),
        ("OS Boot", 0x1F),
    ]

    /// The code of the type that `text` begins with as ipmitool spells it, and what follows.
    static func type(before text: Substring) -> (type: UInt8, rest: String)? {
        for (name, type) in spelledTypes where text.hasPrefix(name) {
            let rest = text.dropFirst(name.count)
            if rest.isEmpty || rest.hasPrefix(" ") { return (type, String(rest.trimmed)) }
        }
        return nil
    }

    /// The code for a tool's word; nil for one that is not in the table.
    static func type(named name: some StringProtocol) -> UInt8? {
        let word = plain(name)
        return typeNames.first { word.hasPrefix($0.0) }?.1
    }

    /// The words without blanks, signs and case.
    static func plain(_ words: some StringProtocol) -> String {
        words.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    /// Beginnings of the words for each offset of a type.
    private static let offsets: [UInt8: [(String, Int)]] = [
        physicalSecurity: [
            ("generalchassisintrusion", 0), ("drivebayintrusion", 1), ("iocardareaintrusion", 2),
            ("processorareaintrusion", 3), ("systemunplugged", 4), ("unauthorizeddock", 5), ("fanareaintrusion", 6),
        ],
        processor: [
            ("ierr", 0), ("thermaltrip", 1), ("frb1", 2), ("frb2", 3), ("frb3", 4), ("configurationerror", 5),
            ("smbiosuncorrectable", 6), ("processorpresence", 7), ("presence", 7), ("processordisabled", 8),
            ("disabled", 8), ("terminatorpresence", 9), ("processorautomaticallythrottled", 10), ("throttled", 10),
            ("machinecheckexception", 11), ("uncorrectablemachinecheck", 11), ("correctablemachinecheck", 12),
        ],
        powerSupply: [
            ("presence", 0), ("powersupplyfailure", 1), ("failuredetected", 1), ("predictivefailure", 2),
            ("powersupplyinputlostoroutofrange", 4), ("powersupplyinputoutofrange", 5), ("powersupplyinputlost", 3),
            ("powersupplyaclost", 3), ("aclostoroutofrange", 4), ("acoutofrange", 5), ("configerror", 6),
            ("configurationerror", 6), ("powersupplyinactive", 7), ("inactive", 7),
        ],
        powerUnit: [
            ("poweroffpowerdown", 0), ("poweroffdown", 0), ("powercycle", 1), ("240va", 2), ("interlock", 3),
            ("aclost", 4), ("softpower", 5), ("failuredetected", 6), ("powerunitfailure", 6), ("predictivefailure", 7),
        ],
        memory: [
            ("correctableeccloggin", 5), ("correctableeccothercorrectablememoryerrorlogging", 5),
            ("correctablememoryerrorlogging", 5), ("uncorrectable", 1), ("correctable", 0), ("parity", 2),
            ("memoryscrub", 3), ("memorydevicedisabled", 4), ("presence", 6), ("configurationerror", 7), ("spare", 8),
            ("memoryautomaticallythrottled", 9), ("throttled", 9), ("criticalovertemperature", 10),
        ],
        driveSlot: [
            ("drivepresen", 0), ("drivefault", 1), ("predictivefailure", 2), ("hotspare", 3), ("consistencycheck", 4),
            ("paritycheck", 4), ("incriticalarray", 5), ("infailedarray", 6), ("rebuildremapaborted", 8),
            ("rebuildaborted", 8), ("rebuild", 7),
        ],
        eventLogging: [
            ("correctablememoryerrorlogging", 0), ("eventtypelogging", 1), ("eventlogging", 1), ("logarea", 2),
            ("alleventlogging", 3),
            ("logfull", 4), ("selfull", 4), ("logalmostfull", 5), ("selalmostfull", 5),
        ],
        criticalInterrupt: [
            ("frontpanelnmi", 0), ("nmi", 0), ("bustimeout", 1), ("iochannelcheck", 2), ("iochannel", 2),
            ("softwarenmi", 3), ("pciperr", 4), ("pciserr", 5), ("eisa", 6), ("buscorrectable", 7),
            ("busuncorrectable", 8), ("fatalnmi", 9), ("busfatal", 10), ("busdegraded", 11),
        ],
        firmware: [("systemfirmwareerror", 0), ("unknownerror", 0), ("systemfirmwarehang", 1), ("unknownhang", 1)],
        watchdog1: [
            ("biosreset", 0), ("osreset", 1), ("osshutdown", 2), ("ospowerdown", 3), ("ospowercycle", 4),
        ],
        chipSet: [("softpowercontrolfailure", 0), ("thermaltrip", 1)],
        cable: [("connected", 0), ("cableisconnected", 0), ("configurationerror", 1), ("configerror", 1)],
        slot: [("faultstatus", 0), ("identifystatus", 1)],
        management: [
            ("sensoraccessdegraded", 0), ("controlleraccessdegraded", 1), ("managementcontrolleroffline", 2),
            ("managementcontrollerunavailable", 3), ("controllerunavailable", 3), ("sensorfailure", 4),
            ("frufailure", 5),
        ],
        watchdog: [
            ("timerexpired", 0), ("hardreset", 1), ("powerdown", 2), ("powercycle", 3), ("timerinterrupt", 8),
        ],
        battery: [("batterylow", 0), ("low", 0), ("batteryfailed", 1), ("failed", 1), ("presence", 2), ("battery", 2)],
    ]

    /// The offset of `words` in a sensor of `type`; nil for a generic state (`Fully Redundant`) or unknown words.
    static func offset(of words: String, type: UInt8) -> Int? {
        let word = plain(words)
        return offsets[type]?.first { word.hasPrefix($0.0) }?.1
    }

    /// Which type the parts of an entity have (table 43-13).
    private static let typesOfEntities: [UInt8: UInt8] = [
        0x03: processor, 0x04: driveSlot, 0x08: memory, 0x0A: powerSupply, 0x0F: driveSlot, 0x13: powerUnit,
        0x15: powerUnit, 0x1A: driveSlot, 0x1D: fan, 0x1E: fan, 0x20: memory, 0x28: battery,
    ]

    /// The type of a sensor of which a tool prints the entity and the states alone, as `ipmitool sdr elist` does: that of
    /// its entity, where all states are of that type.
    static func type(ofStates words: [String], entity: UInt8, name: String) -> UInt8? {
        guard !words.isEmpty else { return nil }
        let isBattery = ["batt", "bbu", "vbat"].contains { plain(name).contains($0) }
        if words.allSatisfy({ redundancy($0) != nil }) {
            let type = typesOfEntities[entity]
            return type == fan || plain(name).contains("fan") ? fan : type == memory ? nil : powerUnit
        }
        guard let type = isBattery ? battery : typesOfEntities[entity] else {
            return words.allSatisfy { offset(of: $0, type: physicalSecurity) != nil } ? physicalSecurity : nil
        }
        return words.allSatisfy { offset(of: $0, type: type) != nil } ? type : nil
    }

    /// The type and the states of a sensor of which `ipmitool sensor` prints its name and bits alone: of power supplies
    /// and processors, whose number is in the name and of which the bit of presence is set.
    static func states(ofBits offsets: Set<Int>, name: String) -> (type: UInt8, words: [String])? {
        var word = plain(name)
        for ending in ["status", "state", "stat"] where word.hasSuffix(ending) { word.removeLast(ending.count) }
        let digits = word.reversed().prefix(while: \.isNumber).count
        guard (1...2).contains(digits) else { return nil }
        let kinds: [(Set<String>, UInt8, Int)] = [
            (["ps", "psu", "pws", "powersupply", "pwrsupply"], powerSupply, 0),
            (["cpu", "proc", "processor"], processor, 7),
        ]
        guard let (_, type, presence) = kinds.first(where: { $0.0.contains(String(word.dropLast(digits))) }),
            offsets.contains(presence)
        else { return nil }
        let names = IPMIStateNames.words(type: type, eventType: 0x6F)
        guard offsets.allSatisfy({ names.indices.contains($0) }) else { return nil }
        return (type, offsets.sorted().compactMap { names[$0] })
    }

    // MARK: Generic states (table 42-2)

    /// What a state means for the redundancy that its sensor watches.
    enum Redundancy: String, Sendable { case full, degraded, lost }

    /// Of which redundancy a sensor of `type` reports; nil for one that watches none.
    static func redundancySignal(type: UInt8) -> Signal? {
        switch type {
        case fan, 0x0A: Signal("hw.fan.redundancy")
        case powerSupply, powerUnit: Signal("hw.psu.redundancy")
        default: nil
        }
    }

    static func redundancy(_ words: String) -> Redundancy? {
        let word = plain(words)
        if word.hasPrefix("fullyredundant") || word == "redundancyregained" { return .full }
        if word.hasPrefix("redundancydegraded") || word.hasPrefix("redundancydegrade") { return .degraded }
        return word.hasPrefix("redundancylost") || word.hasPrefix("nonredundant") ? .lost : nil
    }

    /// What a state means for the health of its part in `hw.status`'s words, for severity (07h), availability (0Ah),
    /// presence (08h) and predictive failure (04h); nil for one that does not.
    static func health(_ words: String) -> String? {
        let word = plain(words)
        // Longer beginnings first: `Transition to Non-recoverable` is none of `Transition to …` below.
        let table = [
            ("transitiontononcriticalfromok", "degraded"), ("transitiontononcriticalfrommoresevere", "degraded"),
            ("transitiontocriticalfromlesssevere", "failed"), ("transitiontocriticalfromnonrecoverable", "failed"),
            ("transitiontononrecoverable", "failed"), ("transitiontook", "ok"), ("transitiontodegraded", "degraded"),
            ("transitiontorunning", "ok"), ("transitiontonline", "ok"), ("transitiontooffline", "degraded"),
            ("installerror", "failed"), ("deviceremoveddeviceabsent", "missing"), ("deviceabsent", "missing"),
            ("deviceinserted", "ok"), ("devicepresent", "ok"), ("predictivefailureasserted", "predicted_failure"),
            ("predictivefailuredeasserted", "ok"),
        ]
        return table.first { word.hasPrefix($0.0) }?.1
    }

    /// The worse of two words of `hw.status`.
    static func worse(_ left: String?, _ right: String?) -> String? {
        let order = ["ok", "missing", "degraded", "predicted_failure", "failed"]
        let rank: (String?) -> Int = { word in word.flatMap { order.firstIndex(of: $0) } ?? -1 }
        return rank(left) >= rank(right) ? left : right
    }
}
