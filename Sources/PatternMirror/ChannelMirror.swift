import FoundationEssentials
public import PatternChannel
public import Reports

/// A channel's files in a folder, byte for byte as their makers signed them: verified as every reader does, and handed on.
public struct ChannelMirror: Sendable {
    public let folder: String
    /// What came by another way than the channel.
    public let pinned: TrustedChannel
    public let rules: ChannelRules
    private let patience: ChannelPatience
    private let inspect: ChannelSource.Inspection

    public init(
        _ folder: String, pinned: TrustedChannel, _ rules: ChannelRules, patience: ChannelPatience = .standard,
        inspecting inspect: @escaping ChannelSource.Inspection
    ) {
        self.folder = folder
        self.pinned = pinned
        self.rules = rules
        self.patience = patience
        self.inspect = inspect
    }

    /// What it holds, and why that is refused: then nothing may be taken into it, for what was known of versions is lost.
    public func standing(at time: Timestamp) async -> (trusted: TrustedChannel, refusal: ChannelRefusal?) {
        await ChannelSource.folder(folder).standing(on: pinned, rules, at: time, inspecting: inspect)
    }

    /// Brings it up to date, and drops what was before the version before. What is refused leaves what was there; new roots are
    /// kept also then.
    /// - Parameter before: what it holds.
    /// - Throws: where a file cannot be written.
    public func update(
        of before: TrustedChannel, from source: ChannelSource, floor: ChannelFloor? = nil, at time: Timestamp
    ) async throws(ChannelFileError) -> (trusted: TrustedChannel, ending: ChannelUpdate.Ending) {
        let (trusted, ending) = await source.update(
            of: before, rules, floor: floor, at: time, held: .folder(folder), patience: patience, inspecting: inspect)
        let pin = ChannelFile(path: ChannelPath.root(pinned.root.content.version), bytes: pinned.root.bytes)
        try ChannelFiles.write([pin] + ending.files, to: folder)
        if ending.isNew { prune(keeping: before.paths + trusted.paths) }
        return (trusted, ending)
    }

    /// A mirror does not grow for ever.
    private func prune(keeping kept: [String]) {
        let kept = Set(kept)
        for path in ChannelFiles.paths(in: folder) where !kept.contains(path) && ChannelPath.isVersioned(path) {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(path)")
        }
    }
}
