/// What a group of disks is, in the words of the signal `hw.raid.state`.
enum VolumeState: String, Sendable {
    case ok, degraded, rebuilding, failed, inactive
}

/// What a disk is in its group, in the words of the signal `hw.raid.member`; from bad to good.
enum MemberState: String, Sendable, CaseIterable {
    case missing, faulty, rebuilding, spare, inSync = "in_sync"

    func worse(than other: MemberState) -> Bool {
        let order = MemberState.allCases
        return (order.firstIndex(of: self) ?? 0) < (order.firstIndex(of: other) ?? 0)
    }
}
