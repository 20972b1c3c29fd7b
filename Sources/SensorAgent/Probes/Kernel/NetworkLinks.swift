import Reports

/// Which network interfaces have a link, as the kernel's log reports it.
///
/// Drivers may log that a link is down when the interface has only just come up (r8169 does): lost is only a link that
/// was there before.
struct NetworkLinks: Sendable {
    /// Interfaces that are kept apart.
    static let limit = 4_096

    /// What a message reports of a link.
    struct Change: Hashable, Sendable {
        var interface: String
        /// The PCI function behind it; nil where the message names none.
        var pci: String?
        var isUp: Bool

        private static let words = [
            LinePattern("{driver:word} {pci} {nic:dev}: {}Link is {state:dev}"),
            LinePattern("{driver:word} {pci} {nic:dev}: {}ink {state:dev}"),
            LinePattern("{driver:dev}: {nic:dev} NIC Link is {state:dev}"),
            LinePattern("{nic:dev}: Link is {state:dev}"),
            // mlx4/en_main.c, en_print; qede_main.c, qede_link_update.
            LinePattern("mlx4_en: {nic:dev}: Link {state:dev}"),
            LinePattern("[qede_link_update:{n}({nic:dev})]Link is {state:dev}"),
        ]
        private static let readiness = LinePattern("{}ADDRCONF({}): {nic:dev}: link becomes ready")

        /// nil for a line that reports nothing of a link.
        init?(_ line: [UInt8]) {
            for pattern in Change.words {
                guard let captures = pattern.match(line) else { continue }
                // `pcieport 0000:00:1c.0: pciehp: Slot(8): Link Down` is of a slot: what is no address is no card's.
                guard captures["pci"].isEmpty || PCIAddress(captures["pci"]) != nil else { continue }
                let state = captures["state"].lowercased()
                guard state == "up" || state == "down" else { return nil }
                interface = captures["nic"]
                pci = captures["pci"].isEmpty ? nil : captures["pci"]
                isUp = state == "up"
                return
            }
            guard let captures = Change.readiness.match(line) else { return nil }
            interface = captures["nic"]
            isUp = true
        }
    }

    private var up: Set<String> = []

    /// - Returns: the loss of a link that was there.
    mutating func take(_ change: Change, of message: KernelMessage) -> KernelFact? {
        guard !change.isUp else {
            if up.count < NetworkLinks.limit { up.insert(change.interface) }
            return nil
        }
        guard up.remove(change.interface) != nil else { return nil }
        return KernelFact(
            recogniser: "nic-link-lost", subject: .nic(change.interface, pci: change.pci),
            signal: Signal("hw.network.link_lost"), text: message.words, stamp: message.stamp)
    }
}
