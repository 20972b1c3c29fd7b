extension Heartbeat {
    /// That an agent goes away in order, why, and for how long at most: in the last heartbeat before. Its collector calls it
    /// silent only once that is over.
    public struct Away: Hashable, Sendable, Codable {
        /// Why. A reason that this version does not know counts as `stop`.
        public enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
            /// Its package is upgraded.
            case upgrade
            /// Its service is restarted.
            case restart
            /// Its server starts anew.
            case reboot
            /// Its server is switched off.
            case shutdown
            /// It is stopped, and does not know for what.
            case stop

            public init(from decoder: any Decoder) throws {
                self = Reason(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .stop
            }

            /// What stands behind "because", of an agent.
            public func clause(in language: Language) -> String {
                switch self {
                case .upgrade: language("its package is being upgraded", "sein Paket aktualisiert wird")
                case .restart: language("its service is being restarted", "sein Dienst neu gestartet wird")
                case .reboot: language("its server is starting anew", "sein Server neu startet")
                case .shutdown: language("its server was switched off", "sein Server ausgeschaltet wurde")
                case .stop: language("it was stopped", "er angehalten wurde")
                }
            }
        }

        public var why: Reason
        /// Seconds until it is back at the latest: an hour at most, whatever was written.
        @Bounded<AwayBounds> public var atMost: Int

        public init(why: Reason, atMost: Int) {
            self.why = why
            self.atMost = atMost
        }

        /// With the time that each reason takes at most.
        public init(because why: Reason) {
            let minutes =
                switch why {
                case .upgrade: 10
                case .restart: 5
                // Servers with much memory take a quarter of an hour to start, and longer with new firmware.
                case .reboot: 30
                case .shutdown: 60
                case .stop: 20
                }
            self.init(why: why, atMost: minutes * 60)
        }
    }
}

/// Seconds that an agent may say that it is away: nobody goes unwatched for longer than an hour by its own word.
public enum AwayBounds: NumberBounds {
    public static let range = 0...3_600
}
