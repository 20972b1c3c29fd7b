import ArgumentParser
import Reports

/// `callhome doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this server's agent cannot see or send, why, and what to do about it, as a checklist.",
        discussion: """
            The most important comes first. What has nothing to be done about it is left out; --all shows it too.
            Exit codes: 0 nothing needs to be done; 1 something does; 3 no agent answers.
            """)

    @OptionGroup var agent: AgentOptions

    @Flag(help: "Show also what cannot be mended.")
    var all = false

    func run() throws {
        guard let status = try agent.ask(ControlRequest(verb: .status)).status,
            let modes = try agent.ask(ControlRequest(verb: .coverage)).failureModes
        else {
            Console.complain("agent: it answered without its coverage; is it of another version?")
            throw Exit.unreachable
        }
        let checklist = Checklist(status, modes, all: all)
        if agent.json { try Console.print(json: checklist.items) } else { print(checklist.words) }
        if checklist.items.contains(where: \.needsDoing) { throw Exit.notWell }
    }
}

/// What a helpful person without knowledge of computers can go through from the top.
struct Checklist {
    struct Item: Encodable {
        /// What is wrong or not seen.
        var what: String
        /// Why, and what to do.
        var because: String
        /// What this keeps from being seen.
        var hides: [String]
        var needsDoing: Bool
    }

    let items: [Item]
    private let seen: Int
    private let known: Int

    init(_ status: AgentStatus, _ modes: [FailureMode], all: Bool) {
        var items: [Item] = []
        if status.uplink.state != "connected" {
            items.append(
                Item(
                    what: "Reports do not reach the collector (\(status.uplink.state))", because: status.uplink.because,
                    hides: [], needsDoing: true))
        }
        var hidden: [String: [FailureMode]] = [:]
        for mode in modes where mode.isBlind {
            for reason in mode.reasons { hidden[reason.because, default: []].append(mode) }
        }
        for (because, modes) in hidden.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            let needsDoing = !because.hasSuffix("nothing needs to be done")
            guard needsDoing || all else { continue }
            let kinds = Set(modes.map(\.kind.rawValue)).sorted().joined(separator: ", ")
            let count = modes.count == 1 ? "One kind of failure" : "\(modes.count) kinds of failure"
            items.append(
                Item(
                    what: "\(count) would not be seen (\(kinds.replacing("_", with: " ")))", because: because,
                    hides: modes.map { $0.title(in: "en") }, needsDoing: needsDoing))
        }
        self.items = items.filter(\.needsDoing) + items.filter { !$0.needsDoing }
        let ownParts = modes.filter { $0.state != "absent" }
        seen = ownParts.count { $0.state == "seen" }
        known = ownParts.count
    }

    /// Titles that are written out for one item.
    private static let titles = 6

    var words: String {
        var lines: [String] = []
        for (number, item) in items.enumerated() {
            lines.append("\(item.needsDoing ? "[ ]" : "[-]") \(number + 1). \(item.what)")
            lines.append("       \(item.because)")
            for title in item.hides.prefix(Checklist.titles) { lines.append("       - \(title)") }
            if item.hides.count > Checklist.titles {
                lines.append("       - and \(item.hides.count - Checklist.titles) more")
            }
        }
        lines.append("\(seen) of \(known) kinds of failure that this server can have would be seen.")
        if !items.contains(where: \.needsDoing) { lines.append("Nothing needs to be done.") }
        return lines.joined(separator: "\n")
    }
}
