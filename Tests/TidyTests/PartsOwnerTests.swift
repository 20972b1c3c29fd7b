import Testing

/// Which parts a machine has is read in one place, so that no two probes name one part differently.
@Suite("One owner of the list of parts")
struct PartsOwnerTests {
    private static let reading = [
        "SMBIOS(of:", "SMBIOS.path", "DeviceMonitor.devices(in", "DiskIdentity.component(", "DiskReader(tree",
        "ProcessorSockets(tree", "MemoryTopology(tree",
    ]
    /// Where what is read is defined, and the one that reads.
    private static let allowed: Set<String> = ["PartsBuilder.swift", "SMBIOS.swift", "DiskReader.swift"]

    @Test(
        "disks, SMBIOS, sockets, modules and what udev knows are read by the directory of parts alone",
        arguments: reading)
    func readers(call: String) throws {
        let files = try SourceTree.swiftFiles(under: "Sources/SensorAgent").filter { file in
            file.lines.contains { line in
                line.contains(call) && !line.drop { $0 == " " }.hasPrefix("//")
            }
        }
        let names = files.map { String($0.path.split(separator: "/").last ?? "") }
        #expect(!names.isEmpty, "nothing is called so any more")
        #expect(
            names.allSatisfy { Self.allowed.contains($0) || (call == "SMBIOS.path" && $0 == "InventoryProbe.swift") },
            "\(call) stands in \(names): ask PartsDirectory instead")
    }
}
