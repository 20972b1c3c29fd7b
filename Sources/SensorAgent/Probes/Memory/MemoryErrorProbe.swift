import Daemon
public import Reports

/// `memory-errors`: corrected and uncorrected errors as the kernel's EDAC counts them
/// (Documentation/admin-guide/RAS/main.rst, `/sys/devices/system/edac/mc`).
///
/// A controller with `dimm*` or `rank*` folders gives one component each; only one without them is read by its older
/// `csrow*/ch*` files, since the kernel keeps both for the same errors.
public actor MemoryErrorProbe: Probe {
    public nonisolated let name = "memory-errors"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(20)

    /// Looks between two readings of what hangs where: labels may be written into EDAC long after the start.
    private static let looksPerTopology = 10

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.memory-errors")
    private let parts: PartsDirectory
    private var looks = 0

    /// - Parameter parts: which modules there are; nil: they are read from the tree.
    public init(tree: SysTree, parts: PartsDirectory? = nil) {
        self.tree = tree
        self.parts = parts ?? PartsDirectory(tree: tree)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        let folder = MemoryTopology.folder
        let controllers: [String]
        do {
            controllers = try MemoryTopology.controllerNames(in: tree)
        } catch .failed(_, errno: SysTreeError.noSuchFile) {
            throw .absent(because: "the kernel counts no memory errors: \(folder) is not there")
        } catch {
            throw error.probeError
        }
        guard !controllers.isEmpty else {
            throw .absent(
                because: "no memory controller under \(folder): "
                    + "the memory has no ECC, or the EDAC driver of this processor is not loaded")
        }
        defer { looks += 1 }
        let isOld = looks % MemoryErrorProbe.looksPerTopology == 0
        let topology = parts.parts(at: time, anew: isOld ? .memory : []).memory
        guard !topology.controllers.isEmpty else {
            throw .absent(because: "which memory modules there are is not read yet: the coverage names what hangs")
        }
        // Counters begin at zero with the kernel: what they hold at the first look of a boot happened before it.
        let boot = (try? tree.text("/proc/sys/kernel/random/boot_id")) ?? "unknown"
        let isFirst = looks == 0 && cursor?.value != boot
        var reading = Reading(tree: tree, time: time, isFirst: isFirst)
        reading.add(topology)
        let option = try? tree.text(MemoryDriver.bitsOption)
        if topology.isByRow {
            reading.result.shortfall = Advice("memory.rows")
        } else if option != nil,
            topology.controllers.contains(where: { controller in
                controller.component.attributes["driver"].map { MemoryDriver.couldTellBits($0, bitsOption: option) }
                    ?? false
            })
        {
            reading.result.shortfall = Advice("memory.bits.option")
        }
        reading.result.cursor = ProbeCursor(probe: "memory-errors", value: boot)
        return reading.result
    }

    /// One look over the tree.
    private struct Reading {
        let tree: SysTree
        let time: Timestamp
        /// Whether no look of this boot came before.
        let isFirst: Bool
        var result = ProbeResult()

        mutating func add(_ topology: MemoryTopology) {
            for controller in topology.controllers {
                result.components.append(controller.component)
                addCounters(of: controller)
                if let problem = controller.problem {
                    // What hangs below the controller cannot be listed, and so nothing can be reported of it.
                    add(controller.component.id, Signal("hw.status"), .unavailable(problem.unavailable))
                }
                for place in topology.places[controller.name] ?? [] {
                    if let channel = place.channel, !result.components.contains(where: { $0.id == channel.id }) {
                        result.components.append(channel)
                    }
                    result.components.append(place.component)
                    addCounters(of: place)
                }
            }
        }

        private mutating func addCounters(of controller: MemoryTopology.Controller) {
            let (id, path) = (controller.component.id, controller.path)
            count(id, "corrected", "\(path)/ce_count")
            count(id, "uncorrected", "\(path)/ue_count")
            count(id, "corrected.noinfo", "\(path)/ce_noinfo_count")
            // The controller's sum is of its modules, which have their own.
            addEarlier(id, count(id, "uncorrected.noinfo", "\(path)/ue_noinfo_count"))
            if let rate = try? tree.count("\(path)/sdram_scrub_rate") {
                add(id, Signal("hw.memory.scrub_rate"), .counter(rate))
            }
        }

        private mutating func addCounters(of place: MemoryTopology.Place) {
            let id = place.component.id
            let isChannelOfRow = place.prefix.hasPrefix("ch")
            if !isChannelOfRow { size(id, "\(place.path)/\(place.isRow ? "size_mb" : "size")") }
            count(id, "corrected", "\(place.path)/\(place.prefix)ce_count")
            // Most drivers of the older layout count uncorrected errors for the row alone.
            let uncorrected = "\(place.path)/\(place.prefix)ue_count"
            if isChannelOfRow {
                if tree.exists(uncorrected) { count(id, "uncorrected", uncorrected) }
            } else {
                addEarlier(id, count(id, "uncorrected", uncorrected))
            }
        }

        /// One counter file; whatever is wrong with it is reported of it alone.
        /// - Returns: what it holds.
        @discardableResult
        private mutating func count(_ component: ComponentID, _ type: String, _ path: String) -> UInt64? {
            let signal = Signal("hw.errors", ["error.type": type])
            do {
                let counted = try tree.count(path)
                add(component, signal, .counter(counted))
                return counted
            } catch {
                add(component, signal, .unavailable(error.unavailable))
                return nil
            }
        }

        /// Uncorrected errors of this boot that nobody watched: a rise of the counter will not tell them.
        private mutating func addEarlier(_ component: ComponentID, _ count: UInt64?) {
            guard isFirst, let count, count > 0 else { return }
            let words =
                count == 1 ? "1 error that could not be corrected" : "\(count) errors that could not be corrected"
            result.observations.append(
                Observation(
                    component: component, signal: Signal("hw.memory.earlier_errors"),
                    measurement: .event("\(words) since the server started, before the agent came"), time: time,
                    count: Int(clamping: count)))
        }

        /// A size file in MiB.
        private mutating func size(_ component: ComponentID, _ path: String) {
            let signal = Signal("hw.memory.size")
            do {
                add(component, signal, .reading(Double(try tree.count(path)) * 1_048_576))
            } catch {
                add(component, signal, .unavailable(error.unavailable))
            }
        }

        private mutating func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
            result.observations.append(
                Observation(component: component, signal: signal, measurement: measurement, time: time))
        }
    }
}
