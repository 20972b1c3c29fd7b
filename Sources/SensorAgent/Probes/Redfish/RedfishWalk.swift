import Reports

/// Goes from the service's root over the resources that report health: chassis, systems and managers, their sensors,
/// supplies, fans, memory, processors, drives and logs.
///
/// Only links of these names are followed, each resource once, so that no service can lead the walk astray.
struct RedfishWalk: Sendable {
    /// Resources asked for in one look.
    static let requestLimit = 600
    /// Links between the root and a resource: Systems, member, Storage, member, drive.
    static let depth = 6
    /// Pages of one list.
    static let pageLimit = 40

    private(set) var result = ProbeResult()
    private(set) var cursor: RedfishCursor
    /// Resources that could not be read, or were none, by path: the reason.
    private(set) var refused: [String: String] = [:]
    private(set) var requests = 0

    private let source: any RedfishSource
    /// What the entries of its logs are about.
    private let parts: IPMIParts
    private let time: Timestamp
    private var visited: Set<String> = []
    /// Temperatures of the whole chassis that is read: read after its sensors, since each repeats one of them where that
    /// has a resource of its own.
    private var metrics: [String] = []

    init(_ source: any RedfishSource, since cursor: RedfishCursor?, parts: IPMIParts, at time: Timestamp) {
        self.source = source
        self.parts = parts
        self.cursor = cursor ?? RedfishCursor()
        self.time = time
    }

    private static let root = "/redfish/v1"

    /// What to follow from a resource of each type; names that the schemas give to links.
    private static let links: [String: [String]] = [
        "ServiceRoot": ["Chassis", "Systems", "Managers"],
        "Chassis": ["ThermalSubsystem", "PowerSubsystem", "Sensors", "LogServices", "Drives"],
        "ThermalSubsystem": ["Fans"], "PowerSubsystem": ["PowerSupplies", "Batteries"], "PowerSupply": ["Metrics"],
        "Storage": ["Controllers", "Volumes"],
        "ComputerSystem": ["Memory", "Processors", "Storage", "LogServices"], "Manager": ["LogServices"],
        "LogService": ["Entries"],
    ]

    /// - Throws: when the root cannot be read.
    mutating func run() async throws(RedfishError) {
        let root = try await source.resource(RedfishWalk.root)
        requests = 1
        await follow(RedfishWalk.links["ServiceRoot"] ?? [], of: root, depth: 1)
    }

    private mutating func follow(_ names: [String], of tree: JSONTree, depth: Int) async {
        for name in names {
            if let path = tree[name, "@odata.id"]?.text { await visit(path, depth: depth) }
        }
    }

    private mutating func fetch(_ path: String) async -> JSONTree? {
        guard path.hasPrefix(RedfishWalk.root), requests < RedfishWalk.requestLimit,
            visited.insert(path.hasSuffix("/") ? String(path.dropLast()) : path).inserted
        else { return nil }
        requests += 1
        do throws(RedfishError) {
            return try await source.resource(path)
        } catch {
            refused[path] = error.description
            return nil
        }
    }

    private mutating func visit(_ path: String, depth: Int) async {
        guard depth <= RedfishWalk.depth, let tree = await fetch(path) else { return }
        let type = RedfishResource.type(of: tree) ?? ""
        if type == "LogEntryCollection" {
            await readLog(path, tree)
        } else if tree["Members"] != nil {
            var page: JSONTree? = tree
            for _ in 0..<RedfishWalk.pageLimit {
                guard let list = page else { break }
                for member in list["Members"]?.elements ?? [] { await take(member, depth: depth) }
                page = nil
                if let next = list["Members@odata.nextLink"]?.text { page = await fetch(next) }
            }
        } else {
            await take(tree, path: path, depth: depth)
        }
    }

    /// A member of a list: a link, or (with services that expand) the resource itself.
    private mutating func take(_ member: JSONTree, depth: Int) async {
        guard let path = member["@odata.id"]?.text else { return }
        if member.keys.count > 1, RedfishResource.type(of: member) != nil {
            visited.insert(path)
            await take(member, path: path, depth: depth + 1)
        } else {
            await visit(path, depth: depth + 1)
        }
    }

    private mutating func take(_ tree: JSONTree, path: String, depth: Int) async {
        let type = RedfishResource.type(of: tree) ?? ""
        // A storage subsystem is a link where its controllers have resources of their own.
        let isLink =
            ["LogService", "SimpleStorage"].contains(type)
            || type == "Storage"
                && (tree["Controllers"] != nil || tree["StorageControllers"]?.elements.isEmpty != false)
        if !isLink {
            do throws(RedfishRefusal) {
                let resource = try RedfishResource(tree, path: path, seen: Set(cursor.seen), at: time)
                cursor.seen = resource.seen.sorted()
                result.take(resource.result)
            } catch {
                refused[path] = error.description
            }
        }
        if type == "Chassis" {
            await followChassis(tree, depth: depth + 1)
        } else {
            await follow(RedfishWalk.links[type] ?? [], of: tree, depth: depth + 1)
        }
        if type == "ThermalSubsystem", let path = tree["ThermalMetrics", "@odata.id"]?.text { metrics.append(path) }
        if type == "Storage" {
            for drive in (tree["Drives"]?.elements ?? []).prefix(256) {
                if let path = drive["@odata.id"]?.text { await visit(path, depth: depth + 1) }
            }
        }
    }

    /// The newer resources of a chassis contain the same as `Thermal` and `Power`, and more: the older are read for what
    /// the newer did not give, since some services link them and fill neither, or cannot read them.
    private mutating func followChassis(_ tree: JSONTree, depth: Int) async {
        let hasNewer = { (name: String) in tree[name, "@odata.id"] != nil }
        if !hasNewer("ThermalSubsystem") { await follow(["Thermal"], of: tree, depth: depth) }
        if !hasNewer("PowerSubsystem") { await follow(["Power"], of: tree, depth: depth) }
        let before = result.observations.count
        await follow(RedfishWalk.links["Chassis"] ?? [], of: tree, depth: depth)
        for path in metrics { await visitMetrics(path) }
        metrics = []
        let given = result.observations[before...].filter { observation in
            if case .unavailable = observation.measurement { false } else { true }
        }
        let gives = { (kind: ComponentKind) in given.contains { $0.component.rawValue.hasPrefix("\(kind.rawValue):") } }
        if hasNewer("ThermalSubsystem"), let path = tree["Thermal", "@odata.id"]?.text {
            let without = Set([ComponentKind.fan, .temperature].filter(gives))
            if without.count < 2 { await visitOlder(path, without: without) }
        }
        if hasNewer("PowerSubsystem"), let path = tree["Power", "@odata.id"]?.text, !gives(.psu) {
            await visitOlder(path, without: gives(.voltage) ? [.voltage] : [])
        }
    }

    private mutating func visitOlder(_ path: String, without kinds: Set<ComponentKind>) async {
        guard let tree = await fetch(path) else { return }
        do throws(RedfishRefusal) {
            let resource = try RedfishResource(tree, path: path, seen: Set(cursor.seen), at: time)
            cursor.seen = resource.seen.sorted()
            var own = resource.result
            let left = Set(own.components.filter { kinds.contains($0.kind) }.map(\.id))
            own.components.removeAll { left.contains($0.id) }
            own.observations.removeAll { left.contains($0.component) }
            own.asRead.removeAll { left.contains($0.component) }
            result.take(own)
        } catch {
            refused[path] = error.description
        }
    }

    private mutating func visitMetrics(_ path: String) async {
        guard let tree = await fetch(path) else { return }
        do throws(RedfishRefusal) {
            var own = try RedfishResource(tree, path: path, at: time).result
            let known = Set(result.observations.filter { $0.signal.name == "hw.temperature" }.map(\.component))
            own.components.removeAll { known.contains($0.id) }
            own.observations.removeAll { known.contains($0.component) }
            result.take(own)
        } catch {
            refused[path] = error.description
        }
    }

    private mutating func readLog(_ path: String, _ first: JSONTree) async {
        var entries: [RedfishLog] = []
        var page: JSONTree? = first
        for _ in 0..<RedfishWalk.pageLimit {
            guard let list = page else { break }
            for member in list["Members"]?.elements ?? [] {
                if let entry = RedfishLog(member) {
                    entries.append(entry)
                } else if let link = member["@odata.id"]?.text, entries.count < RedfishLog.entriesPerLook,
                    let tree = await fetch(link), let entry = RedfishLog(tree)
                {
                    entries.append(entry)
                }
            }
            page = nil
            if let next = list["Members@odata.nextLink"]?.text { page = await fetch(next) }
        }
        let (news, key) = RedfishLog.news(entries, since: cursor.logs[path], at: time)
        if let key { cursor.logs[path] = key }
        result.add(IPMIEventSignals(news, parts: parts, at: time))
    }
}

/// Where resources come from: a service, or a recorded tree.
protocol RedfishSource: Sendable {
    /// The resource at `path`, `/redfish/v1/Chassis/1U`.
    func resource(_ path: String) async throws(RedfishError) -> JSONTree
}

/// Why a resource could not be read.
enum RedfishError: Error, Hashable, CustomStringConvertible {
    case missing
    case denied
    case status(Int)
    case malformed(String)
    case timedOut(after: Duration)
    case unreachable(String)

    var description: String {
        switch self {
        case .missing: "is not there"
        case .denied: "the service refuses user or password: check the credential `redfish`"
        case .status(let status): "the service answered with status \(status)"
        case .malformed(let words): words
        case .timedOut(let after): "no answer within \(after.inSeconds) s"
        case .unreachable(let words): words
        }
    }
}
