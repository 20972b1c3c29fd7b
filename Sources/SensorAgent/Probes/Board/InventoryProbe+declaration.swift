import Reports

extension InventoryProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: "chassis, board, DIMMs, disks, network cards: maker, part number, serial, slot",
            through: "libudev, SMBIOS",
            recordedOutput: "an SMBIOS table: /sys/firmware/dmi/tables/DMI, or of dmidecode --dump-bin FILE",
            finds: [.dimm: .first, .cpu: .last],
            signals: [
                SignalDeclaration(
                    "hw.memory.size", of: .dimm, source: "SMBIOS (DMTF DSP0134), type 17", likelihood: .first),
                SignalDeclaration("hw.cpu.core.count", of: .cpu, source: "SMBIOS (DMTF DSP0134), type 4"),
            ])
    }
}
