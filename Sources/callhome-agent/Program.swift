import ArgumentParser
import Glibc
import Reports
import SensorAgent

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callhome-agent", abstract: "Watches the hardware of this server and reports what fails.",
        discussion: ExitStatus.table, version: AgentProgram.version,
        subcommands: [
            Run.self, CheckConfiguration.self, Once.self, ProbeCommand.self, Diagnose.self, Replay.self, Probes.self,
            Coverage.self, TryPatterns.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // Help, and what is wrong with the command line, is the parser's; a command that ends itself says its code.
            guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
            AgentProgram.complain("\(error)")
            exit(withError: ExitCode(ExitStatus.failure.rawValue))
        }
    }
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watches until it is told to stop.",
        discussion: ExitStatus.help(
            "stopped by SIGTERM or SIGINT",
            [
                (.data, "the spool was written by a newer agent"), (.failure, "cannot run, or cannot go on"),
                (.configuration, "the configuration is refused"),
            ]))

    @Option(help: ArgumentHelp("Read this configuration.", valueName: "file"))
    var config: String?

    func run() async throws { throw ExitCode(await AgentProgram.run(configuration: config)) }
}

struct CheckConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Prints every setting in effect, or all that is wrong and where.",
        discussion: """
            \(ExitStatus.help(
                "the configuration is good",
                [(.configuration, "it, or the pattern pack that it names, is refused")]))

            \(AgentProgram.configurationHelp)
            """)

    @Option(help: ArgumentHelp("Read this configuration.", valueName: "file"))
    var config: String?

    @Flag(help: "Print every key with its default and meaning as JSON, and check nothing.")
    var keys = false

    func run() throws {
        if keys { return print(try AgentProgram.configurationKeys) }
        throw ExitCode(AgentProgram.checkConfiguration(config))
    }
}

struct Once: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks once with every probe, prints what each sees or why it refuses, and sends nothing.",
        discussion: """
            The configuration says which probes are off, where the site's checks lie, and where a Redfish service is. \
            \(ExitStatus.help(
                "at least one probe could look",
                AgentProgram.refusals + [(.configuration, "the configuration is refused")]))
            """)

    @Option(help: ArgumentHelp("Read this configuration.", valueName: "file"))
    var config: String?

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() async throws { throw ExitCode(try await AgentProgram.once(configuration: config, json: json)) }
}

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Looks once with one probe, on this machine or on a recording.",
        discussion: """
            What is read in files is read in a recorded tree as well (--root TREE). What is asked of a tool or a \
            device is shown as it was recorded, with --input FILE. With --at TIME the same recording prints the same, \
            whenever and wherever it is read:

            \(AllProbes.recordedOutputs.map { "  \($0.probe): \($0.what)" }.joined(separator: "\n"))

            Parts are sorted by their id and their values by signal. Each line of the output is a signal, its value with its unit, and, where the value is of another time than \
            the look, that time.

            \(ExitStatus.help(
                "it could look",
                [
                    (.negative, "a check of the site does not run, or its answer is not understood"),
                    (.usage, "the command line is refused"), AgentProgram.notThere,
                    (.configuration, "the configuration is refused"),
                ] + AgentProgram.refusals))
            """)

    @OptionGroup var look: Look

    @Flag(help: "Print one line of JSON.")
    var json = false

    @Flag(help: "Go on looking, and print again, whenever something is plugged or pulled.")
    var follow = false

    func validate() throws {
        guard follow else { return }
        if look.at != nil { throw ValidationError("--at stands still and --follow goes on: leave one of them out.") }
        guard AllProbes.make().contains(where: { $0.name == look.name && $0.prompts != nil }) else {
            throw ValidationError("Nothing tells \(look.name) when to look again: run it without --follow.")
        }
    }

    func run() async throws {
        let (probe, at) = try look.chosen()
        guard follow, let prompts = probe.prompts else {
            throw ExitCode(try await AgentProgram.look(with: [probe], at: at, json: json))
        }
        for await _ in prompts {
            _ = try await AgentProgram.look(with: [probe], json: json)
            fflush(nil)
        }
    }
}

/// One probe, and what it looks at.
struct Look: ParsableArguments {
    @Argument(
        help: "The probe: \(AllProbes.make().map(\.name).joined(separator: ", ")).",
        completion: .list(AllProbes.make().map(\.name)))
    var name: String

    @Option(
        help: ArgumentHelp(
            "Read this configuration: redfish, site.folder, root and, for diagnose, patterns.pack count.",
            valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Read files below this folder as if it were /.", valueName: "tree"))
    var root: String?

    @Option(help: ArgumentHelp("Read this file as the output of the probe's tool.", valueName: "file"))
    var input: String?

    @Option(
        help: ArgumentHelp(
            "Look as if it were this time: RFC 3339 (2026-11-21T07:15:00Z) or seconds since 1970. Without it: now.",
            valueName: "time"))
    var at: String?

    /// Here, and not where it looks: an error of the command line names the usage of the command that was typed.
    func validate() throws {
        if let at, AgentProgram.time(at) == nil {
            throw ValidationError(
                "--at \(at) is no time: write 2026-11-21T07:15:00Z (RFC 3339) or seconds since 1970.")
        }
        let names = AllProbes.make().map(\.name)
        guard names.contains(name) else {
            throw ValidationError("No probe is called \(name); \(Wording.hint(name, among: names)).")
        }
        if input != nil, !AllProbes.readingRecordedOutput.contains(name) {
            let others = AllProbes.readingRecordedOutput.joined(separator: " and ")
            throw ValidationError("\(name) reads no recorded output, only \(others) do: give it a tree with --root.")
        }
    }

    /// The probe that was named, and the time of its look.
    func chosen() throws -> (probe: any Probe, time: Timestamp?) {
        for path in [input, root].compactMap({ $0 }) where !AgentProgram.isThere(path) {
            throw ExitCode(ExitStatus.missing.rawValue)
        }
        guard let settings = AgentProgram.settings(of: name, configuration: config) else {
            throw ExitCode(AgentProgram.refused)
        }
        let probes = AllProbes.make(
            tree: SysTree(root: root ?? settings.root), input: input, siteFolder: settings.siteFolder,
            redfish: settings.redfish)
        guard let probe = probes.first(where: { $0.name == name }) else { throw ExitCode(AgentProgram.failed) }
        return (probe, at.flatMap(AgentProgram.time))
    }
}

struct Diagnose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says which faults one look, or one recording, would open: at once, and if it stayed so.",
        discussion: """
            Reads as probe does, on this machine or a recording, and tells it to the pattern engine again and again, as if \
            nothing changed. Printed are the readings, the faults that open at once, those that would open if it stayed \
            so and after how long, and of patterns that came near what keeps them from a fault. Nothing is stored or sent.

              smartctl -x --json /dev/sda > disk.json        # what a customer mails
              callhome-agent diagnose disk-health --input disk.json

            \(ExitStatus.help(
                "it could look, and no fault would open",
                [(.negative, "a fault opens, or would"), (.usage, "the command line is refused"), AgentProgram.notThere,
                 (.configuration, "the pattern pack is refused")] + AgentProgram.refusals))
            """)

    @OptionGroup var look: Look

    @Option(help: ArgumentHelp("As if it looked this often: 30s, 1min, 2h.", valueName: "span"))
    var every = "1min"

    @Option(name: .customLong("for"), help: ArgumentHelp("As if all stayed so for this long.", valueName: "span"))
    var length = "12h"

    @Option(
        help: ArgumentHelp(
            "Judge by this built pattern pack (callhome patterns build); without it by that of the configuration.",
            valueName: "pack"))
    var patterns: String?

    @OptionGroup var printed: Printed

    func run() async throws {
        let (probe, at) = try look.chosen()
        if let patterns, !AgentProgram.isThere(patterns) { throw ExitCode(ExitStatus.missing.rawValue) }
        throw ExitCode(
            try await AgentProgram.diagnose(
                with: [probe], at: at, configuration: look.config, patterns: patterns, every: every, for: length,
                language: printed.language, json: printed.json))
    }
}

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what another pattern pack would have found in what this agent was told.",
        discussion: """
            Plays the history that the agent keeps beside its spool (history.sqlite) through the pack, from the newest stored \
            state before that many days. Printed is by urgency and pattern how many parts would have had a fault: exactly, \
            where all that a pattern looks at was written down as it was, else surely N and at most M. Nothing is changed, \
            and the agent may run meanwhile.
            \(ExitStatus.help(
                "no fault would have opened",
                [(.negative, "one would have, or might"), (.usage, "the command line is refused"),
                 (.data, "the history is damaged"), AgentProgram.notThere,
                 (.unavailable, "there is no history yet, or it cannot be read"),
                 (.configuration, "the configuration or the pattern pack is refused")]))
            """)

    @Argument(help: ArgumentHelp("The built pattern pack (callhome patterns build).", valueName: "pack"))
    var pack: String

    @Option(help: "How many days back, 1 to 90; it begins with a state of up to a week before.")
    var days = 14

    @Option(help: ArgumentHelp("Read this configuration: state.directory counts.", valueName: "file"))
    var config: String?

    @OptionGroup var printed: Printed

    func validate() throws {
        guard (1...90).contains(days) else { throw ValidationError("--days is 1 to 90.") }
    }

    func run() throws {
        guard AgentProgram.isThere(pack) else { throw ExitCode(ExitStatus.missing.rawValue) }
        throw ExitCode(
            try AgentProgram.replay(
                pack: pack, days: days, configuration: config, language: printed.language, json: printed.json))
    }
}

struct TryPatterns: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try-patterns",
        abstract: "Tries patterns before they run, for the agent, which starts it behind everything else.",
        shouldDisplay: false)

    @Argument(help: ArgumentHelp("What to try, as the agent wrote it.", valueName: "file"))
    var request: String

    func run() throws { throw ExitCode(try AgentProgram.tryPatterns(request)) }
}

/// How an answer for people is printed.
struct Printed: ParsableArguments {
    @Option(
        help: "The language, de or en; without it, that of the environment (LC_ALL, LC_MESSAGES, LANG).",
        completion: .list(["de", "en"]))
    var language: String?

    @Flag(help: "Print one line of JSON.")
    var json = false
}

struct Coverage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks once, and tells which failure modes of the rule base would be seen on this machine.",
        discussion: """
            What would not be seen is listed with the reason and what to do. Counts and events that need time are not \
            waited for.
            \(ExitStatus.help(
                "all that the machine has is seen",
                [(.negative, "something is not"), (.configuration, "the configuration or the pattern pack is refused")]))
            """)

    @Option(help: ArgumentHelp("Read this configuration.", valueName: "file"))
    var config: String?

    @OptionGroup var printed: Printed

    func run() async throws {
        throw ExitCode(
            try await AgentProgram.coverage(configuration: config, language: printed.language, json: printed.json))
    }
}

struct Probes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures what each probe costs on this machine: time, processor, reads, wake-ups and processes.",
        discussion: """
            Each probe looks alone, first to warm up, and then once for the figures. What it starts (smartctl, ipmitool) \
            counts as its own.
            \(ExitStatus.help("measured", [(.configuration, "the configuration is refused")]))
            """)

    @Option(help: ArgumentHelp("Read this configuration.", valueName: "file"))
    var config: String?

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() async throws { throw ExitCode(try await AgentProgram.costs(configuration: config, json: json)) }
}
