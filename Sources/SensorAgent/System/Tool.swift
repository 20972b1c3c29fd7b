import Glibc
import Reports
import Subprocess
import Synchronization
import SystemPackage

/// A command of the system (`smartctl`), run with a bound on its time and on what it may print.
///
/// A process that does not even die of SIGKILL hangs in the kernel (state D) on its device. It is left behind, and
/// not run again for that device before it has come back.
actor Tool {
    /// Bytes of standard output of one run; `smartctl --json -a` prints 30 KB.
    static let outputBytes = 4 << 20

    /// Processes started by all tools of this program, for what a probe costs.
    static let started = Atomic<Int>(0)

    enum Failure: Error, Hashable {
        case missing
        case timedOut(after: Duration)
        /// The last run for the same device has not come back.
        case stuck
        case tooMuchOutput(limit: Int)
        /// It was ended by this signal (signal(7)), which this program did not send.
        case signalled(Int32)
        /// It could not be started.
        case failed(String)
    }

    struct Output: Sendable {
        var exitCode: Int32
        var bytes: [UInt8]
    }

    /// The path of the program; nil where it is not installed.
    private let executable: String?
    /// Devices that a run is out for; it stays for as long as the process hangs.
    private var busy: Set<String> = []

    /// Devices whose last run has not come back.
    var busyDevices: Set<String> { busy }

    /// Whether the program is installed.
    nonisolated var isInstalled: Bool { executable != nil }

    /// - Parameter name: looked for in `PATH` and in the folders for administrators, which `PATH` may lack.
    init(named name: String) {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        executable = folders.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
    }

    /// A program by its path.
    init(path: String) { executable = unsafe access(path, X_OK) == 0 ? path : nil }

    /// Runs the program with `arguments` for `device` and returns what it printed.
    func run(_ arguments: [String], for device: String, deadline: Duration) async throws(Failure) -> Output {
        guard let executable else { throw .missing }
        guard busy.insert(device).inserted else { throw .stuck }
        Tool.started.add(1, ordering: .relaxed)
        let process = Task { await Tool.outcome(of: executable, arguments) }
        // Where the caller is cancelled nobody waits for the answer any more.
        let outcome: Result<Output, Failure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let first = FirstResult(continuation)
                let timer = Task {
                    guard (try? await Task.sleep(for: deadline)) != nil else { return }
                    process.cancel()  // SIGTERM, then SIGKILL.
                    guard (try? await Task.sleep(for: Tool.grace * 5)) != nil else { return }
                    first.answer(.failure(.timedOut(after: deadline)))
                }
                Task {
                    let outcome = await process.value
                    // An ended process was late, whatever it printed before.
                    let late = process.isCancelled
                    timer.cancel()
                    busy.remove(device)
                    first.answer(late ? .failure(.timedOut(after: deadline)) : outcome)
                }
            }
        } onCancel: {
            process.cancel()
        }
        return try outcome.get()
    }

    /// Time between SIGTERM and SIGKILL.
    private static let grace = Duration.seconds(1)

    private static func outcome(of executable: String, _ arguments: [String]) async -> Result<Output, Failure> {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: grace)]
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)), arguments: Arguments(arguments),
                environment: .inherit.updating(["LC_ALL": "C"]), platformOptions: options,
                output: .bytes(limit: outputBytes), error: .discarded)
            switch result.terminationStatus {
            case .exited(let code): return .success(Output(exitCode: code, bytes: result.standardOutput))
            case .signaled(let signal): return .failure(.signalled(signal))
            }
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            return .failure(.tooMuchOutput(limit: outputBytes))
        } catch {
            return .failure(.failed(String(String(describing: error).prefix(200))))
        }
    }
}

extension Tool.Failure {
    /// The reason for an observation of the device that was asked.
    var unavailable: Unavailable {
        switch self {
        case .timedOut, .stuck: .timedOut
        case .tooMuchOutput: .malformed
        case .missing: .notSupported
        case .failed, .signalled: .readError
        }
    }
}
