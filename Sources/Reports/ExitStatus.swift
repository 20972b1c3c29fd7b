/// What the three programs exit with: the codes of sysexits(3), and 1 for an answer that is no. This is the only table of
/// them; the help of each program prints it.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    /// The command did its work, and the answer is no: a test failed, a part is bad, a hop is broken.
    case negative = 1
    case usage = 64
    case data = 65
    case missing = 66
    case unavailable = 69
    case failure = 70
    case cannotWrite = 73
    case unreadable = 74
    case tryAgain = 75
    case permission = 77
    case configuration = 78

    /// What it means in every command that exits with it.
    public var meaning: String {
        switch self {
        case .done: "done"
        case .negative: "done, and the answer is no: a test failed, a part is bad, a hop is broken"
        case .usage: "the command line is wrong"
        case .data: "what was given cannot be used, or was refused"
        case .missing: "what was named is not there: a file, a pattern, a case, a server"
        case .unavailable: "the agent, the collector or the device that was asked is not there"
        case .failure: "the program cannot go on; its last line says why"
        case .cannotWrite: "a file cannot be written"
        case .unreadable: "a file or device cannot be read"
        case .tryAgain: "no answer in time, or too many questions: try again later"
        case .permission: "no permission, or nobody is logged in"
        case .configuration: "the configuration is refused"
        }
    }

    /// What a daemon exits with if every further start would end the same until a person has mended something: its unit
    /// does not start it again. Rights, room and what else the machine lacks are not among them: they come back without
    /// anybody thinking of the daemon, as when a disk is mounted.
    public static let lasting: [ExitStatus] = [.usage, .data, .configuration]

    /// The table, one line a code.
    public static var table: String {
        "Exit codes:\n\n"
            + allCases.map { status in
                let code = "\(status.rawValue)"
                return "  \(String(repeating: " ", count: 2 - code.count))\(code)  \(status.meaning)"
            }.joined(separator: "\n")
    }

    /// `Exit codes: 0 listed; 66 no such pattern.` for the help of one command.
    /// - Parameter done: what has been done when it exits with 0.
    public static func help(_ done: String, _ others: [(status: ExitStatus, when: String)] = []) -> String {
        let sorted = others.sorted { $0.status.rawValue < $1.status.rawValue }
        let codes = sorted.map { "\($0.status.rawValue) \($0.when)" }
        return "Exit codes: " + (["0 \(done)"] + codes).joined(separator: "; ") + "."
    }
}
