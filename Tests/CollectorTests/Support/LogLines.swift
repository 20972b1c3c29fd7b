import Logging
import Synchronization

/// What a logger was told, event by event.
final class LogLines: Sendable {
    private let kept = Mutex<[LogEvent]>([])

    var events: [LogEvent] { kept.withLock { $0 } }
    var metadata: [Logger.Metadata] { events.map { $0.metadata ?? [:] } }
    var messages: [String] { events.map { "\($0.message)" } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.kept.withLock { $0.append(event) } }
    }
}
