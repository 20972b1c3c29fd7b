import Reports

/// What a fact of the past is of: names of the kernel change hands, and on the first look at a log nobody knows who had them.
///
/// Processors, memory and what is soldered to the board stay what they are for a boot. Of disks, cards and USB counts what
/// was said since they had their names, and on a first look for a day at most; a state that lasts counts however old it is.
struct KernelHistory {
    /// How far back a first look believes the names of now.
    static let memory = Duration.seconds(86_400)

    private let attached: [ComponentID: KernelMessage.Stamp]
    private let now: KernelMessage.Stamp?
    private let isFirst: Bool
    private let before: KernelDeviceNames

    /// - Parameters:
    ///   - attachments: what the same messages say of names.
    ///   - names: what the names stand for now; `before`: what they stood for before these messages.
    ///   - now: the time of the look on the log's clock; nil where its age does not matter.
    ///   - isFirst: whether no message of this boot was read before.
    init(
        _ attachments: KernelAttachments, names: KernelDeviceNames, before: KernelDeviceNames,
        now: KernelMessage.Stamp?,
        isFirst: Bool
    ) {
        var attached: [ComponentID: KernelMessage.Stamp] = [:]
        for (subject, stamp) in attachments.times {
            guard let id = names.component(of: subject)?.id else { continue }
            if let known = attached[id], let later = stamp.distance(from: known), later < .zero { continue }
            attached[id] = stamp
        }
        self.attached = attached
        self.now = now
        self.isFirst = isFirst
        self.before = before
    }

    /// The component that a fact is of, where `component` has its names now; nil where nobody knows.
    func component(of fact: KernelFact, now component: Component) -> Component? {
        if let since = attached[component.id], let stamp = fact.stamp, let lead = since.distance(from: stamp),
            lead > KernelAttachments.probing
        {
            return isFirst ? nil : before.component(of: fact.subject)
        }
        guard isFirst, !fact.lasts, KernelHistory.changes(component, fact), let stamp = fact.stamp,
            let age = now?.distance(from: stamp), age > KernelHistory.memory
        else { return component }
        return nil
    }

    /// Whether the thing may be another one within a boot.
    private static func changes(_ component: Component, _ fact: KernelFact) -> Bool {
        switch component.kind {
        case .cpu, .dimm, .memoryController, .memoryChannel, .memoryRow, .board: return false
        case .server:
            return ["hw.usb.over_current", "hw.filesystem.error", "hw.raid.read_error", "hw.raid.member_failed"]
                .contains(fact.signal.name)
        case .pcieDevice:
            // On the first bus are the functions of processors and board.
            guard let address = component.attributes["device"].flatMap({ PCIAddress($0) }) else { return true }
            return address.bus != 0
        default: return true
        }
    }
}

extension KernelFact {
    /// Whether what it tells goes on until somebody does something.
    fileprivate var lasts: Bool {
        switch signal.name {
        case "hw.physical_disk.lost", "hw.gpu.lost", "hw.network.gone", "hw.pcie.unreachable": true
        case "hw.gpu.xid": signal[label: "xid"] == "79"
        case "hw.controller.reset": signal[label: "reason"] == "lost"
        default: state != nil
        }
    }
}

extension KernelMessage.Stamp {
    /// How much later it is than another; nil where the two are of different clocks.
    func distance(from other: KernelMessage.Stamp) -> Duration? {
        switch (other, self) {
        case (.uptime(let then), .uptime(let now)), (.wall(let then), .wall(let now)): now - then
        default: nil
        }
    }
}
