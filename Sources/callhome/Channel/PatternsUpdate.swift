import ArgumentParser
import Reports

/// `callhome patterns update`.
struct PatternsUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Have a collector ask the sources of its pattern channels now, and say what came of each.",
        discussion: """
            It asks every hour by itself. What is new comes to the servers as always: with their next heartbeat, in rings, \
            once all have tried it (`callhome patterns status`).

            \(ExitStatus.help("every source was asked, and nothing was refused", [
                (.data, "what a source has is refused"), (.unavailable, "a source, or the collector, does not answer"),
                (.tryAgain, "a source is still being read, or the collector is asked too often"),
                (.permission, "nobody is logged in, or the login is refused"),
            ]))
            """)

    @OptionGroup var collector: CollectorOptions

    /// Longer than the collector waits for a source.
    private static let patience = Duration.seconds(90)

    func run() async throws {
        let outcomes = try await collector.client(within: PatternsUpdate.patience).ask(
            [CollectorAPI.ChannelOutcome].self, "/patterns/update", method: "POST")
        if collector.json {
            try Console.print(json: outcomes)
        } else if outcomes.isEmpty {
            print(PatternsStatus.noChannels)
        } else {
            print(outcomes.map(\.text).joined(separator: "\n"))
        }
        let kinds = Set(outcomes.compactMap { CollectorAPI.ChannelOutcome.Kind(rawValue: $0.outcome) })
        if kinds.contains(.refused) { throw ExitStatus.data.exit }
        if kinds.contains(.absent) { throw ExitStatus.unavailable.exit }
        if kinds.contains(.pending) { throw ExitStatus.tryAgain.exit }
    }
}

extension CollectorAPI.ChannelOutcome {
    /// For a terminal.
    fileprivate var text: String {
        let held = version.map { "version \($0)" } ?? "nothing yet"
        let why = because.map { ": \($0)" } ?? ""
        let what =
            switch Kind(rawValue: outcome) {
            case .new: "new \(held)" + (before.map { ", before it \($0)" } ?? "")
            case .unchanged: "nothing new; \(held)"
            case .refused: "refused\(why); \(held) goes on"
            case .absent: "the source does not answer\(why); \(held) goes on"
            case .pending: "the source is still being read; `callhome patterns status` says what comes of it"
            case nil: "\(outcome)\(why); \(held)"
            }
        return (["\(name): \(what)"] + warnings.map { "  \($0)" }).map(Table.clean).joined(separator: "\n")
    }
}
