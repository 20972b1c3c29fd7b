/// What lies between the processor and a disk, read off the disk's place in `/sys/devices`
/// (`/sys/devices/pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0/block/sda`).
struct StoragePath: Hashable, Sendable {
    /// The PCI function that the disk hangs on: `0000:00:17.0`.
    private(set) var pci: String?
    /// `host2`.
    private(set) var host: String?
    /// `ata3`: libata's port, numbered anew at each start.
    private(set) var ataPort: String?
    /// `expander-0:0`, the one nearest to the disk.
    private(set) var expander: String?
    /// `end_device-0:0:5`.
    private(set) var endDevice: String?
    /// The folder of the port before the end device, which holds its phys.
    private(set) var portFolder: String?
    private(set) var isUSB = false

    /// - Parameter place: with all links resolved.
    init(_ place: String) {
        var folder = ""
        for part in place.split(separator: "/") {
            let parent = folder
            folder += "/\(part)"
            if StoragePath.isPCIAddress(part) {
                pci = String(part)
            } else if part.hasPrefix("usb") {
                isUSB = true
            } else if StoragePath.isNumbered(part, "ata") {
                ataPort = String(part)
            } else if StoragePath.isNumbered(part, "host") {
                host = String(part)
            } else if part.hasPrefix("expander-") {
                expander = String(part)
            } else if part.hasPrefix("end_device-") {
                endDevice = String(part)
                portFolder = parent
            }
        }
    }

    /// `0000:3b:00.0`; domains of virtual bridges have more digits (`10000:01:00.0`).
    static func isPCIAddress(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, (4...8).contains(parts[0].count), parts[1].count == 2, parts[2].count == 4,
            parts[2].dropFirst(2).first == "."
        else { return false }
        return text.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }

    private static func isNumbered(_ text: Substring, _ prefix: String) -> Bool {
        text.hasPrefix(prefix) && text.count > prefix.count && text.dropFirst(prefix.count).allSatisfy(\.isNumber)
    }
}
