/// What a channel may hold, each with its unit. What is larger is refused where it is read.
public enum ChannelLimits {
    /// Bytes of one `N.root.json`.
    public static let rootBytes = 512_000
    /// Bytes of `timestamp.json`.
    public static let timestampBytes = 16_384
    /// Bytes of one `N.snapshot.json`.
    public static let snapshotBytes = 65_536
    /// Bytes of one `N.targets.json`: 20,000 patterns with their revisions have a sixth of it in each of a few packs.
    public static let targetsBytes = 5_000_000
    /// Bytes of one pack: what the engine reads at most.
    public static let packBytes = 32 << 20
    /// Bytes of all packs of a channel together.
    public static let allPackBytes = 64 << 20
    /// Packs of a channel.
    public static let packs = 16
    /// Patterns of one pack.
    public static let patterns = 20_000
    /// Withdrawals beside one pack.
    public static let withdrawals = 1_000
    /// Newer roots that one update goes through: 256 rotations, one a week for five years.
    public static let rootsPerUpdate = 256
    /// Keys of a root.
    public static let keys = 64
    /// Keys of one role, and signatures of one file.
    public static let signatures = 64
    /// Names that a snapshot lists.
    public static let listedFiles = 64
    /// Levels of nesting of a metadata file.
    public static let depth = 16
    /// Values, names and members of a metadata file.
    public static let values = 400_000
    /// Bytes of the name of a pack: with its hash and a point before it, it fits in the name field of a tar archive.
    public static let nameBytes = 35
    /// Bytes of an id of a pattern, and of a reason.
    public static let idBytes = 100
    public static let reasonBytes = 500
    /// JSON readers count exactly up to 2^53.
    public static let version: Int64 = 1 << 53
    /// Bytes of a channel in one file: metadata, packs and the archive's own blocks.
    public static let archiveBytes = 96 << 20
    /// Files of a channel in one file.
    public static let archiveFiles = 400
}
