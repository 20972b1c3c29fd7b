import ArgumentParser
import Reports

/// `callhome test`.
struct AgentTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a test fault through every stage and every channel, and say how far it came.",
        discussion: """
            The fault is made up, marked as a test, and can never order a part.
            \(ExitStatus.agentHelp(
                "every hop has confirmed (without --wait: the agent has sent it)",
                negative: "a hop is broken, and is named with what to do", data: "refused"))
            """)

    @OptionGroup var agent: AgentOptions

    @Flag(help: "Wait until every hop has confirmed, and print each as it does.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait, in seconds.", valueName: "seconds"))
    var timeout: Int = 90

    /// Time between two questions.
    private static let pace = Duration.milliseconds(300)

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout is between 1 and 86400 seconds.") }
    }

    func run() async throws {
        guard var progress = try agent.ask(ControlRequest(verb: .test)).test else {
            Console.complain("agent: it answered without a test; is it of another version?")
            throw ExitStatus.unavailable.exit
        }
        var shown = ShownHops(isQuiet: agent.json)
        if !agent.json { print("test \(progress.id)") }
        shown.show(progress)
        let end = ContinuousClock.now + .seconds(timeout)
        // Settled twice: a collector that has just taken the report may not know all its deliveries yet.
        var settled = progress.isSettled ? 1 : 0
        while wait, settled < 2, ContinuousClock.now < end {
            try await Task.sleep(for: AgentTestCommand.pace)
            let request = ControlRequest(verb: .testProgress, test: progress.id)
            guard let next = try agent.ask(request).test else { continue }
            progress = next
            shown.show(progress)
            settled = progress.isSettled ? settled + 1 : 0
        }
        if agent.json { try Console.print(json: progress) }
        let broken = progress.hops.filter { $0.state == .failed || (wait && $0.state == .waiting) }
        // One that is broken has been printed as such.
        for hop in broken where agent.json || hop.state == .waiting {
            let what = hop.state == .failed ? "is broken" : "has not confirmed within \(timeout) s"
            Console.complain("\(hop.name) \(what): \(hop.detail)")
        }
        if !broken.isEmpty { throw ExitStatus.negative.exit }
    }
}

extension TestProgress {
    /// Nothing is on its way any more.
    fileprivate var isSettled: Bool { !hops.contains { $0.state == .waiting } }
}

/// Prints each hop once when it has confirmed or failed, and again when that has changed.
private struct ShownHops {
    let isQuiet: Bool
    private var shown: [String: TestProgress.Hop.State] = [:]

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    mutating func show(_ progress: TestProgress) {
        guard !isQuiet else { return }
        for hop in progress.hops where hop.state != .waiting && shown[hop.name] != hop.state {
            shown[hop.name] = hop.state
            let mark = hop.state == .confirmed ? "ok    " : "BROKEN"
            let time = hop.milliseconds.map { "\($0) ms" } ?? ""
            let padding = String(repeating: " ", count: max(1, 9 - time.count))
            print("\(mark)\(padding)\(time)  \(hop.name): \(hop.detail)")
        }
    }
}
