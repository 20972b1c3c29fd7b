import Reports

/// What earlier messages of a boot mean for later ones.
struct KernelLogStates: Sendable {
    var links = NetworkLinks()
    var slots = HotPlugSlots()
    var resets = ControllerResets()
    var places = FailedPlaces()
    /// The place of each disk that was reported last as unreadable.
    var unreadable: [String: UnreadablePlace] = [:]

    /// Whether what the table makes of a message is told: what belongs to an incident that was told is not.
    mutating func admits(_ fact: KernelFact, of message: KernelMessage) -> Bool {
        if fact.signal.name == "hw.pcie.unreachable", slots.wasEmptied(before: message) { return false }
        return resets.admits(fact, of: message) && places.admits(fact)
    }

    /// What a message that was told before says of states.
    mutating func remember(_ message: KernelMessage, fact: KernelFact?) {
        if let change = NetworkLinks.Change(message.text) { _ = links.take(change, of: message) }
        if let change = HotPlugSlots.Change(message.text) { _ = slots.take(change, of: message) }
        if let fact { _ = admits(fact, of: message) }
    }
}
