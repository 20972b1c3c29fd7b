import FaultPatterns
import Foundation
import Reports
import Testing

@testable import SensorAgent

/// The right answer to one input on which monitoring tools were wrong: a row of `Tests/Fixtures/cases/expected.json`.
struct ExpectedCase: Codable, Sendable, CustomTestStringConvertible {
    /// A fault that must open.
    struct ExpectedFault: Codable, Sendable {
        var pattern: String
        /// `plan`, or several that are right: `watch|plan`.
        var urgency: String
        /// The id of the component, with `*` for what does not matter; nil: any.
        var part: String?
    }

    /// A reading that must hold.
    struct ExpectedReading: Codable, Sendable {
        /// With `*` for labels that do not matter.
        var signal: String
        var part: String?
        /// A number, a state, `~` and a part of the text of an event, `>0`, `unavailable`, or `absent` for what must not
        /// be told at all; several that are right between `|`.
        var value: String
    }

    /// The folder of the case, or `parsers/` and the name of a small input.
    var id: String
    var probe: String
    /// When the look is taken to have been, where the input bears dates.
    var at: String?
    /// For how long it stays as it is; nil: 12 h.
    var stays: String?
    /// The right answer in the project's own words.
    var right: String
    /// Where a message is printed: file and function of the kernel, or a standard.
    var source: String?
    /// The lines of the input, where they are the project's own.
    var input: [String]?
    /// States in which the probe may refuse the input, between `|`; an empty one where it may read it.
    var refused: String?
    var faults: [ExpectedFault]
    /// Patterns that may open beside these, with `*`.
    var also: [String]?
    var readings: [ExpectedReading]?
    /// Why an answer that is not clear by itself was decided so.
    var decided: String?
    /// What is wrong today.
    var knownWrong: String?

    var testDescription: String { id }

    /// Those of `../shared/cases`.
    static func all() throws -> [ExpectedCase] { try read("cases/expected.json") }

    /// The gravest messages and events of Linux servers, as they are printed.
    static func gravest() throws -> [ExpectedCase] { try read("cases/gravest.json") }

    private static func read(_ path: String) throws -> [ExpectedCase] {
        let file = Recordings.own(path)
        return try JSONDecoder().decode([ExpectedCase].self, from: Data(contentsOf: file))
    }

    // MARK: Its input

    static let folder = Recordings.package.appending(path: "../shared/cases").standardizedFileURL
    static let areThere = FileManager.default.fileExists(atPath: folder.path)

    /// Looks at the input, or at what `change` makes of it, and judges it by `pack`.
    func assessment(
        by pack: PatternPack, changing change: @Sendable (CaseInput) throws -> CaseInput = { $0 }
    ) async throws -> Assessment {
        let input = try change(try await CaseInput(of: self))
        let time = try at.map { text in
            guard let time = Timestamp(text: text) else { throw CaseError(what: "\(id): \(text) is no time") }
            return time
        }
        return try await input.assessment(
            by: pack, at: time ?? Timestamp(seconds: 1_795_953_600), for: stays == "9min" ? .seconds(540) : nil)
    }

    // MARK: Judging

    /// What is otherwise than it must be; empty where all is right.
    func problems(in assessment: Assessment) -> [String] {
        var problems: [String] = []
        var results: [ProbeResult] = []
        for entry in assessment.document.probes {
            switch entry.outcome {
            case .success(let result):
                if let refused, !refused.split(separator: "|", omittingEmptySubsequences: false).contains("") {
                    problems.append("it is read, and was to be refused")
                }
                results.append(result)
            case .failure(let error):
                let states = refused?.split(separator: "|").map(String.init) ?? []
                if !states.contains(error.coverageState) {
                    problems.append("refused (\(error.coverageState)): \(error)")
                }
            }
        }
        let said = SaidFault.all(in: assessment)
        for wanted in faults where !said.contains(where: { $0.fits(wanted) }) {
            problems.append("not said: \(wanted.pattern) \(wanted.urgency)\(wanted.part.map { " of \($0)" } ?? "")")
        }
        for fault in said where !faults.contains(where: fault.fits) {
            let mayOpen = (also ?? []).contains { fault.pattern.fits($0) }
            let isWanted = faults.contains { $0.pattern == fault.pattern }
            if !mayOpen || isWanted && also?.contains(fault.pattern) != true { problems.append("said: \(fault)") }
        }
        if results.isEmpty { return problems }
        let told = results.flatMap(\.observations)
        for reading in readings ?? [] where !reading.holds(in: told) {
            let found = told.filter { reading.isOf($0) }.map { "\($0.component) \($0.measurement.forTests)" }
            problems.append(
                "\(reading.part.map { "\($0) " } ?? "")\(reading.signal) is not \(reading.value): "
                    + (found.isEmpty ? "not told" : found.prefix(3).joined(separator: ", ")))
        }
        return problems
    }
}

struct CaseError: Error { let what: String }

/// A fault that opened, with the highest urgency that it reached; those of patterns on trial are left out.
struct SaidFault: Hashable, Comparable, CustomStringConvertible {
    var pattern: String
    var component: String
    var urgency: Urgency

    var description: String { "\(pattern) \(urgency.rawValue) of \(component)" }

    static func < (left: SaidFault, right: SaidFault) -> Bool {
        (left.pattern, left.component) < (right.pattern, right.component)
    }

    static func all(in assessment: Assessment) -> [SaidFault] {
        var said: [String: SaidFault] = [:]
        for change in assessment.changes where change.change != .cleared && !change.isOnTrial {
            let fault = change.fault
            let key = "\(fault.pattern) \(fault.component)"
            let before = said[key]?.urgency ?? .inform
            said[key] = SaidFault(
                pattern: fault.pattern, component: fault.component.rawValue, urgency: max(before, fault.urgency))
        }
        return said.values.sorted()
    }

    func fits(_ wanted: ExpectedCase.ExpectedFault) -> Bool {
        pattern == wanted.pattern && wanted.urgency.split(separator: "|").contains(urgency.rawValue[...])
            && component.fits(wanted.part ?? "*")
    }
}

extension ExpectedCase.ExpectedReading {
    func isOf(_ observation: Observation) -> Bool {
        observation.signal.description.fits(signal) && observation.component.rawValue.fits(part ?? "*")
    }

    func holds(in told: [Observation]) -> Bool {
        let mine = told.filter(isOf)
        return value.split(separator: "|").contains { wanted in
            if wanted == "absent" { return mine.isEmpty }
            return mine.contains { ExpectedCase.ExpectedReading.fits($0.measurement, String(wanted)) }
        }
    }

    private static func fits(_ measurement: Reports.Measurement, _ wanted: String) -> Bool {
        switch measurement {
        case .unavailable: wanted == "unavailable"
        case .state(let word): wanted == word
        case .event(let text): wanted.hasPrefix("~") && (wanted == "~" || text.contains(wanted.dropFirst()))
        case .reading(let value): fits(value, wanted)
        case .counter(let value): fits(Double(value), wanted)
        }
    }

    private static func fits(_ value: Double, _ wanted: String) -> Bool {
        if wanted == ">0" { return value > 0 }
        return Double(wanted).map { abs($0 - value) <= abs($0) * 1e-9 } ?? false
    }
}

extension Reports.Measurement {
    var forTests: String {
        switch self {
        case .reading(let value): "\(value)"
        case .counter(let value): "\(value)"
        case .state(let text), .event(let text): text
        case .unavailable(let reason): "unavailable (\(reason.rawValue))"
        }
    }
}

extension String {
    /// Whether it is what `pattern` names; `*` stands for anything, and only `*` has a meaning.
    func fits(_ pattern: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return self == pattern }
        guard hasPrefix(first), hasSuffix(last), utf8.count >= first.utf8.count + last.utf8.count else { return false }
        var rest = dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}
