import Backtest
import Crypto
import FaultPatterns
import Foundation
import Synchronization
import TestSupport
import Testing

/// What the shipped patterns say of recorded histories of disks, as SHA-256 of the table of fault changes
/// (docs/backtest.md), so that moving and folding code is seen to change nothing.
///
/// A row of `Tests/Fixtures/hashes/faults.tsv` is the history, how many changes there are, and the hash of what
/// `callhome patterns backtest HISTORY --faults FILE` writes. Where a pattern is to say something else, the table is
/// written anew, in a commit that says why: `CALLHOME_WRITE_HASHES=1 swift test --filter FaultHashTests`.
@Suite("Hashes of fault changes")
struct FaultHashTests {
    private static let data = Histories.root.appending(path: "../shared/data/disks").standardizedFileURL
    private static let table = Histories.root.appending(path: "Tests/Fixtures/hashes/faults.tsv")
    private static let hasHistories = FileManager.default.fileExists(atPath: data.path)

    /// Small ones of each kind: ATA by raw and by normalised values, and NVMe; failed drives and healthy ones.
    private static let histories = [
        "alibaba_mb1_ssd_failed_30d.csv.gz", "bb2016_3models_normalized_only.csv.gz",
        "bb2016q2_st4000dm000_full.csv.gz", "bb2019_mq01abf050_10d.csv.gz", "bb2019q1_mixed_failed.csv.gz",
        "bb2024q1_st12000nm0008_failed.csv.gz",
    ]

    @Test(
        "every history of disks has the fault changes that it had",
        .enabled(if: hasHistories, "the histories are not beside the checkout"), .timeLimit(.minutes(10)))
    func unchanged() throws {
        let pack = try PatternPack(json: try Data(contentsOf: ShippedPackFile.url()))
        var rows: [String] = []
        for name in Self.histories {
            let lines = Mutex(Data(FleetBacktest.faultHeader.utf8))
            var settings = BacktestSettings()
            settings.writesFaults = true
            settings.threads = 2
            _ = try FleetBacktest(patterns: pack, settings: settings).run(
                [Self.data.appending(path: name).path], faults: { changes in lines.withLock { $0 += changes } })
            let text = lines.withLock { $0 }
            let hash = SHA256.hash(data: text).map { String(format: "%02x", $0) }.joined()
            rows.append("\(name)\t\(text.count { $0 == UInt8(ascii: "\n") } - 1)\t\(hash)")
        }
        let written = try String(contentsOf: Self.table, encoding: .utf8).split(separator: "\n").map(String.init)
        guard ProcessInfo.processInfo.environment["CALLHOME_WRITE_HASHES"] == nil else {
            let lines = written.filter { $0.hasPrefix("#") } + rows
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: Self.table)
            return
        }
        #expect(rows == written.filter { !$0.hasPrefix("#") })
    }
}
