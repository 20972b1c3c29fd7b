/// Where a PCI function sits: domain, bus, device, function; `0000:3b:00.1`. Domains of more than 16 bits exist (Intel
/// VMD, Hyper-V).
struct PCIAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    let domain: UInt32
    let bus: UInt8
    let device: UInt8
    let function: UInt8

    init(domain: UInt32, bus: UInt8, device: UInt8, function: UInt8) {
        self.domain = domain
        self.bus = bus
        self.device = device
        self.function = function
    }

    /// The kernel's form, or lspci's without the domain; nil for anything else.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, let last = parts.last, last.count == 4 else { return nil }
        let place = last.split(separator: ".", omittingEmptySubsequences: false)
        guard place.count == 2, place[0].count == 2, let device = UInt8(place[0], radix: 16), device < 32,
            let function = UInt8(place[1]), function < 8, parts[parts.count - 2].count == 2,
            let bus = UInt8(parts[parts.count - 2], radix: 16)
        else { return nil }
        guard parts.count == 3 else {
            self.init(domain: 0, bus: bus, device: device, function: function)
            return
        }
        guard (4...8).contains(parts[0].count), let domain = UInt32(parts[0], radix: 16) else { return nil }
        self.init(domain: domain, bus: bus, device: device, function: function)
    }

    var description: String {
        "\(PCIAddress.hex(domain, 4)):\(PCIAddress.hex(UInt32(bus), 2)):\(PCIAddress.hex(UInt32(device), 2)).\(function)"
    }

    /// Without the function, as `/sys/bus/pci/slots/*/address` has it.
    var slotAddress: String { String(description.dropLast(2)) }

    static func < (left: PCIAddress, right: PCIAddress) -> Bool {
        (left.domain, left.bus, left.device, left.function) < (right.domain, right.bus, right.device, right.function)
    }

    private static func hex(_ number: UInt32, _ digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
