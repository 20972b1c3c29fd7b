/// What a person declares of a part, because no sensor can: that it was replaced or repaired, or that what was found on it
/// is no fault.
///
/// It reaches the agent over its control socket, or in a signed receipt (`Receipt.asks`). The agent applies each id once
/// and answers with a `DeclarationAnswer`.
public struct PartDeclaration: Hashable, Sendable, Codable {
    public enum Verb: String, Sendable, Codable, CaseIterable {
        /// Another part is in its place: its faults clear, and what was remembered of the old one is forgotten.
        case replaced
        /// The same part was mended: its faults clear, and counting begins anew.
        case repaired
        /// The part is well: its faults clear, and their patterns keep quiet on it until their condition was once false,
        /// or would be more urgent.
        case acquitted
    }

    /// 128 random bits in hexadecimal; a repeat is applied once.
    public var id: String
    public var verb: Verb
    public var component: ComponentID
    /// Of the part that is meant, where it is known: a declaration about another serial number is refused.
    public var serial: String?
    /// Only faults of this class; nil: every fault that is open on the part.
    public var faultClass: String?
    /// Why, in the person's words.
    public var because: String?
    /// A login at the collector, or the user on the server.
    public var by: String
    public var at: Timestamp

    /// How old one may be when it arrives; who declared it a month ago has looked again since.
    public static let lifetime = Duration.seconds(30 * 86_400)

    public init(
        id: String, verb: Verb, component: ComponentID, serial: String? = nil, faultClass: String? = nil,
        because: String? = nil, by: String, at: Timestamp
    ) {
        self.id = id
        self.verb = verb
        self.component = component
        self.serial = serial
        self.faultClass = faultClass
        self.because = because
        self.by = by
        self.at = at
    }
}

/// What became of a declaration at the agent.
public struct DeclarationAnswer: Hashable, Sendable, Codable {
    public enum State: String, Sendable, Codable {
        case applied, refused, expired
        /// A state of a newer agent: something became of it.
        public init(from decoder: any Decoder) throws {
            self = State(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .refused
        }
    }

    /// Of the declaration.
    public var id: String
    public var state: State
    /// What was done, or why not, in a sentence.
    public var because: String
    /// Faults that it cleared.
    public var cleared: [FaultID]
    public var time: Timestamp

    public init(id: String, state: State, because: String, cleared: [FaultID] = [], time: Timestamp) {
        self.id = id
        self.state = state
        self.because = because
        self.cleared = cleared
        self.time = time
    }
}

extension Component {
    /// The parts that a person means by `words`: an id, a name, a device, a place, or a serial number; the first of these
    /// that any part fits.
    public static func meant(by words: String, among components: [Component]) -> [Component] {
        let wanted = words.lowercased()
        let ways: [(Component) -> [String?]] = [
            { [$0.id.rawValue] }, { [$0.name] },
            { component in
                [component.attributes["device"], component.attributes["interface"], component.attributes["pci"]]
                    + [component.attributes["device"]?.split(separator: "/").last.map(String.init)]
            },
            { [$0.part.location] }, { [$0.part.serial] },
        ]
        for way in ways {
            let found = components.filter { way($0).contains { $0?.lowercased() == wanted } }
            if !found.isEmpty { return found }
        }
        return []
    }
}
