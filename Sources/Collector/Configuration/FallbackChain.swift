/// Who stands in for whom: `recipient.NAME.fallback` of all recipients.
///
/// A recipient that stands in for another gets nothing by itself. In a circle each waits for the other, and nobody is told.
struct FallbackChain: Hashable, Sendable {
    /// Recipient to its fallback.
    let fallbacks: [String: String]

    init(_ fallbacks: [String: String]) { self.fallbacks = fallbacks }

    init(_ recipients: [Recipient]) {
        self.init(
            Dictionary(
                recipients.compactMap { recipient in recipient.fallback.map { (recipient.name, $0) } },
                uniquingKeysWith: { first, _ in first }))
    }

    /// The circle that the recipient is part of, beginning with it; nil where there is none.
    func circle(of name: String) -> [String]? {
        var path = [name]
        while let next = fallbacks[path[path.count - 1]] {
            if next == name { return path }
            if path.contains(next) { return nil }
            path.append(next)
        }
        return nil
    }

    /// Those that get only what another one does not take. One in a circle gets its own: else nobody would.
    var standIns: Set<String> {
        Set(fallbacks.values).filter { circle(of: $0) == nil }
    }
}
