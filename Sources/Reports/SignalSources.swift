/// Which probes of the agent report a signal, and of which kinds of parts: for the coverage of an agent, for the lint
/// of patterns, and for the commands that explain a pattern.
///
/// What stands in SignalSources+generated.swift is written from what each probe declares (`make declarations`).
public enum SignalSources {
    /// Signals of the catalogue that no probe reports, and why.
    public static let withoutProbe: [String: String] = [
        "callhome.test": "made by `callhome test`, for the made-up part that it is about",
        "hw.battery.impedance": "no interface that is read measures it",
        "hw.physical_disk.spin_up_time": "smartctl gives no time in seconds: ATA's attribute 3 has no unit",
        "hw.psu.mode": "no interface that is read gives it",
    ]

    private struct Row {
        /// Empty: of parts of any kind.
        var kinds: [Substring]
        var probes: [String]
    }

    private static let rows: [Substring: [Row]] = {
        var rows: [Substring: [Row]] = [:]
        for line in reported.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3 else { continue }
            let kinds = words[1] == "*" ? [] : words[1].split(separator: ",")
            rows[words[0], default: []].append(Row(kinds: kinds, probes: probes(in: words[2])))
        }
        return rows
    }()

    private static func probes(in words: Substring) -> [String] { words.split(separator: ",").map(String.init) }

    /// By signal and kind of part (`disk hw.status`): of labels the only values that its probes tell.
    private static let told: [String: [String: [String]]] = {
        var told: [String: [String: [String]]] = [:]
        for line in values.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3 else { continue }
            let pair = words[2].split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            for kind in words[1].split(separator: ",") {
                told["\(kind) \(words[0])", default: [:]][String(pair[0])] = pair[1].split(separator: ",").map(
                    String.init)
            }
        }
        return told
    }()

    /// The only values of a label that probes tell of parts of a kind; nil: all that the catalogue allows.
    public static func values(of label: String, in name: String, on kind: ComponentKind) -> [String]? {
        told["\(kind.rawValue) \(name)"]?[label]
    }

    /// The kinds of parts that a signal is reported of, sorted.
    public static func kinds(of name: String) -> [ComponentKind] {
        Set((rows[name[...]] ?? []).flatMap(\.kinds)).sorted().map { ComponentKind(rawValue: String($0)) }
    }

    /// Every probe that reports a signal.
    public static var allProbes: Set<String> { Set(rows.values.joined().flatMap(\.probes)) }

    /// The probes that report a signal, the likeliest first; none for a signal that no probe reports.
    /// - Parameters:
    ///   - name: without labels.
    ///   - kind: of the part that it is wanted of; nil for any part.
    public static func probes(of name: String, on kind: ComponentKind? = nil) -> [String] {
        let rows = rows[name[...]] ?? []
        guard let kind else { return rows.first { $0.kinds.isEmpty }?.probes ?? [] }
        return rows.first { $0.kinds.contains(kind.rawValue[...]) }?.probes ?? []
    }

    /// The probes that would find parts of a kind that every server has, the likeliest first; none for kinds that a
    /// server may well lack.
    public static func finders(of kind: ComponentKind) -> [String] {
        for line in finding.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == kind.rawValue { return probes(in: words[1]) }
        }
        return []
    }
}
