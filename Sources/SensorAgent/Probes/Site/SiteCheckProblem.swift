import Glibc
import Reports

/// Why a check of the site reported nothing, with the file that it is about; shown in `Advice`.
struct SiteCheckProblem: Hashable, Sendable {
    /// One of `AdviceTexts`: `site.not-executable`.
    var code: String
    /// The check, or the folder that it lies in.
    var file: String
    /// What else the text names: whom the file belongs to, the interpreter, the exit code.
    var detail: String?

    init(_ code: String, _ file: String, _ detail: String? = nil) {
        self.code = "site.\(code)"
        self.file = file
        self.detail = detail
    }

    init(_ problem: TrustedPrograms.Problem) {
        switch problem.kind {
        case .missing: self.init("missing", problem.path)
        case .notRegular: self.init("not-regular", problem.path)
        case .notFolder: self.init("not-folder", problem.path)
        case .foreignOwner(let user): self.init("foreign-owner", problem.path, "\(user)")
        case .writableByOthers: self.init("writable", problem.path)
        case .notExecutable: self.init("not-executable", problem.path)
        }
    }

    /// - Parameter path: of the check.
    init(_ failure: Tool.Failure, of path: String) {
        switch failure {
        case .missing: self.init("no-runner", path)
        case .timedOut(let limit): self.init("timed-out", path, "\(limit.components.seconds)")
        case .stuck: self.init("stuck", path)
        case .tooMuchOutput(let limit): self.init("too-much", path, "\(limit)")
        case .signalled(let signal): self.init("failed", path, "ended by signal \(signal)")
        case .failed(let because): self.init("failed", path, because)
        }
    }

    /// What keeps the kernel from running a script, whose answer would be an exit code that means nothing: the
    /// interpreter of its first line, or of `env` in it, that is not there. nil where nothing does.
    static func ofInterpreter(_ path: String) -> SiteCheckProblem? {
        guard let line = firstLine(path), line.hasPrefix("#!") else { return nil }
        if line.utf8.last == UInt8(ascii: "\r") { return SiteCheckProblem("line-ends", path) }
        let words = line.dropFirst(2).split { $0 == " " || $0 == "\t" }.map(String.init)
        guard let interpreter = words.first else { return nil }
        if !isExecutable(interpreter) { return SiteCheckProblem("no-interpreter", path, interpreter) }
        guard interpreter.hasSuffix("/env"), words.count > 1, !words[1].hasPrefix("-"), !words[1].contains("="),
            !Tool(named: words[1]).isInstalled
        else { return nil }
        return SiteCheckProblem("no-interpreter", path, words[1])
    }

    private static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    /// As much of it as the kernel reads (BINPRM_BUF_SIZE, 256 bytes).
    private static func firstLine(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Written on the component of the check.
    var attributes: [String: String] {
        var attributes = [ComponentAdvice.code: code, ComponentAdvice.file: file]
        attributes[ComponentAdvice.detail] = detail
        return attributes
    }
}
