import Crypto
import FoundationEssentials
import Reports

/// What this machine is called, by people and by itself.
struct MachineNames: Sendable, Hashable {
    /// Stable over reboots and renaming: from `/etc/machine-id` (machine-id(5)), hashed, because that file asks not to
    /// be shown to others. Random where there is none; it is stored at the first start.
    var host: HostID
    /// `/proc/sys/kernel/hostname`.
    var hostname: String
    /// The kernel's boot id, `/proc/sys/kernel/random/boot_id` (random(4)); random where there is none.
    var boot: String

    init(tree: SysTree) {
        if let machine = try? tree.text("/etc/machine-id"), machine.count == 32, machine.allSatisfy(\.isHexDigit) {
            host = String(
                SHA256.hash(data: Data("callhome-host-v1\n\(machine.lowercased())".utf8)).hexadecimal.prefix(32))
        } else {
            host = RandomIdentifier.make()
        }
        hostname = (try? tree.text("/proc/sys/kernel/hostname")).map { String($0.prefix(255)) } ?? "localhost"
        boot =
            (try? tree.text("/proc/sys/kernel/random/boot_id")).map { String($0.prefix(64)) }
            ?? RandomIdentifier.make()
    }
}
