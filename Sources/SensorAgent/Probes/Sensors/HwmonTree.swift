import Reports

/// The monitoring chips of a recorded tree, read as libsensors reads those of the running kernel, which is the only
/// one that the library knows (Documentation/hwmon/sysfs-interface.rst; names as of `sensors_snprintf_chip_name`).
///
/// What a site wrote into sensors.conf (its labels and its factors) is not in a tree, and is not applied.
struct HwmonTree {
    static let folder = "/sys/class/hwmon"

    let chips: [SensorChip]
    /// Its path and what one unit of libsensors is in the file, in the order of the chips' subfeatures.
    private let files: [(path: String, scale: Double)]

    init(_ tree: SysTree) {
        var chips: [SensorChip] = []
        var files: [(String, Double)] = []
        for device in (try? tree.names(in: HwmonTree.folder)) ?? [] {
            let folder = "\(HwmonTree.folder)/\(device)"
            // Before Linux 3.17 the attributes were those of the device.
            let places = [folder, "\(folder)/device"]
            guard let place = places.first(where: { tree.exists("\($0)/name") }),
                let prefix = try? tree.text("\(place)/name")
            else { continue }
            let (features, paths) = HwmonTree.features(in: place, tree)
            let name = HwmonTree.name(prefix: prefix, device: try? tree.resolved("\(folder)/device"), tree)
            chips.append(
                SensorChip(name: name.chip, prefix: prefix, adapter: name.adapter, path: place, features: features))
            files += paths
        }
        self.chips = chips
        self.files = files
    }

    /// One value per subfeature in the order of `chips`; nil where there is no number.
    func values(_ tree: SysTree) -> [Double?] {
        files.map { file in (try? tree.text(file.path)).flatMap(Double.init).map { $0 / file.scale } }
    }

    // MARK: Features

    /// In libsensors' order: by kind, then by number.
    private static let kinds: [(word: String, kind: SensorFeature.Kind, scale: Double)] = [
        ("in", .voltage, 1000), ("fan", .fan, 1), ("temp", .temperature, 1000), ("power", .power, 1_000_000),
        ("energy", .energy, 1_000_000), ("curr", .current, 1000), ("humidity", .humidity, 1000),
        ("intrusion", .intrusion, 1),
    ]
    /// Words behind which stands no quantity of the kind.
    private static let unscaled = ["alarm", "fault", "beep", "type", "div", "pulses"]

    private static func features(
        in folder: String, _ tree: SysTree
    ) -> ([SensorFeature], [(path: String, scale: Double)]) {
        var found: [(kind: Int, number: Int, name: String, suffixes: [String])] = []
        for file in (try? tree.names(in: folder)) ?? [] {
            let parts = file.split(separator: "_", maxSplits: 1)
            guard parts.count == 2, let head = parts.first,
                let kind = kinds.firstIndex(where: { $0.word == head.prefix { $0.isLetter } }),
                let number = Int(head.drop { $0.isLetter })
            else { continue }
            let suffix = String(parts[1])
            guard SensorAttributes.signal(kind: kinds[kind].kind, suffix: suffix) != nil else { continue }
            if let place = found.firstIndex(where: { $0.name == head }) {
                found[place].suffixes.append(suffix)
            } else {
                found.append((kind, number, String(head), [suffix]))
            }
        }
        var features: [SensorFeature] = []
        var files: [(String, Double)] = []
        for feature in found.sorted(by: { ($0.kind, $0.number) < ($1.kind, $1.number) }) {
            let (_, kind, scale) = kinds[feature.kind]
            features.append(
                SensorFeature(
                    name: feature.name, label: (try? tree.text("\(folder)/\(feature.name)_label")) ?? feature.name,
                    kind: kind, subfeatures: feature.suffixes.map { "\(feature.name)_\($0)" }))
            for suffix in feature.suffixes {
                let factor =
                    suffix == "average_interval" ? 1000 : unscaled.contains(where: suffix.hasSuffix) ? 1 : scale
                files.append(("\(folder)/\(feature.name)_\(suffix)", factor))
            }
        }
        return (features, files)
    }

    // MARK: Names

    /// `coretemp-isa-0000` of a chip and the device that it hangs on.
    private static func name(prefix: String, device: String?, _ tree: SysTree) -> (chip: String, adapter: String?) {
        guard let device, let last = device.split(separator: "/").last, last != "device", !last.hasPrefix("hwmon")
        else { return ("\(prefix)-virtual-0", "Virtual device") }
        // An NVMe controller stands for its PCI function.
        let function = last.hasPrefix("nvme") ? device.split(separator: "/").compactMap { PCIAddress($0) }.last : nil
        if let pci = PCIAddress(last) ?? function {
            let number = UInt64(pci.domain) << 16 | UInt64(pci.bus) << 8 | UInt64(pci.device << 3 | pci.function)
            return ("\(prefix)-pci-\(hexadecimal(number, digits: 4))", "PCI adapter")
        }
        let parts = last.split(separator: "-")
        if parts.count == 2, let adapter = UInt64(parts[0]), let address = UInt64(parts[1], radix: 16) {
            let name = try? tree.text("/sys/class/i2c-adapter/i2c-\(adapter)/name")
            return ("\(prefix)-i2c-\(adapter)-\(hexadecimal(address, digits: 2))", name)
        }
        let numbers = last.split(separator: ":").compactMap { UInt8($0) }
        if numbers.count == 4, last.allSatisfy({ $0.isNumber || $0 == ":" }) {
            let address = UInt64(numbers[1]) << 8 | UInt64(numbers[2]) << 4 | UInt64(numbers[3])
            return ("\(prefix)-scsi-\(numbers[0])-\(String(address, radix: 16))", "SCSI adapter")
        }
        if ["PNP", "ACPI", "LNX"].contains(where: last.hasPrefix) { return ("\(prefix)-acpi-0", "ACPI interface") }
        if device.contains("/virtual/") { return ("\(prefix)-virtual-0", "Virtual device") }
        let address = last.split(separator: ".").last.flatMap { UInt64($0) } ?? 0
        return ("\(prefix)-isa-\(hexadecimal(address, digits: 4))", "ISA adapter")
    }
}
