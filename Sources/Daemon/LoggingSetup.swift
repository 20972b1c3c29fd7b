import FoundationEssentials
import Glibc
public import Logging

/// Logging of both daemons: one line an event, to standard error, with journald's priority in front where it reads it.
public enum LoggingSetup {
    /// Sets up swift-log for the process; once, before the first logger is made.
    public static func start(level: Logger.Level) {
        let isJournal = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, logLevel: level, isJournal: isJournal) { line in
                let bytes = Array(line.utf8)
                // One call writes one line; a log that cannot be written must not stop the service.
                _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
            }
        }
    }
}

/// Writes `message key=value key=value`, one line whatever the values hold.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let isJournal: Bool
    private let output: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isJournal: whether lines begin with a priority (sd-daemon(3)) instead of the level's name.
    ///   - output: takes one line, its end included.
    public init(
        label: String, logLevel: Logger.Level, isJournal: Bool, output: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.logLevel = logLevel
        self.isJournal = isJournal
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        var line = isJournal ? "<\(LineLogHandler.priority(event.level))>" : "\(event.level): "
        line += "\(label): " + LineLogHandler.oneLine("\(event.message)")
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(LineLogHandler.quoted("\(value)"))"
        }
        output(line + "\n")
    }

    /// syslog(3): 3 error, 4 warning, 5 notice, 6 information, 7 debug.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    private static func quoted(_ text: String) -> String {
        let line = oneLine(text)
        let isPlain = !line.isEmpty && line.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" }
        return isPlain ? line : "\"" + line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
