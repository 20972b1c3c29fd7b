import Reports

extension PCIeProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                error counts of every PCI Express device, speed and width of its link against what both ends \
                can, slots
                """,
            through: "AER and link files in sysfs", recordedOutput: "lspci -vv",
            signals: [
                SignalDeclaration(
                    "hw.pcie.errors", of: .pcieDevice,
                    source: "Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats"),
                SignalDeclaration(
                    "hw.pcie.link_speed", "hw.pcie.link_width", of: .pcieDevice,
                    source: "Documentation/ABI/testing/sysfs-bus-pci; lspci(8)"),
                SignalDeclaration(
                    "hw.pcie.link_speed.limit", "hw.pcie.link_width.limit", of: .pcieDevice,
                    labels: ["limit_type": ["rated.high"]],
                    source: "Documentation/ABI/testing/sysfs-bus-pci; lspci(8)"),
                SignalDeclaration(
                    "hw.pcie.error_seen", of: .pcieDevice,
                    source: "Device Status (PCI Express Base Specification), of a recorded lspci -vv alone"),
            ])
    }
}
