import Foundation
import Reports

@testable import SensorAgent

/// The files that are written from what probes declare.
struct DeclaredFiles {
    /// A probe with what it declares, in the order of `AllProbes`.
    let probes: [(name: String, declaration: ProbeDeclaration)]

    init() { probes = AllProbes.make().map { ($0.name, type(of: $0).declaration) } }

    /// By path in the project: what is there now, and what is to be there.
    var files: [(path: String, now: String, declared: String)] {
        [
            ("Sources/Reports/SignalSources+generated.swift", { _ in sources }),
            ("README.md", { readme($0) }),
            ("docs/signals.md", { _ in document }),
        ].map { (path: String, declared: (String) -> String) in
            let now = Recordings.text(Recordings.package.appending(path: path))
            return (path, now, declared(now))
        }
    }

    func write() throws {
        for file in files where file.now != file.declared {
            try Data(file.declared.utf8).write(to: Recordings.package.appending(path: file.path))
            print("\(file.path) is written anew")
        }
    }

    // MARK: SignalSources

    /// A probe's place among those that report one signal of one kind of part, or find parts of one kind.
    private struct Rank: Comparable {
        var likelihood: SignalDeclaration.Likelihood
        var place: Int
        static func < (left: Rank, right: Rank) -> Bool {
            (left.likelihood, left.place) < (right.likelihood, right.place)
        }
    }

    /// By signal and kind of part, and under "*" of any: the probes, the likeliest first.
    private var ranked: [String: [String: [String]]] {
        var ranks: [String: [String: [String: Rank]]] = [:]
        for (place, probe) in probes.enumerated() {
            for signals in probe.declaration.signals {
                let rank = Rank(likelihood: signals.likelihood, place: place)
                for name in signals.names {
                    for kind in signals.kinds.map(\.rawValue) + ["*"] {
                        let known = ranks[name]?[kind]?[probe.name]
                        ranks[name, default: [:]][kind, default: [:]][probe.name] = min(known ?? rank, rank)
                    }
                }
            }
        }
        return ranks.mapValues { $0.mapValues(DeclaredFiles.sorted) }
    }

    private static func sorted(_ ranks: [String: Rank]) -> [String] {
        ranks.sorted { $0.value < $1.value }.map(\.key)
    }

    private var finders: [String: [String]] {
        var ranks: [String: [String: Rank]] = [:]
        for (place, probe) in probes.enumerated() {
            for (kind, likelihood) in probe.declaration.finds {
                ranks[kind.rawValue, default: [:]][probe.name] = Rank(likelihood: likelihood, place: place)
            }
        }
        return ranks.mapValues(DeclaredFiles.sorted)
    }

    /// Of a signal of a kind of part: values of a label, where all its probes together tell not all.
    private var narrowed: [String] {
        var told: [String: [String: [String: Set<String>?]]] = [:]
        for signals in probes.flatMap(\.declaration.signals) {
            for name in signals.names {
                for label in (SignalCatalogue.entry(named: name)?.labels ?? [:]).keys {
                    for kind in signals.kinds.map(\.rawValue) {
                        let own = signals.labels[label].map(Set.init)
                        let known = told[name]?[label]?[kind]
                        let both: Set<String>? =
                            known.map { before in before.flatMap { one in own.map(one.union) } } ?? own
                        told[name, default: [:]][label, default: [:]][kind] = .some(both)
                    }
                }
            }
        }
        return told.sorted { $0.key < $1.key }.flatMap { name, labels in
            labels.sorted { $0.key < $1.key }.flatMap { label, kinds in
                let byValues = Dictionary(grouping: kinds.keys) { (kinds[$0] ?? nil)?.sorted() ?? [] }
                return byValues.filter { !$0.key.isEmpty }.sorted { ($0.value.min() ?? "") < ($1.value.min() ?? "") }
                    .map {
                        "\(name) \($0.value.sorted().joined(separator: ",")) \(label)=\($0.key.joined(separator: ","))"
                    }
            }
        }
    }

    /// Characters of one line of the generated source.
    private static let columns = 112

    private var sources: String {
        var lines: [String] = []
        for (name, kinds) in ranked.sorted(by: { $0.key < $1.key }) {
            lines.append("\(name) * \((kinds["*"] ?? []).joined(separator: ","))")
            var byProbes = Dictionary(grouping: kinds.keys.filter { $0 != "*" }) { kinds[$0] ?? [] }
            for (probes, kinds) in byProbes { byProbes[probes] = kinds.sorted() }
            for (probes, kinds) in byProbes.sorted(by: { ($0.value.first ?? "") < ($1.value.first ?? "") }) {
                var rest = kinds[...]
                while let first = rest.popFirst() {
                    var line = "\(name) \(first)"
                    let end = " " + probes.joined(separator: ",")
                    while let next = rest.first, line.count + next.count + end.count + 1 <= DeclaredFiles.columns {
                        line += ",\(next)"
                        rest = rest.dropFirst()
                    }
                    lines.append(line + end)
                }
            }
        }
        let finding = finders.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.joined(separator: ","))" }
        return """
            // Written by `make declarations` from what each probe declares (SensorAgent/Probes). Not to be edited.

            extension SignalSources {
                /// A signal, kinds of parts (`*`: any), and the probes that report it of them, the likeliest first.
                static let reported = \"""
            \(lines.map { "        \($0)" }.joined(separator: "\n"))
                    \"""

                /// A signal, kinds of parts, and of a label the only values that its probes tell of them.
                static let values = \"""
            \(narrowed.map { "        \($0)" }.joined(separator: "\n"))
                    \"""

                /// A kind of part that every server has, and the probes that find such parts, the likeliest first.
                static let finding = \"""
            \(finding.map { "        \($0)" }.joined(separator: "\n"))
                    \"""
            }

            """
    }

    // MARK: README.md

    /// `text` with its table of probes written anew.
    private func readme(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let head = lines.firstIndex(of: "| probe | reads | through |") else {
            return "the README has no table of probes: a line `| probe | reads | through |`"
        }
        let end = lines[head...].firstIndex { !$0.hasPrefix("|") } ?? lines.endIndex
        let rows = probes.map { "| `\($0.name)` | \($0.declaration.reads) | \($0.declaration.through) |" }
        return (lines[...head] + ["|---|---|---|"] + rows + lines[end...]).joined(separator: "\n")
    }

    // MARK: docs/signals.md

    private var document: String {
        var lines = [
            "# What each probe reports", "",
            "Every signal with the kinds of parts that it is reported of. Units are UCUM (`1` for a share); what a signal means",
            "is said by `callhome patterns signals NAME`. Written by `make declarations`: not to be edited.",
        ]
        for probe in probes {
            lines += [
                "", "## `\(probe.name)`", "", "\(probe.declaration.reads), through \(probe.declaration.through).", "",
                "| signal | unit | parts | labels | source |", "|---|---|---|---|---|",
            ]
            for signals in probe.declaration.signals {
                for name in signals.names {
                    let entry = SignalCatalogue.entry(named: name)
                    let labels = (entry?.labels ?? [:]).sorted { $0.key < $1.key }.map { key, values in
                        let own = signals.labels[key] ?? values
                        return own.isEmpty ? key : "\(key): \(own.joined(separator: ", "))"
                    }
                    let kinds = signals.kinds.map(\.rawValue).joined(separator: ", ")
                    let source = signals.source + (signals.unshown.map { ". Not shown by a recording: \($0)" } ?? "")
                    let cells = ["`\(name)`", entry?.unit ?? "", kinds, labels.joined(separator: "; "), source]
                    lines.append("| \(cells.joined(separator: " | ")) |")
                }
            }
        }
        lines += ["", "## None", "", "| signal | why no probe reports it |", "|---|---|"]
        for (name, why) in SignalSources.withoutProbe.sorted(by: { $0.key < $1.key }) {
            lines.append("| `\(name)` | \(why) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
