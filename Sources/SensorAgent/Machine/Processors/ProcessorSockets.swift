import Reports

/// Which processor package a logical processor is in, and which component that is
/// (Documentation/ABI/stable/sysfs-devices-system-cpu; SMBIOS type 4).
struct ProcessorSockets: Sendable {
    /// Package by logical processor.
    private(set) var packages: [Int: Int] = [:]
    private var components: [Int: Component] = [:]

    /// Package numbers and SMBIOS structures are both in the order of the sockets, so that the first package is the first
    /// populated socket; where their numbers differ, packages have names of their own.
    init(tree: SysTree) {
        let folder = "/sys/devices/system/cpu"
        for name in (try? tree.names(in: folder)) ?? [] where name.hasPrefix("cpu") {
            guard let number = Int(name.dropFirst(3)),
                let package = (try? tree.text("\(folder)/\(name)/topology/physical_package_id")).flatMap({ Int($0) }),
                package >= 0
            else { continue }
            packages[number] = package
        }
        let table = SMBIOS(parsing: (try? tree.bytes(SMBIOS.path, limit: SMBIOS.tableBytes)) ?? [])
        let known = FirmwareProcessors(table).components
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

    func component(ofPackage package: Int) -> Component {
        components[package]
            ?? Component(id: ComponentID(.cpu, "package\(package)"), kind: .cpu, name: "processor \(package)")
    }
}
