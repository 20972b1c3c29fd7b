/// Every probe there is. A new probe is its file, its declaration, its parser, one line here, and a fixture.
public enum AllProbes {
    /// What `--input FILE` takes, by probe: the output of a tool, or a file of the kernel.
    public static var recordedOutputs: [(probe: String, what: String)] {
        make().compactMap { probe in type(of: probe).declaration.recordedOutput.map { (probe.name, $0) } }
    }

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
