import Reports

/// One look at groups of disks: collects components and observations, whoever manages the group.
struct VolumeReading {
    let time: Timestamp
    private var memory: VolumeHistory
    private var components: [Component] = []
    private var known: Set<ComponentID> = []
    private var observations: [Observation] = []
    /// The worst that each disk is.
    private var membership: [ComponentID: MemberState] = [:]
    /// Disks of which something was read in this look.
    private var fresh: Set<ComponentID> = []
    private var replaced: Set<ComponentID> = []
    private var deviceErrors: [ComponentID: [String: UInt64]] = [:]
    /// What arrays count of a disk, by signal, over all its arrays.
    private var counted: [ComponentID: [String: UInt64]] = [:]
    private var noted: [ComponentID: [String: Double]] = [:]

    init(time: Timestamp, memory: VolumeHistory) {
        self.time = time
        self.memory = memory
    }

    private mutating func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
        observations.append(
            Observation(component: component, signal: signal, measurement: measurement, time: time))
    }

    private mutating func add(_ component: Component) {
        if known.insert(component.id).inserted { components.append(component) }
    }

    /// A group that was read just now.
    mutating func add(_ finding: VolumeFinding) {
        let id = finding.component.id
        add(finding.component)
        if let state = finding.state { add(id, Signal("hw.raid.state"), .state(state.rawValue)) }
        for (name, value) in [
            ("members", finding.wanted), ("missing", finding.missing), ("spares", finding.spares),
            ("damaged_files", finding.damagedFiles),
        ] {
            if let value { add(id, Signal("hw.raid.\(name)"), .gauge(Double(value))) }
        }
        if let activity = finding.activity { add(id, Signal("hw.raid.activity"), .state(activity)) }
        if let progress = finding.progress { add(id, Signal("hw.raid.progress"), .gauge(progress)) }
        if let mismatches = finding.mismatches { add(id, Signal("hw.raid.mismatches"), .counter(mismatches)) }
        for value in finding.values {
            switch value.measurement {
            case .counter(let count):
                let sum = (counted[value.component]?[value.signal.name] ?? 0).addingReportingOverflow(count)
                counted[value.component, default: [:]][value.signal.name] = sum.overflow ? .max : sum.partialValue
            case .reading(let reading): noted[value.component, default: [:]][value.signal.name, default: 0] += reading
            default: add(value.component, value.signal, value.measurement)
            }
        }
        addErrors(id, finding.errors)
        addMembers(of: finding)
        let isScrubbing = finding.activity == "check" || finding.activity == "repair"
        guard finding.wanted != nil || finding.scrubbed != nil,
            let age = memory.scrubAge(of: id.rawValue, isScrubbing: isScrubbing, last: finding.scrubbed, at: time)
        else { return }
        add(id, Signal("hw.raid.scrub.age"), .gauge(age))
    }

    /// A group that was read in a look before, and is not asked each time: its parts are there, its values are not
    /// repeated. What its disks are still counts where another group of theirs was read.
    mutating func remind(of finding: VolumeFinding) {
        add(finding.component)
        for member in finding.members {
            add(member.disk)
            if let state = member.state { join(member.disk.id, state) }
        }
    }

    private mutating func addMembers(of finding: VolumeFinding) {
        guard finding.knowsMembers else { return }
        let group = finding.component.id.rawValue
        var states: [ComponentID: MemberState] = [:]
        for member in finding.members {
            add(member.disk)
            addErrors(member.disk.id, member.errors)
            guard let state = member.state else { continue }
            if states[member.disk.id].map({ state.worse(than: $0) }) ?? true { states[member.disk.id] = state }
        }
        let present = finding.members.map { VolumeHistory.Member($0.disk) }
        let working = finding.members.filter { $0.state == .inSync || $0.state == .rebuilding }
            .map { VolumeHistory.Member($0.disk) }
        let (gone, replaced) = memory.meet(
            group, present: present, working: working, isComplete: finding.missing == 0, at: time)
        for member in gone {
            add(member.component)
            states[member.disk] = .missing
        }
        for member in replaced {
            add(member.component)
            self.replaced.insert(member.disk)
        }
        for (disk, state) in states.sorted(by: { $0.key < $1.key }) {
            add(disk, Signal("hw.raid.member", ["array": finding.label]), .state(state.rawValue))
            fresh.insert(disk)
            join(disk, state)
        }
    }

    private mutating func join(_ disk: ComponentID, _ state: MemberState) {
        if membership[disk].map({ state.worse(than: $0) }) ?? true { membership[disk] = state }
    }

    /// Those of several managers are added up.
    private mutating func addErrors(_ component: ComponentID, _ errors: [String: UInt64]) {
        for (type, count) in errors {
            let sum = (deviceErrors[component]?[type] ?? 0).addingReportingOverflow(count)
            deviceErrors[component, default: [:]][type] = sum.overflow ? .max : sum.partialValue
        }
    }

    /// All that was seen, and what the next look must know.
    /// - Parameter before: the errors that the last look counted: a rise of checksum errors is reported as events.
    func result(cursorOf probe: String, errorsBefore before: inout [ComponentID: [String: UInt64]]) -> ProbeResult {
        var look = self
        for (disk, state) in membership.sorted(by: { $0.key < $1.key }) where fresh.contains(disk) {
            look.add(disk, Signal("hw.raid.membership"), .state(state.rawValue))
        }
        for disk in replaced.sorted() where membership[disk] == nil {
            look.add(disk, Signal("hw.raid.membership"), .state("replaced"))
        }
        for (disk, counts) in counted.sorted(by: { $0.key < $1.key }) {
            for (name, count) in counts { look.add(disk, Signal(name), .counter(count)) }
        }
        for (disk, readings) in noted.sorted(by: { $0.key < $1.key }) {
            for (name, reading) in readings { look.add(disk, Signal(name), .reading(reading)) }
        }
        for (component, errors) in deviceErrors.sorted(by: { $0.key < $1.key }) {
            for (type, count) in errors.sorted(by: { $0.key < $1.key }) {
                look.add(component, Signal("hw.raid.device_errors", ["type": type]), .counter(count))
            }
            look.addChecksumEvents(component, errors, since: before[component])
            before[component] = errors
        }
        return ProbeResult(
            components: look.components, observations: look.observations,
            cursor: ProbeCursor(probe: probe, value: memory.text))
    }

    /// Events of one look for one disk; more add nothing.
    private static let eventLimit: UInt64 = 20

    private mutating func addChecksumEvents(
        _ disk: ComponentID, _ errors: [String: UInt64], since before: [String: UInt64]?
    ) {
        guard components.contains(where: { $0.id == disk && $0.kind == .disk }), let now = errors["checksum"],
            let then = before?["checksum"], now > then
        else { return }
        for number in 1...min(now - then, VolumeReading.eventLimit) {
            add(
                disk, Signal("hw.physical_disk.checksum_error"),
                .event("the file system counts \(then + number) blocks that came back wrong"))
        }
    }
}
