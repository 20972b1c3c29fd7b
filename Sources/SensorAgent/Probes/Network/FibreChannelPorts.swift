import Reports

/// Ports of Fibre Channel adapters (`/sys/class/fc_host`, Documentation/scsi/scsi_fc_transport.rst).
struct FibreChannelPorts: Sendable {
    let tree: SysTree

    private static let folder = "/sys/class/fc_host"
    private static let portLimit = 256

    /// Files of `statistics` that count errors, and what they are called here.
    private static let errors: [(file: String, type: String, receive: Bool)] = [
        ("error_frames", "frame", true), ("dumped_frames", "dropped", true), ("invalid_crc_count", "crc", true),
        ("invalid_tx_word_count", "symbol", true), ("loss_of_signal_count", "loss_of_signal", true),
        ("loss_of_sync_count", "loss_of_sync", true), ("nos_count", "not_operational", true),
        ("prim_seq_protocol_err_count", "protocol", true), ("fcp_packet_aborts", "aborted", false),
    ]

    func observe(at time: Timestamp, _ result: inout ProbeResult) {
        for host in ((try? tree.names(in: FibreChannelPorts.folder)) ?? []).prefix(FibreChannelPorts.portLimit) {
            observe(host, at: time, &result)
        }
    }

    private func observe(_ host: String, at time: Timestamp, _ result: inout ProbeResult) {
        let folder = "\(FibreChannelPorts.folder)/\(host)"
        let name = PlaceholderText.removed(try? tree.text("\(folder)/port_name"))
        let function = ((try? tree.resolved(folder)) ?? "").split(separator: "/").compactMap { PCIAddress($0) }.last
        var attributes = ["interface": host, "link_layer": "Fibre Channel"]
        attributes["bus_address"] = function?.description
        attributes["wwn"] = name
        let id = ComponentID(.nic, "fc/\(name ?? function?.description ?? host)")
        result.components.append(
            Component(
                id: id, kind: .nic, parent: function.map { ComponentID(.pcieDevice, $0.description) },
                name: "Fibre Channel port \(host)",
                part: Part(model: PlaceholderText.removed(try? tree.text("\(folder)/symbolic_name"))),
                attributes: attributes))
        func add(_ signal: Signal, _ measurement: Measurement) {
            result.observations.append(Observation(component: id, signal: signal, measurement: measurement, time: time))
        }
        if let state = try? tree.text("\(folder)/port_state"), state != "Unknown" {
            add(Signal("hw.network.link"), .state(state == "Online" ? "up" : "down"))
            // `Offline` and `Blocked` are what somebody asked for, or a driver that begins.
            add(Signal("hw.network.administrative"), .state(["Offline", "Blocked"].contains(state) ? "down" : "up"))
        }
        if let speed = (try? tree.text("\(folder)/speed"))?.split(separator: " ").first.flatMap({ Double($0) }),
            speed > 0
        {
            add(Signal("hw.network.bandwidth.limit"), .gauge(speed * 125_000_000))
        }
        func count(_ file: String, _ signal: Signal) {
            guard let text = try? tree.text("\(folder)/statistics/\(file)") else { return }
            let value = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
            // All bits set: the adapter does not count it.
            guard value != .max else { return }
            add(signal, value.map { .counter($0) } ?? .unavailable(.malformed))
        }
        for error in FibreChannelPorts.errors {
            count(error.file, NetworkStatistics.error(error.type, receive: error.receive))
        }
        count("link_failure_count", Signal("hw.network.carrier_changes"))
        count("rx_frames", Signal("hw.network.packets", ["direction": "receive"]))
        count("tx_frames", Signal("hw.network.packets", ["direction": "transmit"]))
    }
}
