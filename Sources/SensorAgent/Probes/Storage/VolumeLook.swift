import Reports

/// One look at groups of disks: collects components and observations, whoever manages the group.
struct VolumeLook {
    /// A group as a parser tells of it, in the words of the signals.
    struct Group: Sendable {
        var component: Component
        /// The name for the label `array`.
        var label: String
        var state: VolumeState?
        var wanted: Int?
        var missing: Int?
        var spares: Int?
        var activity: String?
        var progress: Double?
        var mismatches: UInt64?
        /// When the group was last read through, where it says so itself.
        var scrubbed: Timestamp?
    }

    let time: Timestamp
    var memory: VolumeMemory
    private var components: [Component] = []
    private var places: [ComponentID: Int] = [:]
    private var observations: [Observation] = []
    /// The worst that each disk is.
    private var membership: [ComponentID: MemberState] = [:]
    private var replaced: Set<ComponentID> = []
    private var deviceErrors: [ComponentID: [String: UInt64]] = [:]

    init(time: Timestamp, memory: VolumeMemory) {
        self.time = time
        self.memory = memory
    }

    mutating func add(_ component: ComponentID, _ signal: Signal, _ measurement: Measurement) {
        observations.append(
            Observation(component: component, signal: signal, measurement: measurement, time: time))
    }

    mutating func add(_ component: Component) {
        guard places[component.id] == nil else { return }
        places[component.id] = components.count
        components.append(component)
    }

    /// A group and the disks in it.
    mutating func add(_ group: Group, members: [(disk: Component, state: MemberState)]) {
        add(group.component)
        let id = group.component.id
        if let state = group.state { add(id, Signal("hw.raid.state"), .state(state.rawValue)) }
        for (name, value) in [
            ("members", group.wanted), ("missing", group.missing), ("spares", group.spares),
        ] {
            if let value { add(id, Signal("hw.raid.\(name)"), .gauge(Double(value))) }
        }
        if let activity = group.activity { add(id, Signal("hw.raid.activity"), .state(activity)) }
        if let progress = group.progress { add(id, Signal("hw.raid.progress"), .gauge(progress)) }
        if let mismatches = group.mismatches { add(id, Signal("hw.raid.mismatches"), .counter(mismatches)) }
        var states: [ComponentID: MemberState] = [:]
        for (disk, state) in members {
            add(disk)
            if states[disk.id].map({ state.worse(than: $0) }) ?? true { states[disk.id] = state }
        }
        let present = members.map { VolumeMemory.Member($0.disk) }
        let working = members.filter { $0.state == .inSync || $0.state == .rebuilding }
            .map { VolumeMemory.Member($0.disk) }
        let (gone, replaced) = memory.meet(
            id.rawValue, present: present, working: working, isComplete: group.missing == 0, at: time)
        for member in gone {
            add(member.component)
            states[member.disk] = .missing
        }
        for member in replaced {
            add(member.component)
            self.replaced.insert(member.disk)
        }
        for (disk, state) in states.sorted(by: { $0.key < $1.key }) {
            add(disk, Signal("hw.raid.member", ["array": group.label]), .state(state.rawValue))
            if membership[disk].map({ state.worse(than: $0) }) ?? true { membership[disk] = state }
        }
        let isScrubbing = group.activity == "check" || group.activity == "repair"
        guard group.wanted != nil || group.scrubbed != nil,
            let age = memory.scrubAge(of: id.rawValue, isScrubbing: isScrubbing, last: group.scrubbed, at: time)
        else { return }
        add(id, Signal("hw.raid.scrub.age"), .gauge(age))
    }

    /// Errors that a volume manager counts for a disk or for a whole pool; those of several managers are added up.
    mutating func addErrors(_ component: ComponentID, _ type: String, _ count: UInt64) {
        let sum = (deviceErrors[component]?[type] ?? 0).addingReportingOverflow(count)
        deviceErrors[component, default: [:]][type] = sum.overflow ? .max : sum.partialValue
    }

    /// All that was seen, and what the next look must know.
    func result(cursorOf probe: String) -> ProbeResult {
        var look = self
        for (disk, state) in membership.sorted(by: { $0.key < $1.key }) {
            look.add(disk, Signal("hw.raid.membership"), .state(state.rawValue))
        }
        for disk in replaced.sorted() where membership[disk] == nil {
            look.add(disk, Signal("hw.raid.membership"), .state("replaced"))
        }
        for (component, errors) in deviceErrors.sorted(by: { $0.key < $1.key }) {
            for (type, count) in errors.sorted(by: { $0.key < $1.key }) {
                look.add(component, Signal("hw.raid.device_errors", ["type": type]), .counter(count))
            }
        }
        return ProbeResult(
            components: look.components, observations: look.observations,
            cursor: ProbeCursor(probe: probe, value: memory.text))
    }
}
