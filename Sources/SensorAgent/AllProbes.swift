/// Every probe there is. A new probe is its file, its declaration, its parser, one line here, and a fixture.
public enum AllProbes {
    /// What `--input FILE` takes, by probe: the output of a tool, or a file of the kernel.
    public static var recordedOutputs: [(probe: String, what: String)] {
        make().compactMap { probe in type(of: probe).declaration.recordedOutput.map { (probe.name, $0) } }
    }

    /// The probes that `--input FILE` makes sense for.
    public static var readingRecordedOutput: [String] { recordedOutputs.map(\.probe) }

    /// What each declares, by name.
    static var declarations: [String: ProbeDeclaration] {
        Dictionary(make().map { ($0.name, type(of: $0).declaration) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameters:
    ///   - tree: where files are read.
    ///   - input: the recorded output of a probe's tool, for `probe NAME --input FILE`; nil: the tool itself is run.
    ///   - siteFolder: where the checks of the site lie.
    ///   - cacheDirectory: where a probe may keep what is costly to ask for again; nil: nowhere.
    ///   - redfish: where a Redfish service is; nil: there is none to ask.
    ///   - parts: which parts there are; nil: they are read from the tree when somebody looks.
    public static func make(
        tree: SysTree = SysTree(), input: String? = nil, siteFolder: String = SiteCheckProbe.standardFolder,
        cacheDirectory: String? = nil, redfish: RedfishAccess? = nil,
        parts: PartsDirectory? = nil
    ) -> [any Probe] {
        let parts = parts ?? PartsDirectory(tree: tree)
        let traces = KernelTraces()
        return [
            ChipSensorProbe(tree: tree, parts: parts), MemoryErrorProbe(tree: tree, parts: parts),
            DiskHealthProbe(tree: tree, input: input, parts: parts),
            InventoryProbe(tree: tree, input: input, parts: parts),
            PCIeProbe(tree: tree, input: input, parts: parts), NetworkProbe(tree: tree, input: input, parts: parts),
            GPUProbe(tree: tree, input: input), SiteCheckProbe(tree: tree, folder: siteFolder),
            DiskLatencyProbe(tree: tree, input: input, parts: parts),
            EnclosureProbe(tree: tree, parts: parts),
            RaidVolumeProbe(tree: tree, input: input, parts: parts),
            IPMIProbe(tree: tree, input: input, cacheDirectory: cacheDirectory, parts: parts),
            RedfishProbe(tree: tree, input: input, access: redfish, parts: parts),
            UPSProbe(tree: tree, input: input),
            PowerSupplyProbe(tree: tree),
            RaidControllerProbe(tree: tree, input: input),
            FileSystemProbe(tree: tree, input: input, parts: parts),
            KernelLogProbe(tree: tree, input: input, traces: traces, parts: parts),
            MachineCheckProbe(tree: tree, input: input, traces: traces, parts: parts),
            ProcessorProbe(tree: tree, parts: parts), BoardProbe(tree: tree),
            ThermalProbe(tree: tree),
        ]
    }
}
