import ArgumentParser
import Reports

/// `callhome patterns status`.
struct PatternsStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract:
            "Say which versions of patterns a collector offers, how far they are, and which server is behind and why.",
        discussion: ExitStatus.collectorHelp("told"))

    @OptionGroup var collector: CollectorOptions

    static let noChannels = "no channel of patterns is configured: servers run those of their packages"

    func run() async throws {
        let channels = try await collector.client().ask([CollectorAPI.ChannelAnswer].self, "/patterns")
        if collector.json { return try Console.print(json: channels) }
        if channels.isEmpty {
            return print(PatternsStatus.noChannels)
        }
        print(channels.map(\.text).joined(separator: "\n\n"))
    }
}

/// `callhome patterns rollout CHANNEL --because TEXT`.
struct PatternsRollout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Let a version of patterns go on that waits for a person, or was halted.",
        discussion: """
            Look first: `callhome patterns status` says what the servers foretell and what came. What speaks against it now \
            counts no more; what comes from now on does.

            \(ExitStatus.collectorHelp("it goes on", missing: "no such channel, or nothing on its way"))
            """)

    @OptionGroup var channel: RolloutArgument

    func run() async throws { try await channel.send(.rollout) }
}

/// `callhome patterns halt CHANNEL --because TEXT`.
struct PatternsHalt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "halt",
        abstract: "Halt a version of patterns: no further server runs it. Those that do, go on with it.",
        discussion: ExitStatus.collectorHelp("it is halted", missing: "no such channel, or nothing on its way"))

    @OptionGroup var channel: RolloutArgument

    func run() async throws { try await channel.send(.halt) }
}

/// `callhome patterns rollback CHANNEL --because TEXT`.
struct PatternsRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Take a version of patterns back: servers that run it return to what ran before.",
        discussion: """
            It is offered to nobody again; a newer version of the channel begins anew.

            \(ExitStatus.collectorHelp("it is taken back", missing: "no such channel, or nothing on its way"))
            """)

    @OptionGroup var channel: RolloutArgument

    func run() async throws { try await channel.send(.rollback) }
}

/// Which channel is meant, and why.
struct RolloutArgument: ParsableArguments {
    @Argument(help: "The channel's name in the collector's configuration.")
    var channel: String

    @OptionGroup var decision: DecisionOptions

    func send(_ kind: CollectorAPI.RolloutDecision.Kind) async throws {
        try await decision.collector.decide(
            ["patterns", channel, kind.rawValue], CollectorAPI.RolloutDecision(because: decision.because)
        ) { (channels: [CollectorAPI.ChannelAnswer]) in
            print(channels.filter { $0.name == channel }.map(\.text).joined(separator: "\n"))
        }
    }
}

extension CollectorAPI.ChannelAnswer {
    /// For a terminal.
    var text: String {
        var lines = ["\(name): version \(version.map { "\($0)" } ?? "none yet"), from \(source)"]
        if let refused { lines.append("  nothing new since \(refused.since): \(refused.because)") }
        lines += warnings.map { "  \($0)" }
        lines += withdrawn.map { "  withdrawn: \($0.pattern): \($0.because)" }
        guard let rollout else { return lines.map(Table.clean).joined(separator: "\n") }
        lines.append("  \(rollout.because)")
        lines.append(
            "  \(rollout.running) of \(Wording.counted(rollout.servers, "server")) "
                + "\(Wording.form(rollout.running, "runs", "run")) it, "
                + "\(rollout.told) \(Wording.form(rollout.told, "was", "were")) told to; since \(rollout.since)"
        )
        if let decision = rollout.decision {
            lines.append("  \(decision.kind) by \(decision.by), \(decision.time): \(decision.because)")
        }
        lines = lines.map(Table.clean)
        if !rollout.figures.isEmpty {
            var table = Table("PATTERN", "URGENCY", "FORETOLD", "SERVERS", "CAME", "FORETOLD THERE", "BY OTHERS")
            for figure in rollout.figures {
                let range =
                    figure.surely == figure.atMost ? "\(figure.surely)" : "\(figure.surely)-\(figure.atMost)"
                table.add(
                    figure.pattern, figure.urgency ?? "", range, "\(figure.servers)", "\(figure.found)",
                    "\(figure.foretold)", "\(figure.others)")
            }
            lines.append(table.text)
        }
        if !rollout.behind.isEmpty {
            var table = Table("SERVER", "RUNS", "BECAUSE")
            for server in rollout.behind {
                table.add(server.hostname, server.running.map { "\($0)" } ?? "package", server.because)
            }
            lines.append(table.text)
            if rollout.more > 0 { lines.append("and \(rollout.more) more") }
        }
        return lines.joined(separator: "\n")
    }
}
