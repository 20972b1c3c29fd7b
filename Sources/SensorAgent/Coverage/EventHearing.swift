import FaultPatterns
import Reports

/// Which events would be heard if they came: of which kinds of parts, and with which labels, by what the probes that read
/// now declare, and where that depends on the kernel's driver for the memory, by which one is there.
struct EventHearing {
    /// By the signal's name.
    private let told: [String: [SignalDeclaration]]
    private let components: [ComponentID: Component]
    private let hasFirmwareErrors: Bool
    private let memoryBitsOption: String?

    /// - Parameters:
    ///   - declared: by the names of the probes.
    ///   - components: all that is known of the machine.
    init(
        _ coverage: [Heartbeat.Coverage], declared: [String: ProbeDeclaration], components: [Component],
        environment: HostEnvironment
    ) {
        var told: [String: [SignalDeclaration]] = [:]
        for probe in coverage where probe.reads {
            for declaration in declared[probe.probe]?.signals ?? [] {
                for name in declaration.names { told[name, default: []].append(declaration) }
            }
        }
        self.told = told
        self.components = Dictionary(components.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        hasFirmwareErrors = environment.hasFirmwareErrors
        memoryBitsOption = environment.memoryBitsOption
    }

    func hears(_ event: AwaitedEvent) -> Bool {
        told[event.signal.name, default: []].contains { declaration in
            guard declaration.kinds.contains(event.kind) else { return false }
            let tellsValues = event.signal.labels.allSatisfy { label in
                declaration.labels[label.key]?.contains(label.value) ?? true
            }
            guard event.signal.name != EventHearing.bits || event.hasCome || tellsBits(of: event.component) else {
                return false
            }
            let needed = declaration.labelsOfDriver.intersection(event.labels)
            return tellsValues && (event.hasCome || needed.isSubset(of: labels(toldOf: event.component)))
        }
    }

    /// Told by the controllers of some processors alone.
    static let bits = "hw.memory.error_bits"

    private func tellsBits(of module: ComponentID) -> Bool {
        EventHearing.drivers(of: module, in: components).contains {
            MemoryDriver.tellsBits($0, bitsOption: memoryBitsOption)
        }
    }

    /// What is told of the place of an error within a module.
    private func labels(toldOf module: ComponentID) -> Set<String> {
        let drivers = EventHearing.drivers(of: module, in: components)
        let told = drivers.map { MemoryDriver.labels(toldBy: $0, bitsOption: memoryBitsOption) }.reduce(into: Set()) {
            $0.formUnion($1)
        }
        // Without a driver the kernel prints the firmware's own records.
        return drivers.isEmpty && hasFirmwareErrors ? MemoryDriver.labels : told
    }

    /// The kernel's drivers for the controller that a module hangs at; where that is not known, for any.
    static func drivers(of module: ComponentID, in components: [ComponentID: Component]) -> [String] {
        var part = components[module]
        for _ in 0..<components.count {
            guard let known = part else { break }
            if known.kind == .memoryController, let driver = known.attributes["driver"] { return [driver] }
            part = known.parent.flatMap { components[$0] }
        }
        let all = components.values.filter { $0.kind == .memoryController }.compactMap { $0.attributes["driver"] }
        return Set(all).sorted()
    }
}
