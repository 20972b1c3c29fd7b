/// Remembers what was logged about each subject, so that a fault that repeats is logged once and its end once.
public struct LogDeduplication: Sendable {
    private var current: [String: String] = [:]

    public init() {}

    /// Notes that `subject` has the fault `cause`.
    /// - Returns: whether this is news: a fault where none was, or another one.
    public mutating func began(_ subject: String, because cause: String) -> Bool {
        current.updateValue(cause, forKey: subject) != cause
    }

    /// Notes that `subject` is well.
    /// - Returns: the fault that ended; nil where there was none.
    public mutating func ended(_ subject: String) -> String? { current.removeValue(forKey: subject) }
}
