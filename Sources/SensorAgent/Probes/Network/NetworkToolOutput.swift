import Reports

/// What network tools printed, for `probe network --input`: `ethtool -m DEV` (as text, `raw on` or `hex on`),
/// `ethtool -S`, `-i`, `-g`, the settings of `ethtool DEV`, `/proc/net/bonding/NAME`, `/proc/net/dev`.
struct NetworkToolOutput: Sendable {
    /// Lines taken of one text.
    static let lineLimit = 20_000

    struct Refusal: Error, Hashable { var problem: String }

    private enum Content {
        case module(Transceiver)
        /// One or more ports by name, and the bond that they are in.
        case ports([Port], Links?)
    }

    private struct Port {
        var name: String
        var attributes: [String: String] = [:]
        var part = Part()
        var measurements: [(Signal, Measurement)] = []
    }

    private let content: Content

    init(parsing bytes: [UInt8]) throws(Refusal) {
        // A text may begin with a tabulator, as ethtool's do: 9 is no kind of module.
        let isText = { (byte: UInt8) in byte >= 0x20 || (0x09...0x0D).contains(byte) }
        if bytes.count >= 128, bytes.count <= TransceiverMemory.byteLimit, !bytes.allSatisfy(isText) {
            content = .module(try NetworkToolOutput.module(bytes))
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).prefix(NetworkToolOutput.lineLimit).map(Line.init)
        guard let first = lines.first(where: { !$0.text.hasPrefix("#") }) else { throw Refusal(problem: "it is empty") }
        if let dump = NetworkToolOutput.dump(lines) {
            content = .module(try NetworkToolOutput.module(dump))
        } else if lines.contains(where: { $0.key == "Identifier" }) {
            content = .module(NetworkToolOutput.module(lines))
        } else if first.text.hasPrefix("Inter-|") {
            content = .ports(try NetworkToolOutput.devices(lines), nil)
        } else if lines.contains(where: { $0.key == "Slave Interface" || $0.key == "Bonding Mode" }) {
            content = .ports(NetworkToolOutput.bond(lines), NetworkToolOutput.links(lines))
        } else if first.key == "NIC statistics" {
            content = .ports([NetworkToolOutput.statistics(lines)], nil)
        } else if first.text.hasPrefix("Settings for ") {
            content = .ports([NetworkToolOutput.settings(lines)], nil)
        } else if first.text.hasPrefix("Ring parameters for ") {
            content = .ports([NetworkToolOutput.rings(lines)], nil)
        } else if lines.contains(where: { $0.key == "driver" }) {
            content = .ports([NetworkToolOutput.driver(lines)], nil)
        } else {
            throw Refusal(problem: "\"\(first.text.prefix(40))\" begins nothing that tells of a port's health")
        }
    }

    func result(at time: Timestamp) -> ProbeResult {
        switch content {
        case .module(let module):
            let component = module.component(in: ComponentID(.nic, "recorded"))
            return ProbeResult(
                components: [component], observations: module.observations(of: component.id, at: time))
        case .ports(let ports, let bond):
            var result = ProbeResult()
            if let bond { result.take(NetworkToolOutput.result(of: bond, at: time)) }
            for port in ports {
                let id = ComponentID(.nic, port.attributes["mac"] ?? port.name)
                result.components.append(
                    Component(id: id, kind: .nic, name: port.name, part: port.part, attributes: port.attributes))
                result.observations += port.measurements.map {
                    Observation(component: id, signal: $0.0, measurement: $0.1, time: time)
                }
            }
            return result
        }
    }

    /// `Key : value`.
    private struct Line {
        let text: Substring
        let key: String
        let value: String

        init(_ line: Substring) {
            text = line.drop { $0 == " " || $0 == "\t" }
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let trim = { (part: Substring) in
                part.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
            }
            key = trim(parts.first ?? "")
            value = parts.count > 1 ? trim(parts[1]) : ""
        }

        /// The number that the value begins with.
        var number: Double? { value.split { $0 == " " || $0 == "M" || $0 == "m" }.first.flatMap { Double($0) } }
        var count: UInt64? { UInt64(value) }
    }

    // MARK: Modules

    private static func module(_ bytes: [UInt8]) throws(Refusal) -> Transceiver {
        do throws(TransceiverMemory.Refusal) {
            return try TransceiverMemory(bytes).transceiver()
        } catch {
            throw Refusal(problem: error.problem)
        }
    }

    /// Bytes of `0x0010:  03 04 07 …`; nil where the text is no such dump.
    private static func dump(_ lines: [Line]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for line in lines where line.key.hasPrefix("0x") {
            guard UInt32(line.key.dropFirst(2), radix: 16) == UInt32(bytes.count) else { return nil }
            for word in line.value.split(separator: " ") {
                guard word.count == 2, let byte = UInt8(word, radix: 16) else { return nil }
                bytes.append(byte)
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static let quantities: [(words: [String], quantity: String)] = [
        (["temperature"], "temperature"), (["voltage"], "voltage"), (["bias"], "bias"),
        (["output power", "tx power", "transmit avg optical power"], "tx_power"),
        (["receiver signal", "rx power", "rcvr signal"], "rx_power"),
    ]

    private static func module(_ lines: [Line]) -> Transceiver {
        var module = Transceiver(form: "SFP")
        for line in lines {
            switch line.key {
            case "Identifier": module.form = String(line.value.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" })
            case "Vendor name": module.part.manufacturer = PlaceholderText.removed(line.value)
            case "Vendor PN":
                module.part.partNumber = PlaceholderText.removed(line.value)
                module.part.model = module.part.partNumber
            case "Vendor SN": module.part.serial = PlaceholderText.removed(line.value)
            case "Vendor rev": module.attributes["revision"] = PlaceholderText.removed(line.value)
            case "Date code": module.attributes["date"] = PlaceholderText.removed(line.value)
            default: readMeasurement(line, &module)
            }
        }
        return module
    }

    /// `Laser rx power high alarm threshold : 1.2589 mW / 1.00 dBm`, `… high alarm : Off`, `Module voltage : 3.2995 V`.
    private static func readMeasurement(_ line: Line, _ module: inout Transceiver) {
        let key = line.key.lowercased()
        guard let quantity = quantities.first(where: { $0.words.contains { key.contains($0) } })?.quantity else {
            return
        }
        let value = line.number.map { quantity == "bias" ? $0 / 1000 : $0 }
        if let level = Transceiver.levels.first(where: { level in
            key.contains(level.split(separator: ".").joined(separator: " "))
        }) {
            if key.contains("threshold") {
                module.limits["\(quantity).\(level)"] = value
            } else if line.value == "On" || line.value == "Off" {
                // Any lane.
                let before = module.alarms["\(quantity).\(level)"] ?? false
                module.alarms["\(quantity).\(level)"] = before || line.value == "On"
            }
            return
        }
        guard let value else { return }
        switch quantity {
        case "temperature": module.temperature = value
        case "voltage": module.voltage = value
        default:
            let channel = key.split(separator: "channel ").last.flatMap { Int($0.prefix { $0.isNumber }) } ?? 1
            guard (1...16).contains(channel) else { return }
            while module.lanes.count < channel { module.lanes.append(Transceiver.Lane()) }
            switch quantity {
            case "bias": module.lanes[channel - 1].bias = value
            case "tx_power": module.lanes[channel - 1].sent = value
            default: module.lanes[channel - 1].received = value
            }
        }
    }

    // MARK: Ports

    private static func name(_ line: Line?) -> String {
        line?.text.split(separator: " ").last.map { String($0.prefix { $0 != ":" }) } ?? "recorded"
    }

    private static func statistics(_ lines: [Line]) -> Port {
        var port = Port(name: "recorded")
        let counters = lines.compactMap { line in line.count.map { (name: line.key, value: $0) } }
        let known = Dictionary(NetworkStatistics.files.map { ($0.file, $0.signal) }, uniquingKeysWith: { $1 })
        for counter in counters {
            if let signal = known[counter.name] { port.measurements.append((signal, .counter(counter.value))) }
        }
        port.measurements += NetworkStatistics.troubles(counters).map { ($0.0, .counter($0.1)) }
        return port
    }

    private static func settings(_ lines: [Line]) -> Port {
        var port = Port(name: name(lines.first { $0.text.hasPrefix("Settings for ") }))
        for line in lines {
            switch line.key {
            case "Speed":
                if let megabits = line.number, megabits > 0 {
                    port.measurements.append((Signal("hw.network.bandwidth.limit"), .gauge(megabits * 125_000)))
                }
            case "Duplex" where ["Full", "Half"].contains(line.value):
                port.measurements.append((Signal("hw.network.duplex"), .state(line.value.lowercased())))
            case "Link detected":
                port.measurements.append((Signal("hw.network.link"), .state(line.value == "yes" ? "up" : "down")))
            case "Port": port.attributes["port"] = line.value
            default: break
            }
        }
        return port
    }

    private static func rings(_ lines: [Line]) -> Port {
        var port = Port(name: name(lines.first))
        var isMaximum = true
        for line in lines {
            if line.key == "Current hardware settings" { isMaximum = false }
            guard ["RX", "TX"].contains(line.key), let count = line.count else { continue }
            port.attributes["ring_\(line.key.lowercased())\(isMaximum ? "_max" : "")"] = String(count)
        }
        return port
    }

    private static func driver(_ lines: [Line]) -> Port {
        var port = Port(name: "recorded")
        for line in lines where !line.value.isEmpty {
            switch line.key {
            case "driver": port.attributes["driver"] = line.value
            case "firmware-version": port.part.firmware = PlaceholderText.removed(line.value)
            case "bus-info": port.attributes["bus_address"] = line.value
            default: break
            }
        }
        return port
    }

    /// The links of a bond.
    private struct Links {
        var configured = 0
        var up = 0
    }

    /// Of mode 802.3ad, those in the active aggregator count, as in `Number of ports`.
    private static func links(_ lines: [Line]) -> Links {
        var links = Links()
        var isOfPort = false
        var active: UInt64?
        for line in lines {
            switch line.key {
            case "Slave Interface":
                links.configured += 1
                isOfPort = true
            case "MII Status" where isOfPort && line.value == "up": links.up += 1
            case "Number of ports": active = line.count
            default: break
            }
        }
        if let active, active > 0 { links.up = min(links.up, Int(clamping: active)) }
        return links
    }

    /// The file does not contain the bond's name, and one look does not show whether it had a spare before.
    private static func result(of links: Links, at time: Timestamp) -> ProbeResult {
        let id = ComponentID(.bond, "recorded")
        let values: [(Signal, Measurement)] = [
            (Signal("hw.network.bond.ports", ["state": "configured"]), .gauge(Double(links.configured))),
            (Signal("hw.network.bond.ports", ["state": "up"]), .gauge(Double(links.up))),
            (
                Signal("hw.network.bond.redundancy"),
                .state(links.configured > 1 && links.up == links.configured ? "full" : "none")
            ),
        ]
        return ProbeResult(
            components: [Component(id: id, kind: .bond, name: "bond")],
            observations: values.map { Observation(component: id, signal: $0.0, measurement: $0.1, time: time) })
    }

    private static func bond(_ lines: [Line]) -> [Port] {
        var ports: [Port] = []
        for line in lines {
            if line.key == "Slave Interface" {
                ports.append(Port(name: line.value))
                continue
            }
            guard !ports.isEmpty else { continue }
            var measurement: (Signal, Measurement)?
            switch line.key {
            case "MII Status": measurement = (Signal("hw.network.link"), .state(line.value == "up" ? "up" : "down"))
            case "Speed":
                if let megabits = line.number, megabits > 0 {
                    measurement = (Signal("hw.network.bandwidth.limit"), .gauge(megabits * 125_000))
                }
            case "Duplex" where ["full", "half"].contains(line.value):
                measurement = (Signal("hw.network.duplex"), .state(line.value))
            case "Link Failure Count":
                measurement = line.count.map { (Signal("hw.network.carrier_changes"), .counter($0)) }
            case "Permanent HW addr": ports[ports.count - 1].attributes["mac"] = PlaceholderText.removed(line.value)
            default: break
            }
            if let measurement { ports[ports.count - 1].measurements.append(measurement) }
        }
        return ports
    }

    /// Columns of `/proc/net/dev` (proc(5)): eight that were received, eight that were sent.
    private static let columns: [(index: Int, signal: Signal)] = [
        (0, Signal("hw.network.io", ["direction": "receive"])),
        (1, Signal("hw.network.packets", ["direction": "receive"])),
        (2, NetworkStatistics.error("total", receive: true)), (3, NetworkStatistics.error("dropped", receive: true)),
        (4, NetworkStatistics.error("fifo", receive: true)), (5, NetworkStatistics.error("frame", receive: true)),
        (8, Signal("hw.network.io", ["direction": "transmit"])),
        (9, Signal("hw.network.packets", ["direction": "transmit"])),
        (10, NetworkStatistics.error("total", receive: false)),
        (11, NetworkStatistics.error("dropped", receive: false)),
        (12, NetworkStatistics.error("fifo", receive: false)),
        (13, NetworkStatistics.error("collision", receive: false)),
        (14, NetworkStatistics.error("carrier", receive: false)),
    ]

    private static func devices(_ lines: [Line]) throws(Refusal) -> [Port] {
        var ports: [Port] = []
        for line in lines where !line.text.contains("|") && line.key != "lo" {
            let numbers = line.value.split(separator: " ").map { UInt64($0) }
            guard numbers.count == 16 else { throw Refusal(problem: "\(line.key) has \(numbers.count) columns, of 16") }
            var port = Port(name: line.key)
            port.measurements = columns.map { column in
                (column.signal, numbers[column.index].map { .counter($0) } ?? .unavailable(.malformed))
            }
            ports.append(port)
        }
        return ports
    }
}
