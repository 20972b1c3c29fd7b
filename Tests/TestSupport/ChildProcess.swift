public import Foundation

/// A program with its standard input and output on pipes of its own.
///
/// Foundation's `Process` lets programs started at the same time inherit each other's pipes, so that none ever sees the end
/// of its input; here every descriptor closes on exec.
public final class ChildProcess: @unchecked Sendable {
    public let identifier: pid_t
    let input: FileHandle
    let output: FileHandle

    /// - Parameters:
    ///   - log: a file that takes what the program prints, with its errors; nil: `output` does.
    ///   - withErrors: whether standard error goes where standard output goes, without a log too.
    public init(_ program: String, _ arguments: [String], log: URL? = nil, withErrors: Bool = false) throws {
        let (childInput, parentInput) = try ChildProcess.pipe()
        let (parentOutput, childOutput) = try ChildProcess.pipe()
        defer {
            close(childInput)
            close(childOutput)
        }
        input = FileHandle(fileDescriptor: parentInput, closeOnDealloc: true)
        output = FileHandle(fileDescriptor: parentOutput, closeOnDealloc: true)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, childInput, STDIN_FILENO)
        if let log {
            unsafe posix_spawn_file_actions_addopen(
                &actions, STDOUT_FILENO, log.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        } else {
            unsafe posix_spawn_file_actions_adddup2(&actions, childOutput, STDOUT_FILENO)
        }
        if withErrors || log != nil {
            unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        }
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let result = unsafe posix_spawn(&child, program, &actions, nil, &words, environ)
        guard result == 0 else { throw ChildProcessError.cannotStart(program, errno: result) }
        identifier = child
    }

    /// Waits for the end.
    /// - Returns: the exit status, or minus the signal that ended it.
    @discardableResult
    public func wait() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) == -1, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
    }

    /// A socket pair, because it can be made to close on exec in one step (pipe2 is not imported).
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw ChildProcessError.cannotStart("pipe", errno: errno)
        }
        return (ends[0], ends[1])
    }
}

public enum ChildProcessError: Error { case cannotStart(String, errno: Int32), endedEarly(String) }

/// Runs a program to its end.
/// - Parameter withErrors: whether what it wrote to standard error is part of the output.
/// - Returns: its exit status and what it wrote to standard output.
public func runProgram(
    _ program: String, _ arguments: [String], input: Data = Data(), withErrors: Bool = false
) throws -> (status: Int32, output: Data) {
    let child = try ChildProcess(program, arguments, withErrors: withErrors)
    let writer = Thread {
        try? child.input.write(contentsOf: input)
        try? child.input.close()
    }
    writer.start()
    let output = try child.output.readToEnd() ?? Data()
    return (child.wait(), output)
}

/// Writes a program that is run at once.
///
/// The kernel runs no file that anybody has open for writing (ETXTBSY): where this process wrote it, another thread that starts a
/// program at that moment lends its copy of the descriptor to the child, until that runs its own. So another process writes it,
/// which has ended.
public func writeProgram(_ text: String, at path: String) throws {
    let script = "mkdir -p \"${0%/*}\" && cat >\"$0\" && chmod 755 \"$0\""
    let (status, _) = try runProgram("/bin/sh", ["-c", script, path], input: Data(text.utf8))
    guard status == 0 else { throw ChildProcessError.endedEarly("cannot write \(path)") }
}
