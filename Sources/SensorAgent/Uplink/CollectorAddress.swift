import Reports

/// The base address of a collector: `https://collector.site.example:8443`.
struct CollectorAddress: Hashable, Sendable, CustomStringConvertible {
    let base: String

    /// Nil for anything but `https:` without query: reports and tokens travel nowhere else.
    init?(_ text: String) {
        var base = text
        while base.hasSuffix("/") { base.removeLast() }
        guard base.lowercased().hasPrefix("https://"), base.utf8.count > 8,
            base.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !base.contains(where: { "?#@\\".contains($0) })
        else { return nil }
        self.base = base
    }

    func url(_ route: String) -> String { base + route }
    var description: String { base }
}
