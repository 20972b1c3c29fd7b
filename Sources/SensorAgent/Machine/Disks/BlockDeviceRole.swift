import Reports

/// What the kernel shows as a SCSI disk: a disk, a volume that a RAID controller makes of its disks, or one that an array
/// outside the server serves over Fibre Channel or iSCSI. The last two are no part that could be replaced.
enum BlockDeviceRole: Hashable, Sendable {
    case disk
    case controllerVolume
    case outsideArray

    /// The attribute `manager` of an array outside.
    static let outsideManager = "outside"

    /// - Parameters:
    ///   - device: the SCSI device's folder in sysfs: `/sys/class/block/sda/device`.
    ///   - place: the block device's folder with all links resolved.
    init(device: String, place: String, wwn: String?, vendor: String?, model: String?, tree: SysTree) {
        let host = StoragePath(place).host
        if let host,
            ["fc_host", "iscsi_host"].contains(where: { tree.exists("/sys/class/\($0)/\(host)") })
        {
            self = .outsideArray
            return
        }
        // A registered extended name (NAA 6) is that of a unit made up by somebody; disks bear NAA 5 or 3.
        guard let wwn, wwn.hasPrefix("0x6"), !BlockDeviceRole.hypervisors.contains(vendor ?? "") else {
            self = .disk
            return
        }
        let address = place.split(separator: "/").last { part in
            part.split(separator: ":").count == 4 && part.allSatisfy { $0.isNumber || $0 == ":" }
        }
        let channel = address.flatMap { Int($0.split(separator: ":")[1]) } ?? 0
        let driver = host.flatMap { try? tree.text("/sys/class/scsi_host/\($0)/proc_name") } ?? ""
        let isByDriver =
            switch driver {
            // Lower channels are its disks, passed through.
            case "megaraid_sas": channel >= 2
            case "hpsa", "smartpqi": (try? tree.text("\(device)/raid_level")).map { $0 != "N/A" } ?? false
            case "aacraid": channel == 0
            case "mpt3sas", "mpt2sas":
                address.map { tree.exists("/sys/class/raid_devices/\($0)") } ?? false
            default: false
            }
        let words = "\(vendor ?? "") \(model ?? "")".uppercased()
        self =
            isByDriver || BlockDeviceRole.models.contains(where: words.contains)
            ? .controllerVolume : .disk
    }

    /// Makers of virtual machines, whose disks bear such names too.
    private static let hypervisors: Set<String> = [
        "VMware", "Msft", "QEMU", "Google", "XENSRC", "Nutanix", "NUTANIX",
    ]

    private static let models = ["PERC", "MR9", "LOGICAL VOLUME", "SERVERAID", "VIRTUAL", "RAID"]
}
