import Reports

/// Graphics and compute cards of AMD, as their driver shows them in sysfs (Documentation/gpu/amdgpu/ras.rst and
/// driver-misc.rst): error counts per block, retired pages, replays.
///
/// Their temperatures, fans and power are the chip sensors' part, since they come through hwmon.
struct RadeonCards: Sendable {
    let tree: SysTree

    private static let folder = "/sys/class/drm"
    private static let cardLimit = 64
    /// Lines read of the list of bad pages.
    private static let pageLimit = 4_096

    func readings() -> [GPUReading] {
        let cards = ((try? tree.names(in: RadeonCards.folder)) ?? []).filter { name in
            name.hasPrefix("card") && name.dropFirst(4).allSatisfy(\.isNumber) && name.count > 4
        }
        return cards.prefix(RadeonCards.cardLimit).compactMap { reading("\(RadeonCards.folder)/\($0)/device") }
    }

    private func reading(_ folder: String) -> GPUReading? {
        guard (try? tree.text("\(folder)/vendor")) == "0x1002" else { return nil }
        let text = { (file: String) in PlaceholderText.removed(try? tree.text("\(folder)/\(file)")) }
        var reading = GPUReading()
        reading.maker = "AMD"
        reading.model = text("product_name")
        reading.partNumber = text("product_number")
        reading.serial = text("serial_number")
        reading.uuid = text("unique_id")
        reading.firmware = text("vbios_version")
        let place = (try? tree.resolved(folder)) ?? ""
        reading.address =
            place.split(separator: "/").last.flatMap { PCIAddress($0) }
            ?? (try? tree.text("\(folder)/uevent")).flatMap(RadeonCards.address)
        reading.replays = try? tree.count("\(folder)/pcie_replay_count")
        for file in (try? tree.names(in: "\(folder)/ras")) ?? [] where file.hasSuffix("_err_count") {
            // `ue: 0` and `ce: 3` on lines of their own.
            let counts = (try? tree.text("\(folder)/ras/\(file)")) ?? ""
            for line in counts.split(whereSeparator: \.isNewline) {
                let words = line.split(separator: " ")
                guard words.count == 2, let count = UInt64(words[1]) else { continue }
                let type = words[0] == "ue:" ? "uncorrected" : words[0] == "ce:" ? "corrected" : nil
                guard let type else { continue }
                reading.errors[.init(scope: "volatile", type: type), default: 0] &+= count
            }
        }
        if let pages = try? tree.text("\(folder)/ras/gpu_vram_bad_pages") {
            let retired = pages.split(whereSeparator: \.isNewline).prefix(RadeonCards.pageLimit)
                .filter { $0.hasPrefix("0x") }
            reading.retiredPages = UInt64(retired.count)
        }
        return reading.id == nil ? nil : reading
    }

    private static func address(_ uevent: String) -> PCIAddress? {
        uevent.split(whereSeparator: \.isNewline).lazy.compactMap { line in
            line.hasPrefix("PCI_SLOT_NAME=") ? PCIAddress(line.dropFirst("PCI_SLOT_NAME=".count)) : nil
        }.first
    }
}
