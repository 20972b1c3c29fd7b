import Foundation
import Reports
import Testing

@testable import SensorAgent

/// What probes declare is what they report, and what is written from it says the same.
///
/// `make declarations` (`CALLHOME_WRITE_DECLARATIONS=1 swift test --filter DeclarationTests`) writes the files anew.
@Suite("What probes declare", .timeLimit(.minutes(10)))
struct DeclarationTests {
    private static let probes = DeclaredFiles().probes

    /// One signal of one kind of part that a probe declares.
    private struct Declared: Hashable, CustomStringConvertible {
        var probe: String
        var signal: String
        var kind: ComponentKind
        var description: String { "\(probe): \(signal) of a \(kind)" }
    }

    private static func each(
        _ body: (Declared, SignalDeclaration) throws -> Void
    ) rethrows {
        for probe in probes {
            for signals in probe.declaration.signals {
                for name in signals.names {
                    for kind in signals.kinds {
                        try body(Declared(probe: probe.name, signal: name, kind: kind), signals)
                    }
                }
            }
        }
    }

    @Test("what a probe declares stands in the catalogue, of parts that may have it, with labels that it has, and once")
    func inCatalogue() throws {
        var seen: Set<Declared> = []
        try Self.each { declared, signals in
            let entry = try #require(SignalCatalogue.entry(named: declared.signal), "\(declared)")
            #expect(entry.components.isEmpty || entry.components.contains(declared.kind), "\(declared)")
            #expect(ComponentKind.known.contains(declared.kind), "\(declared)")
            #expect(seen.insert(declared).inserted, "declared twice: \(declared)")
            #expect(!signals.source.isEmpty, "\(declared)")
            for (label, values) in signals.labels {
                let allowed = try #require(entry.labels[label], "\(declared) has no label \(label)")
                #expect(allowed.isEmpty || Set(allowed).isSuperset(of: values), "\(declared): \(label)")
            }
        }
    }

    @Test("every signal of the catalogue is declared by a probe, or it is said why by none")
    func whole() {
        let declared = Set(Self.probes.flatMap { $0.declaration.signals.flatMap(\.names) })
        for entry in SignalCatalogue.entries {
            let hasReason = SignalSources.withoutProbe[entry.name] != nil
            #expect(declared.contains(entry.name) != hasReason, "\(entry.name)")
        }
        for name in SignalSources.withoutProbe.keys { #expect(SignalCatalogue.entry(named: name) != nil, "\(name)") }
    }

    @Test("SignalSources, the README's table and docs/signals.md say what is declared")
    func files() throws {
        if ProcessInfo.processInfo.environment["CALLHOME_WRITE_DECLARATIONS"] != nil { try DeclaredFiles().write() }
        for file in DeclaredFiles().files {
            #expect(file.now == file.declared, "\(file.path) says otherwise than the probes: run `make declarations`")
        }
    }

    @Test("what is read of a signal's sources is what is declared, by the kind of part")
    func lookUp() {
        Self.each { declared, _ in
            #expect(
                SignalSources.probes(of: declared.signal, on: declared.kind).contains(declared.probe), "\(declared)")
            #expect(SignalSources.probes(of: declared.signal).contains(declared.probe), "\(declared)")
        }
        #expect(SignalSources.probes(of: "hw.status", on: .disk) == ["redfish", "raid-controllers"])
        #expect(SignalSources.probes(of: "hw.status", on: .optic) == [])
        #expect(SignalSources.probes(of: "hw.psu.mode") == [])
        #expect(
            SignalSources.values(of: "error.type", in: "hw.errors", on: .dimm) == ["corrected", "uncorrected"]
                && SignalSources.values(of: "severity", in: "hw.cpu.machine_check", on: .cpu) == nil)
        #expect(SignalSources.kinds(of: "hw.optic.bias") == [.optic])
        #expect(SignalSources.finders(of: .cpu) == ["processors", "inventory"])
        #expect(SignalSources.finders(of: .ups) == [])
    }

    // MARK: Recordings

    /// Why `look` is not as its probe declares it.
    private static func objections(to look: RecordedLook) -> [String] {
        let declared = probes.first { $0.name == look.probe }?.declaration.signals ?? []
        return look.reported.compactMap { reported in
            let signal = reported.signal
            let fitting = declared.first { $0.names.contains(signal.name) && $0.kinds.contains(reported.kind) }
            guard let fitting else { return "\(look.probe) reports \(signal.name) of a \(reported.kind)" }
            for (label, values) in fitting.labels where !values.contains(signal[label: label] ?? "") {
                return "\(look.probe) reports \(signal) of a \(reported.kind)"
            }
            return nil
        }
    }

    @Test("no probe reports of the project's own recordings and made-up inputs what it does not declare")
    func own() async throws {
        let looks = try await MadeUpLooks.all.value
        #expect(looks.count > 20)
        for objection in Set(looks.flatMap(Self.objections)).sorted() { Issue.record("undeclared: \(objection)") }
    }

    @Test(
        "no probe reports of any recording what it does not declare, and all that it declares is shown by one",
        .enabled(if: ProbeHashTests.hasRecordings, "the recordings are not beside the checkout"))
    func recorded() async throws {
        let looks = try await RecordedLook.all.value + MadeUpLooks.all.value
        for objection in Set(looks.flatMap(Self.objections)).sorted() { Issue.record("undeclared: \(objection)") }
        var shown: Set<Declared> = []
        for look in looks {
            for reported in look.reported {
                shown.insert(Declared(probe: look.probe, signal: reported.signal.name, kind: reported.kind))
            }
        }
        var counts = (shown: 0, unshown: 0)
        Self.each { declared, signals in
            let isShown = shown.contains(declared)
            if isShown { counts.shown += 1 } else { counts.unshown += 1 }
            if !isShown, signals.unshown == nil { Issue.record("shown by no recording: \(declared)") }
            if isShown, let why = signals.unshown { Issue.record("shown, though it says “\(why)”: \(declared)") }
        }
        print("declared signals: \(counts.shown) shown by recordings and made-up inputs, \(counts.unshown) marked")
    }
}
