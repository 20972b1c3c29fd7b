/// Where on the board PCI functions sit, in the words that stand on the machine.
///
/// SMBIOS (DSP0134) names slots (type 9) and devices on the board (type 41) by bus, device and function; the kernel
/// numbers hot-plug slots (`/sys/bus/pci/slots/*/address`) and hands on what the firmware calls a device
/// (`label`, `acpi_index`: Documentation/ABI/testing/sysfs-bus-pci).
struct PCISlots: Sendable {
    /// By `PCIAddress.slotAddress`.
    private var designations: [String: String] = [:]
    private var numbers: [String: String] = [:]

    init(tree: SysTree, firmware: SMBIOS) {
        for slot in (try? tree.names(in: "/sys/bus/pci/slots")) ?? [] {
            guard let address = try? tree.text("/sys/bus/pci/slots/\(slot)/address") else { continue }
            // The first of several: `3` before `3-1`.
            if numbers[address] == nil { numbers[address] = "Slot \(slot)" }
        }
        for slot in firmware.structures(ofType: 9) {
            add(slot.string(0x04), segment: slot.word(0x0D), bus: slot.byte(0x0F), place: slot.byte(0x10))
        }
        for device in firmware.structures(ofType: 41) {
            add(device.string(0x04), segment: device.word(0x07), bus: device.byte(0x09), place: device.byte(0x0A))
        }
    }

    private mutating func add(_ name: String?, segment: UInt16?, bus: UInt8?, place: UInt8?) {
        // FFh stands for unknown; bus 0, device 0 is the host bridge, where tables without a value point to.
        guard let name, let segment, segment != 0xFFFF, let bus, let place, bus != 0xFF, place != 0xFF,
            bus != 0 || place != 0
        else { return }
        let address = PCIAddress(domain: UInt32(segment), bus: bus, device: place >> 3, function: 0).slotAddress
        if designations[address] == nil { designations[address] = name }
    }

    /// - Parameters:
    ///   - port: what the function is plugged into: some tables name the port for the slot behind it.
    ///   - label: the file `label` of the function.
    func location(of address: PCIAddress, port: PCIAddress?, label: String?) -> String? {
        if let name = designations[address.slotAddress] { return name }
        if let label = PlaceholderText.removed(label) { return label }
        if let port, let name = designations[port.slotAddress] { return name }
        return numbers[address.slotAddress]
    }

    /// The physical slot of the PCI device at `address` (`0000:3b:00.0`), as the firmware numbers it.
    static func slot(of address: String, _ tree: SysTree) -> String? {
        let device = address.split(separator: ".").first.map(String.init) ?? address
        let slots = (try? tree.names(in: "/sys/bus/pci/slots")) ?? []
        return slots.first { (try? tree.text("/sys/bus/pci/slots/\($0)/address")) == device }.map { "Slot \($0)" }
    }
}
