import Synchronization

/// Bounds how many bytes are held at the same time. Whoever does not fit in is told to come again.
final class ByteGate: Sendable {
    /// What was let in, to be given back.
    struct Pass: Sendable {
        fileprivate let bytes: Int
    }

    private let capacity: Int
    private let inside = Mutex(0)

    init(capacity: Int) { self.capacity = capacity }

    /// - Returns: nil when full.
    func enter(_ bytes: Int) -> Pass? {
        inside.withLock { inside in
            guard inside + bytes <= capacity else { return nil }
            inside += bytes
            return Pass(bytes: bytes)
        }
    }

    func leave(_ pass: Pass) { inside.withLock { $0 -= pass.bytes } }
}
