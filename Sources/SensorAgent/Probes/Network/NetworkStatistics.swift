import Reports

/// Counters of a network port under the names of the catalogue.
enum NetworkStatistics {
    /// Files of `/sys/class/net/NAME/statistics` (Documentation/ABI/testing/sysfs-class-net-statistics) and what each
    /// counts.
    static let files: [(file: String, signal: Signal)] =
        [
            ("rx_packets", Signal("hw.network.packets", ["direction": "receive"])),
            ("tx_packets", Signal("hw.network.packets", ["direction": "transmit"])),
            ("rx_bytes", Signal("hw.network.io", ["direction": "receive"])),
            ("tx_bytes", Signal("hw.network.io", ["direction": "transmit"])),
        ]
        + [
            ("rx_errors", "total"), ("tx_errors", "total"), ("rx_dropped", "dropped"), ("tx_dropped", "dropped"),
            ("rx_crc_errors", "crc"), ("rx_frame_errors", "frame"), ("rx_fifo_errors", "fifo"),
            ("tx_fifo_errors", "fifo"), ("rx_missed_errors", "missed"), ("rx_length_errors", "length"),
            ("rx_over_errors", "over"), ("tx_aborted_errors", "aborted"), ("tx_carrier_errors", "carrier"),
            ("tx_heartbeat_errors", "heartbeat"), ("tx_window_errors", "window"), ("collisions", "collision"),
        ].map { ($0, error($1, receive: $0.hasPrefix("rx"))) }

    static func error(_ type: String, receive: Bool) -> Signal {
        Signal("hw.network.errors", ["direction": receive ? "receive" : "transmit", "type": type])
    }

    /// Counters of a driver that are taken at most.
    static let driverLimit = 64

    /// What a driver counts beyond the files, under its own names (`rx_discards_phy`): troubles alone, and only those
    /// that happened. Counters of single queues (`rx_queue_3_drops`) are summed up.
    static func troubles(_ statistics: [(name: String, value: UInt64)]) -> [(Signal, UInt64)] {
        var sums: [Signal: UInt64] = [:]
        var order: [Signal] = []
        for (name, value) in statistics where value > 0 {
            let bare = withoutQueue(name)
            guard isTrouble(bare), bare.utf8.count <= 40 else { continue }
            // The files of sysfs contain these already.
            guard !known.contains(bare) else { continue }
            let signal = error(bare, receive: !bare.hasPrefix("tx") && !bare.hasPrefix("port_tx"))
            if sums[signal] == nil {
                guard order.count < driverLimit else { continue }
                order.append(signal)
            }
            sums[signal, default: 0] &+= value
        }
        return order.compactMap { signal in sums[signal].map { (signal, $0) } }
    }

    private static let known = Set(files.map(\.file))

    private static func isTrouble(_ name: String) -> Bool {
        [
            "err", "drop", "crc", "discard", "miss", "no_buf", "nobuf", "no_desc", "timeout", "fifo", "overrun",
            "underrun", "symbol", "jabber", "fragment", "align", "uncorrectable", "bad_", "fail", "link_down", "fault",
        ].contains { name.contains($0) }
    }

    /// `rx_queue_3_drops` and `rx3_drops` without the number of the queue, in lower case.
    private static func withoutQueue(_ name: String) -> String {
        let words = name.lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
        return words.compactMap { word in
            let letters = word.filter { !$0.isNumber }
            let isQueue = ["", "rx", "tx", "q", "queue", "rxq", "txq", "ring", "ch"].contains(letters)
            return isQueue ? (letters.isEmpty ? nil : letters) : String(word)
        }.joined(separator: "_")
    }
}
