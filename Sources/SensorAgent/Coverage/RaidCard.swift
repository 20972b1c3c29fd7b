import Reports

/// A controller that makes volumes of its own and hides the disks behind them; host bus adapters, AHCI and NVMe
/// controllers are none.
struct RaidCard: Hashable {
    /// What people know the card by.
    var name: String
    /// The program of its maker that asks it, others that can, and whose support pages have it; empty where none is
    /// known here.
    var program: String
    var otherPrograms: [String]
    var maker: String
    /// Whether a probe already asks it.
    var isAsked: Bool

    /// Drivers of PCI functions of class 0104 (RAID) whose disks the kernel sees all the same: RAID done by the BIOS.
    private static let transparent: Set<String> = ["ahci", "vmd", "nvme", "intel_nvme_remap", "isci", "pata_acpi"]

    /// - Parameter card: the PCI function that the controller is.
    init?(_ controller: Component, card: Component?) {
        guard controller.kind == .controller else { return nil }
        isAsked = controller.attributes["manager"] != nil
        let code = controller.attributes["class"] ?? card?.attributes["class"] ?? ""
        let driver = controller.attributes["driver"] ?? card?.attributes["driver"] ?? ""
        guard isAsked || (code.hasPrefix("0104") && !RaidCard.transparent.contains(driver)) else { return nil }
        let maker = card?.attributes["pci_id"]?.prefix(4) ?? ""
        let seller = card?.attributes["card_id"]?.prefix(4) ?? ""
        name = card?.part.model ?? controller.part.model ?? controller.name
        switch (maker, seller) {
        case ("1000", "1028"):
            (program, otherPrograms, self.maker) = ("perccli64", ["perccli", "storcli64", "MegaCli64"], "Dell")
        case ("1000", _):
            (program, otherPrograms, self.maker) = (
                "storcli64", ["storcli", "MegaCli64", "megacli", "perccli64"], "Broadcom (LSI, Avago)"
            )
        case ("103c", _), ("1590", _), ("9005", "103c"), ("9005", "1590"):
            (program, otherPrograms, self.maker) = ("ssacli", ["hpssacli", "hpacucli"], "HPE")
        case ("9005", _): (program, otherPrograms, self.maker) = ("arcconf", [], "Microchip (Adaptec)")
        default: (program, otherPrograms, self.maker) = ("", [], "")
        }
    }
}
