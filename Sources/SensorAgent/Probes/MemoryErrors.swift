import Daemon
public import Reports

/// `memory-errors`: corrected and uncorrected errors as the kernel's EDAC counts them
/// (Documentation/admin-guide/RAS/main.rst, `/sys/devices/system/edac/mc`).
///
/// A controller with `dimm*` or `rank*` folders gives one component each; only one without them is read by its older
/// `csrow*/ch*` files, since the kernel keeps both for the same errors.
public actor MemoryErrors: Probe {
    public nonisolated let name = "memory-errors"
    public nonisolated let interval = Duration.seconds(60)
    public nonisolated let deadline = Duration.seconds(20)

    private static let folder = "/sys/devices/system/edac/mc"

    private let tree: SysTree
    private let executor = BlockingExecutor(label: "callhome.memory-errors")

    public init(tree: SysTree) { self.tree = tree }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.unowned }

    public func observe(at time: Timestamp, since cursor: ProbeCursor?) throws(ProbeError) -> ProbeResult {
        let folder = MemoryErrors.folder
        let controllers: [String]
        do {
            controllers = try tree.names(in: folder).filter { $0.isNumbered("mc") }
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
        let modules = MemoryModules(SMBIOS(parsing: (try? tree.bytes(SMBIOS.path, limit: SMBIOS.tableBytes)) ?? []))
        var reading = Reading(tree: tree, time: time, modules: modules)
        for controller in controllers { reading.addController(controller, at: "\(folder)/\(controller)") }
        return reading.result
    }

    /// One look over the tree.
    private struct Reading {
        let tree: SysTree
        let time: Timestamp
        let modules: MemoryModules
        var result = ProbeResult()

        mutating func addController(_ name: String, at path: String) {
            let id = ComponentID(.memoryController, name)
            var attributes: [String: String] = [:]
            attributes["driver"] = try? tree.text("\(path)/mc_name")
            result.components.append(
                Component(
                    id: id, kind: .memoryController, name: "memory controller \(name.dropFirst(2))",
                    attributes: attributes))
            count(id, "corrected", "\(path)/ce_count")
            count(id, "uncorrected", "\(path)/ue_count")
            count(id, "corrected.noinfo", "\(path)/ce_noinfo_count")
            count(id, "uncorrected.noinfo", "\(path)/ue_noinfo_count")
            if let rate = try? tree.count("\(path)/sdram_scrub_rate") {
                add(id, Signal("hw.memory.scrub_rate"), .counter(rate))
            }
            let names: [String]
            do {
                names = try tree.names(in: path)
            } catch {
                // What hangs below the controller cannot be listed, and so nothing can be said of it.
                add(id, Signal("hw.status"), .unavailable(error.unavailable))
                return
            }
            let parts = names.filter { $0.isNumbered("dimm") || $0.isNumbered("rank") }
            for part in parts { addModule("\(name)/\(part)", at: "\(path)/\(part)", parent: id) }
            if parts.isEmpty {
                for row in names where row.isNumbered("csrow") {
                    addRow("\(name)/\(row)", at: "\(path)/\(row)", parent: id)
                }
            }
        }

        private mutating func addModule(_ name: String, at path: String, parent: ComponentID) {
            let label = Filler.removed(try? tree.text("\(path)/dimm_label"))
            var component = modules.component(edac: name, label: label)
            component.parent = parent
            component.attributes["location"] = try? tree.text("\(path)/dimm_location")
            component.attributes["edac_memory_type"] = try? tree.text("\(path)/dimm_mem_type")
            component.attributes["edac_mode"] = try? tree.text("\(path)/dimm_edac_mode")
            // Two ranks of one module lead to one component: the second keeps its own name, so that no count is lost.
            if result.components.contains(where: { $0.id == component.id }) {
                component.attributes["module"] = component.id.rawValue
                component.id = ComponentID(.dimm, name)
            }
            result.components.append(component)
            size(component.id, "\(path)/size")
            count(component.id, "corrected", "\(path)/dimm_ce_count")
            count(component.id, "uncorrected", "\(path)/dimm_ue_count")
        }

        private mutating func addRow(_ name: String, at path: String, parent: ComponentID) {
            let row = ComponentID(.memoryRow, name)
            var attributes: [String: String] = [:]
            attributes["edac_memory_type"] = try? tree.text("\(path)/mem_type")
            attributes["edac_mode"] = try? tree.text("\(path)/edac_mode")
            result.components.append(
                Component(id: row, kind: .memoryRow, parent: parent, name: "memory row \(name)", attributes: attributes)
            )
            size(row, "\(path)/size_mb")
            count(row, "corrected", "\(path)/ce_count")
            count(row, "uncorrected", "\(path)/ue_count")
            for file in (try? tree.names(in: path)) ?? [] where file.hasSuffix("_ce_count") {
                let channel = String(file.dropLast("_ce_count".count))
                guard channel.isNumbered("ch") else { continue }
                let id = ComponentID(.memoryChannel, "\(name)/\(channel)")
                let label = Filler.removed(try? tree.text("\(path)/\(channel)_dimm_label"))
                var component = modules.component(edac: "\(name)/\(channel)", label: label)
                component.attributes["module"] = component.part.serial == nil ? nil : component.id.rawValue
                component.id = id
                component.kind = .memoryChannel
                component.parent = row
                result.components.append(component)
                count(id, "corrected", "\(path)/\(file)")
                if tree.exists("\(path)/\(channel)_ue_count") {
                    count(id, "uncorrected", "\(path)/\(channel)_ue_count")
                }
            }
        }

        /// One counter file; whatever is wrong with it is said of it alone.
        private mutating func count(_ component: ComponentID, _ type: String, _ path: String) {
            let signal = Signal("hw.errors", ["error.type": type])
            do {
                add(component, signal, .counter(try tree.count(path)))
            } catch {
                add(component, signal, .unavailable(error.unavailable))
            }
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

extension SMBIOS {
    static let path = "/sys/firmware/dmi/tables/DMI"
}

extension String {
    /// `prefix` and then only digits: `mc0`, `csrow12`.
    fileprivate func isNumbered(_ prefix: String) -> Bool {
        hasPrefix(prefix) && count > prefix.count && dropFirst(prefix.count).allSatisfy { $0.isASCII && $0.isNumber }
    }
}
