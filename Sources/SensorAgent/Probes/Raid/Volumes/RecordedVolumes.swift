import Reports

/// A recorded output of any manager of volumes, told apart by what stands in it.
struct RecordedVolumes: Sendable {
    private(set) var findings: [VolumeFinding] = []

    /// - Throws: `ProbeError.malformed` where it is none that is known.
    init(file: String) throws(ProbeError) {
        let bytes: [UInt8]
        do {
            bytes = try SysTree().bytes(file, limit: Tool.outputBytes)
        } catch {
            throw error.probeError
        }
        guard let findings = RecordedVolumes.findings(bytes) else {
            throw .malformed(
                path: file,
                problem:
                    "is neither /proc/mdstat nor an output of mdadm --detail, zpool status, dmsetup status or btrfs "
                    + "device stats")
        }
        self.findings = findings
    }

    /// nil where the bytes are of no known kind.
    static func findings(_ bytes: [UInt8]) -> [VolumeFinding]? {
        let reader = VolumeReader(directory: DiskDirectory(), namesAlone: true)
        if let detail = MDDetail(parsing: bytes) { return detail.arrays.compactMap(reader.finding) }
        if let status = try? MDStat(parsing: bytes) { return status.arrays.compactMap(reader.finding) }
        if let status = try? ZPoolStatus(parsing: bytes) { return status.pools.map(reader.finding) }
        let volumes = DeviceMapperStatus(parsing: bytes).volumes
        if !volumes.isEmpty { return volumes.map { reader.finding($0, legs: []) } }
        let btrfs = BtrfsStatistics(parsing: bytes)
        guard !btrfs.devices.isEmpty else { return nil }
        return [
            reader.finding(
                btrfs: "recorded", label: nil, btrfs, wanted: btrfs.devices.count, missing: 0, scrubbed: nil)
        ]
    }
}
