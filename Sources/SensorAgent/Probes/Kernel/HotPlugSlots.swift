import Reports

/// Which slots lost their card, as pciehp reports it (drivers/pci/hotplug/pciehp_ctrl.c).
///
/// A card that somebody asked for by the slot's button is not lost, and `Link Down` and `Card not present` of one card
/// are one loss.
struct HotPlugSlots: Sendable {
    /// Ports that are kept apart.
    static let limit = 4_096
    /// So long after the button was pressed a slot may lose its card; pciehp itself waits 5 seconds before it cuts the
    /// power, and the card is pulled after that.
    static let request = Duration.seconds(120)
    /// So long after its slot says that no card is present, a driver finds that its card answers no more.
    static let farewell = Duration.seconds(10)
    /// Between the two messages of one loss.
    static let loss = Duration.seconds(5)

    /// What a message reports of a slot.
    struct Change: Hashable, Sendable {
        enum Kind: Sendable { case lost, requested, cancelled }
        /// The PCI function of the port.
        var port: String
        var kind: Kind
        /// The slot says that there is no card in it any more; else it may stand there and be dead.
        var isEmpty = false

        private static let heads = [
            LinePattern("pcieport {pci}: pciehp: Slot({slot:dev}){what:rest}"),
            LinePattern("pciehp {pci}:pcie{x}: Slot({slot:dev}){what:rest}"),
        ]

        /// nil for a line that reports nothing of the kind.
        init?(_ line: [UInt8]) {
            guard line.first == UInt8(ascii: "p"), line.starts(with: "pcie".utf8),
                let captures = Change.heads.lazy.compactMap({ $0.match(line) }).first,
                PCIAddress(captures["pci"]) != nil
            else { return nil }
            port = captures["pci"]
            let words = captures["what"].lowercased()
            // `Link Down/Up ignored (recovered by DPC)`: the containment is reported, and the link is back.
            if words.contains("ignored") { return nil }
            if words.contains("link down") || words.contains("card not present") {
                kind = .lost
                isEmpty = words.contains("card not present")
            } else if words.contains("cancel") {
                kind = .cancelled
            } else if words.contains("powering off") || words.contains("will power off")
                || words.contains("attention button pressed")
            {
                kind = .requested
            } else {
                return nil
            }
        }
    }

    private var lost: [String: KernelMessage.Stamp?] = [:]
    private var requested: [String: KernelMessage.Stamp?] = [:]
    /// When a slot said last that it is empty.
    private var emptied: KernelMessage.Stamp??

    /// Whether a slot lost its card just before the message: that the card answers no more is no news then.
    func wasEmptied(before message: KernelMessage) -> Bool {
        emptied.map { message.isWithin(HotPlugSlots.farewell, after: $0) } ?? false
    }

    /// - Returns: the loss of a card that nobody asked for, once.
    mutating func take(_ change: Change, of message: KernelMessage) -> KernelFact? {
        let port = change.port
        if change.isEmpty { emptied = .some(message.stamp) }
        guard lost.count + requested.count < HotPlugSlots.limit || lost[port] != nil || requested[port] != nil else {
            return nil
        }
        switch change.kind {
        case .requested: requested[port] = .some(message.stamp)
        case .cancelled: requested[port] = nil
        case .lost:
            let isAsked = requested[port].map { message.isWithin(HotPlugSlots.request, after: $0) } ?? false
            let isKnown = lost[port].map { message.isWithin(HotPlugSlots.loss, after: $0) } ?? false
            lost[port] = .some(message.stamp)
            guard !isAsked, !isKnown else { return nil }
            return KernelFact(
                recogniser: "pcie-link-lost", subject: .pci(port), signal: Signal("hw.pcie.link_lost"),
                text: message.words, stamp: message.stamp)
        }
        return nil
    }
}

extension KernelMessage {
    /// Whether the message came at most `span` after `stamp`; so it counts where no two times can be compared.
    func isWithin(_ span: Duration, after stamp: Stamp?) -> Bool {
        switch (stamp, self.stamp) {
        case (.uptime(let then), .uptime(let now)), (.wall(let then), .wall(let now)):
            now - then <= span && now >= then
        default: true
        }
    }
}
