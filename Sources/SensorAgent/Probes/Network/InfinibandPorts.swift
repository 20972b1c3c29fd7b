import Reports

/// Ports of InfiniBand adapters (`/sys/class/infiniband`, Documentation/ABI/stable/sysfs-class-infiniband).
struct InfinibandPorts: Sendable {
    let tree: SysTree

    private static let folder = "/sys/class/infiniband"
    private static let portLimit = 256

    /// Counters of `ports/N/counters` that count errors, and what they are called here.
    private static let errors: [(file: String, type: String, receive: Bool)] = [
        ("symbol_error", "symbol", true), ("link_error_recovery", "link_recovery", true),
        ("port_rcv_errors", "total", true), ("port_rcv_remote_physical_errors", "remote_physical", true),
        ("port_rcv_switch_relay_errors", "switch_relay", true), ("port_rcv_constraint_errors", "constraint", true),
        ("local_link_integrity_errors", "link_integrity", true),
        ("excessive_buffer_overrun_errors", "buffer_overrun", true), ("VL15_dropped", "dropped", true),
        ("port_xmit_discards", "dropped", false), ("port_xmit_constraint_errors", "constraint", false),
        ("port_rcv_discards", "discarded", true),
    ]

    /// Counters of `ports/N/hw_counters` that count errors (RDMA and RoCE; names of drivers/infiniband/hw/mlx5).
    private static let driverErrors: [(file: String, receive: Bool)] = [
        ("duplicate_request", true), ("implied_nak_seq_err", true), ("local_ack_timeout_err", false),
        ("out_of_buffer", true), ("out_of_sequence", true), ("packet_seq_err", true), ("req_cqe_error", false),
        ("req_cqe_flush_error", false), ("req_remote_access_errors", false), ("req_remote_invalid_request", false),
        ("resp_cqe_error", true), ("resp_cqe_flush_error", true), ("resp_local_length_error", true),
        ("resp_remote_access_errors", true), ("rnr_nak_retry_err", false), ("rp_cnp_ignored", true),
        ("rx_icrc_encapsulated", true),
    ]

    func observe(at time: Timestamp, _ result: inout ProbeResult) {
        var count = 0
        for adapter in (try? tree.names(in: InfinibandPorts.folder)) ?? [] {
            let folder = "\(InfinibandPorts.folder)/\(adapter)"
            for port in (try? tree.names(in: "\(folder)/ports")) ?? [] where count < InfinibandPorts.portLimit {
                count += 1
                observe(adapter, port, folder, at: time, &result)
            }
        }
    }

    private func observe(
        _ adapter: String, _ port: String, _ folder: String, at time: Timestamp, _ result: inout ProbeResult
    ) {
        let guid = PlaceholderText.removed(try? tree.text("\(folder)/node_guid"))
        let id = ComponentID(.nic, "\(guid ?? adapter)/\(port)")
        let files = "\(folder)/ports/\(port)"
        var attributes = ["interface": "\(adapter) port \(port)"]
        attributes["link_layer"] = try? tree.text("\(files)/link_layer")
        attributes["board"] = PlaceholderText.removed(try? tree.text("\(folder)/board_id"))
        let function = ((try? tree.resolved("\(folder)/device")) ?? "").split(separator: "/").last.flatMap {
            PCIAddress($0)
        }
        attributes["bus_address"] = function?.description
        result.components.append(
            Component(
                id: id, kind: .nic, parent: function.map { ComponentID(.pcieDevice, $0.description) },
                name: "\(adapter) port \(port)",
                part: Part(
                    model: PlaceholderText.removed(try? tree.text("\(folder)/hca_type")),
                    firmware: PlaceholderText.removed(try? tree.text("\(folder)/fw_ver"))), attributes: attributes))
        func add(_ signal: Signal, _ measurement: Measurement) {
            result.observations.append(Observation(component: id, signal: signal, measurement: measurement, time: time))
        }
        // A port for Ethernet is a network port besides, which reports its link.
        if attributes["link_layer"] != "Ethernet" { observeLink(files, add) }
        let present = Set(
            ["counters", "hw_counters"].flatMap { folder in
                ((try? tree.names(in: "\(files)/\(folder)")) ?? []).map { "\(folder)/\($0)" }
            })
        func counter(_ file: String, _ signal: Signal, _ factor: UInt64, in folder: String = "counters") {
            guard present.contains("\(folder)/\(file)") else { return }
            do throws(SysTreeError) {
                add(signal, .counter(try tree.count("\(files)/\(folder)/\(file)") &* factor))
            } catch .notANumber(_, let text) where text.hasPrefix("N/A") {
                // iWARP adapters have the files and nothing in them.
                return
            } catch {
                add(signal, .unavailable(error.unavailable))
            }
        }
        for error in InfinibandPorts.errors {
            counter(error.file, NetworkStatistics.error(error.type, receive: error.receive), 1)
        }
        for error in InfinibandPorts.driverErrors {
            counter(error.file, NetworkStatistics.error(error.file, receive: error.receive), 1, in: "hw_counters")
        }
        counter("link_downed", Signal("hw.network.carrier_changes"), 1)
        // Words of four bytes.
        counter("port_rcv_data", Signal("hw.network.io", ["direction": "receive"]), 4)
        counter("port_xmit_data", Signal("hw.network.io", ["direction": "transmit"]), 4)
        counter("port_rcv_packets", Signal("hw.network.packets", ["direction": "receive"]), 1)
        counter("port_xmit_packets", Signal("hw.network.packets", ["direction": "transmit"]), 1)
    }

    private func observeLink(_ files: String, _ add: (Signal, Measurement) -> Void) {
        // `4: ACTIVE`, `5: LinkUp`, `400 Gb/sec (4X NDR)`.
        do throws(SysTreeError) {
            add(Signal("hw.network.link"), .state(try tree.text("\(files)/state").hasPrefix("4:") ? "up" : "down"))
        } catch {
            add(Signal("hw.network.link"), .unavailable(error.unavailable))
        }
        if let state = try? tree.text("\(files)/phys_state") {
            // Disabled (3) is what somebody asked for.
            add(Signal("hw.network.administrative"), .state(state.hasPrefix("3:") ? "down" : "up"))
        }
        if let rate = (try? tree.text("\(files)/rate"))?.split(separator: " ").first.flatMap({ Double($0) }), rate > 0 {
            add(Signal("hw.network.bandwidth.limit"), .gauge(rate * 125_000_000))
        }
    }
}
