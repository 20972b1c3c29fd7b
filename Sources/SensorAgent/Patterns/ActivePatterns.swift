import Reports

/// Which patterns run on this server, which ran before them, and whether they have shown yet that they can be lived with.
///
/// It is what `patterns/active.json` holds: one rename of that file is the swap. Patterns that were swapped in are on probation
/// until one process has run them for ten minutes, by the time since boot: a wall clock may show anything at a start. A
/// process that ends meanwhile without having stopped in order counts as a crash, unless the machine went down with it;
/// after the second the patterns before run again, and these are refused until their channel has newer ones.
struct ActivePatterns: Hashable, Sendable, Codable {
    /// What of one channel runs.
    struct Content: Hashable, Sendable, Codable {
        /// Version of its targets.
        var targets: Int64
        /// SHA-256 of each pack, in the order in which they are composed.
        var packs: [String]
        /// To which its patterns are bound: those come beside the pack of the package. Nil: they come in its place.
        var prefix: String?
    }

    /// What runs together: by channel, and the pack of the package where no channel takes its place.
    struct Composition: Hashable, Sendable, Codable {
        var channels: [String: Content] = [:]

        /// Of the package alone.
        static let package = Composition()

        var needsPackage: Bool { !channels.values.contains { $0.prefix == nil } }
        /// In an order that hangs on nothing but the names.
        var packs: [String] { channels.sorted { $0.key < $1.key }.flatMap(\.value.packs) }
    }

    struct Probation: Hashable, Sendable, Codable {
        /// How often a process ended without having stopped in order.
        var crashes = 0
        /// The boot in which a process runs them; nil once it has stopped in order.
        var running: String?
    }

    /// A version that this server has gone back from, or that failed on trial: only a newer one is taken.
    struct Refused: Hashable, Sendable, Codable {
        var targets: Int64
        var because: String
    }

    private(set) var now: Composition
    /// Where a fault of `now` leads back to; nil where there is nothing, or nothing that can be read.
    private(set) var before: Composition?
    /// When `now` was swapped in, by the wall clock: for people.
    private(set) var since: Timestamp
    private(set) var probation: Probation?
    /// By channel.
    private(set) var refused: [String: Refused] = [:]
    /// Why makers have taken back patterns of theirs, by channel and id: as the newest verified targets say, whatever runs.
    private(set) var withdrawals: [String: [String: String]] = [:]

    /// How long one process has to run them.
    static let probationSpan = Duration.seconds(600)
    /// Crashes that lead back.
    static let crashLimit = 2

    /// - Parameter composition: what runs, and is on no probation.
    init(_ composition: Composition, at time: Timestamp) {
        now = composition
        since = time
    }

    // MARK: Starts and stops

    /// A process begins to run them.
    /// - Returns: why it goes back to those of before; nil where it does not.
    mutating func start(boot: String) -> String? {
        guard var begun = probation else { return nil }
        // Whatever took the machine down, it was no pattern.
        if begun.running == boot { begun.crashes += 1 }
        begun.running = boot
        probation = begun
        guard begun.crashes >= ActivePatterns.crashLimit else { return nil }
        return goBack(because: "the agent ended \(begun.crashes) times without a stop soon after they were taken")
    }

    /// The process stops in order.
    mutating func stop() { probation?.running = nil }

    /// One process has run them for long enough.
    mutating func settle() { probation = nil }

    // MARK: Swaps

    /// Takes other content of a channel.
    /// - Parameter boot: of the process that runs them from now on.
    mutating func activate(_ content: Content, of channel: String, at time: Timestamp, boot: String) {
        var next = now
        next.channels[channel] = content
        before = now
        now = next
        since = time
        probation = Probation(running: boot)
    }

    /// Goes back to what ran before: it was lived with, and is on no probation. What is left is refused until its channel has
    /// something newer.
    /// - Returns: the reason, as it is told.
    mutating func goBack(because reason: String) -> String {
        let left = leave()
        for (channel, targets) in left { refuse(targets, of: channel, because: reason) }
        return reason
    }

    /// Goes back to what ran before, since somebody asks for it: it may be asked for again.
    mutating func goBackAsAsked() { _ = leave() }

    /// - Returns: the versions that run no more, by channel.
    private mutating func leave() -> [(channel: String, targets: Int64)] {
        let next = before ?? .package
        let left = now.channels.filter { next.channels[$0.key] != $0.value }
        now = next
        before = nil
        probation = nil
        return left.map { ($0.key, $0.value.targets) }
    }

    /// A version is not to run here.
    mutating func refuse(_ targets: Int64, of channel: String, because reason: String) {
        refused[channel] = Refused(targets: targets, because: reason)
    }

    /// Why a version must not run here; nil where it may.
    func refusal(of targets: Int64, in channel: String) -> String? {
        guard let refused = refused[channel], refused.targets == targets else { return nil }
        return refused.because
    }

    /// What a channel's maker has taken back by now.
    /// - Returns: whether that is news.
    mutating func withdraw(_ withdrawn: [String: String], by channel: String) -> Bool {
        let known = withdrawals[channel] ?? [:]
        withdrawals[channel] = withdrawn.isEmpty ? nil : withdrawn
        return known != withdrawn
    }

    /// Leaves out channels whose root is pinned here no more.
    /// - Returns: those that ran.
    mutating func keep(pinned names: Set<String>) -> [String] {
        let left = now.channels.keys.filter { !names.contains($0) }.sorted()
        withdrawals = withdrawals.filter { names.contains($0.key) }
        guard !left.isEmpty else { return [] }
        now.channels = now.channels.filter { names.contains($0.key) }
        before = nil
        probation = nil
        return left
    }

    /// What is written down cannot be read, and this runs instead.
    mutating func fallBack(to composition: Composition) {
        now = composition
        before = nil
        probation = nil
    }
}
