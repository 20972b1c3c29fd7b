import Reports

/// Bonds: ports of which one stands in for the other (`/sys/class/net/*/bonding`, Documentation/networking/bonding.rst).
///
/// A bond hides the loss of a link from all who use it; whoever does not look learns of it when the second one fails.
struct Bonds: Sendable {
    /// Bonds looked at.
    private static let limit = 256

    private let tree: SysTree
    /// Bonds of which all links were up once: only these can have lost one.
    private(set) var seen: Set<String>

    init(tree: SysTree, seen: Set<String>) {
        self.tree = tree
        self.seen = seen
    }

    /// - Parameter ports: components of the network ports by their interfaces.
    mutating func observe(
        _ names: [String], ports: [String: Component], at time: Timestamp, _ result: inout ProbeResult
    ) {
        for name in names.filter({ tree.exists("/sys/class/net/\($0)/bonding/slaves") }).prefix(Bonds.limit) {
            observe(name, ports, at: time, &result)
        }
    }

    private mutating func observe(
        _ name: String, _ ports: [String: Component], at time: Timestamp, _ result: inout ProbeResult
    ) {
        let folder = "/sys/class/net/\(name)"
        let members = (try? tree.text("\(folder)/bonding/slaves"))?.split(separator: " ").map(String.init) ?? []
        // `802.3ad 4`
        let mode = (try? tree.text("\(folder)/bonding/mode"))?.split(separator: " ").first.map(String.init)
        var attributes = ["interface": name, "members": members.joined(separator: " ")]
        attributes["mode"] = mode
        let id = ComponentID(.bond, name)
        result.components.append(Component(id: id, kind: .bond, name: "bond \(name)", attributes: attributes))
        func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component, signal: signal, measurement: measurement, time: time))
        }
        // Without MII monitoring the bond takes each link for up; the ports know better.
        let isMonitored = (try? tree.text("\(folder)/bonding/miimon")) != "0"
        var up = 0
        for member in members {
            let state = ["\(folder)/slave_\(member)", "\(folder)/lower_\(member)", "/sys/class/net/\(member)"]
                .map { "\($0)/bonding_slave" }.first { tree.exists($0) }
            var link = state.flatMap { try? tree.text("\($0)/mii_status") }
            if !isMonitored, (try? tree.text("/sys/class/net/\(member)/carrier")) == "0" { link = "down" }
            // `going down` and `going back` stand for the times that the bond waits.
            if link == "up" { up += 1 }
            guard let port = ports[member] else { continue }
            if let link { add(port.id, Signal("hw.network.bond.link"), .state(link == "up" ? "up" : "down")) }
            if let state, let failures = try? tree.count("\(state)/link_failure_count") {
                add(port.id, Signal("hw.network.bond.failures"), .counter(failures))
            }
        }
        // Links that are up and carry nothing: those outside the aggregator that the switch agreed to (IEEE 802.1AX).
        if mode == "802.3ad", let active = try? tree.count("\(folder)/bonding/ad_num_ports"), active > 0 {
            up = min(up, Int(clamping: active))
        }
        add(id, Signal("hw.network.bond.ports", ["state": "configured"]), .gauge(Double(members.count)))
        add(id, Signal("hw.network.bond.ports", ["state": "up"]), .gauge(Double(up)))
        add(id, Signal("hw.network.bond.redundancy"), .state(redundancy(name, members.count, up)))
    }

    private mutating func redundancy(_ name: String, _ count: Int, _ up: Int) -> String {
        if count > 1, up == count {
            seen.insert(name)
            return "full"
        }
        guard seen.contains(name) else { return "none" }
        return up > 1 ? "degraded" : "lost"
    }
}
