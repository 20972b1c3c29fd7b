import Reports

/// Arithmetic on times in whole milliseconds: what memories do for every reading, without the 128 bits of `Duration`.
/// Saturates instead of trapping.
extension Timestamp {
    func plus(_ span: Int64) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(span)
        return Timestamp(milliseconds: overflow ? (span > 0 ? .max : .min) : sum)
    }

    func minus(_ span: Int64) -> Timestamp {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(span)
        return Timestamp(milliseconds: overflow ? (span > 0 ? .min : .max) : difference)
    }

    func milliseconds(since earlier: Timestamp) -> Int64 {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return overflow ? (self > earlier ? .max : .min) : difference
    }
}

extension Double {
    /// Whether memories can compute with it: finite, and so small that no square or sum of it overflows.
    var isMeasurable: Bool { magnitude <= PatternLimits.largestValue }
}
