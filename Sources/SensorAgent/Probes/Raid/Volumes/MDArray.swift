/// One array of the kernel's md driver (Documentation/admin-guide/md.rst), read of `/proc/mdstat` or of sysfs.
struct MDArray: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        /// `sda1`, `dm-3`.
        var device: String
        var state: MemberState
        /// mdstat's number of the member, by when it came; nil of sysfs.
        var number: Int?
        /// Reads that failed and were mended from the other disks; nil where it is not reported.
        var correctedReads: UInt64?
        /// Ranges that md remembers as unreadable.
        var badRanges: Int?
    }

    /// `md0`.
    var name: String
    /// `raid1`; empty where an inactive array does not report it.
    var level = ""
    /// `active`, `clean`, `inactive`, `broken`, …: `array_state` of sysfs, or the first word of mdstat.
    var arrayState: String
    /// `1.2`; `external:imsm` of a container; `external:/md127/0` of an array in one, and `external:-md127/0` while
    /// mdmon, which writes its superblocks, keeps the kernel from changing it (md.rst, "metadata_version").
    var metadata = ""
    /// Disks that the array is to have; nil for levels without redundancy in mdstat.
    var wanted: Int?
    /// Disks of these that are not in use.
    var degraded = 0
    var members: [Member] = []
    /// `idle`, `check`, `repair`, `resync`, `recovery`, `reshape`, `frozen`; `queued`, `pending`: one of them waits for
    /// another array, or for the first write.
    var activity = "idle"
    /// 0 to 1; nil while nothing goes on, or it waits.
    var progress: Double?
    /// Sectors that disagreed in the last check; nil where it is not reported.
    var mismatches: UInt64?
    /// What the array bears in its superblocks; nil where it is not reported.
    var uuid: String?

    /// A container holds the superblocks of arrays that are listed by themselves: it is no array, and never active.
    var isContainer: Bool {
        metadata.hasPrefix("external:") && !["external:/", "external:-"].contains(where: metadata.hasPrefix)
    }

    var spares: Int { members.count { $0.state == .spare } }

    var state: VolumeState {
        if arrayState == "broken" { return .failed }
        if arrayState == "inactive" || arrayState == "clear" { return .inactive }
        if let most = MDArray.disksToLose[level], degraded > most { return .failed }
        if degraded > 0 {
            return activity == "recovery" && members.contains { $0.state == .rebuilding } ? .rebuilding : .degraded
        }
        return .ok
    }

    /// Disks that a level can do without; raid1 and raid10 lose as many as they have copies, and the kernel never gives
    /// up the last.
    private static let disksToLose = ["raid0": 0, "linear": 0, "raid4": 1, "raid5": 1, "raid6": 2]
}
