import Reports

/// The disks that the kernel does not show, because a RAID controller stands before them: `smartctl --scan-open` finds
/// them, and is asked again only when the block devices are others, or a day has passed.
struct ControllerScan: Sendable {
    /// Devices taken from one scan.
    private static let deviceLimit = 1_024
    private static let interval = Duration.seconds(86_400)

    private let deadline: Duration
    private var found: [DiskHealthProbe.Device] = []
    private var besides: [DiskHealthProbe.Device]?
    private var scannedAt: Timestamp?
    /// Of smartctl: 704 for 7.4; 0 where it is not known.
    private(set) var version: UInt64 = 0

    /// - Parameter deadline: time for one scan.
    init(deadline: Duration) { self.deadline = deadline }

    /// - Parameter kernel: the disks that the kernel shows.
    mutating func devices(
        besides kernel: [DiskHealthProbe.Device], asking smartctl: Tool, at time: Timestamp
    ) async throws(ProbeError) -> [DiskHealthProbe.Device] {
        let age = scannedAt.map { time - $0 }
        if besides == kernel, let age, age >= .zero, age < ControllerScan.interval { return found }
        do throws(Tool.Failure) {
            let output = try await smartctl.run(["--scan-open", "--json=c"], for: "scan", deadline: deadline)
            let tree = try? JSONTree(parsing: output.bytes)
            let numbers = tree?["smartctl", "version"]?.elements.compactMap(\.unsigned) ?? []
            if numbers.count == 2, numbers[0] < 100, numbers[1] < 100 { version = numbers[0] * 100 + numbers[1] }
            found = ControllerScan.hidden(tree?["devices"]?.elements ?? [], besides: kernel)
            besides = kernel
            scannedAt = time
        } catch {
            switch error {
            case .missing: throw .absent(because: "smartctl is not installed: apt-get install smartmontools")
            // The kernel's list, and what was found before, is enough to go on with.
            case .timedOut, .stuck, .tooMuchOutput, .signalled, .failed: break
            }
        }
        return found
    }

    private static func hidden(_ entries: [JSONTree], besides kernel: [DiskHealthProbe.Device]) -> [DiskHealthProbe
        .Device]
    {
        let known = Set(kernel.map(\.name))
        var devices: [DiskHealthProbe.Device] = []
        for entry in entries.prefix(deviceLimit) {
            // Nobody answered behind this number.
            guard entry["open_error"] == nil, let name = entry["name"]?.text, name.hasPrefix("/dev/") else { continue }
            // `megaraid,5`, `cciss,0`, `areca,1/2`, `3ware,4`, `sat+megaraid,5`: the number is the disk's.
            let type = entry["type"]?.text.flatMap { $0.contains(",") ? $0 : nil }
            guard type != nil || !known.contains(name) else { continue }
            let device = DiskHealthProbe.Device(name: name, type: type)
            if !devices.contains(device) { devices.append(device) }
        }
        return devices
    }
}
