/// A disk's own prediction of its failure: additional sense code 5Dh (SPC-5 annex F).
struct FailurePrediction: Hashable, Sendable {
    /// Whether the disk names a cause by which a part is ordered: the pattern `disk.sas.failing` lists them.
    var isCaused: Bool { FailurePrediction.caused.contains(qualifier) }

    private static let caused: Set<UInt8> = [
        0x10, 0x12, 0x14, 0x16, 0x20, 0x32, 0x42, 0x43, 0x56, 0x62, 0x64,
    ]

    /// The additional sense code qualifier.
    let qualifier: UInt8

    /// - Parameter sense: what the kernel writes for the code (drivers/scsi/sense_codes.h): `Hardware impending failure
    ///   data error rate too high`.
    /// - Returns: nil where it is no prediction, or one made for a test (5D/FF).
    init?(sense: String) {
        let words = sense.lowercased()
        if let short = FailurePrediction.short.first(where: { words.hasPrefix($0.key) }) {
            guard !words.contains("(false)") else { return nil }
            qualifier = short.value
            return
        }
        guard words.contains("impending failure"),
            let part = FailurePrediction.parts.first(where: { words.hasPrefix($0.0) }),
            let cause = FailurePrediction.causes.firstIndex(where: { words.hasSuffix($0) })
        else { return nil }
        qualifier = part.1 + UInt8(cause)
    }

    /// - Parameter digits: hexadecimal, as the kernel writes a qualifier that it has no words for.
    init?(qualifier digits: String) {
        guard let value = UInt8(digits, radix: 16), value != 0xFF else { return nil }
        qualifier = value
    }

    private static let short: [String: UInt8] = [
        "failure prediction threshold exceeded": 0x00, "media failure prediction threshold exceeded": 0x01,
        "logical unit failure prediction threshold exceeded": 0x02,
        "spare area exhaustion prediction threshold exceeded": 0x03,
        // Since 5.10; before, the kernel had no words for it.
        "media impending failure endurance limit met": 0x73,
    ]
    private static let parts: [(String, UInt8)] = [
        ("hardware", 0x10), ("controller", 0x20), ("data channel", 0x30), ("servo", 0x40), ("spindle", 0x50),
        ("firmware", 0x60),
    ]
    private static let causes = [
        "general hard drive failure", "drive error rate too high", "data error rate too high",
        "seek error rate too high", "too many block reassigns", "access times too high", "start unit times too high",
        "channel parametrics", "controller detected", "throughput performance", "seek time performance",
        "spin-up retry count", "drive calibration retry count",
    ]
}
