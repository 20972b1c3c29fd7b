import Reports

/// When the things that have names of the kernel got them, as far as a log shows: what was said of a name before that was
/// said of another thing.
struct KernelAttachments: Sendable {
    private static let wordings: [(LinePattern, @Sendable (LinePattern.Captures) -> [KernelSubject])] = [
        (LinePattern("sd {scsi}: [{dev}] Attached SCSI"), { [.disk($0["scsi"]), .disk($0["dev"])] }),
        (LinePattern("nvme nvme{n:n}: {n}/{n}/{n} default/read/poll queues"), { [.disk("nvme\($0["n"])")] }),
        // Before 5.1 the only line of it.
        (LinePattern("nvme nvme{n:n}: pci function {pci}"), { [.disk("nvme\($0["n"])")] }),
        (LinePattern("ata{ata}: ATA-{n}: "), { [.disk("ata\($0["ata"])")] }),
        (LinePattern("{driver:word} {pci} {nic:dev}: renamed from"), { [.nic($0["nic"], pci: $0["pci"])] }),
        // `new high-speed USB`, `new SuperSpeed USB`.
        (LinePattern("usb {usb:dev}: new {}peed{}USB device number"), { [.usb($0["usb"])] }),
        (LinePattern("pci {pci}: [{x}:{x}] type "), { [.pci($0["pci"]), .gpu($0["pci"])] }),
    ]
    private static let beginnings = ["sd ", "nvme ", "ata", "usb ", "pci "].map { Array($0.utf8) }
    private static let renaming = LinePattern("{word} {pci} {dev}: renamed from")

    /// Names that are kept.
    static let limit = 16_384
    /// So long before its name a thing may be spoken of by it, while the kernel still asks what it is.
    static let probing = Duration.seconds(20)

    private(set) var times: [KernelSubject: KernelMessage.Stamp] = [:]

    /// What the line attaches or names; empty for other lines.
    static func subjects(of line: [UInt8]) -> [KernelSubject] {
        guard beginnings.contains(where: { line.starts(with: $0) }) || renaming.match(line) != nil else { return [] }
        for (pattern, subjects) in wordings {
            if let captures = pattern.match(line) { return subjects(captures) }
        }
        return []
    }

    mutating func take(_ subjects: [KernelSubject], at stamp: KernelMessage.Stamp?) {
        guard let stamp else { return }
        for subject in subjects where times.count < KernelAttachments.limit || times[subject] != nil {
            times[subject] = stamp
        }
    }
}
