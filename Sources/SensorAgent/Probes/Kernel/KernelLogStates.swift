/// What earlier messages of a boot mean for later ones.
struct KernelLogStates: Sendable {
    var links = NetworkLinks()
    var slots = HotPlugSlots()
    var resets = ControllerResets()
    /// The place of each disk that was reported last as unreadable.
    var unreadable: [String: UnreadablePlace] = [:]

    /// What a message that was told before says of states.
    mutating func remember(_ message: KernelMessage, fact: KernelFact?) {
        if let change = NetworkLinks.Change(message.text) { _ = links.take(change, of: message) }
        if let change = HotPlugSlots.Change(message.text) { _ = slots.take(change, of: message) }
        if let fact { _ = resets.admits(fact, of: message) }
    }
}
