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
        let authority = base.dropFirst("https://".count).prefix { $0 != "/" }
        // Of an IPv6 address the colons within the brackets are none before a port.
        let tail = authority.lastIndex(of: "]").map { authority[$0...].dropFirst() } ?? authority[...]
        let parts = tail.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, authority.first != ":", !authority.isEmpty,
            parts.count < 2 || UInt16(parts[1]).map({ $0 > 0 }) ?? false
        else { return nil }
        self.base = base
    }

    func url(_ route: String) -> String { base + route }
    var description: String { base }
}
