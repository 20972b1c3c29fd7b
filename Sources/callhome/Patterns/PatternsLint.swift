import ArgumentParser
import Backtest
import FaultPatterns
import FoundationEssentials
import Glibc

/// `callhome patterns lint`.
struct PatternsLint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find what is wrong inside patterns and between them, beyond what refuses them.",
        discussion: """
            Each finding has file, line and column, what is wrong, how to mend it, and in brackets its rule:
              never-holds, always-holds   limits that contradict each other, or leave nothing out
              clears-while-it-holds       `clear` can hold while `when` does, so that the fault flaps
              unreachable-urgency         a case that no value reaches, because an earlier one holds or `when` does not
              gap                         a value that neighbouring cases or patterns leave out: x > 4 beside x < 4
              hazard, time-left           a hazard that falls with the days; more time for the more urgent
              same-condition, shadowed    a pattern that says what another one says already, no more urgently
              dangling                    `explains` or `active` of faults that no pattern tells of
              unused-definition           a name of `let` that nothing asks for
              language, hard-word         texts that are missing, not translated, or full of terms
              source, provenance          a ticket without a source, or without what its numbers rest on
              fleet                       with --fleet: tickets on more than 1 % of a model's healthy drives
            Conditions are compared as intervals of single quantities; what two different quantities have to do with \
            each other is not known. Patterns that are drafts or retired are left out. Warnings (a ticket without \
            time_to_failure) are told and are no findings.

            With --fleet the histories are replayed as by `backtest`; healthy are the drives that did not fail, over \
            their whole life, of models with 200 of them or more.

            Exit codes: 0 clean; 1 there are findings; 2 a pattern is refused, or the histories cannot be used.
            """)

    @Argument(help: "The folder of the patterns, or one file; without it ./patterns, else \(PatternFolder.installed).")
    var folder: String?

    @Option(parsing: .upToNextOption, help: "Files or folders of disk histories (CSV, plain or gzip) to replay.")
    var fleet: [String] = []

    @Flag(help: "Leave the warnings out.")
    var noWarnings = false

    @Flag(help: "Print findings and warnings as JSON.")
    var json = false

    func run() throws {
        let source = PatternFolder(path: folder ?? PatternFolder.standard)
        try source.refuseProblems()
        let lint = PatternLint(source.files, isWhole: source.isWhole)
        var found = lint.findings()
        if !fleet.isEmpty { found += lint.findings(onHealthy: try healthyModels(source)) }
        if noWarnings { found.removeAll { $0.severity == .warning } }
        let findings = found.filter { $0.severity == .finding }
        let warnings = found.count - findings.count
        if json {
            try Console.print(json: found)
        } else {
            for finding in found {
                print(finding.severity == .warning ? "warning: \(finding)" : "\(finding)")
            }
            let told = noWarnings ? "" : ", \(warnings) warnings"
            print("\(source.files.count) patterns: \(findings.isEmpty ? "clean" : "\(findings.count) findings")\(told)")
        }
        if !findings.isEmpty { throw Exit.notWell }
    }

    private func healthyModels(_ source: PatternFolder) throws -> [PatternLint.HealthyModel] {
        do {
            let pack = try PatternPack(building: source.files, models: source.models, version: "lint")
            var settings = BacktestSettings()
            settings.threads = max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
            let result = try FleetBacktest(patterns: pack, settings: settings).run(fleet)
            return result.models.map {
                PatternLint.HealthyModel(
                    name: $0.name, drives: $0.population.survivors, alarmed: $0.alarmedSurvivors)
            }
        } catch {
            Console.complain("\(error)")
            throw Exit.refused
        }
    }
}
