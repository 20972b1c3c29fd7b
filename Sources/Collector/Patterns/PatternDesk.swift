import Reports
import Synchronization

/// What routes and pages are told of channels of patterns; one service writes it.
final class PatternDesk: Sendable {
    private struct Contents {
        var channels: [MirroredChannel] = []
        var offers: [String: RolloutOffers] = [:]
        /// What a person decided last, by channel.
        var decided: [String: (targets: Int64, revision: Int64)] = [:]
        /// How many people have asked for the sources to be looked at now, and how many of them have their look.
        var asked = 0
        var answered = 0
    }

    private let contents = Mutex(Contents())

    /// In the order of the configuration.
    var channels: [MirroredChannel] { contents.withLock { $0.channels } }

    func channel(_ name: String) -> MirroredChannel? {
        contents.withLock { $0.channels.first { $0.name == name } }
    }

    /// Somebody wants the sources to be looked at now.
    /// - Returns: the number of the question, which `answered` reaches once a look that began later is over.
    func ask() -> Int {
        contents.withLock { contents in
            contents.asked += 1
            return contents.asked
        }
    }

    var asked: Int { contents.withLock { $0.asked } }
    var answered: Int { contents.withLock { $0.answered } }

    /// - Parameter question: the last one that was put before the look began.
    func answer(through question: Int) { contents.withLock { $0.answered = max($0.answered, question) } }

    func set(_ channel: MirroredChannel) {
        contents.withLock { contents in
            if let place = contents.channels.firstIndex(where: { $0.name == channel.name }) {
                contents.channels[place] = channel
            } else {
                contents.channels.append(channel)
            }
        }
    }

    /// What was decided counts at once: nobody goes further before the next look.
    func take(_ decided: Rollout) {
        contents.withLock { contents in
            contents.decided[decided.channel] = (decided.targets, decided.revision)
            contents.offers[decided.channel] = RolloutOffers(targets: decided.targets)
        }
    }

    /// - Parameter rollout: of which they were made; nil where nothing is offered.
    func set(_ offers: RolloutOffers, of channel: String, by rollout: Rollout? = nil) {
        contents.withLock { contents in
            if let rollout, let decided = contents.decided[channel], decided.targets == rollout.targets,
                rollout.revision < decided.revision
            {
                return
            }
            contents.offers[channel] = offers
        }
    }

    /// What one server's receipt says; nil where there is no channel.
    func offers(to host: HostID) -> [PatternOffer]? {
        contents.withLock { contents in
            guard !contents.channels.isEmpty else { return nil }
            return contents.channels.map { channel in
                let offers = contents.offers[channel.name]
                return PatternOffer(
                    channel: channel.name, timestamp: channel.timestamp, targets: offers?.targets,
                    step: offers?.step(of: host) ?? .hold)
            }
        }
    }
}

/// How far each server is to go with one version.
struct RolloutOffers: Hashable, Sendable {
    /// Nil where no version is offered to anybody.
    var targets: Int64?
    /// Those that are told something else than all others.
    var steps: [HostID: PatternOffer.Step] = [:]
    var others = PatternOffer.Step.hold

    func step(of host: HostID) -> PatternOffer.Step { targets == nil ? .hold : steps[host] ?? others }
}
