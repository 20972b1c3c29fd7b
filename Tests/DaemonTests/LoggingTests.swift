import Daemon
import Logging
import Synchronization
import Testing

@Suite("Logging")
struct LoggingTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private func logger(_ lines: Lines, isJournal: Bool) -> Logger {
        Logger(label: "uplink") { label in
            LineLogHandler(label: label, logLevel: .info, isJournal: isJournal) { line in
                lines.all.withLock { $0.append(line) }
            }
        }
    }

    @Test("An event is one line with journald's priority, its metadata in order, quoted where they need it")
    func journal() {
        let lines = Lines()
        let log = logger(lines, isJournal: true)
        log.error("cannot reach the collector", metadata: ["url": "https://a", "because": "no \"route\"", "empty": ""])
        log.warning("two\nlines", metadata: ["value": "a\nb"])
        log.debug("below the level")
        #expect(
            lines.all.withLock { $0 } == [
                "<3>uplink: cannot reach the collector because=\"no \\\"route\\\"\" empty=\"\" url=https://a\n",
                "<4>uplink: two lines value=\"a b\"\n",
            ])
    }

    @Test("Without journald the level has a name")
    func terminal() {
        let lines = Lines()
        var log = logger(lines, isJournal: false)
        log[metadataKey: "host"] = "server1"
        log.notice("enrolled", metadata: ["host": "server2"])
        #expect(lines.all.withLock { $0 } == ["notice: uplink: enrolled host=server2\n"])
    }

    @Test("A fault that repeats is news once, another cause again, its end once")
    func repeatedFaults() {
        var faults = LogDeduplication()
        let causes = [("uplink", "refused"), ("uplink", "refused"), ("spool", "refused"), ("uplink", "timed out")]
        let news = causes.map { faults.began($0.0, because: $0.1) }
        #expect(news == [true, false, true, true])
        let ends = [faults.ended("uplink"), faults.ended("uplink")]
        #expect(ends == ["timed out", nil])
        let isNewsAgain = faults.began("uplink", because: "timed out")
        #expect(isNewsAgain)
    }
}
