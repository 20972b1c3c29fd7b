import Daemon
import FoundationEssentials
import Glibc
import PatternChannel
import Reports

/// Tries patterns in a child process: one that crashes, takes all memory or never ends hurts nobody else.
struct PatternTrial: Sendable {
    /// What is known afterwards.
    enum Outcome: Hashable, Sendable {
        case report(TrialReport)
        /// The patterns are to blame: it crashed, or took more than it may.
        case failed(because: String)
        /// Nothing is known: it was not begun, or the machine left it no time.
        case inconclusive(because: String)
    }

    /// Until it has ended. It has the processor only when nobody else wants it.
    static let deadline = Duration.seconds(600)
    /// Seconds of processor time. The shipped 330 patterns are read in less than one; a fortnight of what a server remembers is
    /// played through them, and through those that run, up to twice each.
    static let processorSeconds: UInt = 300
    /// Bytes of address space: a Swift program maps some 150 MB without using them, and the largest pack makes ten times its
    /// 32 MB.
    static let memoryBytes: UInt = 512 << 20

    /// Starts the child on the file that says what is asked for.
    typealias Attempt = @Sendable (_ path: String) async -> Outcome

    private let attempt: Attempt
    private let folder: String

    /// - Parameters:
    ///   - program: `callhome-agent`; as a standard the file that this process was started from, which an upgrade may have
    ///     replaced since.
    ///   - folder: where what is asked for is written.
    init(program: String = "/proc/self/exe", folder: String) {
        let tool = Tool(path: program)
        self.init(folder: folder) { path in
            do throws(Tool.Failure) {
                return PatternTrial.outcome(
                    try await tool.run([PatternTrial.command, path], for: "", deadline: PatternTrial.deadline))
            } catch {
                return PatternTrial.outcome(error)
            }
        }
    }

    init(folder: String, attempt: @escaping Attempt) {
        self.folder = folder
        self.attempt = attempt
    }

    /// Tries what is asked for.
    func run(_ request: TrialRequest) async -> Outcome {
        let path = "\(folder)/trial.json"
        do {
            try PrivateFile.makeFolder(folder)
            try PrivateFile.write(try WireFormat.encode(request), to: path)
        } catch {
            return .inconclusive(because: "\(error)")
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        let outcome = await attempt(path)
        // What a server remembers may be too much for it, which is no fault of the patterns: they are tried once more without.
        if request.history != nil, case .failed(let because) = outcome { return .inconclusive(because: because) }
        return outcome
    }

    /// What is inside one pack.
    /// - Throws: why it is not known.
    func contents(of pack: Data) async throws(PatternStoreProblem) -> PackContents {
        let path = "\(folder)/inspected.json"
        do throws(PrivateFileError) {
            try PrivateFile.makeFolder(folder)
            try PrivateFile.write(pack, to: path)
        } catch {
            throw PatternStoreProblem("\(error)")
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        let member = TrialRequest.Member(name: "pack", packs: [path], withdrawals: [:])
        switch await run(TrialRequest(members: [member])) {
        case .report(let report):
            guard let contents = report.contents[ContentHash.sha256(pack)] else {
                throw PatternStoreProblem(report.refused ?? "the child process says nothing of it")
            }
            return PackContents(contents)
        case .failed(let because), .inconclusive(let because): throw PatternStoreProblem(because)
        }
    }

    /// The command of `callhome-agent` that does it; it stands in no help.
    static let command = "try-patterns"

    static func outcome(_ output: Tool.Output) -> Outcome {
        guard output.exitCode == 0 else {
            return .failed(because: "the trial ended with \(output.exitCode)")
        }
        do { return .report(try WireFormat.decode(TrialReport.self, from: Data(output.bytes))) } catch {
            return .failed(because: "the trial printed what is no report")
        }
    }

    static func outcome(_ failure: Tool.Failure) -> Outcome {
        switch failure {
        case .tooMuchOutput(let limit): .failed(because: "the trial printed more than \(limit) bytes")
        case .signalled(SIGXCPU): .failed(because: "the trial took more than \(processorSeconds) s of processor time")
        // Where memory is short on the server it goes first, whatever it holds.
        case .signalled(SIGKILL): .inconclusive(because: "the trial was killed")
        case .signalled(let signal): .failed(because: "the trial crashed (signal \(signal))")
        case .missing: .inconclusive(because: "the agent's own program cannot be started")
        case .failed(let because): .inconclusive(because: because)
        case .timedOut(let after): .inconclusive(because: "the trial did not end within \(after)")
        case .stuck: .inconclusive(because: "the trial before has not come back")
        }
    }
}
