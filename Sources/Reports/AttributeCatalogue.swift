/// Every attribute that patterns may select components by: what the agent's probes and recorded histories report.
///
/// A pattern that selects by another attribute is for nothing at all.
public enum AttributeCatalogue {
    /// One attribute.
    public struct Entry: Sendable {
        public var name: String
        /// The values that there are; empty: any.
        public var values: [String]
        public var description: String
    }

    public static func entry(named name: String) -> Entry? { byName[name] }

    private static let byName = Dictionary(entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    private static func of(_ name: String, _ description: String, _ values: [String] = []) -> Entry {
        Entry(name: name, values: values, description: description)
    }

    public static let entries: [Entry] = part + disks + memory + volumes + devices + sensors

    private static let part: [Entry] = [
        of("maker", "who made the part, as it says itself"), of("model", "the part's model"),
        of("firmware", "the part's firmware"), of("revision", "the part's revision"),
        of("identity", "set where the part has no number of its own"),
        of("ambiguous", "why it is not sure which part it is"),
        of("provisional", "set while udev has not described the device: which part it is may still change"),
    ]

    private static let disks: [Entry] = [
        of(
            "bus", "how a disk is attached",
            ["ata", "sas", "scsi", "nvme", "usb", "mmc", "virtio", "fc", "iscsi", "fcoe", "srp", "spi"]),
        of("rotational", "1 for a disk that spins, 0 for one that does not", ["0", "1"]),
        of("rotation_rpm", "turns a minute"), of("model_family", "smartmontools' name of the family"),
        of("transport", "of NVMe: pcie, tcp, rdma, fc"), of("wwn", "World Wide Name"),
        of("size_bytes", "capacity of a disk or module"), of("device", "the kernel's name"),
        of("devices", "the kernel's names, where there are two"), of("path", "path of the device or program"),
        of("place", "where a controller says that the disk is"),
    ]

    private static let memory: [Entry] = [
        of("edac_memory_type", "the kernel's type of memory, such as Registered-DDR5"),
        of("edac_mode", "the kernel's error correction, such as S4ECD4ED"),
        of("edac", "the kernel's name of the module"),
        of("memory_type", "SMBIOS' type of memory, such as DDR5"), of("ranks", "ranks of a module"),
        of("speed_mts", "megatransfers a second"), of("handle", "SMBIOS handle"), of("bank", "SMBIOS bank"),
        of("label", "label of the kernel or the firmware"), of("module", "the module that a row belongs to"),
        of("package", "the processor's socket"),
    ]

    private static let volumes: [Entry] = [
        of("level", "of an array: raid0, raid1, raid5, …"), of("metadata", "of an md array: the version"),
        of("manager", "md, zfs, btrfs, lvm, a controller (hardware) or an array outside the server (outside)"),
        of("members", "places of the disks that a volume of a controller lies on"),
        of("uuid", "of an array, pool or program"),
        of("assume_clean", "1 where an array was made without its first synchronisation", ["1"]),
        of("type", "of a file system"), of("mounted", "where a file system is mounted"),
    ]

    private static let devices: [Entry] = [
        of("pci", "PCI address"), of("pci_id", "PCI vendor and device"), of("class", "PCI class, such as 0300"),
        of("class_name", "PCI class in words"), of("card", "the card's name"), of("card_id", "the card's PCI numbers"),
        of("card_maker", "the card's maker"), of("acpi_index", "the firmware's number of a device"),
        of("slot", "the slot's number or name"), of("port", "the port's number"),
        of("bus_address", "address on its bus"),
        of("driver", "the kernel's driver"), of("interface", "of a network card: the interface's name"),
        of("link_layer", "Ethernet or InfiniBand"), of("mac", "of a network card: its address"),
        of("enclosure", "the enclosure's logical identifier"), of("bios", "a controller's own BIOS"),
        of("battery_type", "chemistry of a UPS's battery, such as PbAc or Li-ion (NUT)"),
        of("board", "the board's name"), of("form", "form factor"), of("date", "date of manufacture"),
        of("problem", "why it could not be read whole, or the code of the advice on it"),
        of("problem_file", "of a check of the site: the file that its problem is about"),
        of("problem_detail", "of a check of the site: what else its problem names"),
        of("reported_correctable", "AER errors that the device reports"),
        of("reported_nonfatal", "AER errors that the device reports"),
        of("reported_fatal", "AER errors that the device reports"),
    ]

    private static let sensors: [Entry] = [
        of("role", "what a temperature sensor measures, such as inlet"), of("prefix", "a chip's name"),
        of("adapter", "what a chip hangs on"), of("sensor", "the BMC's name of a sensor"),
        of("entity", "the BMC's number of a thing"), of("fru", "the BMC's name of a unit"),
        of("made", "when a unit was made"), of("location", "where the kernel says that it sits"),
        of("system_serial", "the server's serial number"), of("asset_tag", "the owner's number"),
        of("family", "the server's family"), of("bios_vendor", "who wrote the firmware"),
        of("bios_date", "date of the firmware"), of("speed_mhz", "a processor's speed"),
        of("smbios_problem", "why SMBIOS could not be read"),
    ]
}
