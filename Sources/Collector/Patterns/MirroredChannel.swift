import PatternChannel
import PatternMirror
import Reports

/// What this collector knows of one channel of patterns: what its mirror holds, and how the last look at the source went.
struct MirroredChannel: Hashable, Sendable {
    struct Pack: Hashable, Sendable {
        var name: String
        var sha256: String
        var bytes: Int
        var engineLevel: Int
        var patterns: Int
    }

    /// Why nothing new is taken.
    struct Refusal: Hashable, Sendable {
        /// One word, as `ChannelRefusal` has it; `root`, `mirror` and `disk` are of this collector's own files.
        var reason: String
        var because: String
        var since: Timestamp

        /// Whether it says that the source is away, which is no alarm for a while: sites without a line are served as well.
        var isAbsence: Bool { reason == "unavailable" || reason == "missing" || reason == "source" }
    }

    var name: String
    var source: String
    /// Version of the newest timestamp that was verified; 0 before the first.
    var timestamp: Int64 = 0
    /// Version of the targets; nil before the first.
    var targets: Int64?
    /// What the maker takes back in this version.
    var withdrawals: [Withdrawal] = []
    var packs: [Pack] = []
    /// Revisions by the patterns' ids, of all packs.
    var revisions: [String: Int] = [:]
    /// What the patterns are about, for the console: by id and language.
    var texts: [String: [String: PackTexts.Text]] = [:]
    /// When what the mirror holds came here; nil where that was before this collector's start.
    var takenAt: Timestamp?
    /// When the source was asked last.
    var askedAt: Timestamp?
    /// Until when the maker promises that nothing newer is needed.
    var expires: Timestamp?
    var refusal: Refusal?
    /// What is out of date and since when, or odd: said, and stops nothing.
    var warnings: [String] = []
    /// Files that are handed out: `metadata/timestamp.json`.
    var files: Set<String> = []

    init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    /// What the mirror holds now.
    mutating func take(_ trusted: TrustedChannel, in folder: String, at time: Timestamp) {
        timestamp = trusted.timestamp?.content.version ?? 0
        targets = trusted.targets?.content.version
        expires = trusted.timestamp?.content.expires
        let listed = trusted.targets?.content.packs ?? []
        withdrawals = listed.first?.withdrawals ?? []
        let packsBefore = packs
        packs = listed.map {
            Pack(
                name: $0.name, sha256: $0.sha256, bytes: $0.length, engineLevel: $0.engineLevel,
                patterns: $0.patterns.count)
        }
        if packs != packsBefore { texts = MirroredChannel.texts(of: trusted, in: folder) }
        revisions = listed.reduce(into: [:]) { all, pack in all.merge(pack.patterns) { first, _ in first } }
        warnings = trusted.expired(at: time).map { "\($0)" }
        files = Set(trusted.paths).union(
            ChannelFiles.paths(in: folder).filter { ChannelPath.isVersioned($0) || $0.hasSuffix(".root.json") })
    }

    /// A pack that says nothing to people is shown by its patterns' ids.
    private static func texts(of trusted: TrustedChannel, in folder: String) -> [String: [String: PackTexts.Text]] {
        (trusted.targets?.content.packs ?? []).reduce(into: [:]) { all, pack in
            let file = ChannelFiles.read("\(folder)/\(trusted.path(of: pack))", atMost: pack.length)
            guard case .bytes(let bytes) = file, let texts = try? PackTexts(of: bytes) else { return }
            all.merge(texts.byPattern) { first, _ in first }
        }
    }

    /// What a person has to look at; nil where nothing is.
    func alarm(at time: Timestamp) -> ChannelAlarm? { ChannelAlarm(self, at: time) }
}
