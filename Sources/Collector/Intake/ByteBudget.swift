import Synchronization

/// Bounds how many bytes are held at the same time. Whoever does not fit in is asked to come again.
final class ByteBudget: Sendable {
    /// What was let in, to be given back.
    struct Reservation: Sendable {
        fileprivate let bytes: Int
    }

    private let capacity: Int
    private let inside = Mutex(0)

    init(capacity: Int) { self.capacity = capacity }

    /// - Returns: nil when full.
    func reserve(_ bytes: Int) -> Reservation? {
        inside.withLock { inside in
            guard inside + bytes <= capacity else { return nil }
            inside += bytes
            return Reservation(bytes: bytes)
        }
    }

    func release(_ reservation: Reservation) { inside.withLock { $0 -= reservation.bytes } }
}
