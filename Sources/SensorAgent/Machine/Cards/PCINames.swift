/// Names of vendors, devices, cards and classes out of the PCI ID list (pci-ids.ucw.cz, `pci.ids` of hwdata): only
/// those that were asked for, so that the list of 1.5 MB is never held.
struct PCINames: Sendable {
    /// What is to be looked up: numbers as sysfs has them, without `0x`.
    struct Wanted: Hashable, Sendable {
        var vendor: UInt16
        var device: UInt16
        /// The maker of the card and its number; nil for functions without.
        var card: Card?
        /// Base class and subclass: `0x0108`.
        var classCode: UInt16

        struct Card: Hashable, Sendable {
            var vendor: UInt16
            var device: UInt16
        }
    }

    private(set) var vendors: [UInt16: String] = [:]
    private var devices: [Wanted: String] = [:]
    private var cards: [Wanted: String] = [:]
    private var classes: [UInt16: String] = [:]

    func device(_ wanted: Wanted) -> String? { devices[PCINames.key(wanted)] }
    func card(_ wanted: Wanted) -> String? { cards[PCINames.cardKey(wanted)] }
    func className(_ wanted: Wanted) -> String? { classes[wanted.classCode] }

    private static func key(_ wanted: Wanted) -> Wanted {
        Wanted(vendor: wanted.vendor, device: wanted.device, card: nil, classCode: 0)
    }

    private static func cardKey(_ wanted: Wanted) -> Wanted {
        Wanted(vendor: wanted.vendor, device: wanted.device, card: wanted.card, classCode: 0)
    }

    // MARK: Reading the list

    static let paths = ["/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids", "/usr/share/pci.ids"]
    /// Bytes read of the list.
    private static let listBytes = 16 << 20
    /// Bytes of one line; the longest has 130.
    private static let lineBytes = 1024

    /// Looks `wanted` up in the list of this machine; without one, there are no names.
    init(_ wanted: Set<Wanted>, tree: SysTree) {
        guard !wanted.isEmpty, let path = PCINames.paths.first(where: { tree.exists($0) }) else { return }
        var reader = Reader(wanted)
        try? tree.stream(path, limit: PCINames.listBytes) { chunk in
            reader.take(chunk)
            return true
        }
        reader.end()
        self = reader.names
    }

    private init() {}

    /// Takes the list in pieces.
    struct Reader {
        private(set) var names = PCINames()
        private let wantedVendors: Set<UInt16>
        private let wantedDevices: Set<Wanted>
        private let wantedCards: Set<Wanted>
        private let wantedClasses: Set<UInt16>
        private var line: [UInt8] = []
        private var vendor: UInt16?
        private var device: UInt16?
        private var baseClass: UInt16?

        init(_ wanted: Set<Wanted>) {
            wantedVendors = Set(wanted.flatMap { [$0.vendor, $0.card?.vendor].compactMap { $0 } })
            wantedDevices = Set(wanted.map(PCINames.key))
            wantedCards = Set(wanted.filter { $0.card != nil }.map(PCINames.cardKey))
            wantedClasses = Set(wanted.map(\.classCode))
        }

        mutating func take(_ chunk: ArraySlice<UInt8>) {
            var rest = chunk
            while let newline = rest.firstIndex(of: 0x0A) {
                append(rest[..<newline])
                end()
                rest = rest[(newline + 1)...]
            }
            append(rest)
        }

        /// Takes what stands behind the last newline.
        mutating func end() {
            if !line.isEmpty { read(line[...]) }
            line.removeAll(keepingCapacity: true)
        }

        /// What is longer than a line of the list may be is cut.
        private mutating func append(_ bytes: ArraySlice<UInt8>) {
            line.append(contentsOf: bytes.prefix(max(0, PCINames.lineBytes - line.count)))
        }

        private mutating func read(_ line: ArraySlice<UInt8>) {
            let tabs = line.prefix { $0 == 0x09 }.count
            let rest = line.dropFirst(tabs)
            guard let first = rest.first, first != UInt8(ascii: "#") else { return }
            switch tabs {
            case 0:
                (vendor, device, baseClass) = (nil, nil, nil)
                if rest.starts(with: "C ".utf8) {
                    baseClass = PCINames.number(rest.dropFirst(2).prefix(2))
                } else {
                    vendor = PCINames.number(rest.prefix(4))
                    if let vendor, wantedVendors.contains(vendor) { names.vendors[vendor] = text(rest.dropFirst(4)) }
                }
            case 1:
                if let baseClass, let subclass = PCINames.number(rest.prefix(2)) {
                    let code = baseClass << 8 | subclass
                    if wantedClasses.contains(code) { names.classes[code] = text(rest.dropFirst(2)) }
                } else if let vendor {
                    device = PCINames.number(rest.prefix(4))
                    guard let device else { return }
                    let key = Wanted(vendor: vendor, device: device, card: nil, classCode: 0)
                    if wantedDevices.contains(key) { names.devices[key] = text(rest.dropFirst(4)) }
                }
            default:
                guard let vendor, let device, let cardVendor = PCINames.number(rest.prefix(4)),
                    let cardDevice = PCINames.number(rest.dropFirst(5).prefix(4))
                else { return }
                let card = Wanted.Card(vendor: cardVendor, device: cardDevice)
                let key = Wanted(vendor: vendor, device: device, card: card, classCode: 0)
                if wantedCards.contains(key) { names.cards[key] = text(rest.dropFirst(9)) }
            }
        }

        private func text(_ bytes: ArraySlice<UInt8>) -> String? {
            PlaceholderText.removed(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Hexadecimal digits; nil where anything else stands.
    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt16? {
        guard !bytes.isEmpty else { return nil }
        return UInt16(String(decoding: bytes, as: UTF8.self), radix: 16)
    }
}
