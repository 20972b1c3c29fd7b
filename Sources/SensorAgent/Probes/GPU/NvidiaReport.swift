import Reports

/// What `nvidia-smi -q -x` (XML) or `nvidia-smi -q` (text) printed, or `rocm-smi --json`: recordings, for
/// `probe gpu --input`. The agent itself asks the library.
struct NvidiaReport: Sendable {
    /// Cards of one report.
    static let cardLimit = 64
    /// Values of one card; a report with every process has 1,000.
    private static let valueLimit = 20_000

    struct Refusal: Error, Hashable { var problem: String }

    let readings: [GPUReading]

    init(parsing bytes: [UInt8]) throws(Refusal) {
        let text = String(decoding: bytes, as: UTF8.self)
        let head = text.drop { $0.isWhitespace }
        if head.hasPrefix("<") {
            let cards = try NvidiaReport.xml(text)
            readings = cards.map(NvidiaReport.reading)
        } else if head.hasPrefix("{") {
            readings = try NvidiaReport.rocm(bytes)
        } else if head.contains("NVSMI LOG") {
            readings = NvidiaReport.log(text).map(NvidiaReport.reading)
        } else {
            throw Refusal(problem: "neither the XML nor the text of `nvidia-smi -q`, nor JSON of rocm-smi")
        }
        guard readings.contains(where: { $0.id != nil }) else { throw Refusal(problem: "no card in it") }
    }

    // MARK: XML

    /// The values of each card by their path: `ecc_errors/volatile/single_bit/total`.
    private static func xml(_ text: String) throws(Refusal) -> [[String: String]] {
        var cards: [[String: String]] = []
        var path: [Substring] = []
        var rest = text[...]
        var content: Substring = ""
        while let open = rest.firstIndex(of: "<") {
            content = rest[..<open]
            guard let close = rest[open...].firstIndex(of: ">") else {
                throw Refusal(problem: "it ends inside a tag after \(cards.count) cards")
            }
            let tag = rest[rest.index(after: open)..<close]
            rest = rest[rest.index(after: close)...]
            if tag.hasPrefix("?") || tag.hasPrefix("!") { continue }
            let name = tag.drop { $0 == "/" }.prefix { $0 != " " && $0 != "/" }
            if tag.hasPrefix("/") {
                guard path.last == name else {
                    throw Refusal(problem: "</\(name.prefix(40))> closes what was not open after \(cards.count) cards")
                }
                if path.count > 2, path[1] == "gpu", !cards.isEmpty, cards[cards.count - 1].count < valueLimit {
                    let value = content.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                    let key = path.dropFirst(2).joined(separator: "/")
                    if !value.isEmpty, cards[cards.count - 1][key] == nil { cards[cards.count - 1][key] = value }
                }
                path.removeLast()
            } else if !tag.hasSuffix("/") {
                guard path.count < 32 else { throw Refusal(problem: "tags stand more than 32 deep") }
                path.append(name)
                if path.count == 2, name == "gpu" {
                    guard cards.count < cardLimit else { throw Refusal(problem: "more than \(cardLimit) cards") }
                    let id = tag.split(separator: "\"").dropFirst().first
                    cards.append(id.map { ["id": String($0)] } ?? [:])
                }
            }
        }
        guard path.isEmpty else { throw Refusal(problem: "it ends before </\(path[0])> after \(cards.count) cards") }
        return cards
    }

    private static func reading(_ values: [String: String]) -> GPUReading {
        let first = { (keys: [String]) in
            keys.lazy.compactMap { values[$0] }.first { $0 != "N/A" && $0 != "[N/A]" && !$0.contains("Requested") }
        }
        let number = { (keys: String...) in first(keys)?.split(separator: " ").first.flatMap { Double($0) } }
        let count = { (keys: String...) in first(keys)?.split(separator: " ").first.flatMap { UInt64($0) } }
        let flag = { (keys: String...) -> Bool? in
            guard let word = first(keys) else { return nil }
            return ["Active", "Yes"].contains(word) ? true : ["Not Active", "No"].contains(word) ? false : nil
        }
        var reading = GPUReading()
        reading.maker = "NVIDIA"
        reading.model = PlaceholderText.removed(first(["product_name"]))
        reading.uuid = PlaceholderText.removed(first(["uuid", "gpu_uuid"]))
        reading.serial = PlaceholderText.removed(first(["serial", "serial_number"]))
        reading.partNumber = PlaceholderText.removed(first(["gpu_part_number", "board_part_number"]))
        reading.firmware = PlaceholderText.removed(first(["vbios_version"]))
        reading.address = first(["pci/pci_bus_id", "pci/bus_id", "id"]).flatMap { address($0) }
        reading.temperature = number("temperature/gpu_temp", "temperature/gpu_current_temp")
        reading.temperatureLimits["high.emergency"] = number(
            "temperature/gpu_temp_max_threshold", "temperature/gpu_shutdown_temp")
        reading.temperatureLimits["high.critical"] = number(
            "temperature/gpu_temp_slow_threshold", "temperature/gpu_slowdown_temp")
        reading.temperatureLimits["high.degraded"] = number(
            "temperature/gpu_temp_max_gpu_threshold", "temperature/gpu_max_operating_temp")
        let power = ["gpu_power_readings", "power_readings"]
        reading.power = first(
            power.flatMap { ["\($0)/power_draw", "\($0)/instant_power_draw", "\($0)/average_power_draw"] }
        )?.split(separator: " ").first.flatMap { Double($0) }
        reading.powerLimit = first(
            power.flatMap { ["\($0)/enforced_power_limit", "\($0)/current_power_limit", "\($0)/power_limit"] }
        )?.split(separator: " ").first.flatMap { Double($0) }
        reading.fan = number("fan_speed").map { $0 / 100 }
        for scope in ["volatile", "aggregate"] {
            let folder = "ecc_errors/\(scope)"
            for (type, bit, suffix) in [
                ("corrected", "single_bit", "correctable"), ("uncorrected", "double_bit", "uncorrectable"),
            ] {
                // Newer drivers tell memory and chip apart, and the chip's uncorrectable ones once more by kind.
                let parts = values.filter { key, _ in
                    key.hasPrefix("\(folder)/") && (key.hasSuffix("_\(suffix)") || key.contains("_\(suffix)_"))
                        && !key.contains("threshold")
                }.compactMap { UInt64($0.value) }
                let sum = parts.isEmpty ? nil : parts.reduce(0, &+)
                reading.errors[.init(scope: scope, type: type)] = count("\(folder)/\(bit)/total") ?? sum
            }
        }
        let retired = [
            count(
                "retired_pages/multiple_single_bit_retirement/retired_count", "retired_pages/single_bit_ecc"),
            count("retired_pages/double_bit_retirement/retired_count", "retired_pages/double_bit_ecc"),
        ].compactMap { $0 }
        if retired.count == 2 { reading.retiredPages = retired.reduce(0, &+) }
        for (cause, key) in [
            ("corrected", "remapped_row_corr"), ("uncorrected", "remapped_row_unc"),
            ("pending", "remapped_row_pending"), ("failed", "remapped_row_failure"),
        ] {
            let key = "remapped_rows/\(key)"
            reading.remappedRows[cause] = count(key) ?? flag(key).map { $0 ? 1 : 0 }
        }
        for (reason, word) in [("thermal", "hw_thermal_slowdown"), ("power_brake", "hw_power_brake_slowdown")] {
            reading.slowdowns[reason] = flag(
                "clocks_throttle_reasons/clocks_throttle_reason_\(word)",
                "clocks_event_reasons/clocks_event_reason_\(word)",
                "clocks_throttle_reasons/hw_slowdown/\(word)", "clocks_event_reasons/hw_slowdown/\(word)")
        }
        reading.replays = count("pci/replay_counter", "pci/replays_since_reset")
        reading.isPastThreshold = flag(
            "ecc_errors/aggregate/sram_threshold_exceeded", "ecc_errors/sram_threshold_exceeded")
        return reading
    }

    /// `00000000:17:00.0`: four digits of the domain are enough for the kernel.
    private static func address(_ text: String) -> PCIAddress? { PCIAddress(text.lowercased()) }

    // MARK: Text

    /// The same paths from the indented text: `Ecc Errors`, below it `Volatile`, below it `Single Bit`.
    private static func log(_ text: String) -> [[String: String]] {
        var cards: [[String: String]] = []
        var path: [(indent: Int, name: String)] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let indent = line.prefix { $0 == " " }.count
            let bare = line.drop { $0 == " " }
            if indent == 0, bare.hasPrefix("GPU ") {
                guard cards.count < cardLimit else { break }
                cards.append(["id": String(bare.dropFirst(4))])
                path = []
                continue
            }
            guard !cards.isEmpty, cards[cards.count - 1].count < valueLimit, indent > 0 else { continue }
            while let last = path.last, last.indent >= indent { path.removeLast() }
            let parts = bare.split(separator: ":", maxSplits: 1)
            let name = words(parts.first ?? "")
            path.append((indent, name))
            guard parts.count == 2 else { continue }
            let value = parts[1].split(separator: " ").joined(separator: " ")
            let key = path.map(\.name).joined(separator: "/")
            if !value.isEmpty, cards[cards.count - 1][key] == nil { cards[cards.count - 1][key] = value }
        }
        return cards
    }

    private static func words(_ text: Substring) -> String {
        let known = [
            "correctable_error": "remapped_row_corr", "uncorrectable_error": "remapped_row_unc",
            "pending": "remapped_row_pending", "remapping_failure_occurred": "remapped_row_failure",
        ]
        let name = text.lowercased().split { !($0.isLetter || $0.isNumber) }.joined(separator: "_")
        return known[name] ?? name
    }

    // MARK: rocm-smi

    private static func rocm(_ bytes: [UInt8]) throws(Refusal) -> [GPUReading] {
        let tree: JSONTree
        do throws(JSONTree.Malformed) {
            tree = try JSONTree(parsing: bytes)
        } catch {
            throw Refusal(problem: error.problem)
        }
        return tree.keys.filter { $0.hasPrefix("card") }.prefix(cardLimit).compactMap { card in
            guard let values = tree[card] else { return nil }
            let number = { (keys: String...) in keys.lazy.compactMap { values[$0]?.double }.first }
            let text = { (keys: String...) in keys.lazy.compactMap { PlaceholderText.removed(values[$0]?.text) }.first }
            var reading = GPUReading()
            reading.maker = text("Card vendor", "Card Vendor") ?? "AMD"
            reading.model = text("Card series", "Card Series", "Card model", "Card Model")
            reading.uuid = text("Unique ID")
            reading.serial = text("Serial Number")
            reading.partNumber = text("Card SKU")
            reading.firmware = text("VBIOS version")
            reading.address = text("PCI Bus").flatMap { address($0) }
            reading.temperature = number("Temperature (Sensor edge) (C)", "Temperature (Sensor junction) (C)")
            reading.power = number("Average Graphics Package Power (W)", "Current Socket Graphics Package Power (W)")
            reading.powerLimit = number("Max Graphics Package Power (W)")
            reading.fan = number("Fan speed (%)", "Fan Speed (%)").map { $0 / 100 }
            reading.replays = text("PCIe Replay Count").flatMap { UInt64($0) }
            return reading
        }
    }
}
