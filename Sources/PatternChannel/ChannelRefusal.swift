public import Reports

/// Why an update of a channel is refused. What was trusted before goes on.
public enum ChannelRefusal: Error, Hashable, Sendable {
    case malformed(file: String, because: String)
    /// - Parameter limit: bytes that would have been read.
    case tooLarge(file: String, limit: Int)
    /// The source does not have it.
    case missing(file: String)
    /// The source did not give it: no answer, too slow, broken off.
    case unavailable(file: String, because: String)
    /// - Parameters:
    ///   - found: keys of the role whose signatures are good.
    ///   - byRootVersion: the root that says which keys they are.
    case signatures(file: String, role: ChannelRole, byRootVersion: Int64, found: Int, needed: Int)
    /// Another version than the one that was asked for.
    case otherVersion(file: String, found: Int64, wanted: Int64)
    /// A version that is older than a known one.
    case rollback(file: String, found: Int64, known: Int64)
    /// The source stands behind what a receipt has told of the channel.
    case behind(found: Int64, told: Int64)
    case otherLength(file: String, found: Int, wanted: Int)
    case otherHash(file: String)
    /// A file that snapshots listed before is listed no more.
    case dropped(file: String, by: String)
    case tooManyRoots(through: Int64)
    /// A pattern, in a pack or withdrawn, that is not under the prefix of the channel.
    case foreignPattern(pack: String, id: String, prefix: String)
    /// The pack holds, lacks or has otherwise what the signed list says.
    case otherContents(pack: String, because: String)
    case unreadablePack(pack: String, because: String)

    /// One word for programs.
    public var reason: String {
        switch self {
        case .malformed: "malformed"
        case .tooLarge: "too-large"
        case .missing: "missing"
        case .unavailable: "unavailable"
        case .signatures: "signatures"
        case .otherVersion: "other-version"
        case .rollback: "rollback"
        case .behind: "behind"
        case .otherLength: "other-length"
        case .otherHash: "other-hash"
        case .dropped: "dropped"
        case .tooManyRoots: "too-many-roots"
        case .foreignPattern: "foreign-pattern"
        case .otherContents: "other-contents"
        case .unreadablePack: "unreadable-pack"
        }
    }
}

extension ChannelRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let file, let because): "\(file) cannot be read: \(because)"
        case .tooLarge(let file, let limit): "\(file) is larger than \(limit) bytes, and was read no further"
        case .missing(let file): "\(file) is not there"
        case .unavailable(let file, let because): "\(file) did not come: \(because)"
        case .signatures(let file, let role, let root, let found, let needed):
            "\(file) has \(found) of the \(needed) signatures that it needs of the keys of \(role.rawValue) "
                + "in version \(root) of the root"
        case .otherVersion(let file, let found, let wanted): "\(file) is version \(found), and must be \(wanted)"
        case .rollback(let file, let found, let known):
            "\(file) brings version \(found), and \(known) is known: it is older, and versions never fall"
        case .behind(let found, let told):
            "the source stands at version \(found) of timestamp.json, and a receipt has told of \(told): it is held back"
        case .otherLength(let file, let found, let wanted): "\(file) has \(found) bytes, and must have \(wanted)"
        case .otherHash(let file): "\(file) has another SHA-256 than was signed for"
        case .dropped(let file, let by): "\(by) does not list \(file) any more, which the snapshot before it did"
        case .tooManyRoots(let version):
            "more than \(ChannelLimits.rootsPerUpdate) new roots; those up to version \(version) are taken, the next update goes on"
        case .foreignPattern(let pack, let id, let prefix):
            "\(pack) speaks of the pattern \(id), and this channel is bound to \(prefix).*"
        case .otherContents(let pack, let because): "\(pack) is not what was signed for: \(because)"
        case .unreadablePack(let pack, let because): "\(pack) cannot be used: \(because)"
        }
    }
}

/// What is said of a channel, and stops nothing.
public enum ChannelWarning: Hashable, Sendable {
    /// Whoever signs has promised newer metadata by then: a line that is cut, or a source that is held back.
    case expired(ChannelRole, version: Int64, since: Timestamp)
    /// The maker has signed two files of one version; the first is kept.
    case twoOfOneVersion(file: String, version: Int64)
    /// Packs of delegated roles are not looked at.
    case delegations(file: String)

    /// One word for programs.
    public var reason: String {
        switch self {
        case .expired: "expired"
        case .twoOfOneVersion: "two-of-one-version"
        case .delegations: "delegations"
        }
    }
}

extension ChannelWarning: CustomStringConvertible {
    public var description: String {
        switch self {
        case .expired(let role, let version, let since):
            "\(role.rawValue) version \(version) has been out of date since \(since): nothing newer has come; what runs goes on"
        case .twoOfOneVersion(let file, let version):
            "there are two signed \(file) of version \(version); the one that came first is kept: ask the channel's maker"
        case .delegations(let file): "\(file) delegates packs to further roles; those are not looked at"
        }
    }
}
