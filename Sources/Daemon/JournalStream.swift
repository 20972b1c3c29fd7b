public import FoundationEssentials
public import Glibc

/// Whether what is printed goes to systemd's journal: systemd.exec(5), `JOURNAL_STREAM`.
public enum JournalStream {
    public static func isStandardOutput(
        environment: [String: String] = ProcessInfo.processInfo.environment, descriptor: Int32 = STDOUT_FILENO
    ) -> Bool {
        guard let named = environment["JOURNAL_STREAM"] else { return false }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return true }
        return named == "\(status.st_dev):\(status.st_ino)"
    }
}
