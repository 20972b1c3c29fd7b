import Crypto
import FoundationEssentials

extension Ticket {
    /// Which store made the number, and the number there: by both a ticket is known again, however many collectors it passes.
    ///
    /// The number alone is no name: up to 0.1 numbers were counted, and a partner that has one already shows another.
    public struct Origin: Hashable, Sendable, Codable {
        /// The collector's own id.
        public var store: String
        public var number: String
        public init(store: String, number: String) {
            self.store = store
            self.number = number
        }
    }

    /// Where the number was made; of a sender of up to 0.1, which does not say, there.
    public func origin(from sender: String) -> Origin { origin ?? Origin(store: sender, number: number) }

    /// The first 16 bytes of SHA-256 over the lines `host LF fault LF`: 32 hexadecimal digits.
    /// - Parameter fault: the first of the problem, whatever joined it.
    public static func problem(host: HostID, fault: FaultID) -> String {
        var hash = SHA256()
        hash.update(data: Array("\(host)\n\(fault)\n".utf8))
        return Array(hash.finalize().prefix(16)).hexadecimal
    }
}
