import Reports

/// Where each disk failed last: a program that tries one place again and again does not make it ten places.
struct FailedPlaces: Sendable {
    /// Disks that are kept apart.
    static let limit = 1_024

    private var last: [String: UnreadablePlace] = [:]

    /// Whether the fact is news: no failed access to the place that the disk failed at last, some minutes ago at most. A
    /// flush has no place.
    mutating func admits(_ fact: KernelFact) -> Bool {
        guard fact.signal.name == "hw.physical_disk.io_error", fact.signal[label: "operation"] != "flush",
            case .disk(let device) = fact.subject, let sector = FailedPlaces.sector(in: fact.text)
        else { return true }
        let place = UnreadablePlace(place: sector, stamp: fact.stamp)
        if let known = last[device], place.repeats(known) { return false }
        if last.count < FailedPlaces.limit || last[device] != nil { last[device] = place }
        return true
    }

    /// `4096` of `I/O error, dev sda, sector 4096 op 0x0:(READ)`.
    private static func sector(in text: String) -> String? {
        guard let start = text.firstRange(of: ", sector ")?.upperBound else { return nil }
        let digits = text[start...].prefix(while: \.isNumber)
        return digits.isEmpty ? nil : String(digits)
    }
}
