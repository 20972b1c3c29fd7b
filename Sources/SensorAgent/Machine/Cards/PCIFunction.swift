import Reports

/// One PCI function as sysfs shows it (Documentation/ABI/testing/sysfs-bus-pci), with what does not change while it is
/// plugged in.
struct PCIFunction: Sendable {
    let address: PCIAddress
    /// Its folder, all links resolved.
    let folder: String
    /// The bridge above it.
    let parent: PCIAddress?
    /// Class code of 24 bits: `0x010802`; nil where it cannot be read.
    let classCode: UInt32?
    let vendor: UInt16?
    let device: UInt16?
    let cardVendor: UInt16?
    let cardDevice: UInt16?
    let driver: String?
    /// A virtual function of SR-IOV: it has no link and no port of its own.
    let isVirtual: Bool
    /// Files of error counts that it has.
    let errorFiles: [ErrorFile]
    /// Its own maximum; nil where it has no link: a function inside the processor.
    let maximum: PCILink?

    enum ErrorFile: String, CaseIterable, Sendable {
        case correctable = "aer_dev_correctable"
        case nonfatal = "aer_dev_nonfatal"
        case fatal = "aer_dev_fatal"
        case rootCorrectable = "aer_rootport_total_err_cor"
        case rootNonfatal = "aer_rootport_total_err_nonfatal"
        case rootFatal = "aer_rootport_total_err_fatal"

        var severity: String {
            switch self {
            case .correctable, .rootCorrectable: "correctable"
            case .nonfatal, .rootNonfatal: "nonfatal"
            case .fatal, .rootFatal: "fatal"
            }
        }

        /// One number: the messages that a root port took from all that is below it.
        var isRootTotal: Bool { rawValue.hasPrefix("aer_rootport") }
    }

    /// - Parameter folder: resolved, so that the bridges above stand in it.
    init(address: PCIAddress, folder: String, tree: SysTree) {
        self.address = address
        self.folder = folder
        parent = folder.split(separator: "/").dropLast().reversed().lazy.compactMap { PCIAddress($0) }.first
        let number: (String) -> UInt32? = { file in
            (try? tree.text("\(folder)/\(file)")).flatMap { text in
                text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : nil
            }
        }
        classCode = number("class")
        vendor = number("vendor").flatMap(UInt16.init(exactly:))
        device = number("device").flatMap(UInt16.init(exactly:))
        cardVendor = number("subsystem_vendor").flatMap(UInt16.init(exactly:)).flatMap { $0 == 0 ? nil : $0 }
        cardDevice = number("subsystem_device").flatMap(UInt16.init(exactly:))
        let driver = (try? tree.resolved("\(folder)/driver"))?.split(separator: "/").last.map(String.init)
        self.driver = driver == "driver" ? nil : driver
        isVirtual = tree.exists("\(folder)/physfn")
        let files = Set((try? tree.names(in: folder)) ?? [])
        errorFiles = ErrorFile.allCases.filter { files.contains($0.rawValue) }
        let maximum = PCILink(
            speed: try? tree.text("\(folder)/max_link_speed"), width: try? tree.text("\(folder)/max_link_width"))
        self.maximum = maximum.isNone ? nil : maximum
    }

    var baseClass: UInt8? { classCode.map { UInt8(truncatingIfNeeded: $0 >> 16) } }
    /// Base class and subclass.
    var subclass: UInt16? { classCode.map { UInt16(truncatingIfNeeded: $0 >> 8) } }
    var isBridge: Bool { subclass == 0x0604 }
    /// A controller of disks that stand below it; an NVMe controller is itself the disk.
    var isStorageController: Bool { baseClass == 0x01 && subclass != 0x0108 }

    /// What is worth a component even without error counts or link: cards and what drives disks, network and displays.
    /// The hundreds of functions that a processor shows of its own inside are not.
    var isCard: Bool {
        guard let baseClass else { return false }
        return [0x01, 0x02, 0x03, 0x12].contains(baseClass) || subclass == 0x0C03 || subclass == 0x0C04
    }

    var wanted: PCINames.Wanted? {
        guard let vendor, let device else { return nil }
        let card = cardVendor.flatMap { maker in
            cardDevice.map { PCINames.Wanted.Card(vendor: maker, device: $0) }
        }
        return PCINames.Wanted(vendor: vendor, device: device, card: card, classCode: subclass ?? 0)
    }
}

/// Speed and width of a link (`current_link_speed`, `max_link_width`).
struct PCILink: Hashable, Sendable {
    /// Gigatransfers per second and lane; nil where the link has none: it is down, or there is none.
    var speed: Double?
    var lanes: Int?

    /// Speeds above this are no PCI Express; version 7.0 has 128 GT/s.
    private static let fastest = 256.0
    private static let widest = 32

    /// Parses `8.0 GT/s PCIe`, `2.5 GT/s`, `Unknown` (also ` <unknown>` of old kernels), and `16`.
    init(speed: String?, width: String?) {
        if let first = speed?.split(separator: " ").first, speed?.contains("GT/s") == true, let value = Double(first),
            value > 0, value <= PCILink.fastest
        {
            self.speed = value
        }
        // A device that has gone reads all ones: 63 lanes, in old kernels 255.
        if let width = width.flatMap({ Int($0) }), width > 0, width <= PCILink.widest { lanes = width }
    }

    var isNone: Bool { speed == nil && lanes == nil }

    /// What both ends can.
    func limited(by other: PCILink?) -> PCILink {
        var both = self
        both.speed = [speed, other?.speed].compactMap { $0 }.min()
        both.lanes = [lanes, other?.lanes].compactMap { $0 }.min()
        return both
    }
}
