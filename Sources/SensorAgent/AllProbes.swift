/// Every probe there is. A new probe is its file, its parser, one line here, and a fixture.
public enum AllProbes {
    /// What `--input FILE` takes, by probe: the output of a tool, or a file of the kernel.
    public static let recordedOutputs: [(probe: String, what: String)] = [
        ("disk-health", "smartctl --json -a /dev/sdX (smartmontools 7)"),
        ("inventory", "an SMBIOS table: /sys/firmware/dmi/tables/DMI, or of dmidecode --dump-bin FILE"),
        ("ipmi", "ipmitool or FreeIPMI: sensor, sdr elist, ipmi-sensors, sel elist, fru, chassis status, mc info"),
        ("kernel-log", "dmesg, journalctl -k, or records of /dev/kmsg"),
        ("machine-checks", "trace_pipe of tracefs with events of ras and mce"),
        ("pcie", "lspci -vv"),
        ("network", "ethtool ethX (also -S, -m, -i, -g), /proc/net/bonding/bondX, /proc/net/dev"),
        ("gpu", "nvidia-smi -q (text or -x), or JSON of rocm-smi -a --json"),
        ("ups", "upsc NAME"),
        ("redfish", "one resource (JSON), or a list of log entries"),
        ("disk-latency", "/proc/diskstats"),
        ("raid", "/proc/mdstat; zpool status; dmsetup status; btrfs device stats"),
        ("raid-controllers", "storcli or perccli (/call show all J), ssacli, arcconf, sas3ircu or MegaCli"),
        ("filesystems", "/proc/self/mountinfo"),
    ]

    /// The probes that `--input FILE` makes sense for.
    public static var readingRecordedOutput: [String] { recordedOutputs.map(\.probe) }

    /// - Parameters:
    ///   - tree: where files are read.
    ///   - input: the recorded output of a probe's tool, for `probe NAME --input FILE`; nil: the tool itself is run.
    ///   - siteFolder: where the checks of the site lie.
    ///   - cacheDirectory: where a probe may keep what is costly to ask for again; nil: nowhere.
    ///   - redfish: where a Redfish service is; nil: there is none to ask.
    public static func make(
        tree: SysTree = SysTree(), input: String? = nil, siteFolder: String = SiteChecks.standardFolder,
        cacheDirectory: String? = nil, redfish: RedfishAccess? = nil
    ) -> [any Probe] {
        let traces = KernelTraces()
        return [
            ChipSensors(tree: tree), MemoryErrors(tree: tree), DiskHealth(tree: tree, input: input),
            MachineInventory(tree: tree, input: input),
            PCIDevices(tree: tree, input: input), NetworkPorts(tree: tree, input: input),
            GraphicsCards(tree: tree, input: input), SiteChecks(tree: tree, folder: siteFolder),
            DiskLatency(tree: tree, input: input),
            Enclosures(tree: tree),
            RaidVolumes(tree: tree, input: input),
            IPMI(tree: tree, input: input, cacheDirectory: cacheDirectory),
            Redfish(tree: tree, input: input, access: redfish),
            UPSs(tree: tree, input: input),
            PowerSupplies(tree: tree),
            RaidControllers(tree: tree, input: input),
            FileSystems(tree: tree, input: input),
            KernelLog(tree: tree, input: input, traces: traces),
            MachineChecks(tree: tree, input: input, traces: traces),
            Processors(tree: tree), Board(tree: tree),
            ThermalZones(tree: tree),
        ]
    }
}
