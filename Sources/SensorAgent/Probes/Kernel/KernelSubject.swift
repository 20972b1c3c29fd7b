/// The thing that a kernel message is about, as the kernel calls it.
enum KernelSubject: Hashable, Sendable {
    /// A disk by any of its names: `sda`, `sda1`, `ata3.00`, `ata3`, `2:0:0:0`, `nvme0`, `nvme0n1`.
    case disk(String)
    /// A block device that may span disks: `dm-3`, `md0`, `sda1`.
    case volume(String)
    /// An array of md: `md127`.
    case array(String)
    /// A pool of ZFS.
    case pool(String)
    /// A PCI function: `0000:03:00.0`.
    case pci(String)
    /// A network interface, and the PCI function behind it where the message names it.
    case nic(String, pci: String?)
    /// A logical processor.
    case processor(Int)
    /// A processor package.
    case socket(Int)
    /// The package of the logical processor with this local APIC id.
    case localAPIC(Int)
    case gpu(String)
    /// A USB device or port: `1-4.2`, `usb1`.
    case usb(String)
    /// A SCSI host: `host2`.
    case scsiHost(String)
    case memory(MemoryErrorLocation)
    /// The memory at a processor, of which no more is known.
    indirect case memoryOf(KernelSubject)
    /// A CXL memory device, by its serial number, at a PCI address.
    case memoryExpander(serial: String, host: String)
    case server
}
