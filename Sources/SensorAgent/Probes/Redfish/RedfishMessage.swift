import Reports

/// What an entry of a Redfish log says in words alone: services give neither type nor state of a sensor for most entries of
/// their own logs (Dell's Lifecycle Log, HPE's Integrated Management Log, Lenovo's event log).
///
/// Told apart by the words that the makers' own lists of messages have in common: Dell "Event and Error Message Reference
/// Guide" (MEM, CPU, PSU, RDU, FAN, TMP, VLT, PDR, BAT, PCI), HPE "Integrated Management Log messages", Lenovo XClarity
/// Controller messages.
struct RedfishMessage: Hashable, Sendable {
    /// Code of IPMI's sensor type.
    var type: UInt8
    /// The part, in words that `IPMIParts` understands; nil where the message names none.
    var name: String?
    /// The state in ipmitool's words.
    var state: String

    private struct Rule {
        /// All of these stand in the message, in small letters.
        var words: [String]
        var type: UInt8
        var state: String
        /// What stands before the number or the place of the part: `CPU` of `CPU 1`.
        var part: [String] = []
    }

    /// The more specific first.
    private static let rules: [Rule] = [
        // Memory
        Rule(words: ["memory", "correctable", "rate"], type: IPMIStates.memory, state: limit),
        Rule(words: ["correctable", "memory", "logging", "disabled"], type: IPMIStates.memory, state: limit),
        Rule(words: ["corrected memory error", "threshold"], type: IPMIStates.memory, state: limit),
        Rule(words: ["correctable memory error", "threshold"], type: IPMIStates.memory, state: limit),
        Rule(words: ["persistent correctable memory error"], type: IPMIStates.memory, state: limit),
        Rule(words: ["multi-bit memory error"], type: IPMIStates.memory, state: "Uncorrectable ECC"),
        Rule(words: ["uncorrectable", "memory"], type: IPMIStates.memory, state: "Uncorrectable ECC"),
        Rule(words: ["uncorrectable", "dimm"], type: IPMIStates.memory, state: "Uncorrectable ECC"),
        Rule(words: ["memory", "redundancy", "lost"], type: IPMIStates.memory, state: "Redundancy Lost"),
        Rule(words: ["memory", "mirror", "lost"], type: IPMIStates.memory, state: "Redundancy Lost"),
        Rule(words: ["memory", "disabled"], type: IPMIStates.memory, state: "Memory Device Disabled"),
        // Processors
        Rule(words: ["internal error", "ierr"], type: IPMIStates.processor, state: "IERR", part: processors),
        Rule(words: ["thermal trip"], type: IPMIStates.processor, state: "Thermal Trip", part: processors),
        Rule(
            words: ["machine check"], type: IPMIStates.processor, state: "Uncorrectable machine check exception",
            part: processors),
        // Power supplies
        Rule(words: ["power supply redundancy", "lost"], type: IPMIStates.powerUnit, state: "Redundancy Lost"),
        Rule(words: ["power supplies", "not redundant"], type: IPMIStates.powerUnit, state: "Redundancy Lost"),
        Rule(words: ["power supplies", "no longer redundant"], type: IPMIStates.powerUnit, state: "Redundancy Lost"),
        Rule(
            words: ["power input", "power supply", "lost"], type: IPMIStates.powerSupply,
            state: "Power Supply AC lost", part: supplies),
        Rule(
            words: ["power supply", "input", "lost"], type: IPMIStates.powerSupply, state: "Power Supply AC lost",
            part: supplies),
        Rule(
            words: ["power supply", "predict"], type: IPMIStates.powerSupply, state: "Predictive failure",
            part: supplies),
        Rule(
            words: ["power supply", "fail"], type: IPMIStates.powerSupply, state: "Failure detected", part: supplies),
        // Fans
        Rule(words: ["fan redundancy", "lost"], type: IPMIStates.fan, state: "Redundancy Lost"),
        Rule(words: ["fans", "not redundant"], type: IPMIStates.fan, state: "Redundancy Lost"),
        Rule(words: ["fans", "no longer redundant"], type: IPMIStates.fan, state: "Redundancy Lost"),
        Rule(
            words: ["fan", "lower critical"], type: IPMIStates.fan, state: "Lower Critical going low", part: ["fan"]),
        Rule(
            words: ["fan", "fail"], type: IPMIStates.fan, state: "Transition to Critical from less severe",
            part: ["fan"]),
        // Disks
        Rule(
            words: ["predict", "fail", "drive"], type: IPMIStates.driveSlot, state: "Predictive Failure", part: drives),
        Rule(
            words: ["predict", "fail", "disk"], type: IPMIStates.driveSlot, state: "Predictive Failure", part: drives),
        Rule(words: ["fault detected on drive"], type: IPMIStates.driveSlot, state: "Drive Fault", part: drives),
        Rule(words: ["drive", "has failed"], type: IPMIStates.driveSlot, state: "Drive Fault", part: drives),
        Rule(words: ["disk", "has failed"], type: IPMIStates.driveSlot, state: "Drive Fault", part: drives),
        // The rest
        Rule(words: ["system board battery", "fail"], type: IPMIStates.battery, state: "Failed"),
        Rule(words: ["system board battery", "low"], type: IPMIStates.battery, state: "Low"),
        Rule(words: ["cmos battery", "fail"], type: IPMIStates.battery, state: "Failed"),
        Rule(words: ["bus fatal error"], type: IPMIStates.criticalInterrupt, state: "Bus Fatal Error"),
        Rule(
            words: ["fatal error", "component at bus"], type: IPMIStates.criticalInterrupt, state: "Bus Fatal Error"),
    ]

    private static let limit = "Correctable ECC logging limit reached"
    private static let processors = ["cpu", "processor"]
    private static let supplies = ["power supply", "psu"]
    private static let drives = ["drive", "physical disk", "disk"]

    /// Words of a message that tells of an end: a supply whose input is back, a fan that turns again.
    private static let endings: Set<Substring> = [
        "restored", "normal", "normally", "operational", "cleared", "repaired", "resolved", "regained", "recovered",
        "reseated", "redundant",
    ]
    /// What stands before such a word, near enough, and turns its sense round: `not redundant`, `above the normal range`.
    private static let negations: Set<Substring> = [
        "not", "no", "non", "never", "cannot", "longer", "above", "below", "outside", "than", "exceeds", "exceeded",
        "be",
        "until", "if",
    ]

    /// nil for what no rule knows, and for a message of something that is over.
    init?(_ message: String) {
        let low = message.prefix(500).lowercased()
        guard !RedfishMessage.isOfAnEnd(low),
            let rule = RedfishMessage.rules.first(where: { rule in rule.words.allSatisfy { low.contains($0) } })
        else { return nil }
        type = rule.type
        state = rule.state
        name = rule.part.lazy.compactMap { RedfishMessage.place(in: low, after: $0) }.first
        if type == IPMIStates.battery { name = "CMOS battery" }
    }

    /// Whether the message tells that something is over.
    /// - Parameter low: in small letters.
    static func isOfAnEnd(_ low: String) -> Bool {
        let words = low.split { !($0.isLetter || $0.isNumber) }
        return words.indices.contains { place in
            let before = words[max(0, place - 3)..<place]
            // `within range`; `failed within a minute` is none.
            if words[place] == "within", place + 1 < words.endIndex {
                return ["range", "limits", "tolerance", "specification"].contains(words[place + 1])
            }
            // `has been replaced`; `must be replaced` is none.
            if words[place] == "replaced" { return ["been", "was"].contains(before.last ?? "") }
            return endings.contains(words[place]) && before.allSatisfy { !negations.contains($0) }
        }
    }

    /// `fan 3` of `fan 3 rpm is less than …`, `drive 1` of `fault detected on drive 1 in …`.
    private static func place(in low: String, after word: String) -> String? {
        for range in low.ranges(of: word) {
            let rest = low[range.upperBound...].drop { $0 == " " || $0 == "#" }
            let place = rest.prefix { $0.isNumber || $0.isLetter || $0 == ":" || $0 == "." }
            guard let first = place.first, first.isNumber || place.count <= 3 && place.contains(where: \.isNumber)
            else {
                continue
            }
            return "\(word) \(place.prefix(20))"
        }
        return nil
    }
}
