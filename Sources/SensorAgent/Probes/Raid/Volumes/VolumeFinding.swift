import Reports

/// What one look at one group of disks found, whoever manages it.
struct VolumeFinding: Sendable {
    struct Member: Sendable {
        var disk: Component
        /// nil: somebody took it out on purpose, and nothing is reported of it.
        var state: MemberState?
        /// Errors that the manager counts for it, by the type of the signal `hw.raid.device_errors`.
        var errors: [String: UInt64] = [:]
    }

    var component: Component
    /// The name for the label `array`.
    var label: String
    var state: VolumeState?
    /// Disks that it is to have; nil for groups without redundancy.
    var wanted: Int?
    var missing: Int?
    var spares: Int?
    var activity: String?
    var progress: Double?
    var mismatches: UInt64?
    /// When it was last read through, where it reports that itself.
    var scrubbed: Timestamp?
    var damagedFiles: Int?
    /// Errors of all members together.
    var errors: [String: UInt64] = [:]
    var members: [Member] = []
    /// Whether the manager listed its members: where it could not be asked, nobody is missing for that.
    var knowsMembers = true
    /// Values of single members.
    var values: [(component: ComponentID, signal: Signal, measurement: Measurement)] = []

    init(_ component: Component, label: String) {
        self.component = component
        self.label = label
    }
}
