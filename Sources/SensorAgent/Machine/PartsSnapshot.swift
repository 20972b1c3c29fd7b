import Reports

/// Which parts a machine has, as they were when they were read last: one answer for all probes, which does not change
/// while somebody looks with it.
struct PartsSnapshot: Sendable {
    /// Rises when the content differs from what was there before; 0: nothing was read yet.
    fileprivate(set) var generation: UInt64 = 0
    /// What the last rise of the generation was about.
    fileprivate(set) var change = PartsChange()
    /// Which disk a name stood for lately.
    fileprivate(set) var history = PartsHistory()

    /// What has been read at all: a machine's start may be so slow that somebody looks before.
    var read: PartsSections = []
    /// Chassis, board, processors and modules as SMBIOS describes them.
    var firmware = FirmwareInventory.none
    var sockets = ProcessorSockets()
    var memory = MemoryTopology()
    /// Network ports with hardware behind them, in natural order of the interfaces' names.
    var cards: [Component] = []
    /// Whether there is any network interface, with hardware or without: recordings may have none.
    var listsInterfaces = false
    /// The PCI function that a SCSI host hangs on, by the host's name (`host2`), and by the one that its driver writes
    /// (`mpt3sas_cm0`).
    var hosts: [String: String] = [:]
    /// PCI functions of SCSI hosts by driver.
    var drivers: [String: Set<String>] = [:]
    /// Whether there is any SCSI host, also such as hang on no PCI function.
    var listsHosts = false
    /// The PCI function that a USB device hangs on, by its port: `1-4`, `usb1`.
    var usb: [String: String] = [:]
    var disks = DiskDirectory()

    /// All parts with their names, each once.
    var parts: [Component] {
        var seen: Set<ComponentID> = []
        return (firmware.components + disks.disks + cards).filter { seen.insert($0.id).inserted }
    }

    /// The network port that the kernel calls so now.
    func card(named interface: String) -> Component? { cards.first { $0.attributes["interface"] == interface } }

    /// The disk that the kernel meant by `name` at `time`: `sda`, `sda1`, `2:0:0:0`, `ata3.00`, `nvme0n1p2`.
    ///
    /// What has gone keeps its name until another takes it: the kernel speaks of a disk after it has vanished, too.
    /// - Parameter time: nil for now.
    /// - Returns: nil where nothing was called so then, as far as is known.
    func disk(named name: String, at time: Timestamp? = nil) -> Component? {
        var names = [name, DiskDirectory.wholeDisk(name)]
        // `nvme0` of `nvme0c1n1p2`.
        if name.hasPrefix("nvme") { names.append("nvme" + name.dropFirst(4).prefix { $0.isNumber }) }
        return names.lazy.compactMap { history.disk(named: $0, at: time) }.first
    }

    // MARK: Comparison

    private func hasSameContent(as other: PartsSnapshot) -> Bool {
        read == other.read && firmware == other.firmware && sockets == other.sockets && memory == other.memory
            && cards == other.cards && listsInterfaces == other.listsInterfaces
            && hosts == other.hosts && drivers == other.drivers && listsHosts == other.listsHosts && usb == other.usb
            && disks == other.disks
    }

    /// This content in place of `before`: of the next generation where it differs.
    /// - Parameter time: from when on it holds; nil where nobody knows.
    func following(_ before: PartsSnapshot, at time: Timestamp?) -> PartsSnapshot {
        // What a read gave twice alike is not worth a second copy of it.
        guard before.generation == 0 || !hasSameContent(as: before) else { return before }
        var next = self
        next.generation = before.generation + 1
        next.change = PartsChange(from: before, to: self)
        next.history = before.history
        // Nobody knows since when the first ones have their names.
        if read.contains(.disks) {
            next.history.note(disks.kernelNames, at: before.read.contains(.disks) ? time : nil)
        }
        return next
    }
}

/// What differs between two generations of parts.
struct PartsChange: Hashable, Sendable {
    /// A name that leads to another part than before.
    struct Exchange: Hashable, Sendable {
        var name: String
        var before: ComponentID
        var now: ComponentID
    }

    var came: [ComponentID] = []
    var gone: [ComponentID] = []
    var exchanged: [Exchange] = []

    var isEmpty: Bool { came.isEmpty && gone.isEmpty && exchanged.isEmpty }

    init() {}

    init(from before: PartsSnapshot, to now: PartsSnapshot) {
        let (old, new) = (before.parts.map(\.id), now.parts.map(\.id))
        let (known, present) = (Set(old), Set(new))
        came = new.filter { !known.contains($0) }
        gone = old.filter { !present.contains($0) }
        let (oldNames, newNames) = (before.disks.kernelNames, now.disks.kernelNames)
        for name in newNames.keys.sorted() {
            guard let old = oldNames[name]?.id, let new = newNames[name]?.id, old != new else { continue }
            exchanged.append(Exchange(name: name, before: old, now: new))
        }
    }

    /// For the log: `came disk:wwn-…; gone …`.
    var words: String {
        let list: (String, [String]) -> String? = { word, names in
            guard !names.isEmpty else { return nil }
            let shown = names.prefix(PartsChange.wordsLimit).joined(separator: ", ")
            let left = names.count - PartsChange.wordsLimit
            return "\(word) \(shown)" + (left > 0 ? " and \(left) more" : "")
        }
        return [
            list("came", came.map(\.rawValue)), list("gone", gone.map(\.rawValue)),
            list("exchanged", exchanged.map { "\($0.name): \($0.before) for \($0.now)" }),
        ].compactMap { $0 }.joined(separator: "; ")
    }

    /// Names in one line of the log for each word.
    private static let wordsLimit = 16
}
