import ArgumentParser
import Reports

/// `callhome servers blind-spots`.
struct BlindSpotsGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blind-spots",
        abstract: "See what is not seen on a server, and say with what of it you live.",
        discussion: """
            A blind spot is a failure mode that would not be seen on all parts, or a probe that cannot read. One that is \
            accepted makes the server's state unknown no longer, and is still named. It comes back by itself when it changes: \
            when it is seen after all, is not seen for another reason, or on more parts.
            """,
        subcommands: [BlindSpotsList.self, BlindSpotsAccept.self, BlindSpotsWithdraw.self],
        defaultSubcommand: BlindSpotsList.self)

    static func show(_ spots: [CollectorAPI.BlindSpot], json: Bool) throws {
        if json { return try Console.print(json: spots) }
        if spots.isEmpty { return print("no blind spots") }
        print(text(spots))
    }

    /// A block for each: titles and reasons are sentences, and no table holds three of them in one line.
    static func text(_ spots: [CollectorAPI.BlindSpot]) -> String {
        var lines: [String] = []
        for spot in spots {
            lines += Table.wrapped("\(spot.name) (\(spot.state)): \(spot.title)", indent: 0, hanging: 4)
            for reason in spot.reasons {
                lines += Table.wrapped("- \(reason.because)", indent: 4, hanging: 6)
                if let step = reason.step { lines += Table.wrapped("can be mended: \(step)", indent: 6, hanging: 8) }
            }
            if let accepted = spot.accepted {
                lines += Table.wrapped(
                    "accepted by \(accepted.by) at \(accepted.acceptedAt): \(accepted.because)", indent: 4, hanging: 6)
            }
        }
        let accepted = spots.count { $0.accepted != nil }
        lines += ["", "\(Wording.counted(spots.count, "blind spot")), \(accepted) accepted"]
        return lines.joined(separator: "\n")
    }
}

/// Which blind spots a decision is about.
struct BlindSpotChoiceOptions: ParsableArguments {
    @Argument(help: "The server's name or id.")
    var server: String

    @Argument(
        help:
            "The blind spots: names of patterns and probes, as `callhome servers blind-spots list SERVER` lists them.",
        completion: Completion.blindSpots)
    var names: [String] = []

    @Flag(
        help:
            "All of the server instead of names; of those to accept, all that nobody can do anything about: what can be mended is accepted by name."
    )
    var all = false

    @OptionGroup var decision: DecisionOptions

    func validate() throws {
        guard all != !names.isEmpty else { throw ValidationError("name the blind spots that are meant, or say --all") }
    }

    /// - Parameter word: `accept` or `withdraw`.
    func decide(_ word: String) async throws {
        try await decision.collector.decide(
            ["servers", server, "blind-spots", word],
            CollectorAPI.BlindSpotDecision(
                names: all ? nil : names, all: all ? true : nil, because: decision.because)
        ) { (spots: [CollectorAPI.BlindSpot]) in try BlindSpotsGroup.show(spots, json: false) }
    }
}
