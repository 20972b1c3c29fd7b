import Reports

extension EnclosureProbe {
    public static var declaration: ProbeDeclaration {
        ProbeDeclaration(
            reads: """
                bay, shelf, cable, controller and PCI function of each disk; the shelf's word of each bay; SAS \
                link errors
                """,
            through: "SES and SAS in sysfs",
            signals: [
                SignalDeclaration(
                    "hw.enclosure.slot", of: .slot, source: "the kernel's enclosure class in sysfs (SES-4)"),
                SignalDeclaration(
                    "hw.physical_disk.phy_errors", of: .disk, source: "the kernel's sas_phy class in sysfs (SPL-4)"),
                SignalDeclaration(
                    "hw.physical_disk.link_speed", of: .disk,
                    source: "the kernel's ata_link and sas_phy classes in sysfs"),
                SignalDeclaration(
                    "hw.physical_disk.link_speed.limit", of: .disk, labels: ["limit_type": ["rated.high"]],
                    source: "the kernel's ata_link and sas_phy classes in sysfs"),
            ])
    }
}
