import Reports

/// What `lspci -vv` of pciutils printed: a recording of a machine's PCI functions, for `probe pcie --input`.
///
/// The agent never runs lspci: sysfs contains more and needs no program.
struct LspciReport: Sendable {
    /// Lines read; a large server prints 20,000.
    static let lineLimit = 200_000
    static let functionLimit = 8_192

    struct Function: Hashable, Sendable {
        var address: PCIAddress
        var className: String
        var name: String
        var slot: String?
        var card: String?
        var driver: String?
        var maximum = PCILink(speed: nil, width: nil)
        var current = PCILink(speed: nil, width: nil)
        /// By severity: whether one was seen since the register was cleared (Device Status).
        var errors: [String: Bool] = [:]
        /// Errors whose bit is set in the AER status registers, by severity.
        var reported: [String: [String]] = [:]
    }

    struct Malformed: Error, Hashable { var problem: String }

    let functions: [Function]

    init(parsing text: String) throws(Malformed) {
        var functions: [Function] = []
        var register = ""
        var lines = 0
        for line in text.split(whereSeparator: \.isNewline) {
            lines += 1
            guard lines <= LspciReport.lineLimit else {
                throw Malformed(problem: "more than \(LspciReport.lineLimit) lines")
            }
            if let function = LspciReport.header(line) {
                guard functions.count < LspciReport.functionLimit else {
                    throw Malformed(problem: "more than \(LspciReport.functionLimit) functions")
                }
                functions.append(function)
                register = ""
            } else if !functions.isEmpty {
                LspciReport.read(line, &functions[functions.count - 1], &register)
            }
        }
        guard !functions.isEmpty else {
            throw Malformed(problem: "no line begins with a PCI address, as `lspci -vv` prints one for each function")
        }
        self.functions = functions
    }

    /// `5c:00.0 Serial Attached SCSI controller: Adaptec …`.
    private static func header(_ line: Substring) -> Function? {
        guard let space = line.firstIndex(of: " "), let address = PCIAddress(line[..<space]) else { return nil }
        let rest = line[line.index(after: space)...]
        guard let colon = rest.firstIndex(of: ":") else { return nil }
        return Function(
            address: address, className: String(rest[..<colon].prefix(100)),
            name: String(rest[rest.index(after: colon)...].prefix(200)))
    }

    private static func read(_ line: Substring, _ function: inout Function, _ register: inout String) {
        let words = line.split { $0 == " " || $0 == "\t" }
        guard let first = words.first else { return }
        if first.hasSuffix(":") { register = String(first.dropLast()) }
        switch register {
        case "LnkCap", "LnkSta":
            // Its second line has neither.
            guard let link = link(words) else { return }
            if register == "LnkCap" { function.maximum = link } else { function.current = link }
        case "DevSta":
            for (flag, severity) in [
                ("CorrErr", "correctable"), ("NonFatalErr", "nonfatal"), ("UncorrErr", "nonfatal"),
                ("FatalErr", "fatal"),
            ] {
                if words.contains("\(flag)+") { function.errors[severity] = true }
                if words.contains("\(flag)-") { function.errors[severity] = false }
            }
        case "CESta", "UESta":
            let severity = register == "CESta" ? "correctable" : "uncorrected"
            function.reported[severity, default: []] += words.filter { $0.hasSuffix("+") }.map { String($0.dropLast()) }
        default: break
        }
        let value = { (count: Int) in words.dropFirst(count).joined(separator: " ") }
        if first == "Subsystem:" { function.card = PlaceholderText.removed(value(1)) }
        if words.starts(with: ["Physical", "Slot:"]) { function.slot = PlaceholderText.removed(value(2)) }
        if words.starts(with: ["Kernel", "driver", "in", "use:"]) {
            function.driver = PlaceholderText.removed(value(4))
        }
    }

    /// `Speed 8GT/s (downgraded), Width x16 (ok)`.
    private static func link(_ words: [Substring]) -> PCILink? {
        guard let speed = words.firstIndex(of: "Speed"), let width = words.firstIndex(of: "Width"),
            speed + 1 < words.count, width + 1 < words.count
        else { return nil }
        let number = words[speed + 1].prefix { $0.isNumber || $0 == "." }
        let lanes = words[width + 1].drop { $0 == "x" }.prefix { $0.isNumber }
        return PCILink(speed: "\(number) GT/s", width: String(lanes))
    }

    // MARK: As observations

    func result(at time: Timestamp) -> ProbeResult {
        var result = ProbeResult()
        for function in functions {
            let id = ComponentID(.pcieDevice, function.address.description)
            var attributes = ["device": function.address.description, "class_name": function.className]
            attributes["driver"] = function.driver
            attributes["slot"] = function.slot.map { "Slot \($0)" }
            attributes["card"] = function.card
            for (severity, names) in function.reported where !names.isEmpty {
                attributes["reported_\(severity)"] = names.joined(separator: " ")
            }
            result.components.append(
                Component(
                    id: id, kind: .pcieDevice, name: "\(function.className) \(function.address)",
                    part: Part(model: PlaceholderText.removed(function.name), location: attributes["slot"]),
                    attributes: attributes))
            let add = { (signal: Signal, measurement: Measurement) in
                result.observations.append(
                    Observation(component: id, signal: signal, measurement: measurement, time: time))
            }
            let numbers = [
                ("hw.pcie.link_speed", function.current.speed, function.maximum.speed),
                (
                    "hw.pcie.link_width", function.current.lanes.map(Double.init),
                    function.maximum.lanes.map(Double.init)
                ),
            ]
            for (name, current, maximum) in numbers where !function.maximum.isNone {
                add(Signal(name), current.map { .reading($0) } ?? .unavailable(.readError))
                if let maximum { add(Signal("\(name).limit", ["limit_type": "rated.high"]), .reading(maximum)) }
            }
            for (severity, seen) in function.errors.sorted(by: { $0.key < $1.key }) {
                add(Signal("hw.pcie.error_seen", ["severity": severity]), .state(seen ? "asserted" : "clear"))
            }
        }
        return result
    }
}
