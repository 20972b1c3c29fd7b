import Reports

/// What the columns of one file mean.
struct CSVLayout: Sendable {
    /// How a field becomes the value of a signal.
    enum Decoding: Hashable, Sendable {
        case number
        /// Percent, as a share of 1.
        case percent
        /// The lowest bits of what drives pack: hours beside milliseconds, a temperature beside its extremes.
        case lowBits(UInt64)
        case dataUnits
        /// `asserted` or `clear` by a bit.
        case bit(UInt64)
        /// `passed` where the text is `Healthy`.
        case health
    }

    struct Reading: Hashable, Sendable {
        var signal: Signal
        var decoding: Decoding
    }

    enum Source: Hashable, Sendable {
        case raw(UInt64)
        case normalized(UInt64)
        case nvme
        case other
    }

    struct Value: Sendable {
        var column: Int
        var source: Source
        var readings: [Reading]
    }

    /// The first line, by which equal layouts are known.
    let header: String
    /// Fields of a row.
    let columns: Int
    let date: Int
    let serial: Int
    private(set) var model: Int?
    private(set) var failure: Int?
    private(set) var firmware: Int?
    private(set) var values: [Value] = []

    /// Columns of a header that is believed to be one.
    static let columnLimit = 2_000

    /// - Parameter header: the first line, without its end.
    /// - Throws: what is missing.
    init(header: String) throws(CSVLayoutProblem) {
        let names = header.split(separator: ",", omittingEmptySubsequences: false).map(CSVLayout.name)
        guard names.count <= CSVLayout.columnLimit else { throw .tooManyColumns(names.count) }
        guard let date = names.firstIndex(of: "date") else { throw .missing("date") }
        guard let serial = names.firstIndex(of: "serial_number") else { throw .missing("serial_number") }
        self.header = header
        columns = names.count
        self.date = date
        self.serial = serial
        model = names.firstIndex(of: "model")
        failure = names.firstIndex(of: "failure")
        firmware = names.firstIndex(of: "firmware")
        var seen: Set<String> = []
        for (column, name) in names.enumerated() where seen.insert(name).inserted {
            guard let (source, readings) = CSVLayout.meaning(of: name) else { continue }
            values.append(Value(column: column, source: source, readings: readings))
        }
    }

    private static func name(_ field: Substring) -> String {
        var name = field.filter { $0 != "\"" && $0 != "\r" && $0 != "\u{FEFF}" }
        while name.first == " " { name.removeFirst() }
        while name.last == " " { name.removeLast() }
        return name
    }

    /// Backblaze's columns by their pattern, the NVMe health log's by name.
    private static func meaning(of name: String) -> (Source, [Reading])? {
        guard name.hasPrefix("smart_") else { return nvme[name] ?? other[name] }
        let parts = name.split(separator: "_")
        guard parts.count == 3, let attribute = UInt64(parts[1]), attribute <= 255 else { return nil }
        switch parts[2] {
        case "raw":
            return (
                .raw(attribute),
                [Reading(signal: DiskSignals.raw(attribute), decoding: .number)]
                    + (general[attribute].map { [$0] } ?? [])
            )
        case "normalized":
            return (
                .normalized(attribute), [Reading(signal: DiskSignals.normalized(attribute), decoding: .number)]
            )
        default: return nil
        }
    }

    /// What smartctl reports beside the attribute: hours and temperature stand in the lowest bits of a packed value.
    private static let general: [UInt64: Reading] = [
        9: Reading(signal: DiskSignals.powerOnTime, decoding: .lowBits(24)),
        12: Reading(signal: DiskSignals.powerCycles, decoding: .number),
        194: Reading(signal: DiskSignals.temperature, decoding: .lowBits(8)),
    ]

    private static let other: [String: (Source, [Reading])] = [
        "capacity_bytes": (.other, [Reading(signal: DiskSignals.size, decoding: .number)])
    ]

    private static func nvme(_ signal: Signal, _ decoding: Decoding = .number) -> (Source, [Reading]) {
        (.nvme, [Reading(signal: signal, decoding: decoding)])
    }

    private static let nvme: [String: (Source, [Reading])] = [
        "available_spare": nvme(DiskSignals.spare, .percent),
        "percentage_used": nvme(DiskSignals.enduranceUsed, .percent),
        "media_errors": nvme(DiskSignals.mediaErrors),
        "error_info_log_entries": nvme(DiskSignals.errorLogEntries),
        "power_cycles": nvme(DiskSignals.powerCycles),
        "power_on_hours": nvme(DiskSignals.powerOnTime),
        "unsafe_shutdowns": nvme(DiskSignals.unsafeShutdowns),
        "controller_busy_time": nvme(DiskSignals.busyTime),
        "data_units_read": nvme(DiskSignals.io("read"), .dataUnits),
        "data_units_written": nvme(DiskSignals.io("write"), .dataUnits),
        "temperature_celsius": nvme(DiskSignals.temperature),
        "device_status": nvme(DiskSignals.health, .health),
        "critical_warnings": (
            .nvme,
            DiskSignals.warnings.enumerated().map { bit, warning in
                Reading(signal: DiskSignals.criticalWarning(warning), decoding: .bit(UInt64(bit)))
            }
        ),
    ]
}

enum CSVLayoutProblem: Error, CustomStringConvertible {
    case missing(String)
    case tooManyColumns(Int)

    var description: String {
        switch self {
        case .missing(let name):
            "the first line names no column `\(name)`; Backblaze's columns are expected: date,serial_number,model,"
                + "capacity_bytes,failure,smart_5_raw,…"
        case .tooManyColumns(let count):
            "the first line has \(count) columns; \(CSVLayout.columnLimit) are the limit"
        }
    }
}
