import FoundationEssentials
import Reports

/// Copies of a collector's data, and which of them goes on.
extension CollectorCommands {
    /// Writes all that a collector needs to go on elsewhere into a new folder, while this one serves.
    /// - Parameter path: must not be there yet.
    public static func backUp(to path: String, config: String?) async throws -> String {
        let configuration = try configuration(config)
        let directory = try DataDirectory(existing: configuration.dataDirectory)
        let store = try SQLiteStore(path: directory.database, policy: CasePolicy(configuration))
        do {
            let copy = try directory.beginCopy(at: path)
            try directory.copyKeys(to: copy)
            let time = try await store.clock().map { TrustedClock(resuming: $0, wall: systemTime).now } ?? systemTime()
            let left = await copyChannels(configuration.channels, from: directory, to: copy, at: time)
            // With the database the copy is whole: without it nothing starts there.
            try await store.backUp(to: copy.database, at: time)
            await store.close()
            let channels = left.map { "\n\($0)" }.joined()
            return """
                \(copy.path) holds the database, the keys and the channels of patterns of this collector as of \(time); collector.conf
                is not in it.
                To go on with it: stop every other collector with these keys, put the folder in the place of `data`, start the
                collector, and run callhome-collector takeover. Until then it takes reports and tells nobody of anything.\(channels)
                """
        } catch {
            await store.close()
            throw error
        }
    }

    /// The mirrors of channels of patterns. One that cannot be copied does not keep the rest from it.
    /// - Returns: a sentence for each that was left out.
    static func copyChannels(
        _ channels: [PatternChannelSettings], from directory: DataDirectory, to copy: DataDirectory, at time: Timestamp
    ) async -> [String] {
        var left: [String] = []
        for channel in channels {
            do { try await channel.copyMirror(from: directory.path, to: copy.path, at: time) } catch {
                left.append(
                    "The channel of patterns \(channel.name) is not in it, and is fetched anew from its source: "
                        + CleanText.line("\(error)", limit: 500))
            }
        }
        return left
    }

    /// Lets the store of this data directory go on for its site.
    public static func takeOver(config: String?) async throws -> String {
        try await administrating(config) { administration in
            let record = try await administration.store.takeOver(
                on: MachineIdentity.read(), at: try await administration.time(wall: systemTime))
            let since = record.takeover?.knownUntil ?? systemTime()
            return """
                This collector goes on for its site, in term \(record.epoch.term). What waits is sent now, and whoever knows of an open case is
                told once more how it stands; so is the end of a case that ended by itself in the week before. Another one with the
                same keys stands back as soon as an agent of this one speaks to it: stop it. Since \(since) this one may lack what happened:
                of each problem that began before now and that it is told of for the first time, its ticket says that it may
                have been ordered under another number since then.
                """
        }
    }
}
