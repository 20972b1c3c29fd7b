import HTTPTypes
import Synchronization

/// Bounds how many bytes are held at the same time, in all and for one address. Whoever does not fit in is asked to come
/// again.
///
/// What has come counts, never what was announced: otherwise whoever announces much and sends nothing keeps others out.
final class ByteBudget: Sendable {
    /// One request's share, given back when the request has ended.
    final class Share: Sendable {
        private let budget: ByteBudget
        private let peer: String
        private let held = Mutex(0)

        fileprivate init(_ budget: ByteBudget, peer: String) {
            self.budget = budget
            self.peer = peer
        }

        /// - Throws: `RequestProblem` where it does not fit.
        func take(_ bytes: Int) throws(RequestProblem) {
            guard budget.take(bytes, peer) else { throw ByteBudget.full }
            held.withLock { $0 += bytes }
        }

        /// What is no longer held.
        func giveBack(_ bytes: Int) {
            let given = held.withLock { held in
                let given = min(bytes, held)
                held -= given
                return given
            }
            budget.giveBack(given, peer)
        }

        /// Gives all of it back.
        func end() {
            let left = held.withLock { held in
                defer { held = 0 }
                return held
            }
            budget.giveBack(left, peer)
        }
    }

    private struct Held {
        var all = 0
        var byPeer: [String: Int] = [:]
    }

    private let capacity: Int
    private let perPeer: Int
    private let held = Mutex(Held())

    /// - Parameters:
    ///   - capacity: bytes in all.
    ///   - perPeer: bytes of one address, so that no one has them all.
    init(capacity: Int, perPeer: Int) {
        self.capacity = capacity
        self.perPeer = perPeer
    }

    func share(of peer: String) -> Share { Share(self, peer: peer) }

    private func take(_ bytes: Int, _ peer: String) -> Bool {
        held.withLock { held in
            let (all, own) = (held.all, held.byPeer[peer, default: 0])
            guard bytes <= capacity - all, bytes <= perPeer - own else { return false }
            held.all = all + bytes
            held.byPeer[peer] = own + bytes
            return true
        }
    }

    private func giveBack(_ bytes: Int, _ peer: String) {
        held.withLock { held in
            held.all -= bytes
            let left = held.byPeer[peer, default: bytes] - bytes
            held.byPeer[peer] = left > 0 ? left : nil
        }
    }

    /// Bytes held now.
    var inUse: Int { held.withLock { $0.all } }

    static let full = RequestProblem(
        .tooManyRequests, "busy", "Too much arrives at once: send it again in \(IntakeLimits.retryAfter) s.",
        retryAfter: IntakeLimits.retryAfter)
}
