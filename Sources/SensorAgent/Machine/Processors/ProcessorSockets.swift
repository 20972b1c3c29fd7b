import Reports

/// Which processor package a logical processor is in, and which component that is
/// (Documentation/ABI/stable/sysfs-devices-system-cpu; SMBIOS type 4).
struct ProcessorSockets: Hashable, Sendable {
    /// Bytes of `/proc/cpuinfo`: about 1,500 a logical processor.
    private static let listBytes = 4 << 20
    /// Package by logical processor.
    private(set) var packages: [Int: Int] = [:]
    private var components: [Int: Component] = [:]

    /// Of a machine of which nothing is known.
    init() {}

    /// Package numbers and SMBIOS structures are both in the order of the sockets, so that the first package is the first
    /// populated socket; where their numbers differ, packages have names of their own.
    init(tree: SysTree, firmware: FirmwareProcessors) {
        let folder = "/sys/devices/system/cpu"
        for name in (try? tree.names(in: folder)) ?? [] where name.hasPrefix("cpu") {
            guard let number = Int(name.dropFirst(3)),
                let package = (try? tree.text("\(folder)/\(name)/topology/physical_package_id")).flatMap({ Int($0) }),
                package >= 0
            else { continue }
            packages[number] = package
        }
        let known = firmware.components
        let sorted = Set(packages.values).sorted()
        for (index, package) in sorted.enumerated() {
            var component =
                known.count == sorted.count
                ? known[index]
                : Component(id: ComponentID(.cpu, "package\(package)"), kind: .cpu, name: "processor \(package)")
            component.attributes["package"] = String(package)
            components[package] = component
        }
    }

    /// In the order of the packages.
    var all: [(package: Int, component: Component)] {
        components.sorted { $0.key < $1.key }.map { (package: $0.key, component: $0.value) }
    }

    /// The package that a logical processor is in; where nothing states it, a component of its own for that.
    func component(ofProcessor number: Int) -> Component {
        if let package = packages[number] { return component(ofPackage: package) }
        if components.count == 1, let only = components.first { return only.value }
        return Component(
            id: ComponentID(.cpu, "processor\(number)"), kind: .cpu, name: "logical processor \(number)",
            attributes: ["ambiguous": "the kernel does not say in which socket it is"])
    }

    /// The package that the logical processor with a local APIC id is in (`/proc/cpuinfo` of x86, read when it is asked
    /// for: the kernel asks every processor for its clock meanwhile).
    func component(ofLocalAPIC identifier: Int, in tree: SysTree) -> Component {
        if components.count == 1, let only = components.first { return only.value }
        var package: Int?
        let list = (try? tree.bytes("/proc/cpuinfo", limit: ProcessorSockets.listBytes)) ?? []
        for line in list.split(separator: 0x0A) {
            let isPackage = line.starts(with: "physical id".utf8)
            guard isPackage || line.starts(with: "apicid".utf8), let colon = line.firstIndex(of: UInt8(ascii: ":"))
            else {
                continue
            }
            let number = Int(String(decoding: line[(colon + 1)...].filter { $0 > 0x20 }, as: UTF8.self))
            // The package stands before the id.
            if isPackage {
                package = number
            } else if number == identifier, let package {
                return component(ofPackage: package)
            }
        }
        return Component(
            id: ComponentID(.cpu, "apic\(identifier)"), kind: .cpu, name: "processor with APIC \(identifier)",
            attributes: ["ambiguous": "nothing says in which socket it is"])
    }

    func component(ofPackage package: Int) -> Component {
        components[package]
            ?? Component(id: ComponentID(.cpu, "package\(package)"), kind: .cpu, name: "processor \(package)")
    }
}
