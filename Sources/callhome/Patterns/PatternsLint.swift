import ArgumentParser
import Backtest
import FaultPatterns
import FoundationEssentials
import Glibc
import Reports

/// `callhome patterns lint`.
struct PatternsLint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find what is wrong inside patterns and between them, beyond what refuses them.",
        discussion: """
            Each finding has file, line and column, what is wrong, how to mend it, and in brackets its rule:
              never-holds, always-holds   limits that contradict each other, or leave nothing out
              clears-while-it-holds       `clear` can hold while `when` does, so that the fault flaps
              opens-again                 a fault that clears while `when` remembers, and opens at the agent's next start
              unreachable-urgency         a case that no value reaches, because an earlier one holds or `when` does not
              gap                         a value that neighbouring cases or patterns leave out: x > 4 beside x < 4
              hazard, time-left           a hazard that falls with the days; more time for the more urgent
              same-condition, shadowed    a pattern that says what another one says already, no more urgently
              dangling                    `explains` or `active` of faults that no pattern tells of
              unused-definition           a name of `let` that nothing asks for
              unreported                  a signal, a label's value or a state's word that no probe reports
              unjudged                    what probes report and no pattern judges, nor context-signals.yaml explains
              language, hard-word         texts that are missing, not translated, or full of terms
              source, provenance          a ticket without a source, or without what its numbers rest on
              fleet                       with --fleet: tickets on more than 1 % of a model's healthy drives
            Conditions are compared as intervals of single quantities; what two different quantities have to do with \
            each other is not known. Patterns that are drafts or retired are left out. Warnings (a ticket without \
            time_to_failure where a part is exchanged) are told and are no findings. The same words of several \
            patterns are told once, with their number.

            With --fleet the histories are replayed as by `backtest`; healthy are the drives that did not fail, over \
            their whole life, of models with 200 of them or more. How many models were too small is told on standard error.

            \(ExitStatus.help("clean", [
                (.negative, "there are findings"),
                (.data, "a pattern or the histories are refused, or no model has drives enough to be judged by"),
                (.missing, "no such folder or file"),
            ]))
            """)

    @Argument(help: "The folder of the patterns, or one file; without it ./patterns, else \(PatternFolder.installed).")
    var folder: String?

    @Option(parsing: .upToNextOption, help: "Files or folders of disk histories (CSV, plain or gzip) to replay.")
    var fleet: [String] = []

    @Flag(help: "Leave the warnings out.")
    var noWarnings = false

    @Flag(help: "Print what probes report, finely, with the patterns that judge it, instead of findings.")
    var judges = false

    @Flag(help: "Print findings and warnings as JSON; with --judges what is told and who judges it.")
    var json = false

    func run() throws {
        let source = PatternFolder(path: folder ?? PatternFolder.standard)
        try source.refuseProblems()
        let lint = PatternLint(source.files, isWhole: source.isWhole, context: source.context)
        if judges { return try PatternsLint.tell(lint.judgedUnits(), json: json) }
        var found = lint.findings()
        var isJudged = true
        if !fleet.isEmpty {
            let models = try healthyModels(source)
            found += lint.findings(onHealthy: models)
            isJudged = PatternsLint.tell(PatternLint.judged(models))
        }
        if noWarnings { found.removeAll { $0.severity == .warning } }
        let findings = found.filter { $0.severity == .finding }
        let warnings = found.count - findings.count
        if json {
            try Console.print(json: found)
        } else {
            for (finding, count) in LintFinding.folded(found) {
                let more = count > 1 ? " (and \(count - 1) more like it; --json lists all)" : ""
                print((finding.severity == .warning ? "warning: \(finding)" : "\(finding)") + more)
            }
            let told = noWarnings ? "" : ", \(Wording.counted(warnings, "warning"))"
            let all = Wording.counted(source.files.count, "pattern")
            print("\(all): \(findings.isEmpty ? "clean" : Wording.counted(findings.count, "finding"))\(told)")
        }
        if !findings.isEmpty { throw ExitStatus.negative.exit }
        if !isJudged { throw ExitStatus.data.exit }
    }

    /// Prints one line for each signal of a kind of part, label and word.
    private static func tell(_ units: [JudgedUnit], json: Bool) throws {
        guard !json else { return try Console.print(json: units) }
        for unit in units {
            let labels = unit.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let words = [unit.signal, unit.part.rawValue] + labels + (unit.word.map { [$0] } ?? [])
            let who = unit.judges + (unit.isContext ? ["context"] : [])
            print("\(words.joined(separator: " ")): \(who.isEmpty ? "nobody" : who.joined(separator: ", "))")
        }
    }

    /// Prints how many models of the fleet were judged.
    /// - Returns: false where none was.
    private static func tell(_ models: (models: Int, tooFew: Int)) -> Bool {
        let few =
            "of \(Wording.counted(models.tooFew, "model")) there are fewer than \(PatternLint.fleetDrives) healthy drives"
        if models.models == 0 {
            Console.complain(
                "--fleet: nothing was judged: "
                    + (models.tooFew == 0 ? "the histories have no drives" : "\(few), which says nothing")
                    + "; name more histories")
        } else {
            Console.complain(
                "--fleet: \(Wording.counted(models.models, "model")) judged"
                    + (models.tooFew > 0 ? "; \(few), which were not judged" : ""))
        }
        return models.models > 0
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
            throw PatternsBacktest.status(of: error).exit
        }
    }
}
