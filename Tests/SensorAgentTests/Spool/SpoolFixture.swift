import Daemon
import Foundation
import Logging
import Reports
import Synchronization
import Testing

@testable import SensorAgent

/// A directory of its own for one test, gone with it.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "callhome-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

enum SpoolFixture {
    static let start = Timestamp(seconds: 1_790_000_000)

    static func moment(_ seconds: Int64 = 0) -> Moment {
        Moment(time: Timestamp(seconds: 1_790_000_000 + seconds), boot: "b0", uptime: .seconds(100 + seconds))
    }

    static func author() throws -> ReportSigner {
        ReportSigner(host: "h1", hostname: "alpha", key: try SigningKey(seed: Data(repeating: 7, count: 32)))
    }

    static var log: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }

    static func open(
        _ directory: String, limits: Spool.Limits = Spool.Limits(), at moment: Moment = moment()
    ) async throws -> Spool {
        try await Spool.open(directory: directory, author: author(), limits: limits, at: moment, log: log)
    }

    static func change(
        _ name: String, kind: FaultChange.Kind = .opened, stamp: Int64? = nil, at moment: Moment = moment()
    ) -> FaultChange {
        let component = ComponentID(.fan, name)
        let fault = Fault(
            id: FaultID(rawValue: "f-\(name)"), pattern: "fan.stopped", revision: 1, faultClass: "fan.stopped",
            component: component,
            suspects: [Suspect(component: component, kind: .fan, name: name, part: Part(), certainty: 0.9)],
            urgency: .plan, because: "0 rpm in three readings.", texts: [:], action: "replace-planned",
            provenance: "estimate", openedAt: moment.time, updatedAt: moment.time)
        return FaultChange(
            kind: kind, fault: fault, because: "0 rpm in three readings.", time: moment.time, stamp: stamp)
    }

    static func heartbeat() -> ReportContent {
        .heartbeat(Heartbeat(interval: 60, coverage: [], patternPack: "1", openFaults: 0))
    }

    /// Everything that waits as it lies there, verified by the agent's key: also what has no epoch yet and so is not sent.
    static func stored(_ spool: Spool, _ stream: ReportStream) async throws -> [Report] {
        try await spool.stored(stream, by: author())
    }

    /// Everything that waits, verified by the agent's key.
    static func reports(_ spool: Spool, _ stream: ReportStream) async throws -> [Report] {
        let author = try author()
        return try await spool.nextBatch(of: stream, limit: 100_000, bytes: .max).map { try author.verify($0.bytes) }
    }
}

extension Spool {
    fileprivate func stored(_ stream: ReportStream, by author: ReportSigner) throws -> [Report] {
        try perform { () throws in
            try database.rows("SELECT envelope FROM report WHERE stream = ? ORDER BY sequence", .text(stream.rawValue))
                .map {
                    try author.verify(StoredReport.line($0[0].blob ?? Data()))
                }
        }
    }
}

extension [Report] {
    /// Names of the fans that the faults in these are about.
    var fans: [String] {
        flatMap { report -> [String] in
            guard case .faults(let changes) = report.content else { return [] }
            return changes.map { String($0.fault.component.rawValue.dropFirst("fan:".count)) }
        }
    }
}

/// What was logged, a line each, as a terminal shows it.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    var log: Logger {
        Logger(label: "test") { label in
            LineLogHandler(label: label, logLevel: .info, isJournal: false) { line in
                self.lines.withLock { $0.append(line) }
            }
        }
    }
}

/// A handler that keeps nothing.
private struct SwiftLogNoOpLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.critical
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {}
}
