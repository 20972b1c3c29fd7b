/// The thing that a kernel message is about, as the kernel calls it.
enum KernelSubject: Hashable, Sendable {
    /// A disk by any of its names: `sda`, `sda1`, `ata3.00`, `ata3`, `2:0:0:0`, `nvme0`, `nvme0n1`.
    case disk(String)
    /// A block device that may span disks: `dm-3`, `md0`, `sda1`.
    case volume(String)
    /// A PCI function: `0000:03:00.0`.
    case pci(String)
    /// A network interface, and the PCI function behind it where the message names it.
    case nic(String, pci: String?)
    /// A logical processor.
    case processor(Int)
    /// A processor package.
    case socket(Int)
    case gpu(String)
    /// A USB device or port: `1-4.2`, `usb1`.
    case usb(String)
    /// A SCSI host: `host2`.
    case scsiHost(String)
    case memory(MemoryPlace)
    /// A CXL memory device, by its serial number, at a PCI address.
    case memoryExpander(serial: String, host: String)
    case server
}

/// Where in the memory an error was, as EDAC or the firmware names it.
struct MemoryPlace: Hashable, Sendable {
    /// `mc0`; nil where only the firmware's words are known.
    var controller: String?
    /// EDAC's label: `CPU_SrcID#0_MC#0_Chan#1_DIMM#0`, `DIMM_A1`.
    var label: String?
    /// The layers of EDAC by name: `channel` 1, `slot` 0, `csrow` 3.
    var layers: [String: Int] = [:]
    /// EDAC's positions where their names are not known (`location:0:1:-1`): upper, middle, lower.
    var position: [Int] = []
    /// SMBIOS handle of the module, which the firmware names in its error records.
    var handle: UInt16?
}
