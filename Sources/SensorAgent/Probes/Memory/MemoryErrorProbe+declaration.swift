import Reports

extension MemoryErrorProbe {
    public static var declaration: ProbeDeclaration {
        let interface = "Documentation/ABI/testing/sysfs-devices-edac"
        return ProbeDeclaration(
            reads: "corrected and uncorrected errors per DIMM, row and channel",
            through: "EDAC in sysfs",
            finds: [.dimm: .last],
            signals: [
                SignalDeclaration(
                    "hw.errors", of: .dimm, .memoryRow, .memoryChannel,
                    labels: ["error.type": ["corrected", "uncorrected"]], source: interface),
                SignalDeclaration(
                    "hw.errors", of: .memoryController,
                    labels: [
                        "error.type": ["corrected", "uncorrected", "corrected.noinfo", "uncorrected.noinfo"]
                    ], source: interface),
                SignalDeclaration(
                    "hw.memory.earlier_errors", of: .dimm, .memoryRow, .memoryController, source: interface),
                SignalDeclaration("hw.memory.size", of: .dimm, .memoryRow, source: interface),
                SignalDeclaration("hw.memory.scrub_rate", "hw.status", of: .memoryController, source: interface),
            ])
    }
}
