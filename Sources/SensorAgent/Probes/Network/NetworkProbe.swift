import Daemon
import Glibc
public import Reports

/// `network`: links, errors and optical modules of the network ports that have hardware behind them
/// (`/sys/class/net`, `/sys/class/infiniband`, ethtool).
///
/// Errors by type, changes of the link and its speed come from sysfs; what only drivers report (their own counters, the
/// counts of forward error correction, the module's memory) from ethtool's ioctl and netlink. The cursor holds the bonds
/// whose links were all up once.
public actor NetworkProbe: Probe {
    public nonisolated let name = "network"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(45)

    /// Ports looked at; virtual functions of one card may be hundreds.
    private static let portLimit = 512
    /// What does not change is read anew after this time; a module that is silent for so long has been pulled.
    private static let identityAge = Duration.seconds(3600)

    private let tree: SysTree
    private let input: String?
    private let executor = BlockingExecutor(label: "callhome.network")
    private let parts: PartsDirectory
    private var known: (ports: [Port], names: [String], cards: [Component], at: Timestamp)?
    private var modules: [ComponentID: Module] = [:]

    /// One port of the kernel.
    private struct Port {
        var name: String
        var folder: String
        var component: Component
        /// Counter files that it has.
        var files: [(path: String, signal: Signal)]
    }

    /// What is plugged into a port, as it last reported.
    private struct Module {
        var component: Component
        var signals: [Signal]
        var at: Timestamp
    }

    /// - Parameters:
    ///   - input: a file with what ethtool printed (`-m`, `-S`, `-i`, `-g`, or the settings), the raw memory of a module,
    ///     or a copy of `/proc/net/bonding/NAME` or `/proc/net/dev`, read in place of the tree.
    ///   - parts: which cards there are; nil: they are read from the tree.
    public init(tree: SysTree, input: String? = nil, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
        self.input = input
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    private static let subsystems = ["net", "infiniband"]

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        if let input { return try recorded(input, at: time) }
        let ports = ports(at: time)
        var result = ProbeResult()
        for port in ports { observe(port, at: time, &result) }
        if tree.isThisMachine { askDrivers(ports, at: time, &result) }
        InfinibandPorts(tree: tree).observe(at: time, &result)
        FibreChannelPorts(tree: tree).observe(at: time, &result)
        var bonds = Bonds(tree: tree, seen: Set(cursor?.value.split(separator: " ").map(String.init) ?? []))
        let byName = Dictionary(ports.map { ($0.name, $0.component) }, uniquingKeysWith: { first, _ in first })
        bonds.observe(known?.names ?? [], ports: byName, at: time, &result)
        if !bonds.seen.isEmpty {
            result.cursor = ProbeCursor(probe: name, value: bonds.seen.sorted().joined(separator: " "))
        }
        guard !result.components.isEmpty else {
            throw .absent(because: "no network port with hardware behind it: /sys/class/net has none with a device")
        }
        return result
    }

    // MARK: Which ports

    private func ports(at time: Timestamp) -> [Port] {
        let names = (try? tree.names(in: "/sys/class/net")) ?? []
        let age = known.map { time - $0.at }
        let isFresh = known?.names == names && age.map { $0 >= .zero && $0 < NetworkProbe.identityAge } ?? false
        let now = parts.parts(at: time, anew: isFresh ? [] : .cards)
        if isFresh, let known, known.cards == now.cards { return known.ports }
        let cards = Dictionary(
            now.cards.map { ($0.attributes["interface"] ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<ComponentID> = []
        var ports: [Port] = []
        for (name, recorded) in folders(names) {
            // The limit is for ports with hardware: containers make thousands without.
            guard ports.count < NetworkProbe.portLimit else { break }
            guard
                var component =
                    recorded == nil
                    ? cards[name]
                    : NetworkCards.component(name, tree: tree, properties: [:], folder: recorded)
            else { continue }
            let folder = recorded ?? "/sys/class/net/\(name)"
            // Ports of one card may bear one address: each stays itself.
            if !seen.insert(component.id).inserted {
                component.id = ComponentID(rawValue: "\(component.id.rawValue)-\(name)")
            }
            let present = Set((try? tree.names(in: "\(folder)/statistics")) ?? [])
            let files = NetworkStatistics.files.filter { present.contains($0.file) }
                .map { ("\(folder)/statistics/\($0.file)", $0.signal) }
            ports.append(Port(name: name, folder: folder, component: component, files: files))
        }
        known = (ports, names, now.cards, time)
        return ports
    }

    /// Recordings may lack `/sys/class`: then what PCI functions have in their folder `net`.
    private func folders(_ names: [String]) -> [(name: String, recorded: String?)] {
        guard names.isEmpty, !tree.isThisMachine else { return names.map { ($0, nil) } }
        let functions = ((try? PCITopology.addresses(in: tree)) ?? [:]).sorted { $0.key < $1.key }
        return functions.flatMap { _, folder in
            ((try? tree.names(in: "\(folder)/net")) ?? []).map { ($0, "\(folder)/net/\($0)") }
        }
    }

    // MARK: sysfs

    private func observe(_ port: Port, at time: Timestamp, _ result: inout ProbeResult) {
        result.components.append(port.component)
        func add(_ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: port.component.id, signal: signal, measurement: measurement, time: time))
        }
        let isUp = (try? tree.text("\(port.folder)/flags")).flatMap { flags in
            UInt32(flags.drop { $0 == "0" }.dropFirst(), radix: 16).map { $0 & UInt32(IFF_UP) != 0 }
        }
        if let isUp { add(Signal("hw.network.administrative"), .state(isUp ? "up" : "down")) }
        let hasLink = link(port, add)
        // Reading speed and duplex of a port without a link fails.
        if hasLink {
            if let speed = try? tree.text("\(port.folder)/speed"), let megabits = Int(speed), megabits > 0 {
                add(Signal("hw.network.bandwidth.limit"), .reading(Double(megabits) * 125_000))
            }
            if let duplex = try? tree.text("\(port.folder)/duplex"), ["full", "half"].contains(duplex) {
                add(Signal("hw.network.duplex"), .state(duplex))
            }
        }
        count("\(port.folder)/carrier_changes", Signal("hw.network.carrier_changes"), add)
        for file in port.files { count(file.path, file.signal, add) }
    }

    /// Returns whether there is a link.
    private func link(_ port: Port, _ add: (Signal, Measurement) -> Void) -> Bool {
        let signal = Signal("hw.network.link")
        do throws(SysTreeError) {
            switch try tree.text("\(port.folder)/operstate") {
            case "up":
                add(signal, .state("up"))
                return true
            case "down", "lowerlayerdown", "notpresent":
                add(signal, .state("down"))
                return false
            // `unknown` and others: drivers that do not report it, a port that is used by another system.
            default:
                let carrier = try tree.count("\(port.folder)/carrier") == 1
                add(signal, .state(carrier ? "up" : "down"))
                return carrier
            }
        } catch {
            add(signal, .unavailable(error.unavailable))
            return false
        }
    }

    private func count(_ path: String, _ signal: Signal, _ add: (Signal, Measurement) -> Void) {
        do {
            add(signal, .counter(try tree.count(path)))
        } catch {
            add(signal, .unavailable(error.unavailable))
        }
    }

    // MARK: Drivers

    private func askDrivers(_ ports: [Port], at time: Timestamp, _ result: inout ProbeResult) {
        guard let socket = EthtoolSocket() else { return }
        var netlink = EthtoolNetlink()
        for port in ports {
            let id = port.component.id
            func add(_ signal: Signal, _ measurement: Measurement) {
                result.observations.append(
                    Observation(component: id, signal: signal, measurement: measurement, time: time))
            }
            for (signal, value) in NetworkStatistics.troubles(socket.statistics(of: port.name)) {
                add(signal, .counter(value))
            }
            if let correction = try? netlink?.correction(of: port.name) {
                for (word, count) in [("corrected", correction.corrected), ("uncorrected", correction.uncorrected)] {
                    if let count { add(Signal("hw.network.fec", ["result": word]), .counter(count)) }
                }
            }
            if let firmware = PlaceholderText.removed(socket.firmware(of: port.name)),
                let place = result.components.firstIndex(where: { $0.id == id })
            {
                result.components[place].part.firmware = firmware
            }
            var memory: [UInt8]?
            do throws(SystemError) {
                memory = try socket.module(of: port.name)
            } catch  where error.code == EINVAL || error.code == EOPNOTSUPP {
                // Modules of several pages are returned by netlink alone.
                memory = netlink?.pages(of: port.name)
            } catch {
                memory = nil
            }
            note(memory, in: port, at: time, &result)
        }
    }

    private func note(_ memory: [UInt8]?, in port: Port, at time: Timestamp, _ result: inout ProbeResult) {
        let id = port.component.id
        if let memory, let module = try? TransceiverMemory(memory).transceiver() {
            let component = module.component(in: id)
            let observations = module.observations(of: component.id, at: time)
            result.components.append(component)
            result.observations += observations
            modules[id] = Module(component: component, signals: observations.map(\.signal), at: time)
        } else if let last = modules[id], last.at <= time, time - last.at < NetworkProbe.identityAge {
            result.components.append(last.component)
            result.observations += last.signals.map {
                Observation(component: last.component.id, signal: $0, measurement: .unavailable(.readError), time: time)
            }
        } else {
            modules[id] = nil
        }
    }

    // MARK: A recorded output

    private func recorded(_ file: String, at time: Timestamp) throws(ProbeError) -> ProbeResult {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: Tool.outputBytes)
        } catch {
            throw error.probeError
        }
        do throws(NetworkToolOutput.Refusal) {
            return try NetworkToolOutput(parsing: bytes).result(at: time)
        } catch {
            throw .malformed(path: file, problem: error.problem)
        }
    }
}
